/* One call of these functions comes back, since texts are no larger than the limit of memory; but in a
 * loop of a hundred instructions it may be the work of a million. So it is enough to count when it is
 * done, and then its results say how much it was.
 *
 * Each is called in the frame of the function that stands for it, so that in its errors nothing
 * differs: the argument's number, the name, the line. */
#include "host/library.h"

#include "host/allocator.h"
#include "host/runaway.h"

#include <lauxlib.h>

#include <string.h>

/* The function of Lua behind the one that runs: upvalue 1. */
static int call(lua_State *L)
{
  return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

/* A function whose work is its results: it copies texts, or pushes many values. */
static int count_results(lua_State *L)
{
  int count = call(L);
  uint64_t instructions = (uint64_t)count - 1;
  for (int i = 1; i <= count; i++)
    if (lua_type(L, -i) == LUA_TSTRING)
      instructions += lua_rawlen(L, -i) / RUNAWAY_STEP_BYTES;
  if (count > 0 && instructions > 0)
    runaway_spend(L, instructions);
  return count;
}

static void spend_distance(lua_State *L, lua_Integer from, lua_Integer to)
{
  runaway_spend(L, (uint64_t)(from < to ? to - from : from - to));
}

/* What the function makes of its arguments, as far as they are right; if not, it raises. */
static lua_Integer text_length(lua_State *L)
{
  return lua_type(L, 1) == LUA_TSTRING ? (lua_Integer)lua_rawlen(L, 1) : 0;
}

/* A place in the text, which may be given from its end. */
static lua_Integer place(lua_State *L, int argument, lua_Integer otherwise)
{
  lua_Integer i = lua_isnoneornil(L, argument) ? otherwise : lua_tointeger(L, argument);
  return i >= 0 ? i : i + text_length(L) + 1;
}

/* utf8.len: from one place to another, or up to where the text is wrong, its second result. */
static int count_length(lua_State *L)
{
  lua_Integer from = place(L, 2, 1), to = place(L, 3, -1);
  int count = call(L);
  if (count == 2)
    to = lua_tointeger(L, -1);
  if (from < to)
    spend_distance(L, from, to);
  return count;
}

/* utf8.offset: from a place to its result, or to an end of the text where there is none. */
static int count_offset(lua_State *L)
{
  lua_Integer n = lua_tointeger(L, 2), end = text_length(L) + 1;
  lua_Integer from = place(L, 3, n > 0 ? 1 : end), to = n > 0 ? end : 0;
  int count = call(L);
  spend_distance(L, from, lua_isinteger(L, -1) ? lua_tointeger(L, -1) : to);
  return count;
}

/* collectgarbage: all memory is gone through when a collection is made, or ends. */
static int count_collection(lua_State *L)
{
  const char *option = luaL_optstring(L, 1, "collect");
  int is_all = strcmp(option, "collect") == 0, is_step = strcmp(option, "step") == 0;
  uint64_t bytes = allocator_used(L);
  int count = call(L);
  if (is_all || (is_step && lua_toboolean(L, -1)))
    runaway_spend(L, bytes / RUNAWAY_STEP_BYTES);
  return count;
}

/* The library is at the top. */
static void replace(lua_State *L, const char *name, lua_CFunction function)
{
  lua_getfield(L, -1, name);
  lua_pushcclosure(L, function, 1);
  lua_setfield(L, -2, name);
}

void library_open(lua_State *L)
{
  static const char *const texts[] = {"byte",    "format", "lower", "pack",
                                      "reverse", "sub",    "upper", "unpack"};
  lua_getglobal(L, "string"); // string
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    replace(L, texts[i], count_results);
  lua_getglobal(L, "utf8"); // string utf8
  replace(L, "char", count_results);
  replace(L, "codepoint", count_results);
  replace(L, "len", count_length);
  replace(L, "offset", count_offset);
  lua_pushglobaltable(L); // string utf8 globals
  replace(L, "collectgarbage", count_collection);
  lua_pop(L, 3);
}
