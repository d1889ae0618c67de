#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/rng.h"
#include "double_helpers.h"
#include "wire/number.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void integers_of_64_bits_stay_integers(void **state)
{
  (void)state;
  static const struct {
    const char *text;
    int64_t value;
  } cases[] = {
    {"0", 0},
    {"7", 7},
    {"-1", -1},
    {"10", 10},
    {"9007199254740993", 9007199254740993}, /* 2^53 + 1 is no double */
    {"999999999999999999", 999999999999999999},
    {"1000000000000000000", 1000000000000000000},
    {"9223372036854775807", INT64_MAX},
    {"-9223372036854775807", -INT64_MAX},
    {"-9223372036854775808", INT64_MIN},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct number n;
    assert_int_equal(number_parse(slice_of(cases[i].text), &n), 0);
    assert_false(n.is_double);
    assert_true(n.integer == cases[i].value);
  }
}

static void minus_zero_keeps_its_sign(void **state)
{
  (void)state;
  assert_same_double(read_double("-0"), -0.0, "-0");
  assert_same_double(read_double("-0.0"), -0.0, "-0.0");
  assert_same_double(read_double("-0e99"), -0.0, "-0e99");
  assert_same_double(read_double("0.0"), 0.0, "0.0");
  assert_same_double(read_double("-1e-999"), -0.0, "-1e-999");
}

static void doubles_are_the_nearest_ones(void **state)
{
  (void)state;
  static const struct {
    const char *text;
    double value;
  } cases[] = {
    {"1.0", 1.0},
    {"-2.50", -2.5},
    {"1E2", 100.0},
    {"1e+2", 100.0},
    {"100e-2", 1.0},
    {"0.1", 0.1},
    {"0.000123", 0.000123},
    {"123e65", 123e65},
    {"1e22", 1e22},
    {"1e23", 1e23},
    {"1e27", 1e27},
    {"1e28", 1e28},
    {"1e-27", 1e-27},
    {"1e-28", 1e-28},
    {"3.141592653589793238462643383279", 0x1.921fb54442d18p+1},
    {"9007199254740993.0", 9007199254740992.0},   /* halfway, to even */
    {"9007199254740993.001", 9007199254740994.0}, /* and just above */
    {"9007199254740995.0", 9007199254740996.0},
    {"1.00000000000000011102230246251565404236316680908203124", 1.0},
    {"1.00000000000000011102230246251565404236316680908203125", 1.0},
    {"1.00000000000000011102230246251565404236316680908203126", 0x1.0000000000001p0},
    {"18446744073709551615.0", 18446744073709551616.0},
    {"9999999999999999999e0", 1e19},
    {"1e308", 1e308},
    {"0.00001e313", 1e308},
    {"1234567890123456789e-340", 1234567890123456789e-340},
    {"1.7976931348623157e308", DBL_MAX},
    {"1.7976931348623158e308", DBL_MAX},
    {"2.2250738585072014e-308", DBL_MIN},
    {"2.2250738585072011e-308", 0x0.fffffffffffffp-1022},
    {"5e-324", 0x1p-1074},
    {"3e-324", 0x1p-1074},
    {"2e-324", 0.0},
    {"0e999999999999999999999", 0.0},
    {"1e-999999999999999999999", 0.0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    assert_same_double(read_double(cases[i].text), cases[i].value, cases[i].text);
}

/* 20000 zeros, which an exponent takes back; and digits far behind the last one that
 * counts, which decide about a half. */
static void long_texts_are_read_exactly(void **state)
{
  (void)state;
  enum { ZEROS = 20000 };
  static char text[ZEROS + 200];
  char zeros[ZEROS + 1];
  memset(zeros, '0', ZEROS);
  zeros[ZEROS] = '\0';
  (void)snprintf(text, sizeof text, "123%se-%d", zeros, ZEROS);
  assert_same_double(read_double(text), 123.0, "123000..e-20000");
  (void)snprintf(text, sizeof text, "0.%s123e%d", zeros, ZEROS + 3);
  assert_same_double(read_double(text), 123.0, "0.000..123e20003");
  (void)snprintf(text, sizeof text, "0.%s", zeros);
  assert_same_double(read_double(text), 0.0, "0.000..");
  const char *half = "1.00000000000000011102230246251565404236316680908203125";
  (void)snprintf(text, sizeof text, "%s%s", half, zeros);
  assert_same_double(read_double(text), 1.0, "half and zeros");
  (void)snprintf(text, sizeof text, "%s%s1", half, zeros);
  assert_same_double(read_double(text), 0x1.0000000000001p0, "half, zeros and 1");
}

static void errors_have_a_position_and_a_reason(void **state)
{
  (void)state;
  static const struct {
    const char *text;
    int position;
    const char *why;
  } cases[] = {
    {"", 0, "expected a digit"},
    {"-", 1, "expected a digit"},
    {"+1", 0, "expected a digit"},
    {".5", 0, "expected a digit"},
    {"-x", 1, "expected a digit"},
    {"01", 0, "a number does not begin with 0"},
    {"-00", 1, "a number does not begin with 0"},
    {"1.", 2, "expected a digit after '.'"},
    {"1.e1", 2, "expected a digit after '.'"},
    {"1e", 2, "expected a digit in the exponent"},
    {"1.5E+", 5, "expected a digit in the exponent"},
    {"1e-x", 3, "expected a digit in the exponent"},
    {"9223372036854775808", 0, "integer does not fit in 64 bits"},
    {"-9223372036854775809", 0, "integer does not fit in 64 bits"},
    {"18446744073709551616", 0, "integer does not fit in 64 bits"},
    {"100000000000000000000", 0, "integer does not fit in 64 bits"},
    {"1e309", 0, "number is too large for a double"},
    {"-1e309", 0, "number is too large for a double"},
    {"1.7976931348623159e308", 0, "number is too large for a double"},
    {"1e999999999999999999999", 0, "number is too large for a double"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct number n;
    const char *why = NULL;
    const char *text = cases[i].text;
    const char *cursor = text;
    assert_int_equal(number_read(&cursor, text + strlen(text), &n, &why), -1);
    assert_string_equal(why, cases[i].why);
    assert_int_equal(cursor - text, cases[i].position);
    assert_int_equal(number_parse(slice_of(text), &n), -1);
  }
}

static void reads_no_further_than_the_number_or_the_end(void **state)
{
  (void)state;
  struct number n;
  const char *why;
  const char *text = "12,";
  const char *cursor = text;
  assert_int_equal(number_read(&cursor, text + 3, &n, &why), 0);
  assert_int_equal(cursor - text, 2);
  text = "12.5e1}";
  cursor = text;
  assert_int_equal(number_read(&cursor, text + 7, &n, &why), 0);
  assert_int_equal(cursor - text, 6);
  assert_int_equal(number_parse(SLICE("1 "), &n), -1);
  assert_int_equal(number_parse((struct slice){NULL, 0}, &n), -1);
  for (size_t length = 1; length <= 7; length++) { /* 1 12 12. 12.5 12.5e 12.5e+ 12.5e+1 */
    int whole = length != 3 && length != 5 && length != 6;
    assert_int_equal(number_parse((struct slice){"12.5e+1", length}, &n), whole ? 0 : -1);
  }
}

/* A text of random digits around a random point and exponent. */
static void random_number(struct rng *r, char *out)
{
  char *p = out;
  if (rng_below(r, 4) == 0)
    *p++ = '-';
  size_t digits = 1 + rng_below(r, rng_below(r, 8) == 0 ? 40 : 20);
  *p++ = (char)('0' + rng_below(r, 10));
  if (p[-1] != '0')
    for (; digits > 1; digits--)
      *p++ = (char)('0' + rng_below(r, 10));
  if (rng_below(r, 2) == 0) {
    *p++ = '.';
    size_t zeros = rng_below(r, 8);
    for (size_t i = 1 + rng_below(r, 18); i > 0; i--)
      *p++ = i > zeros ? (char)('0' + rng_below(r, 10)) : '0';
  }
  if (rng_below(r, 2) == 0)
    p += sprintf(p, "e%d", (int)rng_below(r, 80) - 40);
  *p = '\0';
}

static void agrees_with_the_library_on_random_texts(void **state)
{
  (void)state;
  const uint64_t seed = 20260;
  print_message("seed %llu\n", (unsigned long long)seed);
  struct rng r;
  rng_init(&r, seed, "number");
  for (int i = 0; i < 200000; i++) {
    char text[128];
    random_number(&r, text);
    struct number n;
    int status = number_parse(slice_of(text), &n);
    if (strpbrk(text, ".e") != NULL) {
      assert_int_equal(status, 0);
      assert_true(n.is_double);
      assert_same_double(n.real, strtod(text, NULL), text);
    } else if (status == 0 && !n.is_double) {
      char again[32];
      (void)snprintf(again, sizeof again, "%lld", (long long)n.integer);
      assert_string_equal(again, text);
    } else if (status == 0) {
      assert_string_equal(text, "-0");
    } else {
      assert_true(strlen(text) >= 19);
    }
    int64_t small = 0;
    const char *end = number_read_small(text, text + strlen(text), &small);
    int is_small = status == 0 && !n.is_double && strlen(text[0] == '-' ? text + 1 : text) <= 18;
    assert_int_equal(end != NULL, is_small);
    if (is_small) {
      assert_ptr_equal(end, text + strlen(text));
      assert_true(small == n.integer);
    }
  }
}

/* Halfway between two doubles, exactly written: the neighbour with the even bits wins.
 * One digit more at the end decides otherwise. */
static void halves_go_to_even(void **state)
{
  (void)state;
#if LDBL_MANT_DIG < 54
  skip(); /* no type to print the half with */
#endif
  const uint64_t seed = 53;
  print_message("seed %llu\n", (unsigned long long)seed);
  struct rng r;
  rng_init(&r, seed, "halves");
  for (int i = 0; i < 20000; i++) {
    uint64_t integer = rng_next(&r) >> 12 | (uint64_t)1 << 52;
    int exponent = (int)rng_below(&r, 120) - 100;
    double low = ldexp((double)integer, exponent);
    double high = ldexp((double)(integer + 1), exponent);
    long double half = ldexpl((long double)(2 * integer + 1), exponent - 1);
    char text[400];
    int length = snprintf(text, sizeof text, "%.*Lf", exponent > 0 ? 1 : 1 - exponent, half);
    assert_in_range(length, 1, sizeof text - 2);
    assert_same_double(read_double(text), integer % 2 == 0 ? low : high, text);
    text[length] = '1';
    text[length + 1] = '\0';
    assert_same_double(read_double(text), high, text);
  }
}

/* The quick path looks at eight bytes at a time: every length, every byte behind it, and every
 * distance from the end. */
static void small_integers_before_any_byte(void **state)
{
  (void)state;
  for (size_t length = 1; length <= 19; length++)
    for (int next = 0; next < 256; next++)
      for (size_t behind = 0; behind <= 8; behind++) {
        size_t size = length + behind;
        char *text = malloc(size); /* of its own size, for sanitizers */
        assert_non_null(text);
        memset(text, next, size);
        memcpy(text, "9182736450918273645", length);
        int goes_on =
          behind > 0 && ((next >= '0' && next <= '9') || next == '.' || next == 'e' || next == 'E');
        int64_t value = -1;
        const char *end = number_read_small(text, text + size, &value);
        if (goes_on || length > 18) {
          if (next < '0' || next > '9' || size > 18)
            assert_null(end);
        } else {
          char copy[20] = {0};
          memcpy(copy, text, length);
          assert_ptr_equal(end, text + length);
          assert_true(value == strtoll(copy, NULL, 10));
        }
        free(text);
      }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(integers_of_64_bits_stay_integers),
    cmocka_unit_test(minus_zero_keeps_its_sign),
    cmocka_unit_test(doubles_are_the_nearest_ones),
    cmocka_unit_test(long_texts_are_read_exactly),
    cmocka_unit_test(errors_have_a_position_and_a_reason),
    cmocka_unit_test(reads_no_further_than_the_number_or_the_end),
    cmocka_unit_test(agrees_with_the_library_on_random_texts),
    cmocka_unit_test(halves_go_to_even),
    cmocka_unit_test(small_integers_before_any_byte),
  };
  return cmocka_run_group_tests_name("number", tests, NULL, NULL);
}
