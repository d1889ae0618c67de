/* hearsay.terminal: what a terminal can show, for what the bench prints. A descriptor is 1 for
 * standard output, 2 for standard error. */
#include "host/terminal.h"

#include "bind/bind.h"

#include <lauxlib.h>

/*** Whether a descriptor is a terminal. */
static int is_terminal(lua_State *L)
{
  lua_pushboolean(L, terminal_is((int)luaL_checkinteger(L, 1)));
  return 1;
}

/*** How wide a terminal is.
 * @tparam integer descriptor
 * @treturn integer columns; nil when it is no terminal, or does not know */
static int columns(lua_State *L)
{
  int count = terminal_columns((int)luaL_checkinteger(L, 1));
  if (count > 0)
    lua_pushinteger(L, count);
  else
    lua_pushnil(L);
  return 1;
}

/*** Whether to use colours.
 * @tparam integer descriptor
 * @tparam[opt="auto"] string when auto, always or never */
static int has_color(lua_State *L)
{
  static const char *const words[] = {"auto", "always", "never", NULL}; /* as enum color_when */
  int descriptor = (int)luaL_checkinteger(L, 1);
  int when = luaL_checkoption(L, 2, "auto", words);
  lua_pushboolean(L, terminal_has_color(descriptor, (enum color_when)when));
  return 1;
}

int bind_terminal(lua_State *L)
{
  static const luaL_Reg functions[] = {
    {"columns", columns}, {"has_color", has_color}, {"is_terminal", is_terminal}, {NULL, NULL}};
  luaL_newlib(L, functions);
  return 1;
}
