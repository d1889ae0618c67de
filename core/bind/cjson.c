/* lua-cjson as a node's script has it: the same, but within the node's limits. Its memory is not
 * Lua's, so a text that is too long would be the end of the process and not of the handler; and it
 * recurses as deep as it is told to, beyond the end of the stack. */
#include "bind/bind.h"
#include "host/extra.h"
#include "host/measure.h"

#include <lauxlib.h>

#include <lua-cjson.h>

enum { DEPTH_MOST = 1000 }; /* lua-cjson's default */

/* Runs lua-cjson's own function, upvalue 2, in the frame of the one that stands for it, whose upvalue
 * 1 is the module's settings as it is there: so its errors are the same. */
static int call(lua_State *L)
{
  return lua_tocfunction(L, lua_upvalueindex(2))(L);
}

static int encode(lua_State *L)
{
  size_t most = extra_of(L)->most_text;
  if (lua_gettop(L) > 0 && measure_exceeds(L, 1, DEPTH_MOST, most))
    return luaL_error(L, "longer than %I bytes (the limit is twice --max-line)", (LUAI_UACINT)most);
  return call(L);
}

static int set_depth(lua_State *L)
{
  luaL_argcheck(L, lua_tointeger(L, 1) <= DEPTH_MOST, 1, "expected integer between 1 and 1000");
  return call(L);
}

/* Puts a function around a field of the module at the top. */
static void replace(lua_State *L, const char *name, lua_CFunction function)
{
  lua_getfield(L, -1, name); // module own
  if (lua_getupvalue(L, -1, 1) == NULL)
    luaL_error(L, "this lua-cjson is not the one that is known"); // module own settings
  lua_insert(L, -2);                                              // module settings own
  lua_pushcclosure(L, function, 2);
  lua_setfield(L, -2, name);
}

static int new_module(lua_State *L);

static void limit(lua_State *L)
{
  replace(L, "encode", encode);
  replace(L, "encode_max_depth", set_depth);
  replace(L, "decode_max_depth", set_depth);
  replace(L, "new", new_module);
}

static int new_module(lua_State *L)
{
  (void)call(L); // .. module
  limit(L);
  return 1;
}

int bind_cjson(lua_State *L)
{
  (void)luaopen_cjson(L); // module
  limit(L);
  return 1;
}
