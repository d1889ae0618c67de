#include "host/extra.h"

#include "host/address.h"
#include "host/layout.h"

#include <lauxlib.h>

#include <stdint.h>
#include <stdlib.h>

static const char extra_key = 'x';

static int extra_gc(lua_State *L)
{
  struct extra *x = lua_touserdata(L, 1);
  free(x->root);
  bytes_free(&x->scratch);
  bytes_free(&x->text);
  return 0;
}

/* Keeps the value at the top, and pops it. */
static struct kept keep(lua_State *L)
{
  const void *address =
    lua_type(L, -1) == LUA_TSTRING ? (const void *)lua_tostring(L, -1) : address_of(L, -1);
  return (struct kept){luaL_ref(L, LUA_REGISTRYINDEX), address};
}

static struct kept keep_string(lua_State *L, const char *text)
{
  lua_pushstring(L, text);
  return keep(L);
}

static struct kept keep_mark(lua_State *L, const char *name)
{
  lua_createtable(L, 0, 1);      // mark
  lua_pushstring(L, name);       // mark name
  lua_setfield(L, -2, "__name"); // mark
  return keep(L);
}

struct extra *extra_open(lua_State *L)
{
  struct extra *x = lua_newuserdatauv(L, sizeof *x, 0); // extra
  memset(x, 0, sizeof *x);
  lua_createtable(L, 0, 1);       // extra metatable
  lua_pushcfunction(L, extra_gc); // extra metatable gc
  lua_setfield(L, -2, "__gc");    // extra metatable
  lua_setmetatable(L, -2);        // extra
  lua_rawsetp(L, LUA_REGISTRYINDEX, &extra_key);
  memcpy(lua_getextraspace(L), &x, sizeof x);
  x->layout_is_known = layout_is_known();
  x->most_text = SIZE_MAX;
  names_open(&x->names, L);
  shapes_open(&x->shapes, L);
  x->array_mark = keep_mark(L, "hearsay.array");
  x->raw_mark = keep_mark(L, "hearsay.raw");
  x->type = keep_string(L, "type");
  x->msg_id = keep_string(L, "msg_id");
  x->in_reply_to = keep_string(L, "in_reply_to");
  x->src = keep_string(L, "src");
  x->dest = keep_string(L, "dest");
  x->body = keep_string(L, "body");
  return x;
}
