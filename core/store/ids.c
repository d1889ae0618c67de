/* All atomics are relaxed: uniqueness needs only that each step on the one word
 * is atomic, and a thread that was told of an id by another one sees at least
 * that tick, because the modifications of one word have one order. */
#include "store/ids.h"

#include "base/hash.h"

/* Enough for any uint64_t in base 10 or more. */
enum { DIGITS_MAX = 20 };

static int append_number(struct bytes *out, uint64_t value, unsigned base)
{
  char digits[DIGITS_MAX];
  char *p = digits + sizeof digits;
  do
    *--p = "0123456789abcdefghijklmnopqrstuvwxyz"[value % base];
  while ((value /= base) != 0);
  return bytes_append(out, p, (size_t)(digits + sizeof digits - p));
}

/* Moves the tick to the larger of its successor and now_ms, which stands above
 * `sequence_bits`. Returns 0, or -1 when that does not fit `ms_bits`, and then
 * the tick is unchanged: a clock gone wild does no harm once it is right again. */
static int advance(_Atomic uint64_t *tick, int64_t now_ms, unsigned ms_bits, unsigned sequence_bits,
                   uint64_t *next)
{
  uint64_t ms = now_ms < 0 ? 0 : (uint64_t)now_ms;
  if (ms >> ms_bits != 0)
    return -1;
  uint64_t now = ms << sequence_bits;
  uint64_t last = atomic_load_explicit(tick, memory_order_relaxed);
  do {
    *next = last + 1 > now ? last + 1 : now;
    if (*next >> (ms_bits + sequence_bits) != 0)
      return -1;
  } while (!atomic_compare_exchange_weak_explicit(tick, &last, *next, memory_order_relaxed,
                                                  memory_order_relaxed));
  return 0;
}

static int64_t wall_ms(const struct ids_source *source)
{
  return source->wall_us(source->ctx) / 1000;
}

/* -- counter */

int ids_counter_init(struct ids_counter *c, const struct ids_source *source, struct slice node_id)
{
  c->prefix = (struct bytes){0};
  atomic_init(&c->last, 0);
  if (bytes_append_slice(&c->prefix, node_id) != 0 || bytes_append_byte(&c->prefix, '-') != 0 ||
      append_number(&c->prefix, source->random(source->ctx) >> (64 - 46), 36) != 0 ||
      bytes_append_byte(&c->prefix, '-') != 0) {
    bytes_free(&c->prefix);
    return -1;
  }
  return 0;
}

void ids_counter_free(struct ids_counter *c)
{
  bytes_free(&c->prefix);
}

int ids_counter_next(struct ids_counter *c, struct bytes *out)
{
  if (bytes_reserve(out, c->prefix.length + DIGITS_MAX) != 0)
    return -1;
  (void)bytes_append_slice(out, bytes_slice(&c->prefix));
  uint64_t last = atomic_fetch_add_explicit(&c->last, 1, memory_order_relaxed);
  return append_number(out, last + 1, 10);
}

/* -- flake */

#define FLAKE_EPOCH_MS 1704067200000 /* 2024-01-01 00:00 UTC */

enum { FLAKE_MS_BITS = 41, FLAKE_ORIGIN_BITS = 12, FLAKE_SEQUENCE_BITS = 10 };

int ids_flake_init(struct ids_flake *f, const struct ids_source *source, size_t node_index,
                   size_t node_count, struct error *error)
{
  if (node_count < 1 || node_count > IDS_FLAKE_NODES_MAX)
    return error_set(error, "flake ids are for 1 to %d nodes, not %zu", IDS_FLAKE_NODES_MAX,
                     node_count);
  if (node_index >= node_count)
    return error_set(error, "flake ids: node number %zu of %zu, counted from 0, does not exist",
                     node_index, node_count);
  unsigned node_bits = 1;
  while (node_count > (size_t)1 << node_bits)
    node_bits++;
  unsigned incarnation_bits = FLAKE_ORIGIN_BITS - node_bits;
  uint64_t incarnation = source->random(source->ctx) & (((uint64_t)1 << incarnation_bits) - 1);
  f->source = *source;
  f->origin = ((uint64_t)node_index << incarnation_bits | incarnation) << FLAKE_SEQUENCE_BITS;
  atomic_init(&f->tick, 0);
  return 0;
}

int64_t ids_flake_next(struct ids_flake *f)
{
  int64_t now_ms = wall_ms(&f->source) - FLAKE_EPOCH_MS;
  uint64_t tick;
  if (advance(&f->tick, now_ms, FLAKE_MS_BITS, FLAKE_SEQUENCE_BITS, &tick) != 0)
    return -1;
  uint64_t ms = tick >> FLAKE_SEQUENCE_BITS;
  uint64_t sequence = tick & ((1 << FLAKE_SEQUENCE_BITS) - 1);
  return (int64_t)(ms << (FLAKE_ORIGIN_BITS + FLAKE_SEQUENCE_BITS) | f->origin | sequence);
}

/* -- uuid7 */

enum { UUID7_MS_BITS = 48, UUID7_COUNTER_BITS = 12 };

void ids_uuid7_init(struct ids_uuid7 *u, const struct ids_source *source)
{
  u->source = *source;
  u->secret[0] = source->random(source->ctx);
  u->secret[1] = source->random(source->ctx);
  atomic_init(&u->tick, 0);
}

int ids_uuid7_next(struct ids_uuid7 *u, char *out)
{
  uint64_t tick;
  if (advance(&u->tick, wall_ms(&u->source), UUID7_MS_BITS, UUID7_COUNTER_BITS, &tick) != 0)
    return -1;
  uint64_t ms = tick >> UUID7_COUNTER_BITS;
  uint64_t counter = tick & ((1 << UUID7_COUNTER_BITS) - 1);
  /* Two words, so that two generators whose first ones are close to each other
   * do not go through the same numbers one after the other. */
  uint64_t random = hash_u64(hash_u64(tick + u->secret[0]) ^ u->secret[1]);
  uint64_t halves[2] = {ms << 16 | (uint64_t)7 << 12 | counter, (uint64_t)2 << 62 | random >> 2};
  for (size_t digit = 0; digit < 32; digit++) {
    if (digit == 8 || digit == 12 || digit == 16 || digit == 20)
      *out++ = '-';
    *out++ = "0123456789abcdef"[halves[digit / 16] >> (60 - digit % 16 * 4) & 15];
  }
  return 0;
}
