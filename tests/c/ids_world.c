#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "ids_world.h"

#include <stdlib.h>
#include <string.h>

static int64_t wall_us(void *ctx)
{
  struct ids_world *w = ctx;
  return atomic_fetch_add(&w->now_us, w->step_us);
}

static uint64_t random_bits(void *ctx)
{
  struct ids_world *w = ctx;
  return w->fixed_random != 0 ? w->fixed_random : rng_next(&w->rng);
}

void ids_world_init(struct ids_world *w, uint64_t seed)
{
  *w = (struct ids_world){.fixed_random = 0};
  atomic_init(&w->now_us, EPOCH_2024_US + 60000000 * SECOND);
  atomic_init(&w->step_us, 0);
  rng_init(&w->rng, seed, "ids");
}

struct ids_source ids_world_source(struct ids_world *w)
{
  return (struct ids_source){.ctx = w, .wall_us = wall_us, .random = random_bits};
}

static int by_integer(const void *a, const void *b)
{
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return x < y ? -1 : x > y;
}

void assert_distinct_ids(int64_t *ids, size_t count)
{
  qsort(ids, count, sizeof *ids, by_integer);
  for (size_t i = 1; i < count; i++)
    assert_true(ids[i - 1] < ids[i]);
}

static int by_text(const void *a, const void *b)
{
  return strcmp(a, b);
}

void assert_distinct_texts(char (*ids)[TEXT_SIZE], size_t count)
{
  qsort(ids, count, sizeof *ids, by_text);
  for (size_t i = 1; i < count; i++)
    assert_true(strcmp(ids[i - 1], ids[i]) < 0);
}

void ids_next_counter(struct ids_counter *c, char *out)
{
  struct bytes b = {0};
  assert_int_equal(ids_counter_next(c, &b), 0);
  assert_true(b.length < TEXT_SIZE);
  memcpy(out, b.data, b.length);
  out[b.length] = '\0';
  bytes_free(&b);
}
