/* ids.h - ids that nobody else hands out, in three forms, without coordination:
 *
 *   counter  "n3-1h6kz0q2x-17"   shortest to explain; any node id will do
 *   flake    113764023304410113  63-bit positive integer, sorted by time
 *   uuid7    "01929f2e-5c7a-7003-9b1d-4a5e6f708192" RFC 9562, sorted by time
 *
 * Each is usable alone. After init, `next` may be called from any thread at once,
 * without locks: each is one atomic step on one word, 15 to 65 ns in all. In every
 * form the ids of one generator never repeat, whatever its clock does; what holds
 * between generators and across a restart is said at each.
 *
 * The two forms with time keep the last time and sequence handed out as one
 * number, the tick, and take the larger of the tick plus one and the clock's. So
 * their ids only go up; when the clock steps back, or stands still, or is too
 * slow for the demand, they go on from the last one and are ahead of the clock
 * until it has caught up. A clock that jumps ahead takes them with it. */
#ifndef HEARSAY_STORE_IDS_H
#define HEARSAY_STORE_IDS_H

#include "base/bytes.h"
#include "base/error.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* Where time and randomness come from. It is copied; what ctx points to must
 * outlive the generator. wall_us is microseconds since 1970-01-01 UTC, called
 * from whichever thread wants an id; random is 64 uniform bits, called only by
 * the init functions. */
struct ids_source {
  void *ctx;
  int64_t (*wall_us)(void *ctx);
  uint64_t (*random)(void *ctx);
};

/* -- counter: "<node id>-<incarnation>-<n>", n = 1, 2, ..
 *
 * The incarnation is 46 random bits in base 36, at most 9 characters. No id is
 * handed out twice as long as nodes have different ids and the incarnations of
 * one node differ: after k restarts two of them are equal with a probability of
 * about k^2 / 2^47 (k = 1000: 10^-8). The clock is not used. */
struct ids_counter {
  struct bytes prefix;
  _Atomic uint64_t last;
};

/* Returns 0, or -1 on out of memory, and then there is nothing to free. */
int ids_counter_init(struct ids_counter *c, const struct ids_source *source, struct slice node_id);
void ids_counter_free(struct ids_counter *c);

/* Appends the next id. Returns 0, or -1 on out of memory, and then `out` is as
 * it was and no number is used up. */
int ids_counter_next(struct ids_counter *c, struct bytes *out);

/* -- flake
 *
 *    62                      22 21              10 9        0
 *    | ms since 2024-01-01 UTC | node | incarnation | sequence |
 *
 * node is the node's index in as many bits as node_count needs, at least 1 and at
 * most 12. What it leaves of the 12 bits is the incarnation, random at init: 7
 * bits with 25 nodes. A 1025th id in one millisecond is taken from the next one.
 *
 * Ids of different nodes always differ, if they agree on index and count. They
 * sort by time as well as the nodes' clocks agree. A restarted node may repeat an
 * id only if its clock then shows a time that its earlier ids have already used:
 * it was set back, or ids had run ahead of it by more than 1,024,000 a second.
 * Then only the incarnations keep old and new ids apart, and they are equal with a
 * probability of 2^-bits: 1 in 128 with 25 nodes; with more than 2048 nodes there
 * are none. Who must exclude that takes one of the other two forms. */
struct ids_flake {
  struct ids_source source;
  uint64_t origin; /* node and incarnation, in place */
  _Atomic uint64_t tick;
};

#define IDS_FLAKE_NODES_MAX 4096

/* Returns 0, or -1 with an error when node_count is not in 1..IDS_FLAKE_NODES_MAX
 * or node_index not below it. */
int ids_flake_init(struct ids_flake *f, const struct ids_source *source, size_t node_index,
                   size_t node_count, struct error *error);

/* The next id, > 0; or -1 when the clock shows September 2093 or later, where 41
 * bits of milliseconds end. Before 2024 the clock counts as 2024-01-01. */
int64_t ids_flake_next(struct ids_flake *f);

/* -- uuid7: RFC 9562 section 5.7, with the counter of section 6.2, method 1
 *
 *   48 bits ms since 1970 | 0111 | 12 bits counter | 10 | 62 bits pseudo-random
 *
 * The random part is the tick mixed with two secret words drawn at init. Ids of
 * two generators (nodes, or one node before and after a restart) can only be
 * equal if they have the same millisecond and counter, and then are with a
 * probability of 2^-62. Who knows many ids of a generator may compute others:
 * they are unique, not secret. */
struct ids_uuid7 {
  struct ids_source source;
  uint64_t secret[2];
  _Atomic uint64_t tick;
};

#define IDS_UUID7_LENGTH 36

void ids_uuid7_init(struct ids_uuid7 *u, const struct ids_source *source);

/* Writes the next id, lower-case, IDS_UUID7_LENGTH characters without a zero at
 * the end. Returns 0, or -1 when the clock is past the year 10889, where 48 bits
 * end. Before 1970 the clock counts as 1970-01-01. */
int ids_uuid7_next(struct ids_uuid7 *u, char *out);

#endif
