#include "host/task.h"

#include "host/allocator.h"
#include "host/runaway.h"
#include "host/value.h"
#include "wire/error_code.h"

#include <lauxlib.h>

#include <stdlib.h>

/* More idle coroutines than this are given back to the garbage collector, so that a
 * burst of waiting handlers does not stay resident. */
enum { IDLE_MAX = 256 };

/* What a report about a state that has met its limit may take beyond it. */
enum { REPORT_BYTES = 256 << 10 };

struct task *task_new(struct node *n, enum task_kind kind)
{
  struct task *t = n->idle;
  if (t != NULL) {
    n->idle = t->next_idle;
    n->idle_count--;
  } else {
    lua_State *co = lua_newthread(n->L); // thread
    int reference = luaL_ref(n->L, LUA_REGISTRYINDEX);
    t = calloc(1, sizeof *t);
    if (t == NULL) {
      luaL_unref(n->L, LUA_REGISTRYINDEX, reference);
      luaL_error(n->L, "out of memory");
      return NULL;
    }
    t->co = co;
    t->reference = reference;
    t->next = n->all;
    if (n->all != NULL)
      n->all->previous = t;
    n->all = t;
  }
  t->kind = kind;
  t->is_waiting = 0;
  t->start_arguments = 0;
  t->src.length = 0;
  t->wants_reply = 0;
  t->msg_id = 0;
  t->rpc_id = 0;
  n->busy_count++;
  if (kind == TASK_MESSAGE)
    n->unfinished++;
  return t;
}

/* Gives up the coroutine too. */
static void release(struct node *n, struct task *t)
{
  luaL_unref(n->L, LUA_REGISTRYINDEX, t->reference);
  if (t->previous != NULL)
    t->previous->next = t->next;
  else
    n->all = t->next;
  if (t->next != NULL)
    t->next->previous = t->previous;
  bytes_free(&t->src);
  free(t);
}

static void end(struct node *n, struct task *t)
{
  n->busy_count--;
  if (t->kind == TASK_MESSAGE)
    n->unfinished--;
  t->kind = TASK_IDLE;
}

void task_drop(struct node *n, struct task *t)
{
  lua_settop(t->co, 0);
  end(n, t);
  if (n->idle_count >= IDLE_MAX) {
    release(n, t);
    return;
  }
  t->next_idle = n->idle;
  n->idle = t;
  n->idle_count++;
}

void task_free_all(struct node *n)
{
  while (n->all != NULL) {
    struct task *t = n->all;
    n->all = t->next;
    bytes_free(&t->src);
    free(t);
  }
  n->idle = NULL;
}

static int owes_reply(const struct task *t)
{
  return t->kind == TASK_MESSAGE && t->wants_reply;
}

void task_drop_lost(struct node *n, const char *why)
{
  for (struct task *t = n->all, *next; t != NULL; t = next) {
    next = t->next;
    if (t->kind == TASK_IDLE || t->is_waiting)
      continue;
    if (owes_reply(t))
      node_reply_error(n, bytes_slice(&t->src), t->msg_id, ERROR_CRASH, slice_of(why));
    end(n, t);
    release(n, t); /* its coroutine may be dead */
  }
}

/* The code of a Maelstrom error object (lua/hearsay/errors.lua) at the top of co, and
 * then its text is pushed; or -1. */
static int64_t push_answer(lua_State *co)
{
  if (!lua_istable(co, -1))
    return -1;
  lua_pushliteral(co, "code");
  lua_rawget(co, -2);
  int64_t code = lua_isinteger(co, -1) ? lua_tointeger(co, -1) : -1;
  lua_pop(co, 1);
  lua_pushliteral(co, "text");
  if (lua_rawget(co, -2) == LUA_TSTRING && code >= 0)
    return code;
  lua_pop(co, 1);
  return -1;
}

/* What a handler raised: an error object is the answer; anything else is a crash, with
 * a traceback for the author and the first line for whoever asked. */
static void reply_failure(struct node *n, struct task *t, int status)
{
  lua_State *co = t->co;
  struct slice src = bytes_slice(&t->src), text;
  int64_t code = push_answer(co);
  if (code >= 0) {
    text.data = lua_tolstring(co, -1, &text.length);
    if (owes_reply(t))
      node_reply_error(n, src, t->msg_id, code, text);
    else
      node_logf(n, "error with nobody to reply to: %s", text.data);
    return;
  }
  lua_pushvalue(co, -1);
  lua_xmove(co, n->L, 1);                                                                  // error
  const char *why = status == LUA_ERRMEM ? allocator_error(n->L) : state_error_text(n->L); // text
  luaL_traceback(n->L, co, why, 0); // text traceback
  node_logf(n, "%s", lua_tostring(n->L, -1));
  if (owes_reply(t))
    node_reply_error(n, src, t->msg_id, ERROR_CRASH, slice_of(why));
  lua_pop(n->L, 2);
}

/* The handler has returned. Its first result is the reply. No msg_id means that the sender
 * wants none. */
static void reply_result(struct node *n, struct task *t)
{
  enum { RESULT = 1 };
  lua_State *co = t->co;
  if (!t->wants_reply || lua_isnoneornil(co, RESULT))
    return;
  struct slice src = bytes_slice(&t->src);
  struct error e;
  if (node_reply(n, co, src, t->msg_id, RESULT, &e) == 0)
    return;
  node_logf(n, "cannot send the reply to %.*s: %s", (int)src.length, src.data, e.text);
  node_reply_error(n, src, t->msg_id, ERROR_CRASH, slice_of(e.text));
}

/* A task has failed: says so, and closes its variables. What the script does in that, in a
 * __tostring or __close, is part of the call. */
static void fail(struct node *n, struct task *t, int status)
{
  lua_State *inner = runaway_enter_inner(n->L);
  if (status == LUA_ERRMEM)
    allocator_set_reserve(n->L, REPORT_BYTES);
  reply_failure(n, t, status);
  allocator_set_reserve(n->L, 0);
  runaway_leave_inner(inner);
  lua_resetthread(t->co);
}

enum task_state task_run(struct node *n, struct task *t, int arguments)
{
  struct task *outer = n->current;
  int results = 0;
  n->current = t;
  t->is_waiting = 0;
  lua_State *before = runaway_enter(t->co, &n->limits);
  int status = lua_resume(t->co, n->L, arguments, &results);
  if (status == LUA_YIELD && !t->is_waiting) {
    lua_pushliteral(t->co, "a handler may not call coroutine.yield itself; "
                           "node.sleep and node.rpc yield for it");
    status = LUA_ERRRUN;
  }
  n->current = outer;
  if (status != LUA_OK && status != LUA_YIELD)
    fail(n, t, status);
  const char *run_away = runaway_leave(before);
  if (run_away != NULL)
    error_set(&n->run_away, "%s", run_away);
  if (status == LUA_YIELD)
    return TASK_WAITS;
  if (status == LUA_OK && t->kind == TASK_MESSAGE)
    reply_result(n, t);
  task_drop(n, t);
  return status == LUA_OK ? TASK_ENDED : TASK_FAILED;
}

/* A spawned task starts, or a sleeping one goes on. */
static void wake(struct node *n, struct waiter *self)
{
  struct task *t = (struct task *)self;
  (void)task_run(n, t, t->start_arguments);
}

static int wait_until(struct node *n, struct task *t, int64_t deadline_us,
                      void (*on_wake)(struct node *, struct waiter *))
{
  t->waiter.wake = on_wake;
  if (heap_insert(&n->waiting, &t->waiter.item, deadline_us) != 0)
    return -1;
  t->is_waiting = 1;
  return 0;
}

int task_defer(struct node *n, struct task *t, int arguments)
{
  t->start_arguments = arguments;
  if (wait_until(n, t, n->now_us, wake) == 0)
    return 0;
  task_drop(n, t);
  return -1;
}

struct task *task_that_may_wait(struct node *n, lua_State *L, const char *what)
{
  struct task *t = n->current;
  if (t == NULL)
    luaL_error(L,
               "%s waits, so it must be called in a handler, a timer's function or "
               "node.spawn, not in the script's main part",
               what);
  else if (t->co != L)
    luaL_error(L,
               "%s waits, so it must be called in the handler's own coroutine, not in one "
               "that the script made",
               what);
  else if (!lua_isyieldable(L))
    luaL_error(L,
               "%s waits, so it cannot be called here, inside a C function such as "
               "table.sort or string.gsub",
               what);
  return t;
}

int task_sleep(struct node *n, struct task *t, int64_t duration_us)
{
  t->start_arguments = 0;
  return wait_until(n, t, n->now_us + duration_us, wake);
}

/* It waits for a time that never comes, and so has a place in the heap: to move it there later
 * needs no memory. */
int task_wait(struct node *n, struct task *t)
{
  t->start_arguments = 0;
  return wait_until(n, t, NODE_NEVER, wake);
}

void task_go_on(struct node *n, struct task *t)
{
  heap_remove(&n->waiting, &t->waiter.item);
  (void)heap_insert(&n->waiting, &t->waiter.item, n->now_us);
}

/* Pushes nil and the body of an error: how a failed rpc ends. */
static void push_failure(lua_State *L, int code, const char *text)
{
  lua_pushnil(L);
  lua_createtable(L, 0, 3);    // nil body
  lua_pushliteral(L, "error"); // nil body type
  lua_setfield(L, -2, "type"); // nil body
  lua_pushinteger(L, code);    // nil body code
  lua_setfield(L, -2, "code"); // nil body
  lua_pushstring(L, text);     // nil body text
  lua_setfield(L, -2, "text"); // nil body
}

/* A task that waits in a rpc does no longer: it is to be resumed. */
static void end_rpc(struct node *n, struct task *t)
{
  (void)map_remove(&n->rpcs, (uint64_t)t->rpc_id);
  heap_remove(&n->waiting, &t->waiter.item);
  t->rpc_id = 0;
  t->is_waiting = 0;
}

/* Resumes a task that waits in a rpc with nil and an error body. */
static void fail_rpc(struct node *n, struct task *t, int code, const char *text)
{
  end_rpc(n, t);
  push_failure(t->co, code, text);
  (void)task_run(n, t, 2);
}

static void time_out(struct node *n, struct waiter *self)
{
  fail_rpc(n, (struct task *)self, ERROR_TIMEOUT, "no reply in time");
}

static const char no_more_input[] = "the input has ended: no reply can come";

static void fail_at_end_of_input(struct node *n, struct waiter *self)
{
  fail_rpc(n, (struct task *)self, ERROR_TIMEOUT, no_more_input);
}

int task_rpc(struct node *n, struct task *t, lua_State *L, struct slice dest, int index,
             int64_t timeout_us, struct error *e)
{
  /* It fails in the next turn and not here: a script that tries again for ever must not keep
   * the node from ending. */
  if (n->input_is_closed)
    return wait_until(n, t, n->now_us, fail_at_end_of_input) == 0 ? 0
                                                                  : error_set(e, "out of memory");
  if (n->rpcs.count >= n->limits.rpcs)
    return error_set(e,
                     "%zu requests wait for a reply, and no more may (the limit is set by "
                     "--max-rpcs)",
                     n->rpcs.count);
  /* Sending comes first, since it may raise. */
  int64_t msg_id = n->next_msg_id;
  if (node_send_request(n, L, dest, msg_id, index, e) != 0)
    return -1;
  n->next_msg_id++;
  if (map_set(&n->rpcs, (uint64_t)msg_id, t) != 0)
    return error_set(e, "out of memory");
  if (wait_until(n, t, n->now_us + timeout_us, time_out) != 0) {
    (void)map_remove(&n->rpcs, (uint64_t)msg_id);
    return error_set(e, "out of memory");
  }
  t->rpc_id = msg_id;
  return 0;
}

int task_take_reply(struct node *n, lua_State *L, const char *fault)
{
  const struct envelope *m = &n->envelope;
  struct task *t = map_get(&n->rpcs, (uint64_t)m->in_reply_to);
  if (t == NULL)
    return 0;
  end_rpc(n, t);
  if (fault != NULL) {
    fail_rpc(n, t, ERROR_CRASH, fault); /* no definite code: it may have happened */
    return 1;
  }
  int is_error = slice_equal(m->type, SLICE("error"));
  if (is_error)
    lua_pushnil(t->co);
  lua_xmove(L, t->co, 1);
  (void)task_run(n, t, is_error ? 2 : 1);
  return 1;
}

void task_fail_all_rpcs(struct node *n)
{
  for (struct task *t = n->all, *next; t != NULL; t = next) {
    next = t->next;
    if (t->rpc_id != 0)
      fail_rpc(n, t, ERROR_TIMEOUT, no_more_input);
  }
}
