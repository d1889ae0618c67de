#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/rng.h"
#include "failing_alloc.h"
#include "seen_helpers.h"
#include "store/seen.h"

#include <string.h>

static void bucket_counts_are_powers_of_two(void **state)
{
  (void)state;
  size_t valid = 0;
  for (size_t count = 0; count < 1000; count++)
    valid += seen_bucket_count_valid(count) != 0;
  assert_int_equal(valid, 9);
  for (size_t count = 1; count <= SEEN_BUCKETS; count *= 2)
    assert_true(seen_bucket_count_valid(count));
  assert_false(seen_bucket_count_valid(SIZE_MAX));
  assert_false(seen_bucket_count_valid(SIZE_MAX / 2 + 1));
}

static void digests_do_not_depend_on_order(void **state)
{
  (void)state;
  enum { COUNT = 1000 };
  int64_t values[COUNT];
  struct seen *a = seen_new(NULL), *b = seen_new(NULL);
  struct rng r;
  rng_init(&r, 1, "digest");
  for (size_t i = 0; i < COUNT; i++) {
    values[i] = (int64_t)i * 3;
    assert_int_equal(seen_add_int(a, values[i]), 1);
  }
  assert_int_equal(seen_add_string(a, "\"x\""), 1);
  assert_int_equal(seen_add_string(b, "\"x\""), 1);
  for (size_t i = COUNT; i > 0; i--) {
    assert_false(seen_equal_digests(a, b));
    size_t pick = (size_t)rng_below(&r, i);
    assert_int_equal(seen_add_int(b, values[pick]), 1);
    values[pick] = values[i - 1];
  }
  assert_true(seen_equal_digests(a, b));
  seen_free(a);
  seen_free(b);
}

static void each_value_shows_in_one_bucket(void **state)
{
  (void)state;
  struct seen *s = seen_new(NULL);
  uint64_t before[SEEN_BUCKETS], after[SEEN_BUCKETS];
  size_t used[SEEN_BUCKETS] = {0};
  seen_digest(s, SEEN_BUCKETS, before);
  for (size_t i = 0; i < SEEN_BUCKETS; i++)
    assert_true(before[i] == 0);
  /* One of them has hash 0. */
  for (int64_t value = -5000; value < 5000; value++) {
    assert_int_equal(seen_add_int(s, value), 1);
    assert_int_equal(seen_add_int(s, value), 0);
    seen_digest(s, SEEN_BUCKETS, after);
    size_t changed = 0;
    for (size_t i = 0; i < SEEN_BUCKETS; i++) {
      changed += before[i] != after[i];
      used[i] += before[i] != after[i];
    }
    assert_int_equal(changed, 1);
    memcpy(before, after, sizeof before);
  }
  for (size_t i = 0; i < SEEN_BUCKETS; i++)
    assert_in_range(used[i], 10, 80); /* 39 on average */
  seen_free(s);
}

static void fewer_buckets_are_sums_of_more(void **state)
{
  (void)state;
  struct seen *s = seen_of(0, 1000);
  uint64_t more[SEEN_BUCKETS], fewer[SEEN_BUCKETS];
  for (size_t count = SEEN_BUCKETS; count > 1; count /= 2) {
    seen_digest(s, count, more);
    seen_digest(s, count / 2, fewer);
    for (size_t i = 0; i < count / 2; i++)
      assert_true(fewer[i] == more[2 * i] + more[2 * i + 1]);
  }
  seen_free(s);
}

/* Nodes of all versions and machines must agree on it. */
static void digests_stay_what_they_were(void **state)
{
  (void)state;
  struct seen *s = seen_of(-10, 10);
  uint64_t digest[1];
  assert_int_equal(seen_add_string(s, "\"a\""), 1);
  assert_int_equal(seen_add_string(s, "{\"key\":[1.5,null]}"), 1);
  seen_digest(s, 1, digest);
  assert_true(digest[0] == 0x57b89da91430f5d0u);
  seen_free(s);
}

static void equal_sets_have_no_difference(void **state)
{
  (void)state;
  struct seen *s = seen_of(0, 1000);
  struct bytes out = {0};
  uint64_t theirs[SEEN_BUCKETS];
  for (size_t buckets = 1; buckets <= SEEN_BUCKETS; buckets *= 2) {
    size_t count = 99;
    seen_digest(s, buckets, theirs);
    failing_alloc_after(0);
    assert_int_equal(seen_difference(s, buckets, theirs, &out, &count), 0);
    failing_alloc_off();
    assert_int_equal(count, 0);
    assert_int_equal(out.length, 0);
  }
  seen_free(s);
}

static void difference_is_what_lies_in_differing_buckets(void **state)
{
  (void)state;
  struct seen *s = seen_of(0, 1000);
  struct bytes out = {0};
  uint64_t theirs[SEEN_BUCKETS];
  size_t total = 0;
  for (size_t bucket = 0; bucket < 16; bucket++) {
    seen_digest(s, 16, theirs);
    theirs[bucket] ^= 1;
    size_t count;
    assert_int_equal(bytes_append_slice(&out, SLICE("before:")), 0);
    assert_int_equal(seen_difference(s, 16, theirs, &out, &count), 0);
    assert_slice_equal((struct slice){out.data, 7}, SLICE("before:"));
    struct seen *part = seen_new(NULL);
    assert_int_equal(seen_add_list(part, (struct slice){out.data + 7, out.length - 7}), count);
    assert_int_equal(seen_count(part), count);
    uint64_t digests[16];
    seen_digest(part, 16, digests);
    for (size_t i = 0; i < 16; i++)
      assert_true(digests[i] == (i == bucket ? theirs[i] ^ 1 : 0));
    total += count;
    out.length = 0;
    seen_free(part);
  }
  assert_int_equal(total, 1000);
  bytes_free(&out);
  seen_free(s);
}

static void an_empty_set_lacks_everything(void **state)
{
  (void)state;
  struct seen *s = seen_of(0, 1000), *empty = seen_new(NULL);
  struct bytes out = {0};
  uint64_t theirs[64];
  size_t count;
  seen_digest(empty, 64, theirs);
  assert_int_equal(seen_difference(s, 64, theirs, &out, &count), 0);
  assert_int_equal(count, 1000);
  assert_slice_equal(bytes_slice(&out), seen_text(s));
  seen_digest(s, 64, theirs);
  out.length = 0;
  assert_int_equal(seen_difference(empty, 64, theirs, &out, &count), 0);
  assert_int_equal(count, 0);
  assert_int_equal(out.length, 0);
  bytes_free(&out);
  seen_free(s);
  seen_free(empty);
}

/* Two sets that overlap tell each other their digests once, and are equal. */
static void one_exchange_makes_sets_equal(void **state)
{
  (void)state;
  for (uint64_t seed = 1; seed <= 20; seed++) {
    print_message("exchange: seed %u\n", (unsigned)seed);
    struct rng r;
    rng_init(&r, seed, "exchange");
    struct seen *sets[2] = {seen_new(NULL), seen_new(NULL)};
    uint64_t range = rng_below(&r, 5000) + 1;
    uint64_t missing_percent = rng_below(&r, 20);
    for (uint64_t value = 0; value < range; value++)
      for (size_t i = 0; i < 2; i++)
        if (rng_below(&r, 100) >= missing_percent)
          assert_int_equal(seen_add_int(sets[i], (int64_t)value), 1);
    size_t buckets = (size_t)1 << rng_below(&r, 9);
    uint64_t digests[2][SEEN_BUCKETS];
    struct bytes out[2] = {{0}, {0}};
    for (size_t i = 0; i < 2; i++)
      seen_digest(sets[i], buckets, digests[i]);
    for (size_t i = 0; i < 2; i++) {
      size_t count;
      assert_int_equal(seen_difference(sets[i], buckets, digests[1 - i], &out[i], &count), 0);
      assert_true(count <= seen_count(sets[i]));
    }
    for (size_t i = 0; i < 2; i++)
      (void)seen_add_list(sets[i], bytes_slice(&out[1 - i]));
    assert_true(seen_equal_digests(sets[0], sets[1]));
    assert_int_equal(seen_count(sets[0]), seen_count(sets[1]));
    for (size_t i = 0; i < seen_count(sets[0]); i++)
      assert_int_equal(seen_has_text(sets[1], seen_at(sets[0], i)), 1);
    for (size_t i = 0; i < 2; i++) {
      bytes_free(&out[i]);
      seen_free(sets[i]);
    }
  }
}

static void difference_without_memory_leaves_out_unchanged(void **state)
{
  (void)state;
  struct seen *s = seen_of(0, 1000);
  struct bytes out = {0};
  uint64_t theirs[1] = {0};
  size_t count;
  long n = 0;
  assert_int_equal(bytes_append_slice(&out, SLICE("[")), 0);
  for (;; n++) {
    failing_alloc_after(n);
    int result = seen_difference(s, 1, theirs, &out, &count);
    failing_alloc_off();
    if (result == 0)
      break;
    assert_int_equal(result, -1);
    assert_slice_equal(bytes_slice(&out), SLICE("["));
    bytes_free(&out);
    assert_int_equal(bytes_append_slice(&out, SLICE("[")), 0);
  }
  assert_true(n > 0);
  assert_int_equal(count, 1000);
  assert_int_equal(out.length, 1 + seen_text(s).length);
  bytes_free(&out);
  seen_free(s);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(bucket_counts_are_powers_of_two),
    cmocka_unit_test(digests_do_not_depend_on_order),
    cmocka_unit_test(each_value_shows_in_one_bucket),
    cmocka_unit_test(fewer_buckets_are_sums_of_more),
    cmocka_unit_test(digests_stay_what_they_were),
    cmocka_unit_test(equal_sets_have_no_difference),
    cmocka_unit_test(difference_is_what_lies_in_differing_buckets),
    cmocka_unit_test(an_empty_set_lacks_everything),
    cmocka_unit_test(one_exchange_makes_sets_equal),
    cmocka_unit_test(difference_without_memory_leaves_out_unchanged),
  };
  return cmocka_run_group_tests_name("seen digests", tests, NULL, NULL);
}
