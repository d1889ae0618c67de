#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "double_helpers.h"

#include "wire/number.h"

#include <string.h>

static uint64_t bits_of(double value)
{
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

double double_of(uint64_t bits)
{
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

void assert_same_double(double a, double b, const char *text)
{
  if (bits_of(a) != bits_of(b))
    fail_msg("%s: %.17g, expected %.17g", text, a, b);
}

double read_double(const char *text)
{
  struct number n;
  if (number_parse(slice_of(text), &n) != 0 || !n.is_double)
    fail_msg("%.60s: not a double", text);
  return n.real;
}
