#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/rng.h"

#include <string.h>

/* The authors' reference implementation started at state {1, 2, 3, 4}. */
static void is_xoshiro256starstar(void **state)
{
  (void)state;
  static const uint64_t expected[] = {
    11520u,
    0u,
    1509978240u,
    1215971899390074240u,
    1216172134540287360u,
    607988272756665600u,
    16172922978634559625u,
    8476171486693032832u,
    10595114339597558777u,
    2904607092377533576u,
  };
  struct rng r = {{1, 2, 3, 4}};
  for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
    assert_true(rng_next(&r) == expected[i]);
}

/* A seed that was printed last year must still replay the same run. */
static void streams_stay_what_they_were(void **state)
{
  (void)state;
  struct rng r;
  rng_init(&r, 0, "");
  assert_true(rng_next(&r) == 0x99ec5f36cb75f2b4u);
  rng_init(&r, 42, "latency");
  assert_true(rng_next(&r) == 0xe1b5493959ba9383u);
}

static int same_start(uint64_t seed, const char *name, uint64_t other_seed, const char *other_name)
{
  struct rng a, b;
  rng_init(&a, seed, name);
  rng_init(&b, other_seed, other_name);
  int same = 0;
  for (int i = 0; i < 8; i++)
    same += rng_next(&a) == rng_next(&b);
  return same;
}

static void streams_depend_on_seed_and_name(void **state)
{
  (void)state;
  assert_int_equal(same_start(7, "faults", 7, "faults"), 8);
  assert_int_equal(same_start(7, "faults", 8, "faults"), 0);
  assert_int_equal(same_start(7, "faults", 7, "workload"), 0);
  assert_int_equal(same_start(7, "n1", 7, "n2"), 0);
  assert_int_equal(same_start(0, "", UINT64_MAX, ""), 0);
}

/* xoshiro's only bad state is all zeroes. */
static void no_seed_gives_the_zero_state(void **state)
{
  (void)state;
  static const struct rng zero;
  for (uint64_t seed = 0; seed < 10000; seed++) {
    struct rng r;
    rng_init(&r, seed, "");
    assert_memory_not_equal(&r, &zero, sizeof r);
  }
}

static void below_keeps_to_its_bound(void **state)
{
  (void)state;
  static const uint64_t bounds[] = {
    1, 2, 3, 10, ((uint64_t)1 << 32) + 1, (uint64_t)1 << 63, ((uint64_t)1 << 63) + 1, UINT64_MAX};
  struct rng r;
  rng_init(&r, 1, "below");
  for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++)
    for (int k = 0; k < 1000; k++)
      assert_true(rng_below(&r, bounds[i]) < bounds[i]);
}

/* Chi-square with 9 degrees of freedom is beyond 33.7 once in 10,000 seeds; the
 * seed is fixed. */
static void below_is_even(void **state)
{
  (void)state;
  enum { DRAWS = 100000 };
  struct rng r;
  rng_init(&r, 1, "even");
  size_t counts[10] = {0};
  for (int i = 0; i < DRAWS; i++)
    counts[rng_below(&r, 10)]++;
  double chi = 0;
  for (size_t i = 0; i < 10; i++) {
    double off = (double)counts[i] - DRAWS / 10.0;
    chi += off * off / (DRAWS / 10.0);
  }
  assert_true(chi < 33.7);
}

/* With bound 3 * 2^62, a plain remainder would give a value from the lowest
 * third half of the time. */
static void below_has_no_modulo_bias(void **state)
{
  (void)state;
  enum { DRAWS = 30000 };
  struct rng r;
  rng_init(&r, 1, "bias");
  int low = 0;
  for (int i = 0; i < DRAWS; i++)
    low += rng_below(&r, (uint64_t)3 << 62) < (uint64_t)1 << 62;
  assert_in_range(low, DRAWS / 3 - 500, DRAWS / 3 + 500);
}

static void unit_is_even_and_below_one(void **state)
{
  (void)state;
  enum { DRAWS = 100000 };
  struct rng r;
  rng_init(&r, 1, "unit");
  double sum = 0, sum_of_squares = 0;
  for (int i = 0; i < DRAWS; i++) {
    double x = rng_unit(&r);
    assert_true(x >= 0 && x < 1);
    sum += x;
    sum_of_squares += x * x;
  }
  double mean = sum / DRAWS;
  double variance = sum_of_squares / DRAWS - mean * mean;
  assert_true(mean > 0.495 && mean < 0.505);
  assert_true(variance > 0.082 && variance < 0.085); /* 1/12 */
}

static void unit_uses_the_upper_53_bits(void **state)
{
  (void)state;
  struct rng a, b;
  rng_init(&a, 3, "unit");
  b = a;
  for (int i = 0; i < 100; i++)
    assert_true(rng_unit(&a) * 0x1p53 == (double)(rng_next(&b) >> 11));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(is_xoshiro256starstar),
    cmocka_unit_test(streams_stay_what_they_were),
    cmocka_unit_test(streams_depend_on_seed_and_name),
    cmocka_unit_test(no_seed_gives_the_zero_state),
    cmocka_unit_test(below_keeps_to_its_bound),
    cmocka_unit_test(below_is_even),
    cmocka_unit_test(below_has_no_modulo_bias),
    cmocka_unit_test(unit_is_even_and_below_one),
    cmocka_unit_test(unit_uses_the_upper_53_bits),
  };
  return cmocka_run_group_tests_name("rng", tests, NULL, NULL);
}
