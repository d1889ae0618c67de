/* Both directions have an exact path in 128-bit integers for the numbers people
 * send, and one through the C library for the rest. The first is exact because
 * 5^27 still fits in 64 bits: digits * 10^e is one product when e >= 0, and one
 * division with a remainder when e < 0. Whatever is cut off is kept as one
 * "sticky" low bit, so that the rounding at the end, or a comparison with an
 * even number, comes out as if nothing had been cut.
 *
 * The shortest text of a double is found as in Giulietti's Schubfach ("The
 * Schubfach way to render doubles", 2020): of the interval of reals that round
 * to the double, take the multiple of the largest power of ten that is sure to
 * have one in it. The paper works with rounded tables for all exponents; here
 * the scaled bounds are exact.
 *
 * The C library's strtod and printf know a locale's decimal point. So text goes
 * to strtod as an integer with an exponent, and in printf's text whatever
 * stands between the digits is passed over. */
#include "wire/number.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* digits * 10^exponent */
struct decimal {
  uint64_t digits;
  int exponent;
};

/* Halfway between two doubles there are at most 767 significant digits: of a
 * longer number it only matters whether anything follows. */
#define DIGITS_KEPT 768

static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                            "25262728293031323334353637383940414243444546474849"
                            "50515253545556575859606162636465666768697071727374"
                            "75767778798081828384858687888990919293949596979899";

static int digit_count(uint64_t value)
{
  for (int count = 0;; count += 4, value /= 10000) {
    if (value < 10)
      return count + 1;
    if (value < 100)
      return count + 2;
    if (value < 1000)
      return count + 3;
    if (value < 10000)
      return count + 4;
  }
}

static size_t write_digits(char *out, uint64_t value)
{
  size_t length = (size_t)digit_count(value);
  char *p = out + length;
  while (value >= 10000) {
    uint32_t last = (uint32_t)(value % 10000);
    value /= 10000;
    p -= 4;
    memcpy(p, pairs + last / 100 * 2, 2);
    memcpy(p + 2, pairs + last % 100 * 2, 2);
  }
  if (value >= 100) {
    p -= 2;
    memcpy(p, pairs + value % 100 * 2, 2);
    value /= 100;
  }
  if (value >= 10)
    memcpy(out, pairs + value * 2, 2);
  else
    *out = (char)('0' + value);
  return length;
}

size_t number_write_int(char *out, int64_t value)
{
  if (value >= 0)
    return write_digits(out, (uint64_t)value);
  *out = '-';
  return 1 + write_digits(out + 1, 0 - (uint64_t)value);
}

static int is_digit(char c)
{
  return (unsigned char)(c - '0') < 10;
}

/* strtod over `length` digits and a decimal exponent; the buffer has room for
 * the exponent. */
static double digits_to_double(char *digits, size_t length, int64_t exponent)
{
  if (exponent > 100000)
    exponent = 100000;
  if (exponent < -100000)
    exponent = -100000;
  digits[length++] = 'e';
  length += number_write_int(digits + length, exponent);
  digits[length] = '\0';
  return strtod(digits, NULL);
}

static double library_to_double(struct decimal d)
{
  char text[2 * NUMBER_INT_MAX + 2];
  return digits_to_double(text, write_digits(text, d.digits), d.exponent);
}

/* The decimal of so many significant digits that is nearest to the value. */
static struct decimal library_to_decimal(double value, int digits)
{
  char text[64];
  struct decimal d = {0, 0};
  (void)snprintf(text, sizeof text, "%.*e", digits - 1, value);
  const char *p = text;
  for (; *p != 'e'; p++)
    if (is_digit(*p))
      d.digits = d.digits * 10 + (uint64_t)(*p - '0');
  d.exponent = (int)strtol(p + 1, NULL, 10) - (digits - 1);
  return d;
}

#if defined(__SIZEOF_INT128__)

__extension__ typedef unsigned __int128 uint128;

/* 5^27 < 2^63 */
#define POWER_MAX 27

static const uint64_t power_of_5[POWER_MAX + 1] = {
  1u,
  5u,
  25u,
  125u,
  625u,
  3125u,
  15625u,
  78125u,
  390625u,
  1953125u,
  9765625u,
  48828125u,
  244140625u,
  1220703125u,
  6103515625u,
  30517578125u,
  152587890625u,
  762939453125u,
  3814697265625u,
  19073486328125u,
  95367431640625u,
  476837158203125u,
  2384185791015625u,
  11920928955078125u,
  59604644775390625u,
  298023223876953125u,
  1490116119384765625u,
  7450580596923828125u,
};

/* 2^exponent, which must be a normal double. */
static double power_of_2(int exponent)
{
  uint64_t bits = (uint64_t)(exponent + 1023) << 52;
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* The double nearest to d, or 0 when that is not for this path. Each branch
 * leaves 62 or 63 bits with the sticky one for the processor to round, which is
 * more than the 55 that it takes to round as if all were there. */
static int exact_to_double(struct decimal d, double *value)
{
  if (d.exponent > POWER_MAX || d.exponent < -POWER_MAX || d.digits == 0)
    return 0;
  int shift = __builtin_clzll(d.digits);
  uint64_t normal = d.digits << shift;
  uint64_t bits;
  int exponent;
  if (d.exponent >= 0) {
    uint128 product = (uint128)normal * power_of_5[d.exponent];
    uint64_t high = (uint64_t)(product >> 64);
    int zeros = high == 0 ? 64 : __builtin_clzll(high);
    product <<= zeros;
    bits = (uint64_t)(product >> 65) | ((product & (((uint128)1 << 65) - 1)) != 0);
    exponent = d.exponent - shift - zeros + 65;
  } else {
    uint64_t divisor = power_of_5[-d.exponent];
    int divisor_shift = __builtin_clzll(divisor);
    divisor <<= divisor_shift;
    uint128 dividend = (uint128)normal << 62;
    bits = (uint64_t)(dividend / divisor);
    bits |= bits * (uint128)divisor != dividend;
    exponent = d.exponent - shift + divisor_shift - 62;
  }
  *value = (double)(int64_t)bits * power_of_2(exponent);
  return 1;
}

/* x * 2^q / 10^k with the sticky bit; k is near to the decimal logarithm of 2^q
 * and has its sign, so that one shift and one factor are left. */
static uint64_t scaled(uint64_t x, int q, int k)
{
  if (k >= 0) {
    uint128 dividend = (uint128)x << (q - k);
    uint64_t quotient = (uint64_t)(dividend / power_of_5[k]);
    return quotient | ((uint128)quotient * power_of_5[k] != dividend);
  }
  uint128 product = (uint128)x * power_of_5[-k];
  uint128 cut = product & (((uint128)1 << (k - q)) - 1);
  return (uint64_t)(product >> (k - q)) | (cut != 0);
}

/* Needs value > 0, normal, and not an integer below 2^53. */
static int exact_to_decimal(double value, struct decimal *d)
{
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  uint64_t fraction = bits & (((uint64_t)1 << 52) - 1);
  uint64_t c = fraction | (uint64_t)1 << 52;
  int q = (int)(bits >> 52) - 1075; /* value = c * 2^q */
  /* Below a power of two the neighbour is only half as far. The paper has a smaller
   * k for some of them, which here makes no difference: the tests try them all. */
  int is_power_of_2 = fraction == 0;
  int k = (q * 1262611) >> 22; /* floor(q * log10(2)) */
  if (k > POWER_MAX || k < -POWER_MAX)
    return 0;
  /* All in quarters of 10^k. A bound itself rounds to the value if c is even. */
  uint64_t odd = c & 1;
  uint64_t middle = scaled(4 * c, q, k);
  uint64_t lower = scaled(4 * c - (is_power_of_2 ? 1 : 2), q, k) + odd;
  uint64_t upper = scaled(4 * c + 2, q, k) - odd;
  uint64_t below = middle / 4;
  uint64_t tens = below / 10 * 10;
  int below_fits = lower <= 4 * tens;
  int above_fits = 4 * (tens + 10) <= upper;
  d->exponent = k;
  if (below_fits != above_fits) {
    d->digits = below_fits ? tens : tens + 10;
    return 1;
  }
  below_fits = lower <= 4 * below;
  above_fits = 4 * (below + 1) <= upper;
  if (below_fits != above_fits) {
    d->digits = below_fits ? below : below + 1;
    return 1;
  }
  uint64_t half = 4 * below + 2;
  d->digits = middle < half || (middle == half && below % 2 == 0) ? below : below + 1;
  return 1;
}

#else

static int exact_to_double(struct decimal d, double *value)
{
  (void)d;
  (void)value;
  return 0;
}

static int exact_to_decimal(double value, struct decimal *d)
{
  (void)value;
  (void)d;
  return 0;
}

#endif

static int fail(const char **cursor, const char *position, const char **why, const char *text)
{
  *cursor = position;
  *why = text;
  return -1;
}

/* Of digits with a point among them, more than 64 bits hold. */
static double long_to_double(const char *p, const char *end, int64_t exponent)
{
  char kept[DIGITS_KEPT + NUMBER_INT_MAX + 3];
  size_t length = 0;
  int more = 0;
  for (; p < end; p++) {
    if (*p == '.')
      continue;
    if (length < DIGITS_KEPT) {
      kept[length++] = *p;
    } else {
      more |= *p != '0';
      exponent++;
    }
  }
  if (more) {
    kept[length++] = '1';
    exponent--;
  }
  return digits_to_double(kept, length, exponent);
}

/* A number with fraction or exponent: `digits` is where its digits begin, p is
 * behind the integer part, whose value (mod 2^64) is `mantissa`. */
static int read_real(const char **cursor, const char *digits, const char *p, const char *end,
                     uint64_t mantissa, double *value, const char **why)
{
  int64_t exponent = 0;
  if (*p == '.') {
    const char *fraction = ++p;
    for (; p < end && is_digit(*p); p++)
      mantissa = mantissa * 10 + (uint64_t)(*p - '0');
    if (p == fraction)
      return fail(cursor, p, why, "expected a digit after '.'");
    exponent = fraction - p;
  }
  const char *digits_end = p;
  if (p < end && (*p == 'e' || *p == 'E')) {
    p++;
    int negative = p < end && *p == '-';
    p += p < end && (*p == '-' || *p == '+');
    if (p == end || !is_digit(*p))
      return fail(cursor, p, why, "expected a digit in the exponent");
    int64_t explicit = 0; /* kept exact as far as a text can be long */
    for (; p < end && is_digit(*p); p++)
      if (explicit < INT64_MAX / 100)
        explicit = explicit * 10 + (*p - '0');
    exponent += negative ? -explicit : explicit;
  }
  while (digits < digits_end && (*digits == '0' || *digits == '.'))
    digits++;
  if (digits == digits_end)
    *value = 0;
  else if (digits_end - digits > 19) /* a point counted as a digit does no harm */
    *value = long_to_double(digits, digits_end, exponent);
  else if (exponent > 1000 || exponent < -1000)
    *value = exponent > 0 ? HUGE_VAL : 0;
  else if (!exact_to_double((struct decimal){mantissa, (int)exponent}, value))
    *value = library_to_double((struct decimal){mantissa, (int)exponent});
  if (*value > DBL_MAX)
    return fail(cursor, *cursor, why, "number is too large for a double");
  *cursor = p;
  return 0;
}

int number_read(const char **cursor, const char *end, struct number *out, const char **why)
{
  const char *p = *cursor;
  int negative = p < end && *p == '-';
  p += negative;
  const char *digits = p;
  uint64_t mantissa = 0;
  for (; p < end && is_digit(*p); p++)
    mantissa = mantissa * 10 + (uint64_t)(*p - '0');
  size_t count = (size_t)(p - digits);
  if (count == 0)
    return fail(cursor, p, why, "expected a digit");
  if (*digits == '0' && count > 1)
    return fail(cursor, digits, why, "a number does not begin with 0");
  out->is_double = p < end && (*p == '.' || *p == 'e' || *p == 'E');
  if (out->is_double) {
    if (read_real(cursor, digits, p, end, mantissa, &out->real, why) != 0)
      return -1;
    if (negative)
      out->real = -out->real;
    return 0;
  }
  if (negative && mantissa == 0 && count == 1) {
    out->is_double = 1;
    out->real = -0.0;
  } else if (count < 19 || (count == 19 && mantissa <= (uint64_t)INT64_MAX + (uint64_t)negative)) {
    out->integer = negative ? (int64_t)(0 - mantissa) : (int64_t)mantissa;
  } else {
    return fail(cursor, *cursor, why, "integer does not fit in 64 bits");
  }
  *cursor = p;
  return 0;
}

int number_parse(struct slice text, struct number *out)
{
  if (text.length == 0)
    return -1;
  const char *cursor = text.data;
  const char *end = cursor + text.length;
  const char *why;
  return number_read(&cursor, end, out, &why) == 0 && cursor == end ? 0 : -1;
}

/* The nearest decimal of 16 digits can fail although its neighbour above does
 * not, since above a power of two the interval reaches further than below. With
 * up to 15 digits a normal double has no second candidate, and with 17 the
 * nearest always reads back. */
static struct decimal shortest_by_trial(double value)
{
  for (int digits = value < DBL_MIN ? 1 : 15; digits < 17; digits++) {
    struct decimal d = library_to_decimal(value, digits);
    if (library_to_double(d) == value)
      return d;
    d.digits++;
    if (digits == 16 && library_to_double(d) == value)
      return d;
  }
  return library_to_decimal(value, 17);
}

/* Plain notation for values from 0.0001 to below 1e16, as Python has it. */
static size_t write_decimal(char *out, struct decimal d)
{
  char digits[NUMBER_INT_MAX];
  while (d.digits % 10 == 0) {
    d.digits /= 10;
    d.exponent++;
  }
  size_t count = write_digits(digits, d.digits);
  int point = (int)count + d.exponent; /* value = 0.digits * 10^point */
  char *p = out;
  if (point > 16 || point < -3) {
    *p++ = digits[0];
    if (count > 1) {
      *p++ = '.';
      memcpy(p, digits + 1, count - 1);
      p += count - 1;
    }
    *p++ = 'e';
    return (size_t)(p - out) + number_write_int(p, point - 1);
  }
  if (point <= 0) {
    memcpy(p, "0.000", 5);
    p += 2 - point;
    memcpy(p, digits, count);
    return (size_t)(p - out) + count;
  }
  size_t integral = (size_t)point;
  if (integral < count) {
    memcpy(p, digits, integral);
    p[integral] = '.';
    memcpy(p + integral + 1, digits + integral, count - integral);
    return count + 1;
  }
  memcpy(p, digits, count);
  memset(p + count, '0', integral - count);
  memcpy(p + integral, ".0", 2);
  return integral + 2;
}

size_t number_write_double(char *out, double value)
{
  if (!isfinite(value))
    return 0;
  size_t sign = signbit(value) != 0;
  if (sign) {
    *out++ = '-';
    value = -value;
  }
  if (value < 0x1p53 && value == (double)(int64_t)value) {
    size_t length = write_digits(out, (uint64_t)value);
    memcpy(out + length, ".0", 2);
    return sign + length + 2;
  }
  struct decimal d;
  if (value < DBL_MIN || !exact_to_decimal(value, &d))
    d = shortest_by_trial(value);
  return sign + write_decimal(out, d);
}
