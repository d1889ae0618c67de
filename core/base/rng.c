#include "base/rng.h"

#include "base/hash.h"

#include <string.h>

void rng_init(struct rng *r, uint64_t seed, const char *name)
{
  uint64_t x = hash_u64(seed) ^ hash_bytes(name, strlen(name), 0);
  for (int i = 0; i < 4; i++) {
    x += 0x9e3779b97f4a7c15u;
    r->state[i] = hash_u64(x); /* at most one of the four can be zero */
  }
}

static uint64_t rotate_left(uint64_t x, int k)
{
  return (x << k) | (x >> (64 - k));
}

uint64_t rng_next(struct rng *r)
{
  uint64_t *s = r->state;
  uint64_t result = rotate_left(s[1] * 5, 7) * 9;
  uint64_t t = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = rotate_left(s[3], 45);
  return result;
}

uint64_t rng_below(struct rng *r, uint64_t bound)
{
  uint64_t reject_below = (0 - bound) % bound; /* 2^64 mod bound */
  uint64_t x;
  do
    x = rng_next(r);
  while (x < reject_below);
  return x % bound;
}

double rng_unit(struct rng *r)
{
  return (double)(rng_next(r) >> 11) * 0x1p-53;
}
