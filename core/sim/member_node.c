/* A node in this process. It has its own platform: a monotonic clock whose zero is its own, as on
 * machines that were started at different times, a wall clock, and a random stream that is named
 * after it. */
#include "base/hash.h"
#include "host/node.h"
#include "host/runaway.h"
#include "sim/disk.h"
#include "sim/member.h"
#include "sim/world.h"

#include <stdlib.h>
#include <string.h>

#define EPOCH_US INT64_C(1767225600000000) /* virtual time starts on 2026-01-01 UTC */
#define CLOCK_SPREAD_US 1000000000u        /* between the zeroes of the nodes' clocks */

struct virtual
{
  struct member member; /* must be first */
  struct event wake;    /* when the node wants to run */
  struct node *node;    /* NULL: not running */
  struct rng random;
  int has_random; /* drawn at the first start, and drawn from at each */
  struct disk disk;
  int64_t clock_offset_us;
  int64_t wall_offset_us;
};

static int64_t now_us(const struct virtual *v)
{
  return world_schedule(v->member.world)->now_us;
}

static int64_t monotonic_us(void *ctx)
{
  const struct virtual *v = ctx;
  return now_us(v) + v->clock_offset_us;
}

static int64_t wall_us(void *ctx)
{
  const struct virtual *v = ctx;
  return EPOCH_US + now_us(v) + v->wall_offset_us;
}

static uint64_t random_bits(void *ctx)
{
  struct virtual *v = ctx;
  return rng_next(&v->random);
}

static int send_line(void *ctx, struct slice dest, struct slice line)
{
  struct virtual *v = ctx;
  return world_send(v->member.world, &v->member, dest, line);
}

static size_t pending(void *ctx)
{
  return ((const struct virtual *)ctx)->member.endpoint->pending_bytes;
}

static void log_line(void *ctx, struct slice line)
{
  world_take_diagnostics(&((struct virtual *)ctx)->member, line);
}

/* Each node has a disk of its own. */
static struct file *open_file(void *ctx, struct slice node, struct slice name, int is_made,
                              struct error *e)
{
  (void)node;
  return disk_open(&((struct virtual *)ctx)->disk, name, is_made, e);
}

static int list_files(void *ctx, struct slice node, struct slice prefix, struct bytes *names,
                      struct error *e)
{
  (void)node;
  return disk_list(&((struct virtual *)ctx)->disk, prefix, names) == 0
           ? 0
           : error_set(e, "out of memory");
}

static int remove_file(void *ctx, struct slice node, struct slice name, struct error *e)
{
  (void)node;
  return disk_remove(&((struct virtual *)ctx)->disk, name, e);
}

static const struct platform_vtable platform_vtable = {
  .monotonic_us = monotonic_us,
  .wall_us = wall_us,
  .random = random_bits,
  .send = send_line,
  .pending = pending,
  .log = log_line,
  .open = open_file,
  .list = list_files,
  .remove = remove_file,
};

/* Sees to it that the node runs when it wants to. */
static void follow(struct virtual *v)
{
  struct schedule *s = world_schedule(v->member.world);
  int64_t deadline_us = NODE_NEVER;
  if (v->node != NULL && !v->member.endpoint->is_paused)
    deadline_us = node_next_deadline_us(v->node);
  if (deadline_us == NODE_NEVER)
    schedule_cancel(s, &v->wake);
  else if (schedule_at(s, &v->wake, deadline_us - v->clock_offset_us) != 0)
    world_fail(v->member.world, "out of memory");
}

/* The disk has brought news, which the node looks at when it runs. */
static void synced(void *ctx)
{
  follow(ctx);
}

static void run(struct virtual *v)
{
  node_advance(v->node);
  follow(v);
  const char *run_away = node_run_away(v->node);
  if (run_away == NULL)
    return;
  if (strcmp(run_away, RUNAWAY_SUSPECT) == 0)
    world_suspect(v->member.world);
  else
    world_fail(v->member.world, "%.*s does not come back: %s", (int)v->member.name.length,
               v->member.name.data, run_away);
}

static void wake(void *owner, struct event *self)
{
  (void)owner;
  run((struct virtual *)((char *)self - offsetof(struct virtual, wake)));
}

static void receive(struct member *m, struct slice line)
{
  struct virtual *v = (struct virtual *)m;
  node_receive(v->node, line);
  run(v);
}

static int start(struct member *m, struct error *e)
{
  struct virtual *v = (struct virtual *)m;
  struct world *w = m->world;
  struct slice name = bytes_slice(&m->name);
  if (!v->has_random) {
    uint64_t seed = world_options(w)->seed ^ hash_bytes(name.data, name.length, 0);
    rng_init(&v->random, seed, "node");
    disk_init(&v->disk, world_schedule(w), seed, world_options(w)->sync_us, synced, v);
    v->clock_offset_us = (int64_t)rng_below(&v->random, CLOCK_SPREAD_US);
    v->has_random = 1;
  }
  struct platform platform = {&platform_vtable, v};
  struct limits limits = world_options(w)->limits;
  if (limits.tasks == 0)
    limits = limits_default;
  limits.counting = world_options(w)->is_probed ? LIMITS_PROBED : LIMITS_COUNTED;
  struct state_options options = {
    .open_modules = world_options(w)->open_modules,
    .root = world_options(w)->root,
    .hash_seed = rng_next(&v->random),
    .random_seed = rng_next(&v->random),
    .confined = 1,
    .limits = &limits,
    .memory = ALLOCATOR_ARENA,
  };
  v->node = node_new(&platform, &options, e);
  if (v->node == NULL)
    return -1;
  if (node_load(v->node, m->words[0], m->word_count - 1, m->words + 1, e) == 0) {
    follow(v);
    return 0;
  }
  node_free(v->node);
  v->node = NULL;
  return -1;
}

static void kill_node(struct member *m)
{
  struct virtual *v = (struct virtual *)m;
  node_free(v->node);
  v->node = NULL;
  disk_crash(&v->disk);
  follow(v);
}

static void pause_node(struct member *m, int is_paused)
{
  (void)is_paused;
  follow((struct virtual *)m);
}

static int skew(struct member *m, int64_t offset_us)
{
  ((struct virtual *)m)->wall_offset_us = offset_us;
  return 0;
}

static void free_node(struct member *m)
{
  struct virtual *v = (struct virtual *)m;
  schedule_cancel(world_schedule(m->world), &v->wake); /* before others take theirs out */
  node_free(v->node);
  disk_free(&v->disk);
}

static const struct member_vtable vtable = {
  .start = start,
  .kill = kill_node,
  .pause = pause_node,
  .receive = receive,
  .skew = skew,
  .free = free_node,
};

struct member *member_new_node(void)
{
  struct virtual *v = calloc(1, sizeof *v);
  if (v == NULL)
    return NULL;
  v->member.vtable = &vtable;
  v->wake.run = wake;
  return &v->member;
}

struct disk *member_disk(struct member *m)
{
  return m->vtable == &vtable ? &((struct virtual *)m)->disk : NULL;
}

struct node *member_node(const struct member *m)
{
  return m->vtable == &vtable ? ((const struct virtual *)m)->node : NULL;
}
