/*** What a node can do, in C. Scripts see it through lua/hearsay/init.lua, which returns this very
 * table with its own additions; so these are functions of the module `hearsay`.
 * @module hearsay.core */
#include "bind/bind.h"
#include "host/node.h"
#include "host/task.h"
#include "host/timer.h"
#include "wire/error_code.h"

#include <lauxlib.h>

static struct node *check_node(lua_State *L)
{
  struct node *n = node_of(L);
  if (n == NULL)
    luaL_error(L, "there is no node here: run the script by ./node, or in the bench by ./sim");
  return n;
}

static int on(lua_State *L)
{
  struct slice type = bind_check_slice(L, 1);
  bind_check_function(L, 2);
  lua_settop(L, 2);
  if (slice_equal(type, SLICE("init")))
    return luaL_error(L, "\"init\" is answered by the host; use node.on_init");
  if (node_on(node_of(L), L, type) != 0)
    return luaL_error(L, "\"%s\" has a handler already", type.data);
  return 0;
}

/*** Calls a function when `init` has come and node.id is known; `init` is answered when it has ended, or
 * waits. It may be called several times, for a function each; they run in that order.
 * @tparam function fn */
static int on_init(lua_State *L)
{
  bind_check_function(L, 1);
  lua_settop(L, 1);
  node_on_init(node_of(L), L);
  return 0;
}

/*** Sends a message, and does not wait.
 * @tparam string dest
 * @tparam table body
 * @raise before init, when the body has no `type`, and when JSON cannot say it */
static int send(lua_State *L)
{
  struct slice dest = bind_check_slice(L, 1);
  luaL_checktype(L, 2, LUA_TTABLE);
  struct error e;
  if (node_send(node_of(L), L, dest, 2, &e) != 0)
    return luaL_error(L, "node.send: %s", e.text);
  return 0;
}

/*** Replies to a message. A handler that returns the reply's body does not need it.
 * @tparam message msg one without `msg_id` wants no reply, and gets none
 * @tparam table body
 * @raise as node.send */
static int reply(lua_State *L)
{
  struct error e;
  luaL_checktype(L, 1, LUA_TTABLE);
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_getfield(L, 1, "src");
  luaL_argcheck(L, lua_type(L, -1) == LUA_TSTRING, 1, "expected a message: it has no src");
  struct slice dest = bind_check_slice(L, lua_gettop(L));
  lua_getfield(L, 1, "body");
  luaL_argcheck(L, lua_istable(L, -1), 1, "expected a message: it has no body");
  lua_getfield(L, -1, "msg_id");
  if (lua_isnil(L, -1))
    return 0; /* its sender wants no reply */
  luaL_argcheck(L, lua_isinteger(L, -1), 1, "body.msg_id must be an integer");
  if (node_reply(node_of(L), L, dest, lua_tointeger(L, -1), 2, &e) != 0)
    return luaL_error(L, "node.reply: %s", e.text);
  return 0;
}

static int rpc(lua_State *L)
{
  enum { DEFAULT_TIMEOUT_US = 1000000 };
  struct slice dest = bind_check_slice(L, 1);
  luaL_checktype(L, 2, LUA_TTABLE);
  int64_t timeout_us = lua_isnoneornil(L, 3) ? DEFAULT_TIMEOUT_US : bind_check_duration_us(L, 3);
  struct node *n = node_of(L);
  struct task *t = task_that_may_wait(n, L, "node.rpc");
  struct error e;
  if (task_rpc(n, t, L, dest, 2, timeout_us, &e) != 0)
    return luaL_error(L, "node.rpc: %s", e.text);
  return lua_yield(L, 0);
}

/*** Waits; other handlers run meanwhile.
 * @tparam number seconds from 0 to 10^9
 * @raise where one cannot wait: in the main part, in a coroutine of the script's own */
static int sleep_for(lua_State *L)
{
  int64_t duration_us = bind_check_duration_us(L, 1);
  struct node *n = node_of(L);
  struct task *t = task_that_may_wait(n, L, "node.sleep");
  if (task_sleep(n, t, duration_us) != 0)
    return luaL_error(L, "out of memory");
  return lua_yield(L, 0);
}

/*** Runs a function in a coroutine of its own, soon, but not now.
 * @tparam function fn
 * @param ... its arguments
 * @raise when there are as many coroutines as --max-tasks allows */
static int spawn(lua_State *L)
{
  bind_check_function(L, 1);
  struct node *n = node_of(L);
  int count = lua_gettop(L);
  struct error e;
  if (node_check_tasks(n, &e) != 0)
    return luaL_error(L, "node.spawn: %s", e.text);
  struct task *t = task_new(n, TASK_OTHER);
  if (!lua_checkstack(t->co, count)) {
    task_drop(n, t);
    return luaL_error(L, "too many arguments");
  }
  lua_xmove(L, t->co, count);
  if (task_defer(n, t, count - 1) != 0)
    return luaL_error(L, "out of memory");
  return 0;
}

/*** Calls a function later, in a coroutine of its own.
 * @tparam number delay seconds, from 0 to 10^9
 * @tparam function fn
 * @treturn timer
 * @raise when there are as many timers as --max-timers allows */
static int after(lua_State *L)
{
  int64_t delay_us = bind_check_duration_us(L, 1);
  bind_check_function(L, 2);
  timer_push(node_of(L), L, 2, delay_us, 0, 0);
  return 1;
}

/*** Calls a function again and again, each time in a coroutine of its own, the first time after one
 * period. A node that fell behind skips the periods that it missed.
 * @tparam number period seconds, from 10^-6 to 10^9
 * @tparam function fn
 * @tparam[opt=0] number jitter part of the period that is random, either way; less than 1
 * @treturn timer
 * @raise when there are as many timers as --max-timers allows */
static int every(lua_State *L)
{
  int64_t period_us = bind_check_duration_us(L, 1);
  bind_check_function(L, 2);
  double jitter = luaL_optnumber(L, 3, 0);
  luaL_argcheck(L, period_us > 0, 1, "a period must be at least a microsecond");
  luaL_argcheck(L, jitter >= 0 && jitter < 1, 3, "jitter is a part of the period, 0 <= x < 1");
  timer_push(node_of(L), L, 2, period_us, period_us, jitter);
  return 1;
}

/*** Cancels a timer. One that has run, or was cancelled, is left alone. */
static int cancel(lua_State *L)
{
  timer_cancel(L, 1);
  return 0;
}

/*** The time on this node's clock, which only goes forward; from where it starts means nothing.
 * @treturn number seconds */
static int now(lua_State *L)
{
  lua_pushnumber(L, (lua_Number)node_now_us(node_of(L)) * 1e-6);
  return 1;
}

static int log_text(lua_State *L)
{
  luaL_tolstring(L, 1, NULL);
  node_log(node_of(L), bind_check_slice(L, lua_gettop(L)));
  return 0;
}

static int print(lua_State *L)
{
  luaL_Buffer b;
  int count = lua_gettop(L);
  luaL_buffinit(L, &b);
  for (int i = 1; i <= count; i++) {
    if (i > 1)
      luaL_addchar(&b, '\t');
    luaL_tolstring(L, i, NULL);
    luaL_addvalue(&b);
  }
  luaL_pushresult(&b);
  node_log(node_of(L), bind_check_slice(L, lua_gettop(L)));
  return 0;
}

void bind_print(lua_State *L)
{
  static const luaL_Reg functions[] = {{"print", print}, {NULL, NULL}};
  lua_pushglobaltable(L);
  luaL_setfuncs(L, functions, 0);
  lua_pop(L, 1);
}

int bind_core(lua_State *L)
{
  static const luaL_Reg functions[] = {{"after", after},     {"every", every}, {"log", log_text},
                                       {"now", now},         {"on", on},       {"on_init", on_init},
                                       {"reply", reply},     {"rpc", rpc},     {"send", send},
                                       {"sleep", sleep_for}, {"spawn", spawn}, {NULL, NULL}};
  static const luaL_Reg timer_methods[] = {{"cancel", cancel}, {NULL, NULL}};
  struct node *n = check_node(L);
  luaL_newmetatable(L, TIMER_TYPE);
  luaL_newlib(L, timer_methods);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
  luaL_newlib(L, functions);
  lua_pushvalue(L, -1);
  node_set_api(n, L);
  return 1;
}
