/* load and loadfile are Lua's own, called with a mode that leaves out precompiled chunks. What
 * follows a path is package.searchers, in which the second is ours and the third and fourth look
 * for C modules. */
#include "host/source.h"

#include "host/allocator.h"

#include <lauxlib.h>

#include <string.h>

enum { SEARCH_SOURCE = 2, SEARCHERS = 4 };

/* The path of a confined state; absent in others. */
static const char path_key = 'p';

/* The list of the files that require has found. */
static const char found_key = 'f';

/* Calls upvalue 1 with the arguments, of which the one at `mode` says what may be loaded. */
static int load_text(lua_State *L, int mode)
{
  if (lua_gettop(L) < mode)
    lua_settop(L, mode);
  const char *allowed = luaL_optstring(L, mode, "t");
  lua_pushstring(L, strchr(allowed, 't') != NULL ? "t" : ""); // nothing, if it is not text
  lua_replace(L, mode);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
  return lua_gettop(L);
}

static int load(lua_State *L)
{
  return load_text(L, 3);
}

static int load_file(lua_State *L)
{
  return load_text(L, 2);
}

static int results_of_file(lua_State *L, int status, lua_KContext before)
{
  (void)status;
  return lua_gettop(L) - (int)before;
}

static int do_file(lua_State *L)
{
  const char *path = luaL_optstring(L, 1, NULL);
  lua_settop(L, 1);
  int status = luaL_loadfilex(L, path, "t");
  if (status != LUA_OK)
    return luaL_error(L, "%s", status == LUA_ERRMEM ? allocator_error(L) : lua_tostring(L, -1));
  lua_callk(L, 0, LUA_MULTRET, 1, results_of_file);
  return results_of_file(L, LUA_OK, 1);
}

/* Pushes the path that require follows. */
static const char *push_path(lua_State *L)
{
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &path_key) == LUA_TNIL) {
    lua_getfield(L, lua_upvalueindex(1), "path"); // nil path
    lua_remove(L, -2);                            // path
  }
  const char *path = lua_tostring(L, -1);
  if (path == NULL)
    luaL_error(L, "'package.path' must be a string");
  return path;
}

/* Pushes the first file of the path that there is, or what was tried. Returns whether there is
 * one. Upvalue 2 is package.searchpath. */
static int search(lua_State *L, const char *name)
{
  lua_pushvalue(L, lua_upvalueindex(2));
  lua_pushstring(L, name);
  (void)push_path(L);
  lua_call(L, 2, 2); // file tried, one of them nil
  int is_there = !lua_isnil(L, -2);
  lua_remove(L, is_there ? -1 : -2);
  return is_there;
}

/* A way of require: returns the file as a function and its name, or why there is none. */
static int find_source(lua_State *L)
{
  const char *name = luaL_checkstring(L, 1);
  int is_confined = lua_rawgetp(L, LUA_REGISTRYINDEX, &path_key) != LUA_TNIL;
  lua_pop(L, 1);
  if (is_confined && strchr(name, '/') != NULL) {
    lua_pushliteral(L, "the name of a module has no '/'");
    return 1;
  }
  if (!search(L, name))
    return 1;
  const char *path = lua_tostring(L, -1); // path
  lua_rawgetp(L, LUA_REGISTRYINDEX, &found_key);
  lua_pushvalue(L, -2); // path found path
  lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
  lua_pop(L, 1); // path
  int status = luaL_loadfilex(L, path, "t");
  if (status != LUA_OK)
    return luaL_error(L, "error loading module '%s' from file '%s':\n\t%s", name, path,
                      status == LUA_ERRMEM ? allocator_error(L) : lua_tostring(L, -1));
  lua_insert(L, -2); // function path
  return 2;
}

static void wrap_global(lua_State *L, const char *name, lua_CFunction function)
{
  lua_getglobal(L, name);
  lua_pushcclosure(L, function, 1);
  lua_setglobal(L, name);
}

void source_each(lua_State *L, void (*fn)(void *ctx, const char *path), void *ctx)
{
  lua_rawgetp(L, LUA_REGISTRYINDEX, &found_key); // found
  lua_Integer count = (lua_Integer)lua_rawlen(L, -1);
  for (lua_Integer i = 1; i <= count; i++) {
    lua_rawgeti(L, -1, i); // found path
    fn(ctx, lua_tostring(L, -1));
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
}

void source_open(lua_State *L)
{
  lua_newtable(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &found_key);
  wrap_global(L, "load", load);
  wrap_global(L, "loadfile", load_file);
  lua_pushcfunction(L, do_file);
  lua_setglobal(L, "dofile");
  lua_getglobal(L, "package");         // package
  lua_getfield(L, -1, "searchers");    // package searchers
  lua_pushvalue(L, -2);                // package searchers package
  lua_getfield(L, -1, "searchpath");   // package searchers package searchpath
  lua_pushcclosure(L, find_source, 2); // package searchers function
  lua_rawseti(L, -2, SEARCH_SOURCE);
  lua_pop(L, 2);
}

void source_confine(lua_State *L)
{
  lua_getglobal(L, "package");      // package
  lua_getfield(L, -1, "searchers"); // package searchers
  for (int i = SEARCHERS; i > SEARCH_SOURCE; i--) {
    lua_pushnil(L);
    lua_rawseti(L, -2, i);
  }
  lua_getfield(L, -2, "path"); // package searchers path
  lua_rawsetp(L, LUA_REGISTRYINDEX, &path_key);
  lua_pop(L, 2);
}

void source_add_folder(lua_State *L, const char *folder)
{
  lua_getglobal(L, "package"); // package
  lua_getfield(L, -1, "path"); // package path
  lua_pushfstring(L, "%s;%s/?.lua", lua_tostring(L, -1), folder);
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &path_key) != LUA_TNIL) { // package path new old
    lua_pushvalue(L, -2);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &path_key);
  }
  lua_pop(L, 1);
  lua_setfield(L, -3, "path");
  lua_pop(L, 2);
}
