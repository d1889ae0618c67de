/* Values to text. A table is written by value_plain.c if that can be; anything else, and what is
 * wrong with a table, is a matter of the walk here. It recurses, at most VALUE_MAX_DEPTH deep, which
 * also ends it for a table that contains itself. On the way back out of a failure each level puts
 * its key in front of the message, so that the error names the path: "messages[3].x: cannot encode
 * a function". */
#include "host/value.h"

#include "host/address.h"
#include "host/extra.h"
#include "host/value_plain.h"
#include "wire/json_write.h"

#include <lauxlib.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of a body: with the message's own level, as its receiver counts. */
enum { STACK_PER_LEVEL = 8, BODY_DEPTH = 2 };

struct encoder {
  lua_State *L;
  struct bytes *out;
  struct error *e;
  int flags;
  int depth;
  int fields; /* enum value_fields of the body */
  const struct extra *x;
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

static const char not_utf8[] = "a string that is not valid UTF-8";

static int encode_string(struct encoder *c, struct slice s)
{
  return written(c, json_write_string(c->out, s), not_utf8);
}

/* The elements of an array in which they do not simply follow each other: some are in the
 * table's hash part. */
static int encode_scattered(struct encoder *c, int index)
{
  lua_State *L = c->L;
  lua_Integer length = (lua_Integer)lua_rawlen(L, index);
  const int top = lua_gettop(L);
  for (lua_Integer i = 1; i <= length; i++) {
    if (i > 1 && byte(c, ',') != 0)
      return -1;
    lua_rawgeti(L, index, i); // element
    if (encode(c, top + 1) != 0)
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

/* One walk sees that the keys are 1, 2, 3 and so on and no others, as in all tables that were
 * filled from the front. */
static int encode_array(struct encoder *c, int index)
{
  lua_State *L = c->L;
  if (byte(c, '[') != 0)
    return -1;
  const size_t begin = c->out->length;
  const int key = lua_gettop(L) + 1, value = key + 1;
  lua_Integer i = 0;
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
    i++;
    if (!lua_isinteger(L, key) || lua_tointeger(L, key) != i) {
      lua_settop(L, key - 1);
      c->out->length = begin;
      return encode_scattered(c, index);
    }
    if (encode(c, value) != 0)
      return put_in_front(c, NULL, i);
    if (byte(c, ',') != 0)
      return -1;
  }
  if (i == 0)
    return byte(c, ']');
  c->out->data[c->out->length - 1] = ']'; /* over the last comma */
  return 0;
}

/* Notes the fields of the outermost object that mean something to the host. */
static void note_field(struct encoder *c, const char *key, int value)
{
  const struct extra *x = c->x;
  if (key == x->type.address)
    c->fields |= lua_type(c->L, value) == LUA_TSTRING ? VALUE_TYPE : 0;
  else if (key == x->msg_id.address)
    c->fields |= VALUE_MSG_ID;
  else if (key == x->in_reply_to.address)
    c->fields |= VALUE_IN_REPLY_TO;
}

/* Writes "key":value for the key and value at `index` and behind it. */
static int encode_field(struct encoder *c, int index, int is_first)
{
  if (lua_type(c->L, index) != LUA_TSTRING)
    return fail(c, "object keys must be strings, and arrays must be 1..n without holes");
  struct slice key;
  key.data = lua_tolstring(c->L, index, &key.length);
  if (c->depth == BODY_DEPTH)
    note_field(c, key.data, index + 1);
  if (written(c, json_write_key(c->out, key, is_first), not_utf8) != 0)
    return -1;
  if (encode(c, index + 1) != 0)
    return put_in_front(c, key.data, 0);
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
      return encode_field(c, lua_gettop(L) - 1, 1); /* says what is wrong */
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
    if (encode_field(c, lua_gettop(L) - 1, i == 0) != 0)
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
  const int top = lua_gettop(L);
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1), is_first = 0)
    if (encode_field(c, top + 1, is_first) != 0)
      return -1;
  return 0;
}

static int encode_raw(struct encoder *c, int index)
{
  struct slice text;
  lua_rawgeti(c->L, index, 1); // text
  text.data = lua_tolstring(c->L, -1, &text.length);
  if (text.data == NULL)
    return fail(c, "a json.raw value whose text was taken away");
  int result = bytes_append_slice(c->out, text);
  lua_pop(c->L, 1);
  return result == 0 ? 0 : fail(c, "out of memory");
}

static int encode_table(struct encoder *c, int index)
{
  if (lua_getmetatable(c->L, index)) {
    const void *mark = address_of(c->L, -1);
    lua_pop(c->L, 1);
    if (mark == c->x->array_mark.address)
      return encode_array(c, index);
    if (mark == c->x->raw_mark.address)
      return encode_raw(c, index);
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

static int is_too_long(const struct encoder *c)
{
  return c->out->length > c->x->most_text;
}

static int fail_too_long(struct encoder *c)
{
  char text[96];
  (void)snprintf(text, sizeof text, "longer than %zu bytes (the limit is twice --max-line)",
                 c->x->most_text);
  return fail(c, text);
}

static int encode(struct encoder *c, int index)
{
  lua_State *L = c->L;
  int type = lua_type(L, index);
  if (is_too_long(c))
    return fail_too_long(c);
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
  case LUA_TSTRING: {
    struct slice s;
    s.data = lua_tolstring(L, index, &s.length);
    return encode_string(c, s);
  }
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

static int encode_body(struct encoder *c, int index)
{
  if (!lua_istable(c->L, index) || lua_rawlen(c->L, index) > 0)
    return fail(c, "a body must be a table with string keys");
  if (lua_getmetatable(c->L, index)) {
    const void *mark = address_of(c->L, -1);
    lua_pop(c->L, 1);
    if (mark == c->x->array_mark.address || mark == c->x->raw_mark.address)
      return fail(c, "a body must be a table with string keys");
  }
  c->depth = BODY_DEPTH;
  return encode_fields(c, index);
}

/* Writes a table without the walk. 0: that could not be done, and nothing has been written. */
static int write_plain(struct encoder *c, int index, int is_body)
{
  struct value_plain p = {.out = c->out, .x = c->x, .most = c->x->most_text};
  if (!c->x->layout_is_known || (c->flags & VALUE_SORTED_KEYS) != 0 || !lua_istable(c->L, index))
    return 0;
  const size_t before = c->out->length;
  const void *table = address_of(c->L, index);
  int result = 0;
  if (is_body) {
    p.depth = BODY_DEPTH;
    result = value_plain_write_body(&p, table);
  } else {
    result = value_plain_write(&p, table);
  }
  if (result != 0 || is_too_long(c)) {
    c->out->length = before;
    return 0;
  }
  c->fields = p.fields;
  return 1;
}

/* Encodes a value, or a body's fields; undoes what a walk that failed wrote or pushed. */
static int run(struct encoder *c, int index, int is_body)
{
  lua_State *L = c->L;
  struct error *e = c->e;
  c->x = extra_of(L);
  if (write_plain(c, index, is_body))
    return 0;
  size_t length = c->out->length;
  int top = lua_gettop(L);
  if (!lua_checkstack(L, STACK_PER_LEVEL))
    return error_set(e, "out of stack");
  index = lua_absindex(L, index);
  int result = is_body ? encode_body(c, index) : encode(c, index);
  if (result == 0 && is_too_long(c))
    result = fail_too_long(c);
  if (result != 0) {
    c->out->length = length;
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
  struct encoder c = {.L = L, .out = out, .e = e, .flags = flags};
  return run(&c, index, 0);
}

/* The walk makes nothing in Lua, so no finalizer runs that might encode too. */
int value_push_text(lua_State *L, int index, struct error *e)
{
  enum { KEPT_BYTES = 64 * 1024 };
  struct bytes *text = &extra_of(L)->text;
  text->length = 0;
  bytes_trim(text, KEPT_BYTES);
  if (value_encode(L, index, 0, text, e) != 0)
    return -1;
  lua_pushlstring(L, text->data, text->length);
  return 0;
}

int value_encode_fields(lua_State *L, int index, struct bytes *out, int *found, struct error *e)
{
  struct encoder c = {.L = L, .out = out, .e = e};
  int result = run(&c, index, 1);
  *found = c.fields;
  return result;
}
