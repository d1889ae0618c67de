#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "sim/latency.h"

static void kinds_have_names(void **state)
{
  (void)state;
  struct latency l = {LATENCY_UNIFORM, 5};
  assert_int_equal(latency_parse(&l, SLICE("constant")), 0);
  assert_int_equal(l.kind, LATENCY_CONSTANT);
  assert_int_equal(latency_parse(&l, SLICE("uniform")), 0);
  assert_int_equal(l.kind, LATENCY_UNIFORM);
  assert_int_equal(latency_parse(&l, SLICE("exponential")), 0);
  assert_int_equal(l.kind, LATENCY_EXPONENTIAL);
  assert_int_equal(latency_parse(&l, SLICE("exp")), -1);
  assert_int_equal(latency_parse(&l, SLICE("Uniform")), -1);
  assert_int_equal(latency_parse(&l, SLICE("")), -1);
  assert_int_equal(l.kind, LATENCY_EXPONENTIAL);
  assert_int_equal(l.mean_us, 5);
}

enum { DRAWS = 100000, MEAN_US = 100000 };

struct sample {
  int64_t low_us, high_us;
  double mean_us, variance;
  size_t above_mean;
};

static struct sample sample(enum latency_kind kind)
{
  struct latency l = {kind, MEAN_US};
  struct sample s = {.low_us = INT64_MAX, .high_us = INT64_MIN};
  struct rng r;
  rng_init(&r, 1, "latency");
  for (int i = 0; i < DRAWS; i++) {
    int64_t us = latency_draw_us(&l, &r);
    s.low_us = us < s.low_us ? us : s.low_us;
    s.high_us = us > s.high_us ? us : s.high_us;
    s.mean_us += (double)us / DRAWS;
    s.variance += ((double)us - MEAN_US) * ((double)us - MEAN_US) / DRAWS;
    s.above_mean += us > MEAN_US;
  }
  return s;
}

/* A sample's figure is within one part in 50 of what it should be. */
static void assert_near(double figure, double expected)
{
  if (figure < expected * 0.98 || figure > expected * 1.02)
    fail_msg("%f is not near %f", figure, expected);
}

static void constant_is_always_the_mean(void **state)
{
  (void)state;
  struct sample s = sample(LATENCY_CONSTANT);
  assert_int_equal(s.low_us, MEAN_US);
  assert_int_equal(s.high_us, MEAN_US);
}

static void uniform_is_from_nothing_to_twice_the_mean(void **state)
{
  (void)state;
  struct sample s = sample(LATENCY_UNIFORM);
  assert_in_range(s.low_us, 0, MEAN_US / 100);
  assert_in_range(s.high_us, 2 * MEAN_US - MEAN_US / 100, 2 * MEAN_US);
  assert_near(s.mean_us, MEAN_US);
  assert_near(s.variance, (double)MEAN_US * MEAN_US / 3);
  assert_near((double)s.above_mean, DRAWS * 0.5);
}

static void exponential_is_memoryless(void **state)
{
  (void)state;
  struct sample s = sample(LATENCY_EXPONENTIAL);
  assert_in_range(s.low_us, 0, MEAN_US / 100);
  assert_in_range(s.high_us, 8 * MEAN_US, 20 * MEAN_US);
  assert_near(s.mean_us, MEAN_US);
  assert_near(s.variance, (double)MEAN_US * MEAN_US);
  assert_near((double)s.above_mean, DRAWS * 0.36788); /* 1/e */
}

static void one_seed_draws_the_same_again(void **state)
{
  (void)state;
  for (enum latency_kind kind = LATENCY_UNIFORM; kind <= LATENCY_EXPONENTIAL; kind++) {
    struct latency l = {kind, MEAN_US};
    struct rng a, b, c;
    int equal = 0;
    rng_init(&a, 7, "latency");
    rng_init(&b, 7, "latency");
    rng_init(&c, 8, "latency");
    for (int i = 0; i < 100; i++) {
      int64_t us = latency_draw_us(&l, &a);
      assert_true(us == latency_draw_us(&l, &b));
      equal += us == latency_draw_us(&l, &c);
    }
    assert_true(equal < 3);
  }
}

static void no_mean_is_no_latency(void **state)
{
  (void)state;
  struct rng r;
  rng_init(&r, 1, "latency");
  for (enum latency_kind kind = LATENCY_CONSTANT; kind <= LATENCY_EXPONENTIAL; kind++) {
    struct latency l = {kind, 0};
    for (int i = 0; i < 100; i++)
      assert_int_equal(latency_draw_us(&l, &r), 0);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(kinds_have_names),
    cmocka_unit_test(constant_is_always_the_mean),
    cmocka_unit_test(uniform_is_from_nothing_to_twice_the_mean),
    cmocka_unit_test(exponential_is_memoryless),
    cmocka_unit_test(one_seed_draws_the_same_again),
    cmocka_unit_test(no_mean_is_no_latency),
  };
  return cmocka_run_group_tests_name("latency", tests, NULL, NULL);
}
