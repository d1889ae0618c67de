/* world.h - a cluster in one process and in virtual time: nodes, the network between
 * them, and endpoints that belong to whoever runs it (clients, services).
 *
 * All that happens depends on the options and the seed alone. A world belongs to one
 * thread; worlds in different threads share nothing. */
#ifndef HEARSAY_SIM_WORLD_H
#define HEARSAY_SIM_WORLD_H

#include "base/error.h"
#include "host/node.h"
#include "sim/network.h"
#include "sim/schedule.h"

struct world;

struct world_options {
  uint64_t seed;
  struct latency latency;
  int head_of_line;
  const char *root; /* the folder that has lua/hearsay; copied */
  void (*open_modules)(lua_State *L);
};

struct world *world_new(const struct world_options *options, struct error *e);
void world_free(struct world *w);

struct schedule *world_schedule(struct world *w);
struct network *world_network(struct world *w);

/* Starts a node that runs a script. Returns it, or NULL with `e` filled: the script's own
 * error, or a name that is taken. */
struct node *world_add_node(struct world *w, struct slice id, const char *script, int word_count,
                            char *const *words, struct error *e);

/* Ends a node as SIGKILL would: its memory is gone, and what comes for it is dropped until
 * it is started again. Returns 0, or -1 when there is no such node or it is not running. */
int world_kill(struct world *w, struct slice id);

/* Starts a node that was killed; it knows nothing and needs an init. Returns 0, or -1 with
 * `e` filled when it is no node, runs, or its script fails. */
int world_start(struct world *w, struct slice id, struct error *e);

/* While paused, as by SIGSTOP, a node does nothing; messages wait and clocks go on. Returns
 * 0, or -1 when there is no such node or on out of memory. */
int world_pause(struct world *w, struct slice id, int is_paused);

/* Sets a node's wall clock off the true time. 0, or -1 when there is no such node. */
int world_skew(struct world *w, struct slice id, int64_t offset_us);

/* NULL when there is no node of that name, or it was killed. */
struct node *world_find_node(struct world *w, struct slice id);

/* The diagnostics that a node has written so far; empty when there is no such node. */
struct slice world_log(struct world *w, struct slice id);

/* Runs all that is due by a time. `stop`, unless NULL, is looked at after each event: the
 * run ends when it is not 0. Returns 0, or -1 with `e` filled when time stands still or a
 * node sent to somebody who does not exist. */
int world_run(struct world *w, int64_t until_us, const int *stop, struct error *e);

#endif
