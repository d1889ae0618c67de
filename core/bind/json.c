/*** JSON as messages have it.
 *
 *     local json = require "hearsay.json"
 *
 *     json.encode({ msgs = {}, keys = json.array() })  -- {"msgs":{},"keys":[]}
 *
 * Message bodies are encoded and decoded by the host in the same way, so scripts need this module for
 * `null`, for empty arrays, and for text of their own. Integers are 64-bit integers, floats keep their
 * value and stay floats, an array that was decoded stays an array when it is empty, and null is
 * `json.null`, so that a key with null is there. What is not JSON, nested more than 128 deep, or
 * not UTF-8, is refused with the position of the byte.
 * @module hearsay.json */
#include "bind/bind.h"
#include "host/value.h"
#include "wire/json_read.h"

#include <lauxlib.h>

#include <string.h>

/* Pushes the text with object keys in byte order. */
static int push_canonical(lua_State *L, int index, struct error *e)
{
  struct bytes *out = bind_push_buffer(L);
  if (value_encode(L, index, VALUE_SORTED_KEYS, out, e) != 0)
    return -1;
  lua_pushlstring(L, out->data, out->length);
  bytes_free(out);
  return 0;
}

/*** The JSON text of a value. A table with 1..n is an array, any other an object; an empty one is an
 * object unless it has the array mark.
 * @param value
 * @tparam[opt=false] boolean canonical object keys in byte order
 * @treturn string
 * @raise when there is none, with the path to what has none */
static int encode(lua_State *L)
{
  luaL_checkany(L, 1);
  struct error e;
  int result = lua_toboolean(L, 2) ? push_canonical(L, 1, &e) : value_push_text(L, 1, &e);
  if (result != 0)
    return luaL_error(L, "%s", e.text);
  return 1;
}

/*** The value of a JSON text.
 * @tparam string text
 * @tparam[opt=false] boolean unique_keys a key twice in one object is an error; else
 *   the last one wins
 * @return the value; or nil and a message with the byte position, from 0 */
static int decode(lua_State *L)
{
  struct slice text = bind_check_slice(L, 1);
  int flags = lua_toboolean(L, 2) ? VALUE_UNIQUE_KEYS : 0;
  struct error e;
  if (value_decode(L, text, flags, &e) == 0)
    return 1;
  lua_pushnil(L);
  lua_pushstring(L, e.text);
  return 2;
}

/*** Marks a table as an array, so that it is one even when empty.
 * @tparam[opt={}] table t 1..n without holes
 * @treturn table t itself */
static int array(lua_State *L)
{
  if (lua_isnoneornil(L, 1)) {
    lua_settop(L, 0);
    lua_newtable(L);
  }
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  value_mark_array(L);
  return 1;
}

/*** Whether a value is a table with the array mark, as decoded arrays are.
 * @param value
 * @treturn boolean */
static int is_array(lua_State *L)
{
  lua_pushboolean(L, value_is_array(L, 1));
  return 1;
}

/*** A value that is encoded as just this text, which is copied.
 * @tparam string text valid JSON without a newline
 * @treturn table
 * @raise when it is not */
static int raw(lua_State *L)
{
  struct slice text = bind_check_slice(L, 1);
  size_t position;
  const char *why;
  if (json_validate(text, VALUE_MAX_DEPTH, &position, &why) != 0)
    return luaL_error(L, "json.raw: not JSON: byte %d: %s", (int)position, why);
  if (memchr(text.data, '\n', text.length) != NULL)
    return luaL_error(L, "json.raw: a message is one line, so its text may have no newline");
  lua_settop(L, 1);
  value_make_raw(L);
  return 1;
}

/*** Null, as it stands in messages.
 * @tfield userdata null equal only to itself */
int bind_json(lua_State *L)
{
  static const luaL_Reg functions[] = {{"array", array},   {"decode", decode},
                                       {"encode", encode}, {"is_array", is_array},
                                       {"raw", raw},       {NULL, NULL}};
  luaL_newlib(L, functions);
  lua_pushlightuserdata(L, NULL);
  lua_setfield(L, -2, "null");
  return 1;
}
