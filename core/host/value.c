/* The marks are metatables kept in the registry under the addresses below. They
 * are found by address on every use: scripts cannot replace them, and nothing
 * outside of the lua_State is needed. */
#include "host/value.h"

#include "host/value_marks.h"

#include <lauxlib.h>

static const char array_mark = 'a';
static const char raw_mark = 'r';
static const char scratch_key = 's';

static void new_mark(lua_State *L, const char *name, const char *key)
{
  lua_createtable(L, 0, 1);      // mark
  lua_pushstring(L, name);       // mark name
  lua_setfield(L, -2, "__name"); // mark
  lua_rawsetp(L, LUA_REGISTRYINDEX, key);
}

static int scratch_gc(lua_State *L)
{
  bytes_free(lua_touserdata(L, 1));
  return 0;
}

void value_open(lua_State *L)
{
  new_mark(L, "hearsay.array", &array_mark);
  new_mark(L, "hearsay.raw", &raw_mark);
  struct bytes *scratch = lua_newuserdatauv(L, sizeof *scratch, 0); // scratch
  *scratch = (struct bytes){0};
  lua_createtable(L, 0, 1);         // scratch metatable
  lua_pushcfunction(L, scratch_gc); // scratch metatable gc
  lua_setfield(L, -2, "__gc");      // scratch metatable
  lua_setmetatable(L, -2);          // scratch
  lua_rawsetp(L, LUA_REGISTRYINDEX, &scratch_key);
}

struct bytes *value_scratch(lua_State *L)
{
  lua_rawgetp(L, LUA_REGISTRYINDEX, &scratch_key);
  struct bytes *scratch = lua_touserdata(L, -1);
  lua_pop(L, 1);
  return scratch;
}

void value_mark_array(lua_State *L)
{
  lua_rawgetp(L, LUA_REGISTRYINDEX, &array_mark);
  lua_setmetatable(L, -2);
}

void value_make_raw(lua_State *L)
{
  lua_createtable(L, 1, 0); // text raw
  lua_insert(L, -2);        // raw text
  lua_rawseti(L, -2, 1);    // raw
  lua_rawgetp(L, LUA_REGISTRYINDEX, &raw_mark);
  lua_setmetatable(L, -2);
}

enum value_mark value_mark_of(lua_State *L, int index)
{
  if (!lua_getmetatable(L, index))
    return VALUE_UNMARKED;
  enum value_mark mark = VALUE_UNMARKED;
  lua_rawgetp(L, LUA_REGISTRYINDEX, &array_mark); // metatable mark
  lua_rawgetp(L, LUA_REGISTRYINDEX, &raw_mark);   // metatable mark mark
  if (lua_rawequal(L, -3, -2))
    mark = VALUE_ARRAY;
  else if (lua_rawequal(L, -3, -1))
    mark = VALUE_RAW;
  lua_pop(L, 3);
  return mark;
}

int value_is_array(lua_State *L, int index)
{
  return lua_istable(L, index) && value_mark_of(L, index) == VALUE_ARRAY;
}
