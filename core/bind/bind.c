#include "bind/bind.h"

#include "host/node.h"

#include <lauxlib.h>

#include <lua-cjson.h>

static void preload(lua_State *L, const char *name, lua_CFunction open)
{
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  luaL_setfuncs(L, (luaL_Reg[]){{name, open}, {NULL, NULL}}, 0);
  lua_pop(L, 1);
}

void bind_node_modules(lua_State *L)
{
  preload(L, "hearsay.core", bind_core);
  preload(L, "hearsay.ids", bind_ids);
  preload(L, "hearsay.json", bind_json);
  preload(L, "hearsay.log", bind_log);
  preload(L, "hearsay.seen", bind_seen);
  preload(L, "cjson", node_of(L) != NULL ? bind_cjson : luaopen_cjson);
  if (node_of(L) != NULL)
    bind_print(L);
}

void bind_all_modules(lua_State *L)
{
  bind_node_modules(L);
  preload(L, "hearsay.command_line", bind_command_line);
  preload(L, "hearsay.random", bind_random);
  preload(L, "hearsay.sweep", bind_sweep);
  preload(L, "hearsay.terminal", bind_terminal);
  preload(L, "hearsay.trace", bind_trace);
  preload(L, "hearsay.watch", bind_watch);
  preload(L, "hearsay.world", bind_world);
}

static int buffer_gc(lua_State *L)
{
  bytes_free(lua_touserdata(L, 1));
  return 0;
}

struct bytes *bind_push_buffer(lua_State *L)
{
  struct bytes *b = lua_newuserdatauv(L, sizeof *b, 0);
  *b = (struct bytes){0};
  (void)luaL_newmetatable(L, "hearsay.buffer");
  lua_pushcfunction(L, buffer_gc); /* each time: the first may have run out of memory here */
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
  return b;
}

void *bind_check_self(lua_State *L, const char *type)
{
  void *self = lua_touserdata(L, 1);
  if (self != NULL && lua_getmetatable(L, 1)) {
    int is_of_type = lua_rawequal(L, -1, lua_upvalueindex(1));
    lua_pop(L, 1);
    if (is_of_type)
      return self;
  }
  return luaL_checkudata(L, 1, type); /* says what is wrong */
}

struct slice bind_check_slice(lua_State *L, int argument)
{
  struct slice s;
  luaL_checktype(L, argument, LUA_TSTRING);
  s.data = lua_tolstring(L, argument, &s.length);
  return s;
}

int64_t bind_check_duration_us(lua_State *L, int argument)
{
  lua_Number seconds = luaL_checknumber(L, argument);
  if (!(seconds >= 0 && seconds <= 1e9))
    luaL_argerror(L, argument, "expected seconds, from 0 to 1e9");
  return (int64_t)(seconds * 1e6 + 0.5);
}

void bind_check_function(lua_State *L, int argument)
{
  luaL_checktype(L, argument, LUA_TFUNCTION);
}
