/* Lua has luaL_tolstring and string.format ask lua_topointer, and nothing else of it does. The link
 * has --wrap for that and for luaL_setfuncs, so calls from other objects than those with the real
 * ones land here. */
#include "host/address.h"

#include "base/arena.h"
#include "host/allocator.h"

#include <lauxlib.h>

#include <stdint.h>

#ifdef HEARSAY_NO_HASH_PIN

const void *address_of(lua_State *L, int index)
{
  return lua_topointer(L, index);
}

#else

const void *__real_lua_topointer(lua_State *L, int index);
const void *__wrap_lua_topointer(lua_State *L, int index);
void __real_luaL_setfuncs(lua_State *L, const luaL_Reg *functions, int upvalues);
void __wrap_luaL_setfuncs(lua_State *L, const luaL_Reg *functions, int upvalues);

const void *address_of(lua_State *L, int index)
{
  return __real_lua_topointer(L, index);
}

const void *__wrap_lua_topointer(lua_State *L, int index)
{
  const void *address = __real_lua_topointer(L, index);
  const struct arena *arena = allocator_arena(L);
  return arena == NULL ? address : (const void *)(uintptr_t)arena_offset(arena, address);
}

void __wrap_luaL_setfuncs(lua_State *L, const luaL_Reg *functions, int upvalues)
{
  if (upvalues == 0 && allocator_arena(L) != NULL) {
    lua_pushnil(L);
    upvalues = 1;
  }
  __real_luaL_setfuncs(L, functions, upvalues);
}

#endif
