/* node_private.h - the parts of a node, shared by the files that make it up. */
#ifndef HEARSAY_HOST_NODE_PRIVATE_H
#define HEARSAY_HOST_NODE_PRIVATE_H

#include "base/bytes.h"
#include "base/heap.h"
#include "base/map.h"
#include "host/node.h"
#include "wire/envelope.h"

struct task;

/* Something that wants to run at a time: first member of tasks and timers. */
struct waiter {
  struct heap_item item;
  void (*wake)(struct node *n, struct waiter *self);
};

struct handler {
  struct slice type; /* the registry keeps the text */
  int function;      /* a reference in the registry */
  int takes_message; /* 0: a function without parameters, which needs none to be made */
};

struct node {
  struct platform platform;
  struct limits limits;
  lua_State *L;

  struct heap waiting; /* of struct waiter */
  struct map rpcs;     /* msg_id -> struct task that waits for its reply */
  int64_t next_msg_id;
  uint64_t late_replies;

  struct error run_away; /* of the last call that had to be ended; empty: none */
  struct task *current;  /* whose coroutine runs now; NULL: none */
  struct task *all;      /* every task, for freeing */
  struct task *idle;     /* finished ones, for use again */
  size_t idle_count;
  size_t busy_count;  /* tasks that have not ended */
  size_t unfinished;  /* those of received messages */
  size_t timer_count; /* that are pending */

  struct handler *handlers;
  size_t handler_count;
  int all_take_messages;

  int on_init; /* registry references: array of functions */
  int api;     /* the table that scripts know as node */

  struct bytes id;
  struct bytes head; /* what each line that it sends begins with, up to the receiver */
  size_t index;      /* in the cluster's list of ids */
  size_t count;
  int is_initialised;
  int input_is_closed;

  struct envelope envelope; /* of the line that is being handled */
  struct slice undelivered; /* that line, until somebody sees to its reply; or no data */
  struct bytes out;         /* the line that is being written */
  size_t unchecked_bytes;   /* sent by the script since it was looked how much of it waits */
  uint64_t lines;
  int64_t started_us;
  int64_t now_us;
};

/* Fills `e` and returns -1 when the node has as many tasks as it may. */
int node_check_tasks(const struct node *n, struct error *e);

/* The handler of a type, or NULL. */
const struct handler *node_find_handler(const struct node *n, struct slice type);

/* Writes a line of diagnostics, formatted like printf. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void node_logf(struct node *n, const char *format, ...);

/* Something is wrong with the line in the envelope: says so in the diagnostics, and to the sender
 * when the line got far enough to tell who asks about what. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
void node_refuse(struct node *n, int code, const char *format, ...);

/* Takes an init whose body is decoded at the top of the stack. Raises on out of memory. */
void node_take_init(struct node *n, lua_State *L);

/* Sends the body at `index` of L as a message with this msg_id. Returns 0, or -1 with
 * the reason in `e`. */
int node_send_request(struct node *n, lua_State *L, struct slice dest, int64_t msg_id, int index,
                      struct error *e);

/* Sends an error reply about `dest`'s message msg_id; the second form for a node that
 * has no id yet, in the name that the sender used. Only out of memory can stop them, and
 * then the diagnostics say so. */
void node_reply_error(struct node *n, struct slice dest, int64_t msg_id, int64_t code,
                      struct slice text);
void node_reply_error_from(struct node *n, struct slice src, struct slice dest, int64_t msg_id,
                           int64_t code, struct slice text);

/* Makes the node the one with this id. Returns 0; or -1 on out of memory, and then nothing has
 * changed. */
int node_set_id(struct node *n, struct slice id);

/* Returns 0, or -1 on out of memory. */
int node_send_init_ok(struct node *n, struct slice dest, int64_t msg_id);

#endif
