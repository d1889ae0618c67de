/* utf8.h - passing over text: the plain part fast, the rest checked. */
#ifndef HEARSAY_WIRE_UTF8_H
#define HEARSAY_WIRE_UTF8_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

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
#if defined(__SSE2__)
static inline unsigned utf8_special_mask(__m128i x)
{
  __m128i special = _mm_cmplt_epi8(x, _mm_set1_epi8(0x20));
  special = _mm_or_si128(special, _mm_cmpeq_epi8(x, _mm_set1_epi8('"')));
  special = _mm_or_si128(special, _mm_cmpeq_epi8(x, _mm_set1_epi8('\\')));
  return (unsigned)_mm_movemask_epi8(special);
}

__attribute__((always_inline)) static inline const char *utf8_plain_end(const char *p,
                                                                        const char *end)
{
  unsigned mask;
  for (; end - p >= 16; p += 16)
    if ((mask = utf8_special_mask(_mm_loadu_si128((const __m128i *)(const void *)p))) != 0)
      return p + __builtin_ctz(mask);
  if (end - p >= 8) {
    __m128i first = _mm_loadl_epi64((const __m128i *)(const void *)p);
    __m128i last = _mm_loadl_epi64((const __m128i *)(const void *)(end - 8));
    mask = utf8_special_mask(_mm_unpacklo_epi64(first, last));
    if ((mask & 0xff) != 0)
      return p + __builtin_ctz(mask);
    return mask == 0 ? end : end - 16 + __builtin_ctz(mask);
  }
  if (end - p >= 4) {
    uint32_t first, last;
    memcpy(&first, p, 4);
    memcpy(&last, end - 4, 4);
    mask = utf8_special_mask(_mm_set_epi32(0x20202020, 0x20202020, (int)last, (int)first));
    if ((mask & 0xf) != 0)
      return p + __builtin_ctz(mask);
    return mask == 0 ? end : end - 8 + __builtin_ctz(mask);
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
