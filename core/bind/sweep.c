/* hearsay.sweep: runs a Lua module for many numbers on several threads, each with a Lua state of its
 * own. */
#include "sim/sweep.h"

#include "bind/bind.h"
#include "host/state.h"

#include <lauxlib.h>

#include <unistd.h>

struct job {
  lua_State *L; /* the caller's: `take` is at stack index 2 */
  const char *module;
  struct slice argument;
  const char *root;
  int has_error; /* of take, at the top of L */
};

static int prepare(lua_State *L)
{
  const struct job *j = lua_touserdata(L, 1);
  lua_getglobal(L, "require");
  lua_pushstring(L, j->module);
  lua_call(L, 1, 1); // module
  lua_pushlstring(L, j->argument.data, j->argument.length);
  lua_call(L, 1, 1); // function
  return 1;
}

/* A worker is a Lua state with, at 1, the function that does the work, or an error. */
static void *open_worker(void *ctx)
{
  const struct job *j = ctx;
  struct error e;
  struct state_options options = {.open_modules = bind_all_modules, .root = j->root};
  lua_State *L = state_new(&options, &e);
  if (L == NULL)
    return NULL;
  lua_pushcfunction(L, state_traceback);
  lua_pushcfunction(L, prepare);
  lua_pushlightuserdata(L, ctx);
  (void)lua_pcall(L, 1, 1, 1); // traceback, function or error
  lua_remove(L, 1);
  return L;
}

static void close_worker(void *worker)
{
  lua_close(worker);
}

/* The result is '+' and what the function returned, or '-' and an error; or empty, on out of
 * memory. */
static void work(void *worker, uint64_t number, struct bytes *result)
{
  lua_State *L = worker;
  int status = LUA_ERRRUN;
  lua_settop(L, 1);
  lua_pushcfunction(L, state_traceback); // function traceback
  lua_pushvalue(L, 1);                   // function traceback function
  if (lua_isfunction(L, 1)) {
    lua_pushinteger(L, (lua_Integer)number);
    status = lua_pcall(L, 1, 1, 2);
  }
  struct slice text;
  text.data = lua_tolstring(L, -1, &text.length);
  if (bytes_append_byte(result, status == LUA_OK ? '+' : '-') != 0 ||
      (text.data != NULL && bytes_append_slice(result, text) != 0))
    result->length = 0;
}

struct taken {
  uint64_t number;
  struct slice result;
};

/* With `take` and a result; returns what take does. */
static int take_protected(lua_State *L)
{
  const struct taken *t = lua_touserdata(L, 2);
  struct slice result = t->result;
  if (result.length == 0)
    return luaL_error(L, "%I: out of memory", (LUAI_UACINT)t->number);
  if (result.data[0] != '+') {
    lua_pushfstring(L, "%I: ", (LUAI_UACINT)t->number);
    lua_pushlstring(L, result.data + 1, result.length - 1);
    lua_concat(L, 2);
    return lua_error(L);
  }
  lua_pushvalue(L, 1);
  lua_pushinteger(L, (lua_Integer)t->number);
  lua_pushlstring(L, result.data + 1, result.length - 1);
  lua_call(L, 2, 1);
  return 1;
}

/* Nothing may raise through the sweep, whose threads would go on. */
static int take(void *ctx, uint64_t number, struct slice result)
{
  struct job *j = ctx;
  lua_State *L = j->L;
  struct taken t = {number, result};
  lua_pushcfunction(L, take_protected);
  lua_pushvalue(L, 2);
  lua_pushlightuserdata(L, &t);
  if (lua_pcall(L, 2, 1, 0) != LUA_OK) {
    j->has_error = 1;
    return 1;
  }
  int stop = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return stop;
}

static lua_Integer field(lua_State *L, const char *name, lua_Integer least)
{
  lua_getfield(L, 1, name);
  lua_Integer value = luaL_checkinteger(L, -1);
  if (value < least)
    luaL_error(L, "%s: expected at least %d", name, (int)least);
  lua_pop(L, 1);
  return value;
}

/*** Runs a module for the numbers first .. first + count - 1.
 * @tparam table options
 *   - module: name of a module that is a function; it is given `argument` and returns a function from a
 *     number to a string, which each thread calls
 *   - argument: string
 *   - first, count, threads: integers
 * @tparam function take called here, in the order of the numbers, with a number and its string; when
 *   it returns true the sweep ends. Raises what a module or `take` raises */
static int run(lua_State *L)
{
  luaL_checktype(L, 1, LUA_TTABLE);
  bind_check_function(L, 2);
  lua_settop(L, 2);
  struct job j = {.L = L, .root = state_root(L)};
  struct sweep s = {
    .ctx = &j, .open = open_worker, .close = close_worker, .work = work, .take = take};
  s.first = (uint64_t)field(L, "first", 0);
  s.count = (uint64_t)field(L, "count", 0);
  s.threads = (int)field(L, "threads", 1);
  lua_getfield(L, 1, "module"); // options take module
  j.module = luaL_checkstring(L, -1);
  lua_getfield(L, 1, "argument"); // options take module argument
  j.argument = bind_check_slice(L, lua_gettop(L));
  luaL_checkstack(L, 8, NULL);
  int result = sweep_run(&s);
  if (j.has_error)
    return lua_error(L);
  return result == 0 ? 0 : luaL_error(L, "cannot start a thread, or out of memory");
}

/*** How many processors there are. */
static int processors(lua_State *L)
{
  long count = sysconf(_SC_NPROCESSORS_ONLN);
  lua_pushinteger(L, count < 1 ? 1 : count);
  return 1;
}

int bind_sweep(lua_State *L)
{
  static const luaL_Reg functions[] = {{"processors", processors}, {"run", run}, {NULL, NULL}};
  luaL_newlib(L, functions);
  return 1;
}
