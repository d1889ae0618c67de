/* ids_world.h - a world whose clock and randomness the tests of ids set. */
#ifndef HEARSAY_TESTS_IDS_WORLD_H
#define HEARSAY_TESTS_IDS_WORLD_H

#include "base/rng.h"
#include "store/ids.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define EPOCH_2024_US 1704067200000000
#define MILLISECOND ((int64_t)1000)
#define SECOND ((int64_t)1000000)

/* Enough for each id, and a zero at the end. */
#define TEXT_SIZE 48

struct ids_world {
  _Atomic int64_t now_us;
  _Atomic int64_t step_us; /* what each look at the clock adds */
  uint64_t fixed_random;   /* when it is not 0 */
  struct rng rng;
};

/* In the year 2025, with a clock that stands. */
void ids_world_init(struct ids_world *w, uint64_t seed);

struct ids_source ids_world_source(struct ids_world *w);

/* These sort the ids, and assert that no two are equal. */
void assert_distinct_ids(int64_t *ids, size_t count);
void assert_distinct_texts(char (*ids)[TEXT_SIZE], size_t count);

/* The next id, asserted to be there, with a zero at the end. */
void ids_next_counter(struct ids_counter *c, char *out);

#endif
