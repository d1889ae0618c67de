#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/rng.h"
#include "failing_alloc.h"
#include "log_helpers.h"
#include "unhash.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void logs_without_keys(void **state)
{
  (void)state;
  struct log *l = log_new(NULL);
  assert_non_null(l);
  assert_int_equal(log_key_count(l), 0);
  assert_int_equal(log_total(l), 0);
  assert_int_equal(log_count(l, SLICE("k")), 0);
  assert_int_equal(log_last(l, SLICE("k")), -1);
  assert_int_equal(log_committed(l, SLICE("k")), -1);
  assert_read(l, "k", 7, INT64_MAX, SIZE_MAX, "", 0, 7);
  assert_int_equal(log_key_count(l), 0);
  log_free(l);
  log_free(NULL);
}

static void appends_at_the_next_offset_of_each_key(void **state)
{
  (void)state;
  struct log *l = log_new(NULL);
  assert_int_equal(append(l, "a", "1"), 0);
  assert_int_equal(append(l, "a", "\"x\""), 1);
  assert_int_equal(append(l, "b", "1"), 0);
  assert_int_equal(append(l, "a", "{\"y\":[]}"), 2);
  assert_read(l, "a", 0, INT64_MAX, SIZE_MAX, "[0,1],[1,\"x\"],[2,{\"y\":[]}]", 3, 3);
  assert_read(l, "b", 0, INT64_MAX, SIZE_MAX, "[0,1]", 1, 1);
  assert_int_equal(log_last(l, SLICE("a")), 2);
  assert_int_equal(log_last(l, SLICE("b")), 0);
  assert_int_equal(log_count(l, SLICE("a")), 3);
  assert_int_equal(log_total(l), 4);
  log_free(l);
}

static void keeps_late_entries_in_order(void **state)
{
  (void)state;
  struct log *l = log_new(NULL);
  assert_int_equal(insert(l, "a", 20, "2"), 1);
  assert_int_equal(insert(l, "a", 10, "1"), 1);
  assert_int_equal(insert(l, "a", 300, "4"), 1);
  assert_int_equal(insert(l, "a", 299, "3"), 1);
  assert_int_equal(insert(l, "a", 0, "0"), 1);
  assert_int_equal(append(l, "a", "5"), 301);
  assert_read(l, "a", 0, INT64_MAX, SIZE_MAX, "[0,0],[10,1],[20,2],[299,3],[300,4],[301,5]", 6,
              302);
  log_free(l);
}

static void an_offset_keeps_its_value(void **state)
{
  (void)state;
  struct log *l = log_new(NULL);
  assert_int_equal(insert(l, "a", 5, "17"), 1);
  assert_int_equal(insert(l, "a", 9, "\"z\""), 1);
  assert_int_equal(insert(l, "a", 5, "17"), 0);
  assert_int_equal(insert(l, "a", 9, "\"z\""), 0);
  static const char *const others[] = {"18", "1", "171", "\"17\"", "17.0", "[17]"};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    assert_int_equal(insert(l, "a", 5, others[i]), LOG_CONFLICT);
  assert_int_equal(insert(l, "b", 5, "18"), 1);
  assert_int_equal(log_total(l), 3);
  assert_read(l, "a", 0, INT64_MAX, SIZE_MAX, "[5,17],[9,\"z\"]", 2, 10);
  log_free(l);
}

static void reads_from_up_to_and_at_most(void **state)
{
  (void)state;
  struct log *l = log_new(NULL);
  for (int64_t offset = 10; offset <= 50; offset += 10)
    assert_int_equal(insert(l, "a", offset, "0"), 1);
  assert_read(l, "a", 10, INT64_MAX, 2, "[10,0],[20,0]", 2, 21);
  assert_read(l, "a", 21, INT64_MAX, 2, "[30,0],[40,0]", 2, 41);
  assert_read(l, "a", 41, INT64_MAX, 2, "[50,0]", 1, 51);
  assert_read(l, "a", 51, INT64_MAX, 2, "", 0, 51);
  assert_read(l, "a", 15, 40, SIZE_MAX, "[20,0],[30,0]", 2, 31);
  assert_read(l, "a", 15, 41, SIZE_MAX, "[20,0],[30,0],[40,0]", 3, 41);
  assert_read(l, "a", 15, 41, 1, "[20,0]", 1, 21);
  assert_read(l, "a", 10, 10, SIZE_MAX, "", 0, 10);
  assert_read(l, "a", 30, 20, SIZE_MAX, "", 0, 30);
  assert_read(l, "a", 11, 20, SIZE_MAX, "", 0, 11);
  assert_read(l, "a", 0, -1, SIZE_MAX, "", 0, 0);
  assert_read(l, "a", 0, INT64_MAX, 0, "", 0, 0);
  assert_read(l, "b", 3, INT64_MAX, SIZE_MAX, "", 0, 3);
  log_free(l);
}

static void offsets_end_below_the_largest_integer(void **state)
{
  (void)state;
  struct log *l = log_new(NULL);
  assert_int_equal(insert(l, "a", LOG_OFFSET_MAX - 1, "1"), 1);
  assert_int_equal(append(l, "a", "2"), LOG_OFFSET_MAX);
  assert_int_equal(append(l, "a", "3"), LOG_FULL);
  assert_int_equal(log_count(l, SLICE("a")), 2);
  assert_read(l, "a", 0, INT64_MAX, SIZE_MAX, "[9223372036854775805,1],[9223372036854775806,2]", 2,
              INT64_MAX);
  assert_read(l, "a", INT64_MAX, INT64_MAX, SIZE_MAX, "", 0, INT64_MAX);
  log_free(l);
}

static void committed_offsets_only_grow(void **state)
{
  (void)state;
  struct log *l = log_new(NULL);
  assert_int_equal(log_commit(l, SLICE("a"), 0), 0);
  assert_int_equal(log_commit(l, SLICE("a"), 7), 7);
  assert_int_equal(log_commit(l, SLICE("a"), 3), 7);
  assert_int_equal(log_committed(l, SLICE("a")), 7);
  assert_int_equal(append(l, "b", "1"), 0);
  assert_int_equal(log_committed(l, SLICE("b")), -1);
  assert_int_equal(log_commit(l, SLICE("b"), 5), 5);
  assert_int_equal(log_committed(l, SLICE("a")), 7);
  assert_int_equal(log_last(l, SLICE("a")), -1);
  assert_int_equal(append(l, "a", "1"), 0); /* is not told to begin behind 7 */
  log_free(l);
}

static void trimmed_entries_are_gone_for_good(void **state)
{
  (void)state;
  struct log *l = log_new(NULL);
  struct log_trimmed trimmed;
  assert_int_equal(log_start(l, SLICE("a")), 0);
  assert_int_equal(log_trim(l, SLICE("a"), 0, &trimmed), 0);
  assert_int_equal(log_key_count(l), 0);
  for (int i = 0; i < 5; i++)
    assert_int_equal(append(l, "a", "\"x\""), i);
  assert_int_equal(log_commit(l, SLICE("a"), 4), 4);
  assert_int_equal(log_trim(l, SLICE("a"), 3, &trimmed), 3);
  assert_int_equal(trimmed.count, 3);
  assert_int_equal(trimmed.bytes, 3 * (1 + 3 + 4));
  assert_int_equal(log_trim(l, SLICE("a"), 2, &trimmed), 3); /* never goes back */
  assert_int_equal(trimmed.count, 0);
  assert_read(l, "a", 0, INT64_MAX, SIZE_MAX, "[3,\"x\"],[4,\"x\"]", 2, 5);
  assert_read(l, "a", 1, 3, SIZE_MAX, "", 0, 1);
  assert_int_equal(log_total(l), 2);
  assert_int_equal(insert(l, "a", 2, "other"), 0); /* is not taken again */
  assert_int_equal(log_count(l, SLICE("a")), 2);
  /* Beyond the end: the next append goes there. */
  assert_int_equal(log_trim(l, SLICE("a"), 10, &trimmed), 10);
  assert_int_equal(log_last(l, SLICE("a")), 9);
  assert_int_equal(log_count(l, SLICE("a")), 0);
  assert_int_equal(log_committed(l, SLICE("a")), 4);
  assert_int_equal(append(l, "a", "1"), 10);
  assert_int_equal(log_trim(l, SLICE("new"), 7, &trimmed), 7);
  assert_int_equal(log_key_count(l), 2);
  assert_int_equal(append(l, "new", "1"), 7);
  failing_alloc_after(0);
  int64_t known = log_trim(l, SLICE("new"), 8, &trimmed);
  int64_t none = log_trim(l, SLICE("newer"), 8, &trimmed);
  failing_alloc_off();
  assert_int_equal(known, 8);
  assert_int_equal(none, LOG_NO_MEMORY);
  assert_int_equal(log_key_count(l), 2);
  log_free(l);
}

static void lists_keys_in_byte_order(void **state)
{
  (void)state;
  struct log *l = log_new(NULL);
  static const char name[] = {'a', '\0', 'b'};
  assert_int_equal(append(l, "k2", "1"), 0);
  assert_int_equal(log_commit(l, SLICE("k10"), 1), 1);
  assert_int_equal(log_append(l, (struct slice){name, 3}, SLICE("1")), 0);
  assert_int_equal(log_append(l, (struct slice){NULL, 0}, SLICE("1")), 0);
  assert_int_equal(append(l, "\xff", "1"), 0);
  assert_int_equal(append(l, "a", "1"), 0);
  assert_int_equal(append(l, "k2", "2"), 1);
  assert_int_equal(log_commit(l, SLICE("k2"), 1), 1);
  struct slice keys[6];
  assert_int_equal(log_key_count(l), 6);
  log_keys(l, keys);
  assert_slice(keys[0], "");
  assert_slice(keys[1], "a");
  assert_slice_equal(keys[2], (struct slice){name, 3});
  assert_slice(keys[3], "k10");
  assert_slice(keys[4], "k2");
  assert_slice(keys[5], "\xff");
  log_free(l);
}

static void two_keys_of_one_hash_differ(void **state)
{
  (void)state;
  char a[16], b[16];
  unhash_collision('a', a, 'b', b);
  struct slice first = {a, sizeof a}, second = {b, sizeof b};
  struct log *l = log_new(NULL);
  assert_int_equal(log_append(l, first, SLICE("1")), 0);
  assert_int_equal(log_last(l, second), -1);
  assert_int_equal(log_commit(l, second, 9), 9);
  assert_int_equal(log_append(l, first, SLICE("2")), 1);
  assert_int_equal(log_insert(l, second, 40, SLICE("3")), 1);
  assert_int_equal(log_last(l, first), 1);
  assert_int_equal(log_committed(l, first), -1);
  assert_int_equal(log_last(l, second), 40);
  assert_int_equal(log_committed(l, second), 9);
  assert_int_equal(log_key_count(l), 2);
  log_free(l);
}

/* -- Values of all sizes, beside and around that of a page. */

static struct slice value_of_length(char *text, size_t length, char letter)
{
  memset(text, letter, length);
  text[0] = text[length - 1] = '"';
  return (struct slice){text, length};
}

static void values_larger_than_a_page(void **state)
{
  (void)state;
  enum { SIZE = 200000 };
  char *text = malloc(SIZE);
  assert_non_null(text);
  static const size_t lengths[] = {2,    60,   1000, 2040,  2041,  2042, 4070, 4080,  4084,
                                   4090, 4096, 4097, 65530, 65540, 3,    8192, 10000, SIZE};
  enum { COUNT = sizeof lengths / sizeof *lengths };
  /* Each order of the offsets: up, down, and each of them first in the middle. */
  for (size_t order = 0; order < 2 + COUNT; order++) {
    struct log *l = log_new(NULL);
    for (size_t step = 0; step < COUNT; step++) {
      size_t i = order == 0 ? step : order == 1 ? COUNT - 1 - step : (step * 7 + order) % COUNT;
      struct slice value = value_of_length(text, lengths[i], (char)('a' + i));
      assert_int_equal(log_insert(l, SLICE("k"), (int64_t)i * 3, value), 1);
      assert_int_equal(log_insert(l, SLICE("k"), (int64_t)i * 3, value), 0);
      value.length--;
      assert_int_equal(log_insert(l, SLICE("k"), (int64_t)i * 3, value), LOG_CONFLICT);
    }
    struct bytes read = {0}, expected = {0};
    for (size_t i = 0; i < COUNT; i++) {
      char head[32];
      (void)snprintf(head, sizeof head, "%s[%zu,", i == 0 ? "" : ",", i * 3);
      assert_int_equal(bytes_append_slice(&expected, slice_of(head)), 0);
      assert_int_equal(
        bytes_append_slice(&expected, value_of_length(text, lengths[i], (char)('a' + i))), 0);
      assert_int_equal(bytes_append_byte(&expected, ']'), 0);
    }
    read_all(l, "k", &read);
    assert_slice_equal(bytes_slice(&read), bytes_slice(&expected));
    bytes_free(&read);
    bytes_free(&expected);
    log_free(l);
  }
  free(text);
}

/* -- Out of memory */

/* Also where the start lies between a page and the next one. */
static void a_large_value_that_is_trimmed_gives_its_memory_back(void **state)
{
  (void)state;
  static char large[100000];
  struct log *l = log_new(NULL);
  struct log_trimmed trimmed;
  memset(large, '1', sizeof large);
  assert_int_equal(log_insert(l, SLICE("k"), 0, (struct slice){large, sizeof large}), 1);
  assert_int_equal(insert(l, "k", 10, "2"), 1);
  assert_true(log_cost(l).bytes > sizeof large);
  assert_int_equal(log_trim(l, SLICE("k"), 5, &trimmed), 5);
  assert_int_equal(trimmed.count, 1);
  assert_true(log_cost(l).bytes < 10000);
  assert_read(l, "k", 0, INT64_MAX, SIZE_MAX, "[10,2]", 1, 11);
  log_free(l);
}

static void no_logs_without_memory(void **state)
{
  (void)state;
  failing_alloc_after(0);
  struct log *l = log_new(NULL);
  failing_alloc_off();
  assert_null(l);
}

static void out_of_memory_leaves_no_key(void **state)
{
  (void)state;
  for (int way = 0; way < 3; way++) {
    struct log *l = log_new(NULL);
    long n = 0;
    for (;; n++) {
      failing_alloc_after(n);
      int64_t result = way == 0   ? append(l, "k", "1")
                       : way == 1 ? insert(l, "k", 0, "1")
                                  : log_commit(l, SLICE("k"), 0);
      failing_alloc_off();
      if (result >= 0)
        break;
      assert_int_equal(result, LOG_NO_MEMORY);
      assert_int_equal(log_key_count(l), 0);
      assert_int_equal(log_total(l), 0);
      assert_int_equal(log_last(l, SLICE("k")), -1);
    }
    assert_true(n >= 2); /* the key, the map; and for an entry its page */
    assert_int_equal(log_key_count(l), 1);
    log_free(l);
  }
}

/* Each insert is tried with the first, second, .. allocation failing. With few entries
 * a page, this goes through the growth of three levels of nodes. */
static void fill_without_memory(int64_t count, int64_t (*offset_of)(int64_t i, int64_t count))
{
  char text[1500];
  struct log *l = log_new(NULL);
  struct log *twin = log_new(NULL); /* is never short of memory */
  size_t failures = 0;
  for (int64_t i = 0; i < count; i++) {
    int64_t offset = offset_of(i, count);
    struct slice value = value_of_length(text, offset % 3 == 0 ? sizeof text : 20, 'v');
    for (long n = 0;; n++) {
      failing_alloc_after(n);
      int result = log_insert(l, SLICE("k"), offset, value);
      failing_alloc_off();
      if (result == 1)
        break;
      assert_int_equal(result, LOG_NO_MEMORY);
      assert_int_equal(log_count(l, SLICE("k")), i);
      assert_int_equal(log_total(l), i);
      if (failures++ % 64 == 0 || i < 100)
        assert_true(same_logs(l, twin));
    }
    assert_int_equal(log_insert(twin, SLICE("k"), offset, value), 1);
  }
  assert_true(same_logs(l, twin));
  assert_true(failures > (size_t)count / 4); /* as many as pages, at least */
  log_free(l);
  log_free(twin);
}

static int64_t upwards(int64_t i, int64_t count)
{
  (void)count;
  return i;
}

static int64_t downwards(int64_t i, int64_t count)
{
  return count - 1 - i;
}

static int64_t scattered(int64_t i, int64_t count)
{
  return i * 7919 % count; /* a permutation: 7919 is a prime that does not divide it */
}

static void out_of_memory_leaves_the_entries_unchanged(void **state)
{
  (void)state;
  fill_without_memory(20000, upwards);
  fill_without_memory(12000, downwards);
  fill_without_memory(12000, scattered);
}

static void what_is_there_needs_no_memory(void **state)
{
  (void)state;
  struct log *l = log_new(NULL);
  for (int64_t offset = 0; offset < 1000; offset++)
    assert_int_equal(insert(l, "k", offset, "1"), 1);
  assert_int_equal(log_commit(l, SLICE("k"), 5), 5);
  failing_alloc_after(0);
  for (int64_t offset = 0; offset < 1000; offset++) {
    assert_int_equal(insert(l, "k", offset, "1"), 0);
    assert_int_equal(insert(l, "k", offset, "2"), LOG_CONFLICT);
  }
  assert_int_equal(log_commit(l, SLICE("k"), 999), 999);
  assert_int_equal(log_find(l, SLICE("k"), 0, INT64_MAX, SIZE_MAX).count, 1000);
  failing_alloc_off();
  log_free(l);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(logs_without_keys),
    cmocka_unit_test(appends_at_the_next_offset_of_each_key),
    cmocka_unit_test(keeps_late_entries_in_order),
    cmocka_unit_test(an_offset_keeps_its_value),
    cmocka_unit_test(reads_from_up_to_and_at_most),
    cmocka_unit_test(offsets_end_below_the_largest_integer),
    cmocka_unit_test(committed_offsets_only_grow),
    cmocka_unit_test(trimmed_entries_are_gone_for_good),
    cmocka_unit_test(lists_keys_in_byte_order),
    cmocka_unit_test(two_keys_of_one_hash_differ),
    cmocka_unit_test(values_larger_than_a_page),
    cmocka_unit_test(a_large_value_that_is_trimmed_gives_its_memory_back),
    cmocka_unit_test(no_logs_without_memory),
    cmocka_unit_test(out_of_memory_leaves_no_key),
    cmocka_unit_test(out_of_memory_leaves_the_entries_unchanged),
    cmocka_unit_test(what_is_there_needs_no_memory),
  };
  return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
