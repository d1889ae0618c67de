/* Bytes are taken eight at a time, the first one lowest whatever the machine's
 * byte order, and each eight go through the whole integer mixer: with less, such
 * as one multiply and shift, a change in the last byte of a word can be undone by
 * a change in the next one, and texts that differ in a few letters collide by the
 * million. */
#include "base/hash.h"

#define GOLDEN 0x9e3779b97f4a7c15u

uint64_t hash_u64(uint64_t value)
{
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
  return value ^ (value >> 31);
}

/* Compilers make one load of it. */
static uint64_t word_at(const unsigned char *p)
{
  return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 |
         (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 | (uint64_t)p[7] << 56;
}

uint64_t hash_bytes(const void *data, size_t length, uint64_t seed)
{
  const unsigned char *p = data;
  uint64_t state = hash_u64(seed + GOLDEN * (uint64_t)length);
  size_t left = length;
  for (; left >= 8; left -= 8, p += 8)
    state = hash_u64(state ^ word_at(p));
  if (left > 0) {
    uint64_t word = 0;
    while (left-- > 0)
      word = word << 8 | p[left];
    state = hash_u64(state ^ word);
  }
  return state;
}
