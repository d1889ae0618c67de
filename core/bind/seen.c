/*** A set of JSON values, which only grows, in the order in which they came.
 *
 *     local seen = require "hearsay.seen"
 *
 *     local values = seen.new()
 *     if values:add(msg.body.message) then .. end    -- true when it is new
 *     return { type = "read_ok", messages = values } -- a set in a body is an array
 *
 * It keeps its values as JSON text, so that a body that has the set, or what came `since` a version,
 * is written by copying bytes. As in JSON, 1, 1.0 and "1" are three values, and two objects are equal
 * when they have the same keys and values. `#values` is how many there are.
 *
 * Cost: add and has are O(1); a value takes its text and 12 to 22 bytes. See core/store/seen.h.
 * @module hearsay.seen */
#include "store/seen.h"

#include "bind/bind.h"
#include "host/allocator.h"
#include "host/value.h"

#include <lauxlib.h>

#include <string.h>

#define SEEN_TYPE "hearsay.seen"

struct set {
  struct value_splice splice; /* must be first: the set can stand in a body */
  struct seen *seen;
  struct bytes text; /* of a value that is no integer */
};

static struct set *check(lua_State *L)
{
  return bind_check_self(L, SEEN_TYPE);
}

static int append_array(const struct value_splice *self, struct bytes *out)
{
  const struct set *s = (const struct set *)self;
  if (bytes_append_byte(out, '[') != 0 || bytes_append_slice(out, seen_text(s->seen)) != 0)
    return -1;
  return bytes_append_byte(out, ']');
}

/* The canonical text of the value at `index`. Raises when it has none. */
static struct slice text_of(lua_State *L, struct set *s, int index)
{
  struct error e;
  s->text.length = 0;
  if (value_encode(L, index, VALUE_SORTED_KEYS, &s->text, &e) != 0)
    luaL_error(L, "cannot be in the set: %s", e.text);
  return bytes_slice(&s->text);
}

/* A long value's memory is given back. */
static void forget_text(struct set *s)
{
  enum { KEPT_BYTES = 4096 };
  s->text.length = 0;
  bytes_trim(&s->text, KEPT_BYTES);
}

static int add_text(lua_State *L, struct set *s, int index)
{
  int result = seen_add_text(s->seen, text_of(L, s, index));
  forget_text(s);
  return result;
}

static int add_value(lua_State *L, struct set *s, int index)
{
  for (int times = 0;; times++) {
    int result = lua_isinteger(L, index) ? seen_add_int(s->seen, lua_tointeger(L, index))
                                         : add_text(L, s, index);
    if (result >= 0)
      return result;
    allocator_in_vain(L, times);
  }
}

/* Pushes comma-separated text as an array that is spliced as it is. */
static void push_array(lua_State *L, struct slice values)
{
  luaL_Buffer b;
  char *p = luaL_buffinitsize(L, &b, values.length + 2);
  p[0] = '[';
  memcpy(p + 1, values.length == 0 ? "" : values.data, values.length);
  p[values.length + 1] = ']';
  luaL_pushresultsize(&b, values.length + 2);
  value_make_raw(L);
}

/*** Adds a value. O(1).
 * @param value anything that JSON can say
 * @treturn boolean true when it is new
 * @raise when JSON cannot say it */
static int add(lua_State *L)
{
  struct set *s = check(L);
  luaL_checkany(L, 2);
  lua_pushboolean(L, add_value(L, s, 2));
  return 1;
}

/*** Adds the elements of an array. O(length).
 * @tparam table array
 * @treturn integer how many were new */
static int merge(lua_State *L)
{
  struct set *s = check(L);
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_Integer count = 0;
  for (lua_Integer i = 1; lua_rawgeti(L, 2, i) != LUA_TNIL; i++) {
    count += add_value(L, s, -1);
    lua_pop(L, 1);
  }
  lua_pushinteger(L, count);
  return 1;
}

static int has_text(lua_State *L, struct set *s, int index)
{
  int result = seen_has_text(s->seen, text_of(L, s, index));
  forget_text(s);
  return result;
}

/*** Whether a value is in the set. O(1).
 * @param value
 * @treturn boolean */
static int has(lua_State *L)
{
  struct set *s = check(L);
  luaL_checkany(L, 2);
  lua_pushboolean(L, lua_isinteger(L, 2) ? seen_has_int(s->seen, lua_tointeger(L, 2))
                                         : has_text(L, s, 2));
  return 1;
}

static int length(lua_State *L)
{
  lua_pushinteger(L, (lua_Integer)seen_count(check(L)->seen));
  return 1;
}

/*** The version: it goes up by one with each new value.
 * @treturn integer */
static int version(lua_State *L)
{
  lua_pushinteger(L, (lua_Integer)seen_version(check(L)->seen));
  return 1;
}

static size_t check_version(lua_State *L, int argument)
{
  lua_Integer version = luaL_optinteger(L, argument, 0);
  luaL_argcheck(L, version >= 0, argument, "expected a version, from 0");
  return (size_t)version;
}

/*** What was added after a version. O(1) but for copying the text.
 * @tparam[opt=0] integer version 0 for all
 * @return an array for a message's body
 * @treturn integer how many values are in it */
static int since(lua_State *L)
{
  struct set *s = check(L);
  size_t from = check_version(L, 2), newest = seen_version(s->seen);
  push_array(L, seen_since(s->seen, from));
  lua_pushinteger(L, from < newest ? (lua_Integer)(newest - from) : 0);
  return 2;
}

/*** The values as a Lua table, in the order in which they were added.
 * @tparam[opt=0] integer version only those that were added after it
 * @treturn table array */
static int values(lua_State *L)
{
  struct set *s = check(L);
  struct error e;
  push_array(L, seen_since(s->seen, check_version(L, 2))); // raw
  lua_rawgeti(L, -1, 1);                                   // raw text
  if (value_decode(L, bind_check_slice(L, lua_gettop(L)), 0, &e) != 0)
    return luaL_error(L, "%s", e.text);
  return 1;
}

static size_t check_buckets(lua_State *L, lua_Integer count, int argument)
{
  luaL_argcheck(L, count > 0 && seen_bucket_count_valid((size_t)count), argument,
                "expected a power of two, from 1 to 256");
  return (size_t)count;
}

/*** Numbers that are equal for equal sets, one for each bucket of values: two nodes that compare them
 * know in which buckets they differ. O(buckets).
 * @tparam[opt=64] integer buckets a power of two up to 256
 * @treturn table array of integers */
static int digest(lua_State *L)
{
  struct set *s = check(L);
  size_t count = check_buckets(L, luaL_optinteger(L, 2, 64), 2);
  uint64_t sums[SEEN_BUCKETS];
  seen_digest(s->seen, count, sums);
  lua_createtable(L, (int)count, 0);
  for (size_t i = 0; i < count; i++) {
    lua_pushinteger(L, (lua_Integer)sums[i]);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  value_mark_array(L);
  return 1;
}

/*** What this set has in the buckets in which another set differs.
 * O(1) when there is none, else O(number of values).
 * @tparam table digest of the other set, with as many buckets as it likes
 * @return an array for a message's body
 * @treturn integer how many values are in it */
static int difference(lua_State *L)
{
  struct set *s = check(L);
  luaL_checktype(L, 2, LUA_TTABLE);
  size_t buckets = check_buckets(L, (lua_Integer)lua_rawlen(L, 2), 2);
  uint64_t theirs[SEEN_BUCKETS];
  size_t count = 0;
  for (size_t i = 0; i < buckets; i++) {
    lua_rawgeti(L, 2, (lua_Integer)i + 1);
    luaL_argcheck(L, lua_isinteger(L, -1), 2, "expected an array of integers");
    theirs[i] = (uint64_t)lua_tointeger(L, -1);
    lua_pop(L, 1);
  }
  s->text.length = 0;
  for (int times = 0; seen_difference(s->seen, buckets, theirs, &s->text, &count) != 0; times++)
    allocator_in_vain(L, times);
  push_array(L, bytes_slice(&s->text));
  forget_text(s);
  lua_pushinteger(L, (lua_Integer)count);
  return 2;
}

static int to_string(lua_State *L)
{
  lua_pushfstring(L, "seen: %I values", (LUAI_UACINT)seen_count(check(L)->seen));
  return 1;
}

static int collect(lua_State *L)
{
  struct set *s = check(L);
  seen_free(s->seen);
  s->seen = NULL;
  bytes_free(&s->text);
  lua_pushnil(L); /* a finalizer of the script's may still have it: it is no set any more */
  lua_setmetatable(L, 1);
  return 0;
}

/*** A new, empty set: 2.5 KB.
 * @treturn seen */
static int new_set(lua_State *L)
{
  allocator_press(L);
  struct set *s = lua_newuserdatauv(L, sizeof *s, 0);
  *s = (struct set){.splice = {append_array}};
  luaL_setmetatable(L, SEEN_TYPE);
  for (int times = 0; (s->seen = seen_new(allocator_budget(L))) == NULL; times++)
    allocator_in_vain(L, times);
  return 1;
}

int bind_seen(lua_State *L)
{
  static const luaL_Reg methods[] = {
    {"add", add},       {"difference", difference}, {"digest", digest},
    {"has", has},       {"merge", merge},           {"since", since},
    {"values", values}, {"version", version},       {NULL, NULL}};
  static const luaL_Reg meta[] = {
    {"__len", length}, {"__tostring", to_string}, {"__gc", collect}, {NULL, NULL}};
  static const luaL_Reg functions[] = {{"new", new_set}, {NULL, NULL}};
  luaL_newmetatable(L, SEEN_TYPE); // metatable
  lua_pushvalue(L, -1);
  luaL_setfuncs(L, meta, 1);
  luaL_newlibtable(L, methods); // metatable methods
  lua_pushvalue(L, -2);
  luaL_setfuncs(L, methods, 1);
  lua_setfield(L, -2, "__index"); // metatable
  lua_pushboolean(L, 1);
  lua_setfield(L, -2, VALUE_SPLICE_FIELD);
  luaL_newlib(L, functions);
  return 1;
}
