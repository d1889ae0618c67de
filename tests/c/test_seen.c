#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/rng.h"
#include "failing_alloc.h"
#include "seen_helpers.h"
#include "store/seen.h"
#include "unhash.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void an_empty_set(void **state)
{
  (void)state;
  struct seen *s = seen_new(NULL);
  assert_non_null(s);
  assert_int_equal(seen_count(s), 0);
  assert_int_equal(seen_version(s), 0);
  assert_int_equal(seen_has_int(s, 0), 0);
  assert_int_equal(seen_has_text(s, SLICE("null")), 0);
  assert_slice(seen_text(s), "");
  assert_slice(seen_since(s, 0), "");
  assert_slice(seen_since(s, 1), "");
  assert_slice(seen_at(s, 0), "");
  seen_free(s);
  seen_free(NULL);
}

static void keeps_values_in_the_order_of_arrival(void **state)
{
  (void)state;
  struct seen *s = seen_new(NULL);
  assert_int_equal(seen_add_int(s, 5), 1);
  assert_int_equal(seen_add_string(s, "\"a\""), 1);
  assert_int_equal(seen_add_int(s, 5), 0);
  assert_int_equal(seen_add_string(s, "\"a\""), 0);
  assert_int_equal(seen_add_int(s, 7), 1);
  assert_int_equal(seen_count(s), 3);
  assert_int_equal(seen_version(s), 3);
  assert_slice(seen_text(s), "5,\"a\",7");
  assert_slice(seen_since(s, 0), "5,\"a\",7");
  assert_slice(seen_since(s, 1), "\"a\",7");
  assert_slice(seen_since(s, 2), "7");
  assert_slice(seen_since(s, 3), "");
  assert_slice(seen_since(s, SIZE_MAX), "");
  assert_slice(seen_at(s, 0), "5");
  assert_slice(seen_at(s, 1), "\"a\"");
  assert_slice(seen_at(s, 2), "7");
  assert_slice(seen_at(s, 3), "");
  assert_slice(seen_at(s, SIZE_MAX), "");
  seen_free(s);
}

static void tells_values_apart_as_json_does(void **state)
{
  (void)state;
  static const char *const texts[] = {
    "1",    "1.0", "\"1\"",    "[1]",   "{\"1\":1}", "true", "false",  "null",
    "\"\"", "[]",  "{}",       "0",     "-0",        "-0.0", "0.0",    "1e3",
    "1000", "[\"", "\"null\"", "[1,2]", "[[1],2]",   "-1",   "\"-1\"", "\"\\u0000\"",
  };
  enum { COUNT = sizeof texts / sizeof *texts };
  struct seen *s = seen_new(NULL);
  for (size_t i = 0; i < COUNT; i++) {
    assert_int_equal(seen_has_text(s, slice_of(texts[i])), 0);
    assert_int_equal(seen_add_string(s, texts[i]), 1);
  }
  for (size_t i = 0; i < COUNT; i++) {
    assert_int_equal(seen_has_text(s, slice_of(texts[i])), 1);
    assert_int_equal(seen_add_string(s, texts[i]), 0);
    assert_slice(seen_at(s, i), texts[i]);
  }
  assert_int_equal(seen_count(s), COUNT);
  seen_free(s);
}

static void text_of_an_integer_is_that_integer(void **state)
{
  (void)state;
  static const int64_t integers[] = {0,   17,        -3,        10,         INT64_MAX,
                                     -10, INT64_MIN, 999999999, 1000000000, -1};
  for (size_t i = 0; i < sizeof integers / sizeof *integers; i++) {
    char text[32];
    (void)snprintf(text, sizeof text, "%" PRId64, integers[i]);
    struct seen *by_int = seen_new(NULL), *by_text = seen_new(NULL);
    assert_int_equal(seen_add_int(by_int, integers[i]), 1);
    assert_int_equal(seen_add_string(by_int, text), 0);
    assert_int_equal(seen_has_text(by_int, slice_of(text)), 1);
    assert_int_equal(seen_add_string(by_text, text), 1);
    assert_int_equal(seen_add_int(by_text, integers[i]), 0);
    assert_int_equal(seen_has_int(by_text, integers[i]), 1);
    assert_slice(seen_text(by_int), text);
    assert_slice(seen_text(by_text), text);
    assert_true(seen_equal_digests(by_int, by_text));
    seen_free(by_int);
    seen_free(by_text);
  }
}

static void integers_beyond_64_bits_are_texts(void **state)
{
  (void)state;
  static const char *const texts[] = {"9223372036854775808", "-9223372036854775809",
                                      "18446744073709551616", "18446744073709551617",
                                      "100000000000000000000000000000000000000"};
  struct seen *s = seen_new(NULL);
  for (size_t i = 0; i < 5; i++)
    assert_int_equal(seen_add_string(s, texts[i]), 1);
  assert_int_equal(seen_has_int(s, INT64_MIN), 0);
  assert_int_equal(seen_has_int(s, INT64_MAX), 0);
  assert_int_equal(seen_has_int(s, 0), 0);
  assert_int_equal(seen_has_int(s, 1), 0);
  for (size_t i = 0; i < 5; i++)
    assert_slice(seen_at(s, i), texts[i]);
  seen_free(s);
}

static void grows_to_many_values(void **state)
{
  (void)state;
  enum { COUNT = 100000 };
  struct seen *s = seen_of(-COUNT / 2, COUNT / 2);
  assert_int_equal(seen_count(s), COUNT);
  for (int64_t value = -COUNT; value < COUNT; value++)
    assert_int_equal(seen_has_int(s, value), value >= -COUNT / 2 && value < COUNT / 2);
  assert_slice(seen_at(s, 0), "-50000");
  assert_slice(seen_at(s, COUNT - 1), "49999");
  assert_slice(seen_since(s, COUNT - 3), "49997,49998,49999");
  struct seen *copy = seen_new(NULL);
  assert_int_equal(seen_add_list(copy, seen_text(s)), COUNT);
  assert_slice_equal(seen_text(copy), seen_text(s));
  seen_free(copy);
  seen_free(s);
}

/* -- Collisions, which the hash makes rare and the tests make on purpose. */

static void an_integer_and_a_text_of_one_hash_differ(void **state)
{
  (void)state;
  struct slice text = SLICE("\"collision\"");
  int64_t twin = (int64_t)unhash_u64(hash_bytes(text.data, text.length, 0));
  assert_true(hash_u64((uint64_t)twin) == hash_bytes(text.data, text.length, 0));
  for (int text_first = 0; text_first < 2; text_first++) {
    struct seen *s = seen_new(NULL);
    assert_int_equal(text_first ? seen_add_text(s, text) : seen_add_int(s, twin), 1);
    assert_int_equal(seen_has_int(s, twin), !text_first);
    assert_int_equal(seen_has_text(s, text), text_first);
    assert_int_equal(text_first ? seen_add_int(s, twin) : seen_add_text(s, text), 1);
    assert_int_equal(seen_has_int(s, twin), 1);
    assert_int_equal(seen_has_text(s, text), 1);
    assert_int_equal(seen_count(s), 2);
    seen_free(s);
  }
}

static void two_texts_of_one_hash_differ(void **state)
{
  (void)state;
  char a[16], b[16];
  unhash_collision('a', a, 'b', b);
  struct slice first = {a, sizeof a}, second = {b, sizeof b};
  assert_true(hash_bytes(a, sizeof a, 0) == hash_bytes(b, sizeof b, 0));
  assert_false(slice_equal(first, second));
  struct seen *s = seen_new(NULL);
  assert_int_equal(seen_add_text(s, first), 1);
  assert_int_equal(seen_has_text(s, second), 0);
  assert_int_equal(seen_add_text(s, second), 1);
  assert_int_equal(seen_add_text(s, first), 0);
  assert_int_equal(seen_add_text(s, second), 0);
  assert_slice_equal(seen_at(s, 0), first);
  assert_slice_equal(seen_at(s, 1), second);
  seen_free(s);
}

/* All of them want the last slot of the table, however large it is. */
static void many_integers_of_one_home(void **state)
{
  (void)state;
  enum { COUNT = 2000 };
  struct seen *s = seen_new(NULL);
  for (uint64_t i = 0; i < COUNT; i++) {
    int64_t value = (int64_t)unhash_u64(UINT64_MAX - i);
    assert_int_equal(seen_has_int(s, value), 0);
    assert_int_equal(seen_add_int(s, value), 1);
  }
  for (uint64_t i = 0; i < COUNT; i++)
    assert_int_equal(seen_add_int(s, (int64_t)unhash_u64(UINT64_MAX - i)), 0);
  assert_int_equal(seen_has_int(s, (int64_t)unhash_u64(UINT64_MAX - COUNT)), 0);
  assert_int_equal(seen_count(s), COUNT);
  seen_free(s);
}

/* -- Out of memory */

static void no_set_without_memory(void **state)
{
  (void)state;
  long n = 0;
  for (;; n++) {
    failing_alloc_after(n);
    struct seen *s = seen_new(NULL);
    failing_alloc_off();
    if (s != NULL) {
      assert_int_equal(seen_add_int(s, 1), 1);
      seen_free(s);
      break;
    }
  }
  assert_int_equal(n, 3);
}

/* Each add is tried with the first, second, .. allocation failing. */
static void out_of_memory_leaves_the_set_unchanged(void **state)
{
  (void)state;
  struct seen *s = seen_new(NULL);
  struct seen *twin = seen_new(NULL); /* is never short of memory */
  size_t failures = 0;
  for (int64_t value = 0; value < 1000; value++) {
    char text[32];
    const char *quote = value % 3 == 0 ? "\"" : "";
    (void)snprintf(text, sizeof text, "%s%" PRId64 "%s", quote, value, quote);
    for (long n = 0;; n++) {
      failing_alloc_after(n);
      int result = seen_add_string(s, text);
      failing_alloc_off();
      if (result == 1)
        break;
      failures++;
      assert_int_equal(result, -1);
      assert_int_equal(seen_has_text(s, slice_of(text)), 0);
      assert_int_equal(seen_count(s), value);
      assert_slice_equal(seen_text(s), seen_text(twin));
      assert_true(seen_equal_digests(s, twin));
      for (size_t i = 0; i < seen_count(s); i++)
        assert_int_equal(seen_has_text(s, seen_at(twin, i)), 1);
    }
    assert_int_equal(seen_add_string(twin, text), 1);
    assert_slice_equal(seen_text(s), seen_text(twin));
    assert_true(seen_equal_digests(s, twin));
  }
  assert_true(failures >= 7 * 2 + 7); /* 7 times a table of twice the size, and text */
  seen_free(s);
  seen_free(twin);
}

/* A text of any length may be the one that fills the buffer to the last byte. */
static void texts_of_all_lengths_without_memory(void **state)
{
  (void)state;
  char text[300];
  memset(text, 'x', sizeof text);
  for (size_t length = 1; length <= sizeof text; length++) {
    struct seen *s = seen_new(NULL);
    struct slice value = {text, length};
    for (long n = 0;; n++) {
      failing_alloc_after(n);
      int result = seen_add_text(s, value);
      failing_alloc_off();
      if (result == 1)
        break;
      assert_int_equal(seen_count(s), 0);
      assert_slice(seen_text(s), "");
    }
    assert_slice_equal(seen_text(s), value);
    assert_slice_equal(seen_at(s, 0), value);
    seen_free(s);
  }
}

static void what_is_there_needs_no_memory(void **state)
{
  (void)state;
  struct seen *s = seen_of(0, 1000);
  failing_alloc_after(0);
  for (int64_t value = 0; value < 1000; value++)
    assert_int_equal(seen_add_int(s, value), 0);
  failing_alloc_off();
  seen_free(s);
}

/* -- Random values, compared with a plain list of texts. */

static size_t random_value(struct rng *r, char *text, size_t size)
{
  int64_t number = (int64_t)rng_below(r, 400) - 200;
  switch (rng_below(r, 6)) {
  case 0:
    return (size_t)snprintf(text, size, "%" PRId64 ".5", number);
  case 1:
    return (size_t)snprintf(text, size, "\"%" PRId64 "\"", number);
  case 2:
    return (size_t)snprintf(text, size, "[%" PRId64 "]", number);
  case 3:
    return (size_t)snprintf(text, size, "{\"longer, so that the text grows\":%" PRId64 "}", number);
  default:
    return (size_t)snprintf(text, size, "%" PRId64, number);
  }
}

static void model(uint64_t seed)
{
  enum { STEPS = 3000 };
  char(*list)[80] = malloc(STEPS * sizeof *list);
  assert_non_null(list);
  struct bytes joined = {0};
  size_t starts[STEPS];
  size_t count = 0;
  struct rng r;
  rng_init(&r, seed, "seen");
  struct seen *s = seen_new(NULL);
  for (int step = 0; step < STEPS; step++) {
    char text[80];
    struct slice value = {text, random_value(&r, text, sizeof text)};
    int known = 0;
    for (size_t i = 0; i < count && !known; i++)
      known = strcmp(list[i], text) == 0;
    assert_int_equal(seen_has_text(s, value), known);
    char *end;
    int64_t integer = strtoll(text, &end, 10);
    int is_integer = *end == '\0';
    if (is_integer)
      assert_int_equal(seen_has_int(s, integer), known);
    int by_int = is_integer && rng_below(&r, 2) == 0;
    assert_int_equal(by_int ? seen_add_int(s, integer) : seen_add_text(s, value), !known);
    if (!known) {
      memcpy(list[count], text, value.length + 1);
      if (count > 0)
        assert_int_equal(bytes_append_byte(&joined, ','), 0);
      starts[count++] = joined.length;
      assert_int_equal(bytes_append_slice(&joined, value), 0);
    }
    assert_int_equal(seen_count(s), count);
    size_t i = (size_t)rng_below(&r, count);
    assert_slice(seen_at(s, i), list[i]);
    assert_slice_equal(seen_since(s, i),
                       (struct slice){joined.data + starts[i], joined.length - starts[i]});
    assert_slice_equal(seen_text(s), bytes_slice(&joined));
  }
  seen_free(s);
  bytes_free(&joined);
  free(list);
}

static void behaves_like_a_list(void **state)
{
  (void)state;
  for (uint64_t seed = 1; seed <= 5; seed++) {
    print_message("seen model: seed %u\n", (unsigned)seed);
    model(seed);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(an_empty_set),
    cmocka_unit_test(keeps_values_in_the_order_of_arrival),
    cmocka_unit_test(tells_values_apart_as_json_does),
    cmocka_unit_test(text_of_an_integer_is_that_integer),
    cmocka_unit_test(integers_beyond_64_bits_are_texts),
    cmocka_unit_test(grows_to_many_values),
    cmocka_unit_test(an_integer_and_a_text_of_one_hash_differ),
    cmocka_unit_test(two_texts_of_one_hash_differ),
    cmocka_unit_test(many_integers_of_one_home),
    cmocka_unit_test(no_set_without_memory),
    cmocka_unit_test(out_of_memory_leaves_the_set_unchanged),
    cmocka_unit_test(texts_of_all_lengths_without_memory),
    cmocka_unit_test(what_is_there_needs_no_memory),
    cmocka_unit_test(behaves_like_a_list),
  };
  return cmocka_run_group_tests_name("seen", tests, NULL, NULL);
}
