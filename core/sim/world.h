/* world.h - a cluster: nodes, the network between them, and endpoints that belong to whoever runs
 * it (clients, services).
 *
 * In virtual time all nodes are in this process, and all that happens depends on the options and the
 * seed alone. In real time nodes are processes, of any language; the network is the same. A world
 * belongs to one thread; worlds in different threads share nothing. */
#ifndef HEARSAY_SIM_WORLD_H
#define HEARSAY_SIM_WORLD_H

#include "base/error.h"
#include "host/node.h"
#include "sim/disk.h"
#include "sim/network.h"
#include "sim/schedule.h"

struct world;

struct world_options {
  uint64_t seed;
  struct latency latency;
  int head_of_line;
  int is_real_time;
  size_t max_line;      /* bytes that a line between servers may have; 0: any number */
  int64_t patience_us;  /* how long a process may leave all unread that it is sent; 0: 10 s */
  int64_t sync_us;      /* how long a disk takes for a sync */
  struct limits limits; /* of a node in virtual time; all zeroes: the defaults */
  int is_probed;    /* a call that takes long ends the run with RUNAWAY_SUSPECT, and instructions
                           are not counted, which costs less */
  const char *root; /* the folder that has lua/hearsay; copied */
  void (*open_modules)(lua_State *L);
};

struct world *world_new(const struct world_options *options, struct error *e);
void world_free(struct world *w);

struct schedule *world_schedule(struct world *w);
struct network *world_network(struct world *w);

const struct world_options *world_options(const struct world *w);

/* Starts a node. In virtual time words[0] is a script, in real time a program; its arguments follow.
 * Returns 0, or -1 with `e` filled: what is wrong with the script or program, or a name that is
 * taken. */
int world_add_node(struct world *w, struct slice id, int word_count, char *const *words,
                   struct error *e);

/* Ends a node as a loss of power would: its memory is gone, its disk has what was synced and a
 * random prefix of what was written since (sim/disk.h), and what comes for it is dropped until it
 * is started again. A process ends as by SIGKILL. Returns 0, or -1 when there is no such node, when it is not running,
 * or on out of memory. */
int world_kill(struct world *w, struct slice id);

/* Starts a node that was killed; it knows what is on its disk and needs an init. Returns 0, or -1 with
 * `e` filled when it is no node, runs, or its script fails. */
int world_start(struct world *w, struct slice id, struct error *e);

/* While paused, as by SIGSTOP, a node does nothing; messages wait and clocks go on. Returns
 * 0, or -1 when there is no such node or on out of memory. */
int world_pause(struct world *w, struct slice id, int is_paused);

/* Sets a node's wall clock off the true time. Returns 0, or -1 when there is no such node, or it is a
 * process. */
int world_skew(struct world *w, struct slice id, int64_t offset_us);

int world_is_running(struct world *w, struct slice id);

/* NULL when there is no such node, it was killed, or is a process. */
struct node *world_find_node(struct world *w, struct slice id);

/* The disk of a node, also while it is not running; NULL when there is no such node or it is a
 * process. */
struct disk *world_disk(struct world *w, struct slice id);

/* The diagnostics that a node has written so far; empty when there is no such node. */
struct slice world_log(struct world *w, struct slice id);

/* Runs all that is due by a time. `stop`, unless NULL, is looked at after each event: the
 * run ends when it is not 0. Returns 0, or -1 with `e` filled when a node did what no node may do,
 * time stands still, or an interrupt came; and then each later run ends at once in the same way. */
int world_run(struct world *w, int64_t until_us, const int *stop, struct error *e);

#endif
