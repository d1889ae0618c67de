/* utf8.h - passing over text: the plain part fast, the rest checked. */
#ifndef HEARSAY_WIRE_UTF8_H
#define HEARSAY_WIRE_UTF8_H

#include "wire/vector.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The length (2, 3 or 4) of the well-formed UTF-8 sequence beyond ASCII at text,
 * or 0: a stray or missing continuation byte, an overlong form, a surrogate, or
 * a code point above U+10FFFF (Unicode 15, table 3-7). Needs text < end. */
size_t utf8_sequence(const char *text, const char *end);

/* The first byte in [p, end) that a JSON string cannot carry as it is, or end: a
 * quote, a backslash, a control character, or the beginning of bad UTF-8. */
const char *utf8_text_end(const char *p, const char *end);

/* Whether a JSON string carries this byte as it is, with nothing to check:
 * ASCII, but no control character, quote or backslash. DEL is plain. */
static inline int utf8_is_plain(char byte)
{
  unsigned char c = (unsigned char)byte;
  return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* The first byte in [p, end) that is not plain, or end: in plain C. For ASCII, the
 * high bit of a byte of x - 0x20.. says "below 0x20" (a borrow can only come from
 * a byte that is below itself), and that of (x ^ 0x22..) - 0x01.. says "equal to
 * 0x22". Bytes beyond ASCII have it in at least one of the two that are like it. */
static inline const char *utf8_plain_end_portable(const char *p, const char *end)
{
  const uint64_t ones = 0x0101010101010101u;
  for (; end - p >= 8; p += 8) {
    uint64_t x;
    memcpy(&x, p, 8);
    uint64_t special = x - ones * 0x20;
    special |= (x ^ (ones * '"')) - ones;
    special |= (x ^ (ones * '\\')) - ones;
    if ((special & (ones * 0x80)) != 0)
      break;
  }
  while (p < end && utf8_is_plain(*p))
    p++;
  return p;
}

/* The same, as fast as the processor can. Seen as signed numbers, control characters and
 * bytes beyond ASCII are all below 0x20. What is left at the end is looked at in two halves
 * that overlap, since most strings are shorter than a vector. */
#if HAS_VECTOR
static inline uint64_t utf8_special_mask(vector x)
{
  vector special = vector_or(vector_less(x, 0x20), vector_equal(x, '"'));
  return vector_mask(vector_or(special, vector_equal(x, '\\')));
}

__attribute__((always_inline)) static inline const char *utf8_plain_end(const char *p,
                                                                        const char *end)
{
  uint64_t mask;
  for (; end - p >= VECTOR_BYTES; p += VECTOR_BYTES)
    if ((mask = utf8_special_mask(vector_load(p))) != 0)
      return p + vector_first(mask);
  if (end - p >= 8) {
    uint64_t first, last;
    memcpy(&first, p, 8);
    memcpy(&last, end - 8, 8);
    mask = utf8_special_mask(vector_of(first, last));
    if ((mask & vector_below(8)) != 0)
      return p + vector_first(mask);
    return mask == 0 ? end : end - 16 + vector_first(mask);
  }
  if (end - p >= 4) {
    uint32_t first, last;
    memcpy(&first, p, 4);
    memcpy(&last, end - 4, 4);
    mask = utf8_special_mask(vector_of(first | (uint64_t)last << 32, 0x2020202020202020u));
    if ((mask & vector_below(4)) != 0)
      return p + vector_first(mask);
    return mask == 0 ? end : end - 8 + vector_first(mask);
  }
  while (p < end && utf8_is_plain(*p))
    p++;
  return p;
}
#else
static inline const char *utf8_plain_end(const char *p, const char *end)
{
  return utf8_plain_end_portable(p, end);
}
#endif

#endif
