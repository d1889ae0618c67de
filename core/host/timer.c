#include "host/timer.h"

#include "host/task.h"

#include <lauxlib.h>

struct timer {
  struct waiter waiter; /* must be first */
  struct node *node;
  int64_t period_us; /* 0: runs once */
  double jitter;
};

static int64_t next_period(struct timer *t)
{
  if (t->jitter == 0)
    return t->period_us;
  const struct platform *p = node_platform(t->node);
  double unit = (double)(p->vtable->random(p->ctx) >> 11) * 0x1p-53;
  double period = (double)t->period_us * (1 + t->jitter * (2 * unit - 1));
  return period < 1 ? 1 : (int64_t)period;
}

/* The registry keeps a pending timer alive under its own address. */
static void anchor(lua_State *L, struct timer *t)
{
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, t);
  t->node->timer_count++;
}

static void release(lua_State *L, struct timer *t)
{
  t->node->timer_count--;
  lua_pushnil(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, t);
}

static void fire(struct node *n, struct waiter *self)
{
  struct timer *t = (struct timer *)self;
  lua_rawgetp(n->L, LUA_REGISTRYINDEX, t); // timer
  struct error e;
  if (t->period_us == 0) {
    release(n->L, t);
  } else {
    int64_t next_us = t->waiter.item.deadline_us + next_period(t);
    if (next_us <= n->now_us)
      next_us = n->now_us + next_period(t);
    /* There is room: this timer was in the heap until now. */
    (void)heap_insert(&n->waiting, &t->waiter.item, next_us);
  }
  if (node_check_tasks(n, &e) != 0) {
    node_logf(n, "a timer's function is not called: %s", e.text);
    lua_pop(n->L, 1);
    return;
  }
  struct task *task = task_new(n, TASK_OTHER);
  lua_getiuservalue(n->L, -1, 1); // timer function
  lua_xmove(n->L, task->co, 1);   // timer
  lua_pop(n->L, 1);
  (void)task_run(n, task, 0);
}

void timer_push(struct node *n, lua_State *L, int index, int64_t delay_us, int64_t period_us,
                double jitter)
{
  index = lua_absindex(L, index);
  if (n->timer_count >= n->limits.timers)
    luaL_error(L, "%d timers are pending, and no more may be (the limit is set by --max-timers)",
               (int)n->timer_count);
  struct timer *t = lua_newuserdatauv(L, sizeof *t, 1);
  *t =
    (struct timer){.waiter = {.wake = fire}, .node = n, .period_us = period_us, .jitter = jitter};
  luaL_setmetatable(L, TIMER_TYPE);
  lua_pushvalue(L, index);
  lua_setiuservalue(L, -2, 1);
  anchor(L, t);
  if (heap_insert(&n->waiting, &t->waiter.item, n->now_us + delay_us) != 0) {
    release(L, t);
    luaL_error(L, "out of memory");
  }
}

void timer_cancel(lua_State *L, int index)
{
  struct timer *t = luaL_checkudata(L, index, TIMER_TYPE);
  t->period_us = 0;
  if (t->waiter.item.position == 0)
    return;
  heap_remove(&t->node->waiting, &t->waiter.item);
  release(L, t);
}
