#include "sim/network.h"

#include "base/hash.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct message {
  struct heap_item item; /* must be first: its place in the receiver's queue */
  uint64_t id;
  struct endpoint *src;
  size_t length;
  char line[];
};

void network_init(struct network *n, struct schedule *schedule,
                  const struct network_options *options)
{
  *n = (struct network){.schedule = schedule, .options = *options};
  rng_init(&n->random, options->seed, "latency");
  static const char *const names[NETWORK_FAULTS] = {"loss", "duplicate", "reorder", "spike"};
  for (int i = 0; i < NETWORK_FAULTS; i++)
    rng_init(&n->fault_random[i], options->seed, names[i]);
}

/* One that was delivered, or is not. */
static void drop(struct message *m)
{
  if (m == NULL)
    return;
  m->src->pending_bytes -= sizeof *m + m->length;
  free(m);
}

static void free_endpoint(struct endpoint *e)
{
  for (size_t i = 0; i < e->queue.count; i++)
    free(e->queue.items[i]); /* a message begins with its item */
  free(e->under_way);
  heap_free(&e->queue);
  bytes_free(&e->name);
  bytes_free(&e->cut);
  free(e);
}

void network_free(struct network *n)
{
  for (size_t i = 0; i < n->count; i++)
    free_endpoint(n->endpoints[i]);
  free(n->endpoints);
  map_free(&n->by_name);
}

/* --- who there is ------------------------------------------------------- */

struct endpoint *network_find(const struct network *n, struct slice name)
{
  struct endpoint *e = map_get(&n->by_name, hash_bytes(name.data, name.length, 0));
  while (e != NULL && !slice_equal(bytes_slice(&e->name), name))
    e = e->next_same;
  return e;
}

static void arrive(void *owner, struct event *self);

static int register_endpoint(struct network *n, struct endpoint *e, struct slice name)
{
  if (n->count == n->capacity) {
    size_t capacity = n->capacity == 0 ? 16 : n->capacity * 2;
    struct endpoint **endpoints = realloc(n->endpoints, capacity * sizeof *endpoints);
    if (endpoints == NULL)
      return -1;
    n->endpoints = endpoints;
    n->capacity = capacity;
  }
  uint64_t hash = hash_bytes(name.data, name.length, 0);
  e->next_same = map_get(&n->by_name, hash);
  if (bytes_append_slice(&e->name, name) != 0 || map_set(&n->by_name, hash, e) != 0)
    return -1;
  e->index = n->count;
  n->endpoints[n->count++] = e;
  return 0;
}

struct endpoint *network_add(struct network *n, enum endpoint_kind kind, struct slice name,
                             void (*deliver)(void *ctx, struct slice line), void *ctx)
{
  struct endpoint *e = calloc(1, sizeof *e);
  if (e == NULL)
    return NULL;
  e->arrival.run = arrive;
  e->kind = kind;
  e->network = n;
  e->deliver = deliver;
  e->ctx = ctx;
  if (register_endpoint(n, e, name) == 0)
    return e;
  free_endpoint(e);
  return NULL;
}

/* --- what is cut -------------------------------------------------------- */

int network_cut(struct network *n, struct endpoint *receiver, struct endpoint *sender)
{
  struct bytes *cut = &receiver->cut;
  if (cut->length < n->count) {
    size_t more = n->count - cut->length;
    if (bytes_reserve(cut, more) != 0)
      return -1;
    memset(cut->data + cut->length, 0, more);
    cut->length = n->count;
  }
  unsigned char *count = (unsigned char *)&cut->data[sender->index];
  if (*count == UCHAR_MAX)
    return -1;
  ++*count;
  return 0;
}

static int is_cut(const struct endpoint *receiver, const struct endpoint *sender)
{
  return sender->index < receiver->cut.length && receiver->cut.data[sender->index] != 0;
}

void network_mend(struct endpoint *receiver, const struct endpoint *sender)
{
  if (is_cut(receiver, sender))
    --*(unsigned char *)&receiver->cut.data[sender->index];
}

void network_heal(struct network *n)
{
  for (size_t i = 0; i < n->count; i++)
    n->endpoints[i]->cut.length = 0;
}

/* --- what is under way -------------------------------------------------- */

static struct network_counts *counts_for(struct network *n, const struct endpoint *a,
                                         const struct endpoint *b)
{
  return a->kind == ENDPOINT_CLIENT || b->kind == ENDPOINT_CLIENT ? &n->clients : &n->servers;
}

static void record(struct network *n, const char *what, const struct endpoint *dest, uint64_t id,
                   struct slice line)
{
  uint64_t seed = n->fingerprint ^ (uint64_t)n->schedule->now_us ^ (dest->index << 40);
  n->fingerprint = hash_bytes(line.data, line.length, seed);
  if (n->journal == NULL)
    return;
  char head[128];
  int length = snprintf(head, sizeof head,
                        "{\"time\":%" PRId64 ",\"event\":\"%s\",\"id\":%" PRIu64 ",\"message\":",
                        n->schedule->now_us, what, id);
  /* An incomplete journal is better than none: out of memory is not an error here. */
  (void)bytes_append(n->journal, head, (size_t)length);
  (void)bytes_append_slice(n->journal, line);
  (void)bytes_append(n->journal, "}\n", 2);
}

/* The earliest message of a receiver that is due by then, taken off its queue; those that
 * are cut off are dropped on the way. NULL when none is left. */
static struct message *take(struct endpoint *dest, int64_t due_us)
{
  struct heap_item *first;
  while ((first = heap_first(&dest->queue)) != NULL && first->deadline_us <= due_us) {
    struct message *m = (struct message *)first;
    heap_remove(&dest->queue, first);
    if (!is_cut(dest, m->src) && !dest->is_closed)
      return m;
    drop(m);
  }
  return NULL;
}

/* Makes the receiver wait for its next message, if it waits for none. Returns 0, or -1 on out
 * of memory, and then it does with its next call. */
static int wait_for_next(struct endpoint *dest)
{
  struct network *n = dest->network;
  if (dest->is_paused)
    return 0;
  if (!n->options.head_of_line) {
    struct heap_item *first = heap_first(&dest->queue);
    return first == NULL ? 0 : schedule_at(n->schedule, &dest->arrival, first->deadline_us);
  }
  if (dest->under_way == NULL)
    dest->under_way = take(dest, INT64_MAX);
  if (dest->under_way == NULL || dest->arrival.item.position != 0)
    return 0;
  return schedule_at(n->schedule, &dest->arrival, dest->under_way->item.deadline_us);
}

static void arrive(void *owner, struct event *self)
{
  (void)owner;
  struct endpoint *dest = (struct endpoint *)self;
  struct network *n = dest->network;
  if (dest->is_paused)
    return; /* network_pause sees to it later */
  struct message *m = n->options.head_of_line ? dest->under_way : take(dest, n->schedule->now_us);
  dest->under_way = NULL;
  if (m != NULL && !dest->is_closed) {
    struct slice line = {m->line, m->length};
    counts_for(n, m->src, dest)->received++;
    record(n, "recv", dest, m->id, line);
    dest->deliver(dest->ctx, line);
  }
  drop(m);
  (void)wait_for_next(dest);
}

int network_pause(struct endpoint *e, int is_paused)
{
  e->is_paused = is_paused;
  return wait_for_next(e);
}

/* Whether a fault strikes that has a probability. */
static int strikes(struct network *n, enum network_fault fault)
{
  return n->faults[fault] > 0 && rng_unit(&n->fault_random[fault]) < n->faults[fault];
}

/* How long a message between servers is under way, faults included. */
static int64_t delay_us(struct network *n)
{
  enum { STRETCH = 10, LEAST_US = 100000 };
  double us = (double)latency_draw_us(&n->options.latency, &n->random);
  us *= 1 + n->faults[NETWORK_SPIKE];
  if (strikes(n, NETWORK_REORDER)) {
    double most = (double)n->options.latency.mean_us * STRETCH;
    us += rng_unit(&n->fault_random[NETWORK_REORDER]) * (most < LEAST_US ? LEAST_US : most);
  }
  return (int64_t)us;
}

/* Puts a message into the receiver's queue, which owns it from here on. Returns 0, or -1 on
 * out of memory, and then it is gone. */
static int put(struct endpoint *dest, struct message *m, int64_t due_us)
{
  if (m == NULL)
    return -1;
  const int may_be_dropped = dest->is_closed || is_cut(dest, m->src);
  if (heap_insert(&dest->queue, &m->item, due_us) == 0) {
    /* When it is dropped, which may be now, nobody will know why. */
    if (wait_for_next(dest) == 0 || may_be_dropped)
      return 0;
    heap_remove(&dest->queue, &m->item); /* it is there, or taken up */
    if (dest->under_way == m)
      dest->under_way = NULL;
  }
  drop(m);
  return -1;
}

static struct message *new_message(uint64_t id, struct endpoint *src, struct slice line)
{
  struct message *m = malloc(sizeof *m + line.length);
  if (m == NULL)
    return NULL;
  *m = (struct message){.id = id, .src = src, .length = line.length};
  src->pending_bytes += sizeof *m + m->length;
  memcpy(m->line, line.data, line.length);
  return m;
}

int network_send(struct network *n, struct endpoint *src, struct endpoint *dest, struct slice line)
{
  if (line.length > 0 && line.data[line.length - 1] == '\n')
    line.length--;
  const uint64_t id = n->next_message_id;
  const int64_t now_us = n->schedule->now_us;
  const int is_clients = src->kind == ENDPOINT_CLIENT || dest->kind == ENDPOINT_CLIENT;
  if (!is_clients && line.length > n->longest.length)
    n->longest = (struct network_longest){line.length, src, dest};
  if (is_clients || !strikes(n, NETWORK_LOSS))
    if (put(dest, new_message(id, src, line), is_clients ? now_us : now_us + delay_us(n)) != 0)
      return -1;
  if (!is_clients && strikes(n, NETWORK_DUPLICATE)) /* without memory there is one less */
    (void)put(dest, new_message(id, src, line), now_us + delay_us(n));
  n->next_message_id++;
  counts_for(n, src, dest)->sent++;
  record(n, "send", dest, id, line);
  return 0;
}
