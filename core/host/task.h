/* task.h - a coroutine of a node: a handler at work, a timer's callback, a spawned
 * function. It runs until it ends, fails, or waits: in a sleep or a rpc, or for the disk.
 *
 * Coroutines are used again: one that has ended waits, with an empty stack, for the
 * next message. */
#ifndef HEARSAY_HOST_TASK_H
#define HEARSAY_HOST_TASK_H

#include "host/node_private.h"

enum task_kind {
  TASK_IDLE,    /* it waits for its next use */
  TASK_MESSAGE, /* a reply may be owed */
  TASK_OTHER
};

struct task {
  struct waiter waiter; /* must be first */
  struct task *next;    /* in node->all */
  struct task *previous;
  struct task *next_idle;
  lua_State *co;
  int reference; /* keeps co alive */
  enum task_kind kind;
  int is_waiting;
  int start_arguments; /* on the stack of a spawned one that has not started */
  struct bytes src;    /* of the message it answers; the memory is used again */
  int wants_reply;
  int64_t msg_id; /* of the message it answers */
  int64_t rpc_id; /* msg_id whose reply it waits for, or 0 */
};

/* A task with an empty stack. The caller has asked node_check_tasks, where it is not the host
 * that wants it. Raises on out of memory (through node->L). */
struct task *task_new(struct node *n, enum task_kind kind);

enum task_state { TASK_WAITS, TASK_ENDED, TASK_FAILED };

/* Starts a new task, or goes on with a waiting one, with the values at the top of its
 * stack. When it has ended or failed, its reply is sent and it is gone. */
enum task_state task_run(struct node *n, struct task *t, int arguments);

/* Puts a task that has not started on the list of what is due now. Returns 0, or -1 on
 * out of memory, and then the task is gone. */
int task_defer(struct node *n, struct task *t, int arguments);

/* Takes back a task that never ran. */
void task_drop(struct node *n, struct task *t);

/* After an error of Lua outside of coroutines, which is out of memory: drops the tasks that
 * it has left neither running nor waiting, and answers those to whom they owe a reply: why. */
void task_drop_lost(struct node *n, const char *why);

/* The task that may yield here. Raises with a text that starts with `what` when L is
 * not the coroutine of a running task. */
struct task *task_that_may_wait(struct node *n, lua_State *L, const char *what);

/* The running task sleeps. Returns 0, or -1 on out of memory. The caller yields. */
int task_sleep(struct node *n, struct task *t, int64_t duration_us);

/* The running task waits until task_go_on; both are O(log n). Returns 0, or -1 on out of memory.
 * The caller yields; it is resumed without values. */
int task_wait(struct node *n, struct task *t);

/* A task that waits so goes on when the node runs next, which it wants to do now. Callable
 * between its turns too. */
void task_go_on(struct node *n, struct task *t);

/* The running task waits for the reply to the message that it sends with the body at
 * `index` of L. Returns 0, or -1 with `e` filled. The caller yields; it is resumed with
 * the reply's body, or with nil and the body of an error. */
int task_rpc(struct node *n, struct task *t, lua_State *L, struct slice dest, int index,
             int64_t timeout_us, struct error *e);

/* The reply to a rpc is in node->envelope, its body at the top of L; or it cannot be decoded,
 * because of `fault`. Returns 1 when a task waited for it, and then the body is taken. */
int task_take_reply(struct node *n, lua_State *L, const char *fault);

/* Ends every rpc with an error: no reply can come. */
void task_fail_all_rpcs(struct node *n);

void task_free_all(struct node *n);

#endif
