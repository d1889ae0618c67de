/* hearsay.command_line: what ./node takes on its command line, for those who write of it or pass
 * its options on; and the nearest word. */
#include "base/nearest.h"
#include "bind/bind.h"
#include "host/options.h"

#include <lauxlib.h>

static void set_text(lua_State *L, const char *field, const char *text)
{
  lua_pushstring(L, text); // nil for NULL
  lua_setfield(L, -2, field);
}

/*** The options of ./node.
 * @treturn table `version`, `usage`, `about`, `examples`: texts, of which usage and examples have lines; and
 *   a list, in the order of the help, of options, `name` (with its dashes), `takes` (what stands for
 *   its value, or nil), `optional` (whether it may come without, and then only behind an equals
 *   sign), `values` (all that the value may be, with spaces between them, or nil) and
 *   `help`; or of titles, `title` */
static int node(lua_State *L)
{
  lua_createtable(L, (int)options_count, 4);
  set_text(L, "version", HEARSAY_VERSION);
  set_text(L, "usage", options_usage);
  set_text(L, "about", options_about);
  set_text(L, "examples", options_examples);
  for (size_t i = 0; i < options_count; i++) {
    const struct option *o = &options_known[i];
    lua_createtable(L, 0, 5);
    set_text(L, "name", o->name);
    set_text(L, "takes", o->takes);
    set_text(L, "values", o->values);
    lua_pushboolean(L, o->is_optional);
    lua_setfield(L, -2, "optional");
    set_text(L, o->use == OPTION_TITLE ? "title" : "help", o->help);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  return 1;
}

/*** The word of a list that was probably meant.
 * @tparam string word
 * @tparam {string,...} list
 * @treturn string; or nil when none is near. See base/nearest.h */
static int nearest(lua_State *L)
{
  struct nearest search;
  nearest_begin(&search, bind_check_slice(L, 1));
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_pushnil(L); // best
  lua_Integer count = luaL_len(L, 2);
  for (lua_Integer i = 1; i <= count; i++) {
    lua_geti(L, 2, i); // best candidate
    if (nearest_is(&search, bind_check_slice(L, lua_gettop(L))))
      lua_replace(L, -2);
    else
      lua_pop(L, 1);
  }
  return 1;
}

int bind_command_line(lua_State *L)
{
  static const luaL_Reg functions[] = {{"nearest", nearest}, {"node", node}, {NULL, NULL}};
  luaL_newlib(L, functions);
  return 1;
}
