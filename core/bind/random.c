/*** Named streams of random numbers from a seed, for the bench: each purpose draws from its own, so
 * that a new fault does not change the load.
 *
 *     local randoms = require "hearsay.random"
 *
 *     local random = randoms.stream(opts.seed, "my fault")
 *     local id = ids[random:upto(#ids)]
 * @module hearsay.random */
#include "base/rng.h"
#include "bind/bind.h"

#include <lauxlib.h>

#define RANDOM_TYPE "hearsay.random"

static struct rng *check(lua_State *L)
{
  return luaL_checkudata(L, 1, RANDOM_TYPE);
}

/*** A number, uniform in [0, 1).
 * @treturn number */
static int unit(lua_State *L)
{
  lua_pushnumber(L, rng_unit(check(L)));
  return 1;
}

/*** An integer, uniform among 1 .. n.
 * @tparam integer n from 1
 * @treturn integer */
static int upto(lua_State *L)
{
  struct rng *r = check(L);
  lua_Integer n = luaL_checkinteger(L, 2);
  luaL_argcheck(L, n > 0, 2, "expected at least 1");
  lua_pushinteger(L, (lua_Integer)rng_below(r, (uint64_t)n) + 1);
  return 1;
}

/*** Puts an array into random order, in place.
 * @tparam table array
 * @treturn table the array */
static int shuffle(lua_State *L)
{
  struct rng *r = check(L);
  luaL_checktype(L, 2, LUA_TTABLE);
  for (lua_Integer i = (lua_Integer)lua_rawlen(L, 2); i > 1; i--) {
    lua_Integer j = (lua_Integer)rng_below(r, (uint64_t)i) + 1;
    lua_rawgeti(L, 2, i); // a
    lua_rawgeti(L, 2, j); // a b
    lua_rawseti(L, 2, i); // a
    lua_rawseti(L, 2, j);
  }
  lua_settop(L, 2);
  return 1;
}

/*** The stream of a name.
 * @tparam integer seed
 * @tparam string name what it is for
 * @treturn random */
static int stream(lua_State *L)
{
  lua_Integer seed = luaL_checkinteger(L, 1);
  const char *name = luaL_checkstring(L, 2);
  struct rng *r = lua_newuserdatauv(L, sizeof *r, 0);
  rng_init(r, (uint64_t)seed, name);
  luaL_setmetatable(L, RANDOM_TYPE);
  return 1;
}

int bind_random(lua_State *L)
{
  static const luaL_Reg methods[] = {
    {"shuffle", shuffle}, {"unit", unit}, {"upto", upto}, {NULL, NULL}};
  static const luaL_Reg functions[] = {{"stream", stream}, {NULL, NULL}};
  luaL_newmetatable(L, RANDOM_TYPE);
  luaL_newlib(L, methods);
  lua_setfield(L, -2, "__index");
  luaL_newlib(L, functions);
  return 1;
}
