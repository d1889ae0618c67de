/* Functions are replaced in the very tables that the libraries are, so that it does not matter how
 * a script comes by a library: as a global, by require, or from package.loaded. */
#include "host/confine.h"

#include "host/address.h"
#include "host/extra.h"
#include "host/runaway.h"
#include "host/source.h"

#include <lauxlib.h>

#include <string.h>
#include <time.h>

static int unavailable(lua_State *L)
{
  return luaL_error(L, "%s is not available to a script here: %s",
                    lua_tostring(L, lua_upvalueindex(1)), lua_tostring(L, lua_upvalueindex(2)));
}

/* Pushes the function that says so. */
static void push_unavailable(lua_State *L, const char *table, const char *field, const char *why)
{
  lua_pushfstring(L, "%s%s%s", table, *table == '\0' ? "" : ".", field); // name
  lua_pushstring(L, why);                                                // name why
  lua_pushcclosure(L, unavailable, 2);                                   // function
}

void confine_forbid(lua_State *L, const char *table, const char *field, const char *why)
{
  push_unavailable(L, table, field, why); // table function
  lua_setfield(L, -2, field);             // table
}

/* Takes all from a library but the fields named in `kept`, which ends with NULL: functions say
 * why not, anything else is gone. */
static void forbid_library(lua_State *L, const char *table, const char *why,
                           const char *const *kept)
{
  lua_getglobal(L, table); // library
  for (lua_pushnil(L); lua_next(L, -2) != 0;) {
    const char *field = lua_tostring(L, -2); // library field value
    const char *const *k = kept;
    while (*k != NULL && strcmp(*k, field) != 0)
      k++;
    if (*k == NULL) {
      lua_pushvalue(L, -2); // library field value field
      if (lua_isfunction(L, -2))
        push_unavailable(L, table, field, why);
      else
        lua_pushnil(L);
      lua_rawset(L, -5);
    }
    lua_pop(L, 1); // library field
  }
  lua_pop(L, 1);
}

/* setmetatable, behind it: upvalue 1. */
static int set_metatable(lua_State *L)
{
  if (lua_istable(L, 2)) {
    lua_pushliteral(L, "__gc");
    if (lua_rawget(L, 2) != LUA_TNIL)
      return luaL_error(L, "a finalizer (__gc) is not available to a script here: nothing could "
                           "end it");
    lua_pop(L, 1);
  }
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
  return lua_gettop(L);
}

/* Whether the metatable at the top, of a table, is the host's: a mark, or that of cjson's arrays.
 * Those of the library's Lua, such as of its errors, are compared there. */
static int is_of_host(lua_State *L)
{
  const struct extra *x = extra_of(L);
  const void *address = address_of(L, -1);
  lua_pushliteral(L, "__name");
  const char *name = lua_rawget(L, -2) == LUA_TSTRING ? lua_tostring(L, -1) : "";
  int is_cjson = strncmp(name, "cjson", 5) == 0;
  lua_pop(L, 1);
  return address == x->array_mark.address || address == x->raw_mark.address || is_cjson;
}

/* getmetatable, behind it: upvalue 1. Of what the host made it is the type's name. */
static int get_metatable(lua_State *L)
{
  luaL_checkany(L, 1);
  if (lua_getmetatable(L, 1)) {
    if (lua_isuserdata(L, 1) || is_of_host(L)) {
      lua_getfield(L, -1, "__name");
      return 1;
    }
    lua_pop(L, 1);
  }
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
  return lua_gettop(L);
}

static void wrap_global(lua_State *L, const char *name, lua_CFunction function)
{
  lua_getglobal(L, name);
  lua_pushcclosure(L, function, 1);
  lua_setglobal(L, name);
}

/* One clock is left: table.sort looks at it where it has divided a long table badly, and what it
 * divides by next follows from that, and the order of equal elements. The link has --wrap for clock
 * and time, so its calls land here, as those of everybody else do. */
#ifndef HEARSAY_NO_HASH_PIN

clock_t __real_clock(void);
clock_t __wrap_clock(void);
time_t __real_time(time_t *result);
time_t __wrap_time(time_t *result);

static int runs_confined(void)
{
  lua_State *L = runaway_running();
  return L != NULL && extra_of(L)->is_confined;
}

clock_t __wrap_clock(void)
{
  return runs_confined() ? 0 : __real_clock();
}

time_t __wrap_time(time_t *result)
{
  if (!runs_confined())
    return __real_time(result);
  if (result != NULL)
    *result = 0;
  return 0;
}

#endif

void confine(lua_State *L)
{
  extra_of(L)->is_confined = 1;
  static const char *const none[] = {NULL};
  static const char *const looks[] = {"getinfo", "traceback", NULL};
  static const char no_files[] = "a confined script has no files; node.log writes diagnostics";
  forbid_library(L, "os", "use node.now() for time; there are no processes", none);
  forbid_library(L, "io", no_files, none);
  forbid_library(L, "debug", "it could take away a limit", looks);
  lua_pushglobaltable(L); // globals
  confine_forbid(L, "", "dofile", no_files);
  confine_forbid(L, "", "loadfile", no_files);
  lua_pop(L, 1);
  wrap_global(L, "setmetatable", set_metatable);
  wrap_global(L, "getmetatable", get_metatable);
  lua_getglobal(L, "package"); // package
  lua_pushliteral(L, "");
  lua_setfield(L, -2, "cpath");
  confine_forbid(L, "package", "loadlib", "a confined script loads no C modules");
  confine_forbid(L, "package", "searchpath", no_files);
  lua_pop(L, 1);
  source_confine(L);
}
