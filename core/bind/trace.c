/* hearsay.trace: messages as ./node --trace shows them, for the bench. */
#include "host/trace.h"

#include "bind/bind.h"

#include <lauxlib.h>

/*** A message as a person reads it, from its arrow on.
 * @tparam string direction "in" or "out"
 * @tparam string line the message's JSON text
 * @tparam table style `columns` that the line may take, `used` of them before it; without columns
 *   nothing is cut; `color`
 * @treturn string. Raises on out of memory */
static int format(lua_State *L)
{
  static const char *const names[] = {"in", "out", NULL}; /* as enum trace_direction */
  int direction = luaL_checkoption(L, 1, NULL, names);
  struct slice line = bind_check_slice(L, 2);
  luaL_checktype(L, 3, LUA_TTABLE);
  lua_getfield(L, 3, "columns");
  lua_getfield(L, 3, "used");
  lua_getfield(L, 3, "color"); // columns used color
  struct trace_style style = {(size_t)luaL_optinteger(L, -3, 0), lua_toboolean(L, -1)};
  size_t used = (size_t)luaL_optinteger(L, -2, 0);
  struct bytes *out = bind_push_buffer(L);
  if (trace_format(out, &style, (enum trace_direction)direction, line, used) != 0)
    return luaL_error(L, "out of memory");
  lua_pushlstring(L, out->data, out->length);
  bytes_free(out);
  return 1;
}

int bind_trace(lua_State *L)
{
  static const luaL_Reg functions[] = {{"format", format}, {NULL, NULL}};
  luaL_newlib(L, functions);
  return 1;
}
