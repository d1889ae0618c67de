/* The JSON test suite (github.com/nst/JSONTestSuite): files named y_ are JSON, files named
 * n_ are not, and what becomes of i_ is up to the parser. It is not part of this
 * repository: HEARSAY_JSON_SUITE names its folder, by default one beside the repository,
 * and without it these tests are skipped. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "wire/json_read.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *folder(void)
{
  const char *named = getenv("HEARSAY_JSON_SUITE");
  return named != NULL ? named : "../shared/data/json-test-suite";
}

static void read_whole(const char *name, struct bytes *out)
{
  char path[1024];
  assert_in_range(snprintf(path, sizeof path, "%s/%s", folder(), name), 1, sizeof path - 1);
  FILE *file = fopen(path, "rb");
  if (file == NULL)
    fail_msg("%s does not open", path);
  out->length = 0;
  size_t count;
  do {
    assert_int_equal(bytes_reserve(out, 65536), 0);
    count = fread(out->data + out->length, 1, 65536, file);
    out->length += count;
  } while (count > 0);
  assert_false(ferror(file));
  (void)fclose(file);
}

/* Token by token and by the checker that gives no tokens, which must agree. In a block of
 * its own size, so that a sanitizer sees a read behind the end. */
static int accepts(const char *name, struct slice text)
{
  char *copy = malloc(text.length + (text.length == 0));
  assert_non_null(copy);
  if (text.length > 0)
    memcpy(copy, text.data, text.length);
  text.data = copy;
  size_t position = 0;
  const char *why = NULL;
  int status = json_validate(text, JSON_MAX_DEPTH, &position, &why);
  struct json_reader r;
  struct json_token token;
  json_reader_init(&r, text, JSON_MAX_DEPTH);
  while (json_next(&r, &token) != JSON_END && token.kind != JSON_ERROR)
    ;
  if ((token.kind == JSON_END) != (status == 0))
    fail_msg("%s: json_next and json_validate disagree", name);
  if (status != 0) {
    assert_non_null(why);
    assert_in_range(position, 0, text.length);
    assert_string_equal(r.error, why);
    assert_int_equal(r.error_position, position);
  }
  json_reader_free(&r);
  free(copy);
  return status == 0;
}

/* Runs all files whose name begins with `kind` and returns how many there are. */
static size_t run(char kind, int verdict)
{
  DIR *files = opendir(folder());
  if (files == NULL) {
    print_message("no JSON test suite in %s\n", folder());
    skip();
    return 0;
  }
  size_t count = 0;
  size_t wrong = 0;
  struct bytes text = {0};
  for (struct dirent *entry; (entry = readdir(files)) != NULL;) {
    const char *name = entry->d_name;
    if (name[0] != kind || name[1] != '_')
      continue;
    count++;
    read_whole(name, &text);
    int accepted = accepts(name, bytes_slice(&text));
    if (verdict >= 0 && accepted != verdict) {
      print_error("%s is %s\n", name, accepted ? "accepted" : "refused");
      wrong++;
    }
  }
  bytes_free(&text);
  (void)closedir(files);
  assert_int_equal(wrong, 0);
  print_message("%zu files\n", count);
  return count;
}

static void accepts_what_is_json(void **state)
{
  (void)state;
  assert_true(run('y', 1) > 0);
}

static void refuses_what_is_not(void **state)
{
  (void)state;
  assert_true(run('n', 0) > 0);
}

static void survives_what_is_open(void **state)
{
  (void)state;
  assert_true(run('i', -1) > 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(accepts_what_is_json),
    cmocka_unit_test(refuses_what_is_not),
    cmocka_unit_test(survives_what_is_open),
  };
  return cmocka_run_group_tests_name("json_suite", tests, NULL, NULL);
}
