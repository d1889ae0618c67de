/* A count hook belongs to one coroutine, so whoever counts must hear of each change from one to
 * another. Lua has no other place for that than these functions. */
#include "host/coroutines.h"

#include "host/runaway.h"

#include <lauxlib.h>

static lua_State *check_coroutine(lua_State *L)
{
  lua_State *co = lua_tothread(L, 1);
  luaL_argexpected(L, co != NULL, 1, "thread");
  return co;
}

/* Goes on with a coroutine, with `arguments` values from the top of L. Returns how many values
 * came from it to the top of L, or -1, and then it is one: why it failed. With `closes` one that
 * has failed closes its variables. */
static int go_on(lua_State *L, lua_State *co, int arguments, int closes)
{
  int count = 0;
  if (!lua_checkstack(co, arguments)) {
    lua_pushliteral(L, "too many arguments to resume");
    return -1;
  }
  lua_xmove(L, co, arguments);
  lua_State *before = runaway_enter_inner(co);
  int is_good = lua_resume(co, L, arguments, &count) <= LUA_YIELD;
  int has_ended_badly = lua_status(co) > LUA_YIELD; /* else it was not to be resumed */
  if (!is_good && closes && has_ended_badly)
    (void)lua_resetthread(co); /* leaves the error at the top */
  runaway_leave_inner(before);
  if (is_good && !lua_checkstack(L, count + 1)) {
    lua_pop(co, count);
    lua_pushliteral(L, "too many results to resume");
    return -1;
  }
  lua_xmove(co, L, is_good ? count : 1);
  return is_good ? count : -1;
}

static int resume(lua_State *L)
{
  lua_State *co = check_coroutine(L);
  int count = go_on(L, co, lua_gettop(L) - 1, 0);
  lua_pushboolean(L, count >= 0);
  lua_insert(L, count >= 0 ? -(count + 1) : -2);
  return count >= 0 ? count + 1 : 2;
}

/* What wrap returns: upvalue 1 is the coroutine. An error comes with the place of the call. */
static int call_wrapped(lua_State *L)
{
  int count = go_on(L, lua_tothread(L, lua_upvalueindex(1)), lua_gettop(L), 1);
  if (count >= 0)
    return count;
  if (lua_type(L, -1) == LUA_TSTRING) {
    luaL_where(L, 1);
    lua_insert(L, -2);
    lua_concat(L, 2);
  }
  return lua_error(L);
}

static int wrap(lua_State *L)
{
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_State *co = lua_newthread(L);
  lua_pushvalue(L, 1);
  lua_xmove(L, co, 1);
  lua_pushcclosure(L, call_wrapped, 1);
  return 1;
}

/* Whether it has calls, and so runs, or waits for one that it resumed. */
static int is_running(lua_State *L, lua_State *co)
{
  lua_Debug at;
  return co == L || (lua_status(co) == LUA_OK && lua_getstack(co, 0, &at));
}

static int close_coroutine(lua_State *L)
{
  lua_State *co = check_coroutine(L);
  if (is_running(L, co))
    return luaL_error(L, "cannot close a running coroutine");
  lua_State *before = runaway_enter_inner(co);
  int status = lua_resetthread(co);
  runaway_leave_inner(before);
  lua_pushboolean(L, status == LUA_OK);
  if (status == LUA_OK)
    return 1;
  lua_xmove(co, L, 1);
  return 2;
}

void coroutines_open(lua_State *L)
{
  static const luaL_Reg functions[] = {
    {"resume", resume}, {"wrap", wrap}, {"close", close_coroutine}, {NULL, NULL}};
  lua_getglobal(L, "coroutine");
  luaL_setfuncs(L, functions, 0);
  lua_pop(L, 1);
}
