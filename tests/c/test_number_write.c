#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/rng.h"
#include "double_helpers.h"
#include "wire/number.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void writes_integers(void **state)
{
  (void)state;
  int64_t value = 0;
  for (int i = 0; i < 70; i++) {
    for (int64_t near = -2; near <= 2; near++) {
      int64_t values[] = {
        (int64_t)((uint64_t)value + (uint64_t)near),
        (int64_t)((uint64_t)1 << i % 64) + near * (i < 62),
        (int64_t)(UINT64_MAX << i % 64),
        INT64_MAX - (near + 2),
        INT64_MIN + (near + 2),
      };
      for (size_t k = 0; k < sizeof values / sizeof values[0]; k++) {
        char text[NUMBER_INT_MAX + 1];
        char expected[32];
        text[number_write_int(text, values[k])] = '\0';
        (void)snprintf(expected, sizeof expected, "%lld", (long long)values[k]);
        assert_string_equal(text, expected);
      }
    }
    if (value <= INT64_MAX / 10)
      value = value == 0 ? 1 : value * 10;
  }
}

static void writes_doubles_so_that_they_stay_doubles(void **state)
{
  (void)state;
  static const struct {
    double value;
    const char *text;
  } cases[] = {
    {0.0, "0.0"},
    {-0.0, "-0.0"},
    {1.0, "1.0"},
    {-1.5, "-1.5"},
    {100.0, "100.0"},
    {0.1, "0.1"},
    {0.5, "0.5"},
    {0.0001, "0.0001"},
    {0.00012345, "0.00012345"},
    {0.00001, "1e-5"},
    {123456.789, "123456.789"},
    {1.0 / 3.0, "0.3333333333333333"},
    {2.0 / 3.0, "0.6666666666666666"},
    {0.1 + 0.2, "0.30000000000000004"},
    {2251799813685248.5, "2251799813685248.5"},
    {9007199254740991.0, "9007199254740991.0"},
    {9007199254740992.0, "9007199254740992.0"},
    {9007199254740994.0, "9007199254740994.0"},
    {9999999999999998.0, "9999999999999998.0"},
    {1e15, "1000000000000000.0"},
    {1e16, "1e16"},
    {1.5e16, "1.5e16"},
    {1e21, "1e21"},
    {1e22, "1e22"},
    {1e23, "1e23"},
    {1.2345e-7, "1.2345e-7"},
    {-1e100, "-1e100"},
    {0x1p-44, "5.684341886080802e-14"}, /* its nearest text of 16 digits reads back wrong */
    {0x1p-1017, "7.120236347223045e-307"},
    {9.5e-307, "9.5e-307"},
    {DBL_MIN, "2.2250738585072014e-308"},
    {-DBL_MAX, "-1.7976931348623157e308"},
    {0x1p-1074, "5e-324"},
    {0x1p-1073, "1e-323"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char text[NUMBER_DOUBLE_MAX + 1];
    text[number_write_double(text, cases[i].value)] = '\0';
    assert_string_equal(text, cases[i].text);
  }
  char text[NUMBER_DOUBLE_MAX];
  assert_int_equal(number_write_double(text, INFINITY), 0);
  assert_int_equal(number_write_double(text, -INFINITY), 0);
  assert_int_equal(number_write_double(text, NAN), 0);
}

/* The significant digits of a positive number's text, and the exponent of 0.digits. */
static void take_apart(const char *text, char *digits, int *point)
{
  size_t count = 0;
  int seen_point = 0;
  *point = 0;
  const char *p = text;
  for (; *p != '\0' && *p != 'e'; p++) {
    if (*p == '.') {
      seen_point = 1;
      continue;
    }
    if (count > 0 || *p != '0')
      digits[count++] = *p;
    *point += seen_point ? (count == 0 ? -1 : 0) : count > 0;
  }
  if (*p == 'e')
    *point += (int)strtol(p + 1, NULL, 10);
  while (count > 0 && digits[count - 1] == '0')
    count--;
  digits[count] = '\0';
}

/* It reads back, one digit less does not, and no other text of as many digits that
 * reads back is nearer. */
static void check_shortest(double value)
{
  char text[NUMBER_DOUBLE_MAX + 1];
  char library[64];
  char digits[64];
  char other[64];
  int point;
  int other_point;
  size_t length = number_write_double(text, value);
  assert_in_range(length, 3, NUMBER_DOUBLE_MAX);
  text[length] = '\0';
  assert_same_double(strtod(text, NULL), value, text);
  assert_same_double(read_double(text), value, text);
  take_apart(text, digits, &point);
  int count = (int)strlen(digits);
  if (count > 1) {
    (void)snprintf(library, sizeof library, "%.*e", count - 2, value);
    if (strtod(library, NULL) == value)
      fail_msg("%s is not as short as %s", text, library);
  }
  (void)snprintf(library, sizeof library, "%.*e", count - 1, value);
  if (strtod(library, NULL) == value) {
    take_apart(library, other, &other_point);
    assert_string_equal(digits, other);
    assert_int_equal(point, other_point);
  }
}

static void doubles_are_written_shortest(void **state)
{
  (void)state;
  const uint64_t seed = 4711;
  print_message("seed %llu\n", (unsigned long long)seed);
  struct rng r;
  rng_init(&r, seed, "shortest");
  for (uint64_t exponent = 1; exponent < 2047; exponent++) {
    check_shortest(double_of(exponent << 52));       /* powers of two, */
    check_shortest(double_of((exponent << 52) - 1)); /* and what is below them */
  }
  for (int i = 0; i < 60000; i++) {
    uint64_t fraction = rng_next(&r) >> 12;
    uint64_t middle = 1023 - 40 + rng_below(&r, 190); /* about 1e-12 to 1e45 */
    check_shortest(double_of(middle << 52 | fraction));
    check_shortest(double_of(middle << 52 | (fraction & UINT64_MAX << rng_below(&r, 52))));
    if (i % 8 == 0) {
      check_shortest(double_of((1 + rng_below(&r, 2046)) << 52 | fraction));
      check_shortest(double_of(fraction >> rng_below(&r, 51) | 1)); /* subnormal */
    }
    double power = 1;
    for (uint64_t k = rng_below(&r, 8); k > 0; k--)
      power *= 10;
    check_shortest((double)(1 + rng_below(&r, 100000000)) / power); /* few digits */
  }
}

static void the_locale_does_not_matter(void **state)
{
  (void)state;
  static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE.utf8", "fr_FR.utf8",
                                      "de_DE",       "nl_NL.UTF-8", "ru_RU.UTF-8"};
  const char *comma = NULL;
  for (size_t i = 0; comma == NULL && i < sizeof names / sizeof names[0]; i++)
    if (setlocale(LC_ALL, names[i]) != NULL && localeconv()->decimal_point[0] == ',')
      comma = names[i];
  if (comma == NULL) {
    print_message("no locale with a decimal comma is installed\n");
    skip();
  }
  char text[NUMBER_DOUBLE_MAX + 1];
  text[number_write_double(text, 1.5e-300)] = '\0'; /* by the library's printf and strtod */
  double back = read_double("1.5e-300");
  (void)setlocale(LC_ALL, "C");
  assert_string_equal(text, "1.5e-300");
  assert_same_double(back, 1.5e-300, comma);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(writes_integers),
    cmocka_unit_test(writes_doubles_so_that_they_stay_doubles),
    cmocka_unit_test(doubles_are_written_shortest),
    cmocka_unit_test(the_locale_does_not_matter),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
