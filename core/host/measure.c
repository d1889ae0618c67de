#include "host/measure.h"

#include <lauxlib.h>

/* Takes the bytes of the value at the top from what is left. Returns 0, or -1 when that is not
 * enough. */
static int take(lua_State *L, int depth, size_t *left)
{
  size_t bytes = 2; /* a digit or a bracket and what follows it */
  if (lua_type(L, -1) == LUA_TSTRING)
    bytes += lua_rawlen(L, -1);
  if (bytes >= *left)
    return -1;
  *left -= bytes;
  if (!lua_istable(L, -1) || depth == 0)
    return 0;
  luaL_checkstack(L, 2, "a value to be encoded");
  for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1)) { // .. key value
    if (take(L, depth - 1, left) != 0)
      return -1;
    size_t name = lua_type(L, -2) == LUA_TSTRING ? lua_rawlen(L, -2) : 0;
    if (name >= *left)
      return -1;
    *left -= name;
  }
  return 0;
}

int measure_exceeds(lua_State *L, int index, int depth, size_t most)
{
  int top = lua_gettop(L), result;
  lua_pushvalue(L, index);
  result = take(L, depth, &most);
  lua_settop(L, top);
  return result != 0;
}
