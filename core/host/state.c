/* How the hash seed is pinned: lua_newstate makes its seed by hashing addresses
 * and the time through luaS_hash, and that is the only call of luaS_hash from another
 * object file. The link has --wrap=luaS_hash, so this one call lands here. */
#include "host/state.h"

#include "base/pool.h"
#include "host/extra.h"
#include "host/value.h"

#include <lauxlib.h>
#include <lualib.h>

#include <stdlib.h>
#include <string.h>

static _Thread_local unsigned int next_hash_seed;
static _Thread_local int wrap_was_called;

#ifndef HEARSAY_NO_HASH_PIN
unsigned int __wrap_luaS_hash(const char *text, size_t length, unsigned int seed);

unsigned int __wrap_luaS_hash(const char *text, size_t length, unsigned int seed)
{
  (void)text;
  (void)length;
  (void)seed;
  wrap_was_called = 1;
  return next_hash_seed;
}
#endif

int state_hash_is_pinned(void)
{
  return wrap_was_called;
}

static const char root_key = 'r';

const char *state_root(lua_State *L)
{
  lua_rawgetp(L, LUA_REGISTRYINDEX, &root_key);
  const char *root = lua_tostring(L, -1); /* the registry keeps it */
  lua_pop(L, 1);
  return root;
}

void *state_owner(lua_State *L)
{
  return extra_of(L)->owner;
}

static int undeclared(lua_State *L)
{
  luaL_where(L, 1);
  const char *name = luaL_tolstring(L, 2, NULL);
  lua_pushfstring(L, "%sundeclared global '%s'", lua_tostring(L, -2), name);
  return lua_error(L);
}

static int new_global(lua_State *L)
{
  luaL_where(L, 1);
  const char *name = luaL_tolstring(L, 2, NULL);
  lua_pushfstring(L, "%sassignment to undeclared global '%s' (write: local %s)",
                  lua_tostring(L, -2), name, name);
  return lua_error(L);
}

void state_forbid_new_globals(lua_State *L)
{
  lua_pushglobaltable(L);            // globals
  lua_createtable(L, 0, 2);          // globals metatable
  lua_pushcfunction(L, undeclared);  // globals metatable function
  lua_setfield(L, -2, "__index");    // globals metatable
  lua_pushcfunction(L, new_global);  // globals metatable function
  lua_setfield(L, -2, "__newindex"); // globals metatable
  lua_setmetatable(L, -2);
  lua_pop(L, 1);
}

static int unavailable(lua_State *L)
{
  return luaL_error(L, "%s is not available to a script here: %s",
                    lua_tostring(L, lua_upvalueindex(1)), lua_tostring(L, lua_upvalueindex(2)));
}

/* Replaces a field of the table at the top by a function that says why not. */
static void forbid(lua_State *L, const char *table, const char *field, const char *why)
{
  lua_pushfstring(L, "%s.%s", table, field); // table name
  lua_pushstring(L, why);                    // table name why
  lua_pushcclosure(L, unavailable, 2);       // table function
  lua_setfield(L, -2, field);                // table
}

/* Replaces every function of a library. */
static void forbid_library(lua_State *L, const char *table, const char *why)
{
  static const char *const os_fields[] = {"clock",  "date",   "difftime", "execute", "exit",
                                          "getenv", "remove", "rename",   "time",    "tmpname"};
  static const char *const io_fields[] = {"close", "input", "lines", "open",    "output",
                                          "popen", "read",  "type",  "tmpfile", "write"};
  int is_os = strcmp(table, "os") == 0;
  const char *const *fields = is_os ? os_fields : io_fields;
  size_t count =
    is_os ? sizeof os_fields / sizeof *os_fields : sizeof io_fields / sizeof *io_fields;
  lua_createtable(L, 0, (int)count); // library
  for (size_t i = 0; i < count; i++)
    forbid(L, table, fields[i], why);
  lua_pushvalue(L, -1);    // library library
  lua_setglobal(L, table); // library
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_insert(L, -2);          // loaded library
  lua_setfield(L, -2, table); // loaded
  lua_pop(L, 1);
}

static void confine(lua_State *L)
{
  forbid_library(L, "os", "use node.now() for time; there are no processes");
  forbid_library(L, "io", "a simulated node has no files; node.log writes diagnostics");
  lua_getglobal(L, "package"); // package
  lua_pushliteral(L, "");
  lua_setfield(L, -2, "cpath");
  forbid(L, "package", "loadlib", "a simulated node loads no C modules");
  /* The third and fourth way of require look for C modules along cpath, which the script
   * could set again. */
  lua_getfield(L, -1, "searchers"); // package searchers
  for (int i = 4; i > 2; i--) {
    lua_pushnil(L);
    lua_rawseti(L, -2, i);
  }
  lua_pop(L, 2);
}

/* What is never there: a second source of randomness, and a locale, on which the text
 * of numbers would depend. */
static void remove_surprises(lua_State *L)
{
  lua_getglobal(L, "math"); // math
  forbid(L, "math", "randomseed", "the host seeds math.random; in the bench: --seed");
  lua_pop(L, 1);
  lua_getglobal(L, "os"); // os
  forbid(L, "os", "setlocale", "numbers on the wire must not depend on it");
  lua_pop(L, 1);
}

static void seed_random(lua_State *L, uint64_t seed)
{
  lua_getglobal(L, "math");          // math
  lua_getfield(L, -1, "randomseed"); // math randomseed
  lua_pushinteger(L, (lua_Integer)seed);
  lua_pushinteger(L, (lua_Integer)(seed >> 32 ^ 0x5eed));
  lua_call(L, 2, 0);
  lua_pop(L, 1);
}

static void set_path(lua_State *L, const struct state_options *o)
{
  lua_getglobal(L, "package"); // package
  lua_getfield(L, -1, "path"); // package path
  lua_pushfstring(L, "%s/lua/?.lua;%s/lua/?/init.lua%s%s", o->root, o->root, o->confined ? "" : ";",
                  o->confined ? "" : lua_tostring(L, -1));
  lua_setfield(L, -3, "path");
  lua_pop(L, 2);
}

void state_add_script_folder(lua_State *L, const char *folder)
{
  lua_getglobal(L, "package"); // package
  lua_getfield(L, -1, "path"); // package path
  lua_pushfstring(L, "%s;%s/?.lua", lua_tostring(L, -1), folder);
  lua_setfield(L, -3, "path");
  lua_pop(L, 2);
}

static int set_up(lua_State *L)
{
  const struct state_options *o = lua_touserdata(L, 1);
  luaL_openlibs(L);
  value_open(L);
  extra_of(L)->owner = o->owner;
  lua_pushstring(L, o->root);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &root_key);
  seed_random(L, o->random_seed);
  set_path(L, o);
  if (o->open_modules != NULL)
    o->open_modules(L);
  if (o->confined)
    confine(L);
  if (!o->is_plain)
    remove_surprises(L);
  if (o->owner != NULL) /* a node: in the bench, garbage can be whole worlds, unknown to Lua */
    state_pace(L);
  return 0;
}

/* Lua's allocators, over a pool and over malloc. Of a new block Lua gives the type instead of
 * the size. */
static void *from_pool(void *pool, void *block, size_t old_bytes, size_t new_bytes)
{
  if (block == NULL)
    return new_bytes == 0 ? NULL : pool_take(pool, new_bytes);
  if (new_bytes > 0)
    return pool_resize(pool, block, old_bytes, new_bytes);
  pool_give(pool, block, old_bytes);
  return NULL;
}

static void *from_malloc(void *none, void *block, size_t old_bytes, size_t new_bytes)
{
  (void)none;
  (void)old_bytes;
  if (new_bytes > 0)
    return realloc(block, new_bytes);
  free(block);
  return NULL;
}

static lua_State *new_state(int malloc_each)
{
  if (malloc_each)
    return lua_newstate(from_malloc, NULL);
  struct pool *pool = calloc(1, sizeof *pool);
  lua_State *L = pool == NULL ? NULL : lua_newstate(from_pool, pool);
  if (L == NULL)
    free(pool);
  return L;
}

void state_pace(lua_State *L)
{
  enum { LEAST = 200, MOST = 400, ALLOWANCE_KB = 512 };
  int heap_kb = lua_gc(L, LUA_GCCOUNT, 0) + 1;
  int pause = 100 + 100 * ALLOWANCE_KB / heap_kb;
  lua_gc(L, LUA_GCSETPAUSE, pause < LEAST ? LEAST : pause > MOST ? MOST : pause);
}

void state_close(lua_State *L)
{
  void *pool;
  (void)lua_getallocf(L, &pool);
  lua_close(L);
  if (pool != NULL)
    pool_free(pool);
  free(pool);
}

lua_State *state_new(const struct state_options *options, struct error *e)
{
  next_hash_seed = (unsigned int)options->hash_seed;
  wrap_was_called = 0;
  lua_State *L = new_state(options->malloc_each);
  if (L == NULL) {
    error_set(e, "out of memory");
    return NULL;
  }
  lua_pushcfunction(L, set_up);
  lua_pushlightuserdata(L, (void *)(uintptr_t)options);
  if (lua_pcall(L, 1, 0, 0) != LUA_OK) {
    error_set(e, "%s", lua_tostring(L, -1));
    state_close(L);
    return NULL;
  }
  return L;
}

int state_load_file(lua_State *L, const char *path, struct error *e)
{
  int status = luaL_loadfilex(L, path, "t");
  if (status == LUA_OK)
    return 0;
  /* Lua names the file in all of its errors but that about a precompiled one. */
  const char *why = lua_tostring(L, -1);
  if (strstr(why, path) != NULL)
    error_set(e, "%s", why);
  else
    error_set(e, "%s: %s", path, why);
  error_flatten(e);
  lua_pop(L, 1);
  return -1;
}

static int tolstring(lua_State *L)
{
  luaL_tolstring(L, 1, NULL);
  return 1;
}

const char *state_error_text(lua_State *L)
{
  lua_pushcfunction(L, tolstring);
  lua_insert(L, -2);
  if (lua_pcall(L, 1, 1, 0) == LUA_OK)
    return lua_tostring(L, -1);
  return "(an error whose __tostring raises)";
}

int state_traceback(lua_State *L)
{
  if (lua_type(L, 1) != LUA_TSTRING && !luaL_callmeta(L, 1, "__tostring"))
    lua_pushfstring(L, "(error object is a %s value)", luaL_typename(L, 1));
  luaL_traceback(L, L, lua_tostring(L, -1), 1);
  return 1;
}
