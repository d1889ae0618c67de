/* Values to text. The walk recurses, at most VALUE_MAX_DEPTH deep, which also
 * ends it for a table that contains itself. On the way back out of a failure
 * each level puts its key in front of the message, so that the error names the
 * path: "messages[3].x: cannot encode a function". */
#include "host/value.h"

#include "host/value_marks.h"
#include "wire/json_write.h"

#include <lauxlib.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STACK_PER_LEVEL = 8 };

struct encoder {
  lua_State *L;
  struct bytes *out;
  struct error *e;
  int flags;
  int depth;
  size_t reason_length; /* of what is wrong, which stands at the end of the text */
};

static int encode(struct encoder *c, int index);

static int fail(struct encoder *c, const char *text)
{
  (void)error_set(c->e, ": %s", text);
  c->reason_length = c->e == NULL ? 0 : strlen(c->e->text);
  return -1;
}

/* Puts one step of the path in front of the message: ".name", or "[i]" without one. Where the text
 * gets too long it is the path that loses its end, not the reason, which begins with ": ". */
static int put_in_front(struct encoder *c, const char *name, lua_Integer i)
{
  if (c->e == NULL)
    return -1;
  char step[64];
  if (name != NULL)
    (void)snprintf(step, sizeof step, ".%s", name);
  else
    (void)snprintf(step, sizeof step, "[%lld]", (long long)i);
  char *text = c->e->text;
  size_t length = strlen(step), path = strlen(text) - c->reason_length;
  size_t room = sizeof c->e->text - 1 - length - c->reason_length;
  size_t kept = path < room ? path : room;
  memmove(text + length + kept, text + path, c->reason_length + 1);
  memmove(text + length, text, kept);
  memcpy(text, step, length);
  return -1;
}

static int byte(struct encoder *c, char b)
{
  return bytes_append_byte(c->out, b) == 0 ? 0 : fail(c, "out of memory");
}

/* Turns the result of a json_write function into ours. */
static int written(struct encoder *c, int result, const char *why)
{
  if (result == 0)
    return 0;
  return fail(c, result == JSON_UNENCODABLE ? why : "out of memory");
}

static int encode_string(struct encoder *c, int index)
{
  struct slice s;
  s.data = lua_tolstring(c->L, index, &s.length);
  return written(c, json_write_string(c->out, s), "a string that is not valid UTF-8");
}

static int encode_array(struct encoder *c, int index)
{
  lua_State *L = c->L;
  lua_Integer length = (lua_Integer)lua_rawlen(L, index);
  if (byte(c, '[') != 0)
    return -1;
  for (lua_Integer i = 1; i <= length; i++) {
    if (i > 1 && byte(c, ',') != 0)
      return -1;
    lua_rawgeti(L, index, i); // element
    if (encode(c, lua_gettop(L)) != 0)
      return put_in_front(c, NULL, i);
    lua_pop(L, 1);
  }
  /* All of 1..length are there; whatever else the table has would be lost. */
  lua_Integer count = 0;
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1))
    count++;
  if (count != length)
    return fail(c, "an array that also has other keys, or holes (nil)");
  return byte(c, ']');
}

/* Writes "key":value for the key and value at the top two stack slots. */
static int encode_field(struct encoder *c, int is_first)
{
  int top = lua_gettop(c->L);
  if (!is_first && byte(c, ',') != 0)
    return -1;
  if (lua_type(c->L, top - 1) != LUA_TSTRING)
    return fail(c, "object keys must be strings, and arrays must be 1..n without holes");
  if (encode_string(c, top - 1) != 0 || byte(c, ':') != 0)
    return -1;
  if (encode(c, top) != 0)
    return put_in_front(c, lua_tostring(c->L, top - 1), 0);
  return 0;
}

/* The fields in byte order of their keys. The keys stay alive in the table, so
 * slices of them may be sorted; the array of slices is a userdata, so that
 * nothing leaks when Lua raises. */
static int encode_sorted_fields(struct encoder *c, int index)
{
  lua_State *L = c->L;
  size_t count = 0;
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
    if (lua_type(L, -2) != LUA_TSTRING)
      return encode_field(c, 1); /* says what is wrong */
    count++;
  }
  struct slice *keys = lua_newuserdatauv(L, (count + 1) * sizeof *keys, 0); // keys
  size_t i = 0;
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1), i++)
    keys[i].data = lua_tolstring(L, -2, &keys[i].length);
  qsort(keys, count, sizeof *keys, slice_compare);
  for (i = 0; i < count; i++) {
    lua_pushlstring(L, keys[i].data, keys[i].length); // keys key
    lua_pushvalue(L, -1);                             // keys key key
    lua_rawget(L, index);                             // keys key value
    if (encode_field(c, i == 0) != 0)
      return -1;
    lua_pop(L, 2);
  }
  lua_pop(L, 1);
  return 0;
}

static int encode_fields(struct encoder *c, int index)
{
  lua_State *L = c->L;
  if (c->flags & VALUE_SORTED_KEYS)
    return encode_sorted_fields(c, index);
  int is_first = 1;
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1), is_first = 0)
    if (encode_field(c, is_first) != 0)
      return -1;
  return 0;
}

static int encode_table(struct encoder *c, int index)
{
  switch (value_mark_of(c->L, index)) {
  case VALUE_ARRAY:
    return encode_array(c, index);
  case VALUE_RAW: {
    lua_rawgeti(c->L, index, 1); // text
    struct slice text;
    text.data = lua_tolstring(c->L, -1, &text.length);
    if (text.data == NULL)
      return fail(c, "a json.raw value whose text was taken away");
    int result = bytes_append_slice(c->out, text);
    lua_pop(c->L, 1);
    return result == 0 ? 0 : fail(c, "out of memory");
  }
  case VALUE_UNMARKED:
    break;
  }
  if (lua_rawlen(c->L, index) > 0)
    return encode_array(c, index);
  if (byte(c, '{') != 0 || encode_fields(c, index) != 0)
    return -1;
  return byte(c, '}');
}

static int encode_userdata(struct encoder *c, int index)
{
  if (luaL_getmetafield(c->L, index, VALUE_SPLICE_FIELD) == LUA_TNIL)
    return fail(c, "cannot encode this userdata");
  lua_pop(c->L, 1);
  const struct value_splice *splice = lua_touserdata(c->L, index);
  return splice->append(splice, c->out) == 0 ? 0 : fail(c, "out of memory");
}

static int encode(struct encoder *c, int index)
{
  lua_State *L = c->L;
  int type = lua_type(L, index);
  switch (type) {
  case LUA_TBOOLEAN: {
    struct slice word = lua_toboolean(L, index) ? SLICE("true") : SLICE("false");
    return bytes_append_slice(c->out, word) == 0 ? 0 : fail(c, "out of memory");
  }
  case LUA_TNUMBER:
    if (lua_isinteger(L, index))
      return written(c, json_write_int(c->out, lua_tointeger(L, index)), "");
    return written(c, json_write_double(c->out, lua_tonumber(L, index)),
                   "JSON has no number for infinity or nan");
  case LUA_TSTRING:
    return encode_string(c, index);
  case LUA_TLIGHTUSERDATA:
    if (lua_touserdata(L, index) == NULL)
      return bytes_append(c->out, "null", 4) == 0 ? 0 : fail(c, "out of memory");
    break;
  case LUA_TUSERDATA:
    return encode_userdata(c, index);
  case LUA_TTABLE: {
    if (c->depth == VALUE_MAX_DEPTH)
      return fail(c, "nested too deeply (does a table contain itself?)");
    if (!lua_checkstack(L, STACK_PER_LEVEL))
      return fail(c, "out of stack");
    c->depth++;
    int result = encode_table(c, index);
    c->depth--;
    return result;
  }
  default:
    break;
  }
  char text[64];
  (void)snprintf(text, sizeof text, "cannot encode a %s", lua_typename(L, type));
  return fail(c, text);
}

/* Runs one of the walks; undoes what a failed one wrote or pushed. */
static int run(lua_State *L, int index, int flags, struct bytes *out, struct error *e,
               int (*walk)(struct encoder *, int))
{
  struct encoder c = {.L = L, .out = out, .e = e, .flags = flags};
  size_t length = out->length;
  int top = lua_gettop(L);
  if (!lua_checkstack(L, STACK_PER_LEVEL))
    return error_set(e, "out of stack");
  int result = walk(&c, lua_absindex(L, index));
  if (result != 0) {
    out->length = length;
    lua_settop(L, top);
    /* A path starts with the dot of a field, a bare message with ": ". */
    if (e != NULL && (e->text[0] == '.' || e->text[0] == ':')) {
      size_t skip = e->text[0] == ':' ? 2 : 1;
      memmove(e->text, e->text + skip, strlen(e->text + skip) + 1);
    }
  }
  return result;
}

int value_encode(lua_State *L, int index, int flags, struct bytes *out, struct error *e)
{
  return run(L, index, flags, out, e, encode);
}

static int encode_object_fields(struct encoder *c, int index)
{
  if (!lua_istable(c->L, index) || value_mark_of(c->L, index) != VALUE_UNMARKED ||
      lua_rawlen(c->L, index) > 0)
    return fail(c, "a body must be a table with string keys");
  c->depth = 2; /* the message's and the body's own: whoever receives it has the same limit */
  return encode_fields(c, index);
}

int value_encode_fields(lua_State *L, int index, struct bytes *out, struct error *e)
{
  return run(L, index, 0, out, e, encode_object_fields);
}
