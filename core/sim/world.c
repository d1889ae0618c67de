/* Each node has its own platform: a monotonic clock whose zero is its own, as on machines
 * that were started at different times, a wall clock, and a random stream named after it. */
#include "sim/world.h"

#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

#define EPOCH_US INT64_C(1767225600000000) /* virtual time starts on 2026-01-01 UTC */
#define CLOCK_SPREAD_US 1000000000u        /* between the zeroes of the nodes' clocks */

struct member {
  struct event wake; /* must be first: when the node wants to run */
  struct world *world;
  struct endpoint *endpoint;
  struct node *node; /* NULL: killed */
  char *script;
  int word_count;
  char **words; /* of the script's arguments */
  struct rng random;
  int64_t clock_offset_us;
  int64_t wall_offset_us;
  struct bytes log;
  struct member *next;
};

struct world {
  struct schedule schedule;
  struct network network;
  struct world_options options;
  char *root;
  struct member *members;
  struct error failure; /* of a node: the run ends */
  int has_failed;
};

static int64_t member_monotonic_us(void *ctx)
{
  const struct member *m = ctx;
  return m->world->schedule.now_us + m->clock_offset_us;
}

static int64_t member_wall_us(void *ctx)
{
  const struct member *m = ctx;
  return EPOCH_US + m->world->schedule.now_us + m->wall_offset_us;
}

static uint64_t member_random(void *ctx)
{
  struct member *m = ctx;
  return rng_next(&m->random);
}

/* Where to say what ends the run; NULL when something has said it already. */
static struct error *failure(struct world *w)
{
  if (w->has_failed)
    return NULL;
  w->has_failed = 1;
  return &w->failure;
}

static int member_send(void *ctx, struct slice dest, struct slice line)
{
  struct member *m = ctx;
  struct endpoint *to = network_find(&m->world->network, dest);
  if (to != NULL)
    return network_send(&m->world->network, m->endpoint, to, line);
  struct slice id = bytes_slice(&m->endpoint->name);
  error_set(failure(m->world), "%.*s sent a message to \"%.*s\", which does not exist: %.*s",
            (int)id.length, id.data, (int)dest.length, dest.data, (int)line.length - 1, line.data);
  return 0;
}

static void member_log(void *ctx, struct slice line)
{
  struct member *m = ctx;
  if (bytes_append_slice(&m->log, line) == 0)
    (void)bytes_append_byte(&m->log, '\n');
}

static const struct platform_vtable vtable = {
  .monotonic_us = member_monotonic_us,
  .wall_us = member_wall_us,
  .random = member_random,
  .send = member_send,
  .log = member_log,
};

/* Sees to it that the node runs when it wants to. */
static void follow(struct member *m)
{
  if (m->node == NULL || m->endpoint->is_paused) {
    schedule_cancel(&m->world->schedule, &m->wake);
    return;
  }
  int64_t deadline_us = node_next_deadline_us(m->node);
  if (deadline_us == NODE_NEVER)
    schedule_cancel(&m->world->schedule, &m->wake);
  else if (schedule_at(&m->world->schedule, &m->wake, deadline_us - m->clock_offset_us) != 0)
    error_set(failure(m->world), "out of memory");
}

static void wake(void *owner, struct event *self)
{
  (void)owner;
  struct member *m = (struct member *)self;
  node_advance(m->node);
  follow(m);
}

static void deliver(void *ctx, struct slice line)
{
  struct member *m = ctx;
  node_receive(m->node, line);
  node_advance(m->node);
  follow(m);
}

struct world *world_new(const struct world_options *options, struct error *e)
{
  struct world *w = calloc(1, sizeof *w);
  char *root = strdup(options->root);
  if (w == NULL || root == NULL) {
    free(w);
    free(root);
    error_set(e, "out of memory");
    return NULL;
  }
  w->options = *options;
  w->root = root;
  w->options.root = root;
  schedule_init(&w->schedule, w);
  struct network_options network = {options->latency, options->head_of_line, options->seed};
  network_init(&w->network, &w->schedule, &network);
  return w;
}

static void free_member(struct member *m)
{
  node_free(m->node);
  for (int i = 0; i < m->word_count; i++)
    free(m->words[i]);
  free(m->words);
  free(m->script);
  bytes_free(&m->log);
  free(m);
}

void world_free(struct world *w)
{
  if (w == NULL)
    return;
  while (w->members != NULL) {
    struct member *m = w->members;
    w->members = m->next;
    free_member(m);
  }
  network_free(&w->network);
  schedule_free(&w->schedule);
  free(w->root);
  free(w);
}

struct schedule *world_schedule(struct world *w)
{
  return &w->schedule;
}

struct network *world_network(struct world *w)
{
  return &w->network;
}

/* The random stream and the clock that a node of this name has. */
static void draw_member(struct member *m, struct slice id)
{
  rng_init(&m->random, m->world->options.seed ^ hash_bytes(id.data, id.length, 0), "node");
  m->clock_offset_us = (int64_t)rng_below(&m->random, CLOCK_SPREAD_US);
}

/* Keeps what it takes to start the node again. */
static int copy_command(struct member *m, const char *script, int word_count, char *const *words)
{
  m->script = strdup(script);
  m->words = calloc((size_t)word_count + 1, sizeof *m->words);
  if (m->script == NULL || m->words == NULL)
    return -1;
  for (; m->word_count < word_count; m->word_count++)
    if ((m->words[m->word_count] = strdup(words[m->word_count])) == NULL)
      return -1;
  return 0;
}

/* Makes the member's node and runs its script. */
static int start(struct member *m, struct error *e)
{
  struct platform platform = {&vtable, m};
  struct state_options options = {
    .open_modules = m->world->options.open_modules,
    .root = m->world->root,
    .hash_seed = rng_next(&m->random),
    .random_seed = rng_next(&m->random),
    .confined = 1,
  };
  struct node *n = node_new(&platform, &options, e);
  if (n == NULL)
    return -1;
  if (node_load(n, m->script, m->word_count, m->words, e) != 0) {
    node_free(n);
    return -1;
  }
  m->node = n;
  return 0;
}

struct node *world_add_node(struct world *w, struct slice id, const char *script, int word_count,
                            char *const *words, struct error *e)
{
  if (network_find(&w->network, id) != NULL) {
    error_set(e, "there is a \"%.*s\" already", (int)id.length, id.data);
    return NULL;
  }
  struct member *m = calloc(1, sizeof *m);
  if (m == NULL) {
    error_set(e, "out of memory");
    return NULL;
  }
  m->wake.run = wake;
  m->world = w;
  draw_member(m, id);
  error_set(e, "out of memory");
  if (copy_command(m, script, word_count, words) != 0 || start(m, e) != 0 ||
      (m->endpoint = network_add(&w->network, ENDPOINT_NODE, id, deliver, m)) == NULL) {
    free_member(m);
    return NULL;
  }
  m->next = w->members;
  w->members = m;
  follow(m);
  return m->node;
}

static struct member *find_member(struct world *w, struct slice id)
{
  struct endpoint *e = network_find(&w->network, id);
  return e != NULL && e->kind == ENDPOINT_NODE ? e->ctx : NULL;
}

int world_kill(struct world *w, struct slice id)
{
  struct member *m = find_member(w, id);
  if (m == NULL || m->node == NULL)
    return -1;
  node_free(m->node);
  m->node = NULL;
  m->endpoint->is_closed = 1;
  m->endpoint->is_paused = 0;
  follow(m);
  return 0;
}

int world_start(struct world *w, struct slice id, struct error *e)
{
  struct member *m = find_member(w, id);
  if (m == NULL || m->node != NULL)
    return error_set(e, "\"%.*s\" is no node that was killed", (int)id.length, id.data);
  if (start(m, e) != 0)
    return -1;
  m->endpoint->is_closed = 0;
  follow(m);
  return 0;
}

int world_pause(struct world *w, struct slice id, int is_paused)
{
  struct member *m = find_member(w, id);
  if (m == NULL || m->node == NULL)
    return -1;
  if (network_pause(m->endpoint, is_paused) != 0)
    return -1;
  follow(m);
  return 0;
}

int world_skew(struct world *w, struct slice id, int64_t offset_us)
{
  struct member *m = find_member(w, id);
  if (m == NULL)
    return -1;
  m->wall_offset_us = offset_us;
  return 0;
}

struct node *world_find_node(struct world *w, struct slice id)
{
  struct member *m = find_member(w, id);
  return m == NULL ? NULL : m->node;
}

struct slice world_log(struct world *w, struct slice id)
{
  struct member *m = find_member(w, id);
  return m == NULL ? (struct slice){0} : bytes_slice(&m->log);
}

int world_run(struct world *w, int64_t until_us, const int *stop, struct error *e)
{
  while (stop == NULL || *stop == 0) {
    enum schedule_result result = schedule_step(&w->schedule, until_us);
    if (w->has_failed) {
      if (e != NULL)
        *e = w->failure;
      return -1;
    }
    if (result == SCHEDULE_LIVELOCK)
      return error_set(e, "time stands still: a million events at one instant "
                          "(a node that sleeps for no time, or messages that answer each other "
                          "without latency?)");
    if (result == SCHEDULE_IDLE)
      return 0;
  }
  return 0;
}
