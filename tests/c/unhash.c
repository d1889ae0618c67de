#include "unhash.h"

#include "base/hash.h"

#include <stddef.h>
#include <string.h>

static uint64_t undo_xor_shift(uint64_t value, unsigned shift)
{
  uint64_t original = value;
  for (unsigned done = shift; done < 64; done += shift)
    original = value ^ (original >> shift);
  return original;
}

/* The factors are the inverses of hash_u64's modulo 2^64. */
uint64_t unhash_u64(uint64_t hash)
{
  hash = undo_xor_shift(hash, 31) * 0x319642b2d24d8ec3u;
  hash = undo_xor_shift(hash, 27) * 0x96de1b173f119089u;
  return undo_xor_shift(hash, 30);
}

static uint64_t second_half(const char *text)
{
  uint64_t word = 0;
  for (size_t i = 16; i-- > 8;)
    word = word << 8 | (unsigned char)text[i];
  return word;
}

/* The hash is hash_u64(x ^ second half), where x depends on the first half only:
 * the second text gets the half that makes up for its x. */
void unhash_collision(char first_letter, char *first, char second_letter, char *second)
{
  memset(first, first_letter, 16);
  memset(second, second_letter, 16);
  uint64_t mixed = unhash_u64(hash_bytes(first, 16, 0));
  uint64_t x = unhash_u64(hash_bytes(second, 16, 0)) ^ second_half(second);
  for (size_t i = 0; i < 8; i++)
    second[8 + i] = (char)((mixed ^ x) >> 8 * i & 255);
}
