/* The reader against the grammar of RFC 8259, written a second time as plainly as it can
 * be, on texts that are almost JSON. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/rng.h"
#include "wire/json_read.h"

#include <stdlib.h>
#include <string.h>

/* Each function returns what is behind its part, or NULL. */
static const char *plain_value(const char *p, const char *end);

static const char *plain_space(const char *p, const char *end)
{
  while (p < end && strchr(" \t\n\r", *p) != NULL && *p != '\0')
    p++;
  return p;
}

static const char *plain_digits(const char *p, const char *end)
{
  const char *first = p;
  while (p < end && *p >= '0' && *p <= '9')
    p++;
  return p == first ? NULL : p;
}

static const char *plain_number(const char *p, const char *end)
{
  if (p < end && *p == '-')
    p++;
  if (p < end && *p == '0')
    p++;
  else
    p = plain_digits(p, end);
  if (p != NULL && p < end && *p == '.')
    p = plain_digits(p + 1, end);
  if (p != NULL && p < end && (*p == 'e' || *p == 'E')) {
    p++;
    if (p < end && (*p == '+' || *p == '-'))
      p++;
    p = plain_digits(p, end);
  }
  return p;
}

static const char *plain_string(const char *p, const char *end)
{
  if (p == end || *p != '"')
    return NULL;
  for (p++; p < end && *p != '"'; p++) {
    if ((unsigned char)*p < 0x20)
      return NULL;
    if (*p != '\\')
      continue;
    if (++p == end || *p == '\0' || strchr("\"\\/bfnrtu", *p) == NULL)
      return NULL;
    if (*p == 'u')
      for (int i = 0; i < 4; i++)
        if (++p == end || *p == '\0' || strchr("0123456789abcdefABCDEF", *p) == NULL)
          return NULL;
  }
  return p == end ? NULL : p + 1;
}

static const char *plain_items(const char *p, const char *end, char close)
{
  p = plain_space(p, end);
  if (p < end && *p == close)
    return p + 1;
  for (;; p++) {
    if (close == '}') {
      p = plain_string(plain_space(p, end), end);
      if (p == NULL || (p = plain_space(p, end)) == end || *p++ != ':')
        return NULL;
    }
    p = plain_value(p, end);
    if (p == NULL || p == end || (*p != ',' && *p != close))
      return NULL;
    if (*p == close)
      return p + 1;
  }
}

static const char *plain_value(const char *p, const char *end)
{
  static const char *const literals[] = {"null", "true", "false"};
  p = plain_space(p, end);
  const char *after = NULL;
  for (size_t i = 0; i < 3; i++)
    if ((size_t)(end - p) >= strlen(literals[i]) &&
        memcmp(p, literals[i], strlen(literals[i])) == 0)
      after = p + strlen(literals[i]);
  if (after == NULL && p < end)
    after = *p == '"'   ? plain_string(p, end)
            : *p == '[' ? plain_items(p + 1, end, ']')
            : *p == '{' ? plain_items(p + 1, end, '}')
                        : plain_number(p, end);
  return after == NULL ? NULL : plain_space(after, end);
}

/* The text in a block of its own size, so that a sanitizer sees a read behind it. */
static struct slice copy_of(struct slice text)
{
  char *copy = malloc(text.length + (text.length == 0));
  assert_non_null(copy);
  memcpy(copy, text.data, text.length);
  return (struct slice){copy, text.length};
}

/* Texts that are almost JSON: a random one with some bytes changed, put in, taken out or
 * cut off. The bytes are such that the plain grammar is all that decides: no surrogates,
 * no bytes beyond ASCII, no large numbers. */
static void agrees_with_the_plain_grammar(void **state)
{
  (void)state;
  static const char alphabet[] = "[[]]{{}},,::\"\"\\0019-.eEu \n\ttrue false nullx\x01\x7f";
  const uint64_t seed = 7159;
  print_message("seed %llu\n", (unsigned long long)seed);
  struct rng r;
  rng_init(&r, seed, "grammar");
  static const char *const seeds[] = {
    "[1,-2.5,\"x\",true,false,null]", "{\"a\":{\"b\":[0,1e5]},\"c\":\"\\n\\u00e9\"}",
    "[[],{},[[]],{\"\":[]}]",         "\"a longer string with \\\"quotes\\\" in it\"",
    " [ 1.5E+3 , 0.1e-2 , -0 ] ",     "{\"k\" : \"v\" , \"l\" : [ null ] }",
  };
  int verdicts[2] = {0};
  for (int i = 0; i < 200000; i++) {
    char text[96];
    const char *origin = seeds[rng_below(&r, sizeof seeds / sizeof seeds[0])];
    size_t length = strlen(origin);
    memcpy(text, origin, length);
    for (uint64_t changes = 1 + rng_below(&r, 4); changes > 0 && length > 0; changes--) {
      size_t at = (size_t)rng_below(&r, length);
      char byte = alphabet[rng_below(&r, sizeof alphabet)];
      switch (rng_below(&r, 4)) {
      case 0:
        text[at] = byte;
        break;
      case 1:
        memmove(text + at + 1, text + at, length - at);
        text[at] = byte;
        length++;
        break;
      case 2:
        memmove(text + at, text + at + 1, length - at - 1);
        length--;
        break;
      default:
        if (rng_below(&r, 8) == 0)
          length = at;
      }
    }
    int expected = plain_value(text, text + length) == text + length ? 0 : -1;
    struct slice copy = copy_of((struct slice){text, length});
    size_t position = 0;
    int verdict = json_validate(copy, JSON_MAX_DEPTH, &position, NULL);
    free((void *)(uintptr_t)copy.data);
    if (verdict != expected)
      fail_msg("%.*s: %d, expected %d", (int)length, text, verdict, expected);
    assert_in_range(position, 0, length);
    verdicts[verdict == 0]++;
  }
  assert_true(verdicts[0] > 20000 && verdicts[1] > 5000);
}

static void a_text_cut_off_anywhere_is_an_error(void **state)
{
  (void)state;
  struct slice text =
    SLICE("{\"key\":[1,-2.5e+3,\"text\\n\\u00e9\xc3\xa9\",true,false,null,{\"a\":{}}]}");
  for (size_t length = 0; length < text.length; length++) {
    struct slice copy = copy_of((struct slice){text.data, length});
    size_t position;
    assert_int_equal(json_validate(copy, JSON_MAX_DEPTH, &position, NULL), -1);
    assert_in_range(position, 0, length);
    free((void *)(uintptr_t)copy.data);
  }
  assert_int_equal(json_validate(text, JSON_MAX_DEPTH, NULL, NULL), 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(agrees_with_the_plain_grammar),
    cmocka_unit_test(a_text_cut_off_anywhere_is_an_error),
  };
  return cmocka_run_group_tests_name("json_grammar", tests, NULL, NULL);
}
