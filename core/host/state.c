/* How the hash seed is pinned: lua_newstate makes its seed by hashing addresses
 * and the time through luaS_hash, and that is the only call of luaS_hash from another
 * object file. The link has --wrap=luaS_hash, so this one call lands here. */
#include "host/state.h"

#include "host/allocator.h"
#include "host/confine.h"
#include "host/coroutines.h"
#include "host/extra.h"
#include "host/library.h"
#include "host/source.h"
#include "host/strings.h"
#include "host/tables.h"
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

const char *state_root(lua_State *L)
{
  return extra_of(L)->root;
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
  static const luaL_Reg guards[] = {
    {"__index", undeclared}, {"__newindex", new_global}, {NULL, NULL}};
  lua_pushglobaltable(L); // globals
  luaL_newlib(L, guards); // globals metatable
  lua_setmetatable(L, -2);
  lua_pop(L, 1);
}

/* What is never there: a second source of randomness, and a locale, on which the text
 * of numbers would depend. */
static void remove_surprises(lua_State *L)
{
  lua_getglobal(L, "math"); // math
  confine_forbid(L, "math", "randomseed", "the host seeds math.random; in the bench: --seed");
  lua_getglobal(L, "os"); // math os
  confine_forbid(L, "os", "setlocale", "numbers on the wire must not depend on it");
  lua_pop(L, 2);
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
  lua_pushfstring(L, "%s/lua/?.lua;%s/lua/?/init.lua;%s", o->root, o->root, lua_tostring(L, -1));
  lua_setfield(L, -3, "path");
  lua_pop(L, 2);
}

static int set_up(lua_State *L)
{
  const struct state_options *o = lua_touserdata(L, 1);
  lua_pushboolean(L, o->confined); /* to Lua that means: no paths from the environment */
  lua_setfield(L, LUA_REGISTRYINDEX, "LUA_NOENV");
  luaL_openlibs(L);
  value_open(L);
  if (o->limits != NULL) /* an answer may be longer than its question */
    value_limit(L, 2 * (size_t)o->limits->line_bytes);
  extra_of(L)->owner = o->owner;
  extra_of(L)->root = strdup(o->root); /* no string of Lua's: see source.h */
  if (extra_of(L)->root == NULL)
    return luaL_error(L, "out of memory");
  seed_random(L, o->random_seed);
  if (!o->confined)
    set_path(L, o);
  if (o->open_modules != NULL)
    o->open_modules(L);
  source_open(L);
  if (o->confined)
    confine(L);
  if (!o->is_plain) {
    remove_surprises(L);
    coroutines_open(L);
    strings_open(L);
    tables_open(L);
    library_open(L);
  }
  if (o->owner != NULL) /* a node: in the bench, garbage can be whole worlds, unknown to Lua */
    state_pace(L);
  return 0;
}

void state_pace(lua_State *L)
{
  enum { LEAST = 200, MOST = 400, ALLOWANCE_KB = 512 };
  int heap_kb = lua_gc(L, LUA_GCCOUNT, 0) + 1;
  int pause = 100 + 100 * ALLOWANCE_KB / heap_kb;
  lua_gc(L, LUA_GCSETPAUSE, pause < LEAST ? LEAST : pause > MOST ? MOST : pause);
}

lua_State *state_new(const struct state_options *options, struct error *e)
{
  next_hash_seed = (unsigned int)options->hash_seed;
  wrap_was_called = 0;
  size_t limit_bytes = options->limits == NULL ? 0 : (size_t)options->limits->memory_bytes;
  lua_State *L = allocator_new_state(limit_bytes, options->memory, next_hash_seed);
  if (L == NULL) {
    error_set(e, "out of memory");
    return NULL;
  }
  lua_pushcfunction(L, set_up);
  lua_pushlightuserdata(L, (void *)(uintptr_t)options);
  if (lua_pcall(L, 1, 0, 0) != LUA_OK) {
    error_set(e, "%s", lua_tostring(L, -1));
    lua_close(L);
    return NULL;
  }
  return L;
}

int state_load_file(lua_State *L, const char *path, struct error *e)
{
  int status = luaL_loadfilex(L, path, "t");
  if (status == LUA_OK)
    return 0;
  /* Lua names the file in all of its errors but those about a precompiled one and memory. */
  const char *why = status == LUA_ERRMEM ? allocator_error(L) : lua_tostring(L, -1);
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
