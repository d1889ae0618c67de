/* number.h - numbers between JSON text and the machine, both ways and exact.
 *
 * An integer stays a 64-bit integer and a double is the nearest one; a number
 * that cannot be kept so is an error, never silently another number. Neither
 * direction looks at the C locale. Nothing here allocates. */
#ifndef HEARSAY_WIRE_NUMBER_H
#define HEARSAY_WIRE_NUMBER_H

#include "base/bytes.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Bytes that are enough for the text of any int64_t, and of any double. */
#define NUMBER_INT_MAX 20
#define NUMBER_DOUBLE_MAX 26

struct number {
  int is_double;
  int64_t integer; /* when it is an integer */
  double real;     /* when it is a double */
};

/* Reads the JSON number that begins at *cursor. Returns 0 and moves the cursor
 * behind it, or -1, and then the cursor is at the offending byte and *why is a
 * static text: no number, more than 64 bits without fraction or exponent, or a
 * value beyond the largest double.
 *
 * Text without '.' and exponent is an integer, but "-0" is the double -0.0, so
 * that the sign is not lost. A value too near to 0 for a double becomes 0.
 * About 1 ns a digit; a double costs a division more while it has at most 19
 * digits and a decimal exponent within 27, and strtod beyond. */
int number_read(const char **cursor, const char *end, struct number *out, const char **why);

/* Reads up to 7 digits that are followed by something else at once: returns the byte behind
 * them, or p if there are none, 8 or more, or not 8 bytes to look at. Digits become bytes of
 * 0 .. 9 by one xor, the first byte that is not is found by one addition, and pairs, fours and
 * eights of digits are put together by one multiplication each (D. Lemire, "Quickly parsing
 * eight digits", 2018). */
static inline const char *number_read_few_digits(const char *p, const char *end, uint64_t *out)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  uint64_t x;
  if (end - p < 8)
    return p;
  memcpy(&x, p, 8);
  x ^= 0x3030303030303030u;
  uint64_t others = ((x + 0x7676767676767676u) | x) & 0x8080808080808080u;
  if (others == 0)
    return p;
  unsigned bits = (unsigned)__builtin_ctzll(others) - 7; /* of the digits */
  if (bits == 0)
    return p;
  x <<= 64 - bits; /* as if zeroes were in front of them */
  x = x * 2561 >> 8;
  x = (x & 0x00ff00ff00ff00ffu) * 6553601 >> 16;
  *out = (x & 0x0000ffff0000ffffu) * 42949672960001u >> 32;
  return p + bits / 8;
#else
  (void)end;
  (void)out;
  return p;
#endif
}

/* number_read for what most numbers are, an integer of up to 18 digits: returns the byte behind
 * it, or NULL if number_read has to look at it. */
static inline const char *number_read_small(const char *p, const char *end, int64_t *out)
{
  int negative = 0;
  if (__builtin_expect(p < end && *p == '-', 0)) { /* a jump: not in the way of what follows */
    negative = 1;
    p++;
  }
  const char *digits = p;
  uint64_t value = 0;
  p = number_read_few_digits(p, end, &value);
  if (p == digits) {
    unsigned digit;
    for (; p < end && (digit = (unsigned char)*p - (unsigned)'0') < 10; p++)
      value = value * 10 + digit;
    if (p - digits > 18 || p == digits)
      return NULL;
  }
  if (p < end && (*p == '.' || (*p | 0x20) == 'e'))
    return NULL;
  if (*digits == '0' && (negative || p - digits > 1))
    return NULL;
  *out = negative ? -(int64_t)value : (int64_t)value;
  return p;
}

/* Reads a slice that must be one number and nothing else. 0 or -1. */
int number_parse(struct slice text, struct number *out);

/* Writes into a buffer of NUMBER_INT_MAX bytes, without a zero at the end.
 * Returns the length. */
size_t number_write_int(char *out, int64_t value);

/* Writes the shortest text that reads back as the same double, and of those the
 * one nearest to it, into a buffer of NUMBER_DOUBLE_MAX bytes, without a zero at
 * the end. It has a '.' or an exponent, so it never reads back as an integer:
 * 1.0, -0.0, 0.0001, 1e-5, 1e16. Returns the length, or 0 for an infinity or NaN,
 * which JSON does not have. About 30 ns from 1e-11 to 1e43, 2 us beyond. */
size_t number_write_double(char *out, double value);

#endif
