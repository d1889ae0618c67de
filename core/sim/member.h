/* member.h - one machine of a cluster: a node in this process and in virtual time, or a
 * program in a process of its own. The world treats both alike. */
#ifndef HEARSAY_SIM_MEMBER_H
#define HEARSAY_SIM_MEMBER_H

#include "base/bytes.h"
#include "base/error.h"
#include "sim/network.h"

struct member;
struct node;
struct world;

struct member_vtable {
  /* Begins to run; knows nothing of an earlier run. Returns 0, or -1 with `e` filled. */
  int (*start)(struct member *m, struct error *e);

  /* Ends at once, as by SIGKILL. */
  void (*kill)(struct member *m);

  /* Stands still, or goes on; its endpoint does so already. */
  void (*pause)(struct member *m, int is_paused);

  /* Takes a line, without newline. */
  void (*receive)(struct member *m, struct slice line);

  /* Sets its wall clock off. Returns 0, or -1 when that cannot be done to it. */
  int (*skew)(struct member *m, int64_t offset_us);

  /* Frees what is its own; it does not run any more. */
  void (*free)(struct member *m);
};

/* First member of both kinds. */
struct member {
  const struct member_vtable *vtable;
  struct world *world;
  struct endpoint *endpoint; /* NULL until it is in the network */
  struct bytes name;
  int word_count; /* what runs: script or program, and its arguments */
  char **words;
  int is_running;
  struct bytes log; /* its diagnostics */
  struct member *next;
};

/* Makes a member that is not started yet. NULL on out of memory. */
struct member *member_new_node(void);
struct member *member_new_process(void);

/* The in-process node behind a member, or NULL. */
struct node *member_node(const struct member *m);

/* Its simulated disk, or NULL. */
struct disk;
struct disk *member_disk(struct member *m);

/* The process behind a member that is one and runs, or NULL; takes what it has written; and gives it
 * what it takes. For the real-time loop. */
struct process;
struct process *member_process(struct member *m);
void member_process_read(struct member *m);
void member_process_write(struct member *m);

/* Keeps a line of a member's diagnostics, without newline; of very many only the first ones. */
void world_take_diagnostics(struct member *m, struct slice line);

/* Takes a line that a member has written: finds out to whom it goes and sends it, or ends the
 * run with what is wrong with it. */
void world_take_line(struct world *w, struct member *m, struct slice line);

/* Sends a line to somebody by name; one who does not exist ends the run. Returns 0, or -1 on
 * out of memory. */
int world_send(struct world *w, struct member *m, struct slice dest, struct slice line);

/* Ends the run for a reason that names the member. Only the first counts. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void world_fail(struct world *w, const char *format, ...);

/* Ends the run with RUNAWAY_SUSPECT, whatever else has come of that call. */
void world_suspect(struct world *w);

#endif
