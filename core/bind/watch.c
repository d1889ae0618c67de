/* hearsay.watch: whether files are saved, for `./sim watch`. */
#include "sim/watch.h"

#include "bind/bind.h"

#include <lauxlib.h>

/*** A number that is another one after a file was written, replaced or removed.
 * @tparam string path
 * @treturn integer; 0 when there is no such file */
static int stamp(lua_State *L)
{
  lua_pushinteger(L, (lua_Integer)watch_stamp(luaL_checkstring(L, 1)));
  return 1;
}

/*** Waits.
 * @tparam number seconds of this machine's time
 * @treturn boolean false when an interrupt (^C) has come, which ends the wait */
static int wait(lua_State *L)
{
  lua_pushboolean(L, watch_wait(bind_check_duration_us(L, 1)) == 0);
  return 1;
}

int bind_watch(lua_State *L)
{
  static const luaL_Reg functions[] = {{"stamp", stamp}, {"wait", wait}, {NULL, NULL}};
  luaL_newlib(L, functions);
  return 1;
}
