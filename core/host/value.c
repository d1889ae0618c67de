/* The marks are metatables that the registry keeps, and that are known by their address:
 * scripts cannot replace them. */
#include "host/value.h"

#include "host/address.h"
#include "host/extra.h"

void value_open(lua_State *L)
{
  (void)extra_open(L);
}

void value_mark_array(lua_State *L)
{
  kept_push(L, &extra_of(L)->array_mark);
  lua_setmetatable(L, -2);
}

void value_make_raw(lua_State *L)
{
  lua_createtable(L, 1, 0); // text raw
  lua_insert(L, -2);        // raw text
  lua_rawseti(L, -2, 1);    // raw
  kept_push(L, &extra_of(L)->raw_mark);
  lua_setmetatable(L, -2);
}

int value_is_array(lua_State *L, int index)
{
  if (!lua_istable(L, index) || !lua_getmetatable(L, index))
    return 0;
  int is_array = address_of(L, -1) == extra_of(L)->array_mark.address;
  lua_pop(L, 1);
  return is_array;
}

void value_limit(lua_State *L, size_t most_bytes)
{
  extra_of(L)->most_text = most_bytes;
}
