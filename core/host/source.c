/* load and loadfile are Lua's own, called with a mode that leaves out precompiled chunks. What
 * follows a path is package.searchers, in which the second is ours and the third and fourth look
 * for C modules. */
#include "host/source.h"

#include "host/allocator.h"
#include "host/runaway.h"
#include "host/state.h"

#include <lauxlib.h>

#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { SEARCH_SOURCE = 2, SEARCHERS = 4 };

/* The path of a confined state, beside its library; absent in others. */
static const char path_key = 'p';

/* The list of the files that require has found. With true at -i the i-th is one of a confined
 * state's library, and its name is from the root on. */
static const char found_key = 'f';

#define LIBRARY_PATH "lua/?.lua;lua/?/init.lua"

/* Calls upvalue 1 with the arguments, of which the one at `mode` says what may be loaded. */
static int load_text(lua_State *L, int mode)
{
  if (lua_gettop(L) < mode)
    lua_settop(L, mode);
  const char *allowed = luaL_optstring(L, mode, "t");
  if (lua_type(L, 1) == LUA_TSTRING)
    runaway_spend(L, lua_rawlen(L, 1)); /* an instruction a byte: to compile them */
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

struct reader {
  FILE *file;
  char text[4096];
};

static const char *read_more(lua_State *L, void *ctx, size_t *length)
{
  struct reader *r = ctx;
  (void)L;
  *length = fread(r->text, 1, sizeof r->text, r->file);
  return *length == 0 ? NULL : r->text;
}

/* Looks for a module in the library of a confined state. Pushes the file as a function, or its
 * error, and its name from the root on; and returns LUA_OK or the status of the error; or -1 when
 * there is none. Where the root is must not show: neither in names, nor in how much memory they
 * take, since from that follows when the collector runs and where everything else lies. */
static int load_from_library(lua_State *L, const char *name)
{
  static const char *const ends[] = {".lua", "/init.lua"};
  char path[PATH_MAX];
  struct reader r = {NULL, ""};
  const char *place = luaL_gsub(L, name, ".", "/"); // place
  size_t i = 0;
  for (; i < 2 && r.file == NULL; i++) {
    int length = snprintf(path, sizeof path, "%s/lua/%s%s", state_root(L), place, ends[i]);
    if (length > 0 && (size_t)length < sizeof path)
      r.file = fopen(path, "r");
  }
  if (r.file == NULL) {
    lua_pop(L, 1);
    return -1;
  }
  const char *chunk = lua_pushfstring(L, "@lua/%s%s", place, ends[i - 1]); // place chunk
  int status = lua_load(L, read_more, &r, chunk, "t");                     // place chunk function
  (void)fclose(r.file);
  lua_pushstring(L, chunk + 1); // place chunk function file
  lua_rotate(L, -4, 2);
  lua_pop(L, 2); // function file
  return status;
}

/* Puts the library's files in front of the others, at the top, that are not there either. */
static void tell_library(lua_State *L, const char *name)
{
  const char *place = luaL_gsub(L, name, ".", "/"); // others place
  lua_pushfstring(L, "no file 'lua/%s.lua'\n\tno file 'lua/%s/init.lua'\n\t%s", place, place,
                  lua_tostring(L, -2));
}

/* Notes that the file at the top has been found. */
static void note_found(lua_State *L, int is_of_library)
{
  lua_rawgetp(L, LUA_REGISTRYINDEX, &found_key); // path found
  lua_Integer i = (lua_Integer)lua_rawlen(L, -1) + 1;
  lua_pushvalue(L, -2); // path found path
  lua_rawseti(L, -2, i);
  if (is_of_library) {
    lua_pushboolean(L, 1);
    lua_rawseti(L, -2, -i);
  }
  lua_pop(L, 1);
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
  int status = is_confined ? load_from_library(L, name) : -1;
  int is_of_library = status >= 0;
  if (!is_of_library) {
    if (!search(L, name)) {
      if (is_confined)
        tell_library(L, name);
      return 1;
    }
    status = luaL_loadfilex(L, lua_tostring(L, -1), "t"); // path function
    lua_insert(L, -2);                                    // function path
  }
  note_found(L, is_of_library);
  if (status != LUA_OK)
    return luaL_error(L, "error loading module '%s' from file '%s':\n\t%s", name,
                      lua_tostring(L, -1),
                      status == LUA_ERRMEM ? allocator_error(L) : lua_tostring(L, -2));
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
    char path[PATH_MAX];
    lua_rawgeti(L, -1, i);  // found file
    lua_rawgeti(L, -2, -i); // found file is_of_library
    const char *file = lua_tostring(L, -2);
    (void)snprintf(path, sizeof path, "%s/%s", state_root(L), file);
    fn(ctx, lua_toboolean(L, -1) ? path : file);
    lua_pop(L, 2);
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
  lua_pushliteral(L, LIBRARY_PATH); // package searchers path
  lua_setfield(L, -3, "path");
  lua_pushliteral(L, "");
  lua_rawsetp(L, LUA_REGISTRYINDEX, &path_key);
  lua_pop(L, 2);
}

void source_add_folder(lua_State *L, const char *folder)
{
  lua_getglobal(L, "package"); // package
  lua_getfield(L, -1, "path"); // package path
  lua_pushfstring(L, "%s;%s/?.lua", lua_tostring(L, -1), folder);
  lua_setfield(L, -3, "path");
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &path_key) != LUA_TNIL) { // package path old
    const char *old = lua_tostring(L, -1);
    lua_pushfstring(L, "%s%s%s/?.lua", old, *old == '\0' ? "" : ";", folder);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &path_key);
  }
  lua_pop(L, 3);
}
