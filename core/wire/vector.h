/* vector.h - sixteen bytes at a time, for scans over text: SSE2 where x86 is compiled for, NEON on 64-bit
 * ARM, both of which are always there. Elsewhere HAS_VECTOR is 0, and there are only the plain loops,
 * which do the same. */
#ifndef HEARSAY_WIRE_VECTOR_H
#define HEARSAY_WIRE_VECTOR_H

#include <stdint.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#define HAS_VECTOR 1
#elif defined(__aarch64__) && defined(__ARM_NEON) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#include <arm_neon.h>
#define HAS_VECTOR 1
#else
#define HAS_VECTOR 0
#endif

/* A comparison makes each byte 0xff where it is true, and 0 elsewhere. Of that, a mask has VECTOR_BITS
 * bits a byte, the first byte lowest. */

#if defined(__SSE2__)

enum { VECTOR_BYTES = 16, VECTOR_BITS = 1 };

typedef __m128i vector;

static inline vector vector_load(const char *p)
{
  return _mm_loadu_si128((const __m128i *)(const void *)p);
}

/* Of two times eight bytes, as they are loaded. */
static inline vector vector_of(uint64_t first, uint64_t last)
{
  return _mm_set_epi64x((long long)last, (long long)first);
}

static inline vector vector_all(char byte)
{
  return _mm_set1_epi8(byte);
}

static inline vector vector_or(vector a, vector b)
{
  return _mm_or_si128(a, b);
}

static inline vector vector_equal(vector x, char byte)
{
  return _mm_cmpeq_epi8(x, vector_all(byte));
}

/* Bytes are signed here, wherever that is: those beyond ASCII are below all others. */
static inline vector vector_less(vector x, char byte)
{
  return _mm_cmplt_epi8(x, vector_all(byte));
}

static inline uint64_t vector_mask(vector comparison)
{
  return (unsigned)_mm_movemask_epi8(comparison);
}

/* In how many bytes a comparison is true. */
static inline int vector_count(vector comparison)
{
  __m128i sums = _mm_sad_epu8(_mm_and_si128(comparison, vector_all(1)), _mm_setzero_si128());
  return _mm_cvtsi128_si32(_mm_add_epi32(sums, _mm_srli_si128(sums, 8)));
}

#elif HAS_VECTOR

enum { VECTOR_BYTES = 16, VECTOR_BITS = 4 };

typedef uint8x16_t vector;

static inline vector vector_load(const char *p)
{
  return vld1q_u8((const uint8_t *)p);
}

static inline vector vector_of(uint64_t first, uint64_t last)
{
  return vcombine_u8(vcreate_u8(first), vcreate_u8(last));
}

static inline vector vector_all(char byte)
{
  return vdupq_n_u8((uint8_t)byte);
}

static inline vector vector_or(vector a, vector b)
{
  return vorrq_u8(a, b);
}

static inline vector vector_equal(vector x, char byte)
{
  return vceqq_u8(x, vector_all(byte));
}

static inline vector vector_less(vector x, char byte)
{
  return vcltq_s8(vreinterpretq_s8_u8(x), vdupq_n_s8((int8_t)byte));
}

/* There is no movemask: each pair of bytes is shifted by four bits and narrowed to one. */
static inline uint64_t vector_mask(vector comparison)
{
  return vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(comparison), 4)), 0);
}

static inline int vector_count(vector comparison)
{
  return vaddlvq_u8(vandq_u8(comparison, vector_all(1)));
}

#endif

#if HAS_VECTOR

/* The number of the first byte of a mask that is not 0. */
static inline int vector_first(uint64_t mask)
{
  return __builtin_ctzll(mask) / VECTOR_BITS;
}

/* A mask of the first `count` bytes, at most 15. */
static inline uint64_t vector_below(int count)
{
  return ((uint64_t)1 << count * VECTOR_BITS) - 1;
}

#endif

#endif
