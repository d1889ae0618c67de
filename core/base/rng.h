/* rng.h - random numbers from a seed, in streams that are named by purpose.
 *
 * Each purpose (latencies, workload, faults, ..) draws from its own stream, so
 * that drawing one more number for one of them does not shift the others. The
 * generator is xoshiro256** (Blackman, Vigna: "Scrambled linear pseudorandom
 * number generators", 2018). */
#ifndef HEARSAY_BASE_RNG_H
#define HEARSAY_BASE_RNG_H

#include <stdint.h>

struct rng {
  uint64_t state[4];
};

/* The stream `name` (zero-terminated) of `seed`. */
void rng_init(struct rng *r, uint64_t seed, const char *name);

/* 64 uniform bits. */
uint64_t rng_next(struct rng *r);

/* Uniform in [0, bound) without bias; bound > 0. */
uint64_t rng_below(struct rng *r, uint64_t bound);

/* Uniform in [0, 1), in steps of 2^-53. */
double rng_unit(struct rng *r);

#endif
