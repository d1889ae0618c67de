/*** Append-only logs, one a key, with offsets that may be sparse, and committed offsets; in memory, or
 * in files of the node too.
 *
 *     local log = require "hearsay.log"
 *
 *     local logs = log.new()
 *     local offset = logs:append("k1", 17)                -- 0
 *     return { type = "poll_ok", msgs = { k1 = logs:read("k1", 0, 100) } }
 *
 * Entries are kept as the text that a message has, so that a read copies bytes. `#logs` is the number
 * of entries of all keys.
 *
 * Cost: a key is found in O(1); append is O(1), insert O(log n) and at most a page of 4 KB moved,
 * wherever it goes; an entry takes its text and 2 to 7 bytes. See core/store/log.h.
 * @module hearsay.log */
#include "store/log.h"

#include "bind/bind.h"
#include "bind/log_box.h"
#include "host/allocator.h"
#include "host/durable.h"
#include "host/value.h"

#include <lauxlib.h>

#include <string.h>

#define ENTRIES_TYPE "hearsay.log.entries"

/* What a read returns: entries that stand in a body as the array that they are. */
struct entries {
  struct value_splice splice; /* must be first */
  size_t count;
  size_t length; /* of the array */
  char array[];
};

/* --- arguments ------------------------------------------------------------- */

struct logs *logs_check(lua_State *L)
{
  struct logs *l = bind_check_self(L, LOG_TYPE);
  luaL_argcheck(L, l->log != NULL, 1, "the log was collected as garbage");
  luaL_argcheck(L, !l->is_closed, 1, "the log is closed");
  return l;
}

static struct slice check_key(lua_State *L)
{
  return bind_check_slice(L, 2);
}

static int64_t check_offset(lua_State *L, int argument)
{
  lua_Integer offset = lua_tointeger(L, argument);
  luaL_argcheck(L, lua_isinteger(L, argument) && offset >= 0 && offset <= LOG_OFFSET_MAX, argument,
                "expected an offset: an integer from 0 to 2^63 - 2");
  return offset;
}

/* An integer, or the default where there is none or nil. */
static int64_t check_limit(lua_State *L, int argument, int64_t otherwise, const char *expected)
{
  if (lua_isnoneornil(L, argument))
    return otherwise;
  luaL_argcheck(L, lua_isinteger(L, argument), argument, expected);
  return lua_tointeger(L, argument);
}

/* The canonical text of the value, which lies behind text.length until the next one
 * is encoded. A finalizer that runs meanwhile may encode too, behind what is there. */
static struct slice check_value(lua_State *L, struct logs *l, int argument)
{
  struct error e;
  size_t start = l->text.length;
  luaL_checkany(L, argument);
  if (value_encode(L, argument, VALUE_SORTED_KEYS, &l->text, &e) != 0)
    luaL_argerror(L, argument, lua_pushfstring(L, "cannot be in a log: %s", e.text));
  struct slice text = {l->text.data + start, l->text.length - start};
  l->text.length = start;
  return text;
}

/* --- entries of a log ------------------------------------------------------ */

static int append_entries(const struct value_splice *self, struct bytes *out)
{
  const struct entries *e = (const struct entries *)self;
  return bytes_append(out, e->array, e->length);
}

static int entries_length(lua_State *L)
{
  const struct entries *e = luaL_checkudata(L, 1, ENTRIES_TYPE);
  lua_pushinteger(L, (lua_Integer)e->count);
  return 1;
}

static int entries_text(lua_State *L)
{
  const struct entries *e = luaL_checkudata(L, 1, ENTRIES_TYPE);
  lua_pushlstring(L, e->array, e->length);
  return 1;
}

/* Pushes what the arguments of read ask for, and returns what that is. */
static struct log_range push_entries(lua_State *L)
{
  static const char *const from_text = "expected the offset to read from, an integer from 0";
  static const char *const max_text = "expected how many entries at most, an integer from 0";
  const struct log *l = logs_check(L)->log;
  struct slice key = check_key(L);
  int64_t from = check_limit(L, 3, 0, from_text);
  luaL_argcheck(L, from >= 0, 3, from_text);
  int64_t max = check_limit(L, 4, INT64_MAX, max_text);
  luaL_argcheck(L, max >= 0, 4, max_text);
  int64_t below = check_limit(L, 5, INT64_MAX, "expected the offset to read up to, an integer");
  for (;; lua_pop(L, 1)) {
    size_t total = log_total(l);
    struct log_range range = log_find(l, key, from, below, (size_t)max);
    size_t array_length = range.length + 2;
    struct entries *e = lua_newuserdatauv(L, sizeof *e + array_length, 0);
    if (log_total(l) != total)
      continue; /* a finalizer ran and put something in */
    *e = (struct entries){{append_entries}, range.count, array_length};
    e->array[0] = '[';
    log_copy(&range, e->array + 1);
    e->array[array_length - 1] = ']';
    luaL_setmetatable(L, ENTRIES_TYPE);
    return range;
  }
}

/* --- methods ---------------------------------------------------------------- */

/* A long value's memory is given back, unless a finalizer runs, and another one is in there. */
static void forget_text(struct logs *l)
{
  enum { KEPT_BYTES = 4096 };
  bytes_trim(&l->text, KEPT_BYTES);
}

/* A finalizer may have closed or collected the log when something is tried again. */
static int64_t try_append(lua_State *L)
{
  struct logs *l = logs_check(L);
  struct slice key = check_key(L);
  struct slice value = check_value(L, l, 3);
  int64_t offset =
    l->durable != NULL ? durable_append(l->durable, key, value) : log_append(l->memory, key, value);
  forget_text(l);
  return offset;
}

/*** Puts a value at the next free offset of a key: 0, or one above the highest.
 * @tparam string key
 * @param value anything that JSON can say
 * @treturn[1] integer the offset
 * @treturn[2] nil
 * @treturn[2] string why not: there is no higher offset
 * @raise when JSON cannot say the value */
static int append(lua_State *L)
{
  int64_t offset;
  for (int times = 0; (offset = try_append(L)) == LOG_NO_MEMORY; times++)
    allocator_in_vain(L, times);
  if (offset == LOG_FULL) {
    lua_pushnil(L);
    lua_pushfstring(L, "no offset is left in the log of %s", check_key(L).data);
    return 2;
  }
  lua_pushinteger(L, offset);
  return 1;
}

static int try_insert(lua_State *L)
{
  struct logs *l = logs_check(L);
  struct slice key = check_key(L);
  int64_t offset = check_offset(L, 3);
  struct slice value = check_value(L, l, 4);
  int result = l->durable != NULL ? durable_insert(l->durable, key, offset, value)
                                  : log_insert(l->memory, key, offset, value);
  forget_text(l);
  return result;
}

/*** Puts a value at an offset of a key, in whatever order offsets come.
 * @tparam string key
 * @tparam integer offset from 0
 * @param value anything that JSON can say
 * @treturn[1] boolean true when it is new, false when an equal one was there
 * @treturn[2] nil
 * @treturn[2] string why not: the offset holds another value
 * @raise when JSON cannot say the value */
static int insert(lua_State *L)
{
  int result;
  for (int times = 0; (result = try_insert(L)) == LOG_NO_MEMORY; times++)
    allocator_in_vain(L, times);
  if (result == LOG_CONFLICT) {
    lua_pushnil(L);
    lua_pushfstring(L, "offset %I of %s holds another value", (LUAI_UACINT)check_offset(L, 3),
                    check_key(L).data);
    return 2;
  }
  lua_pushboolean(L, result);
  return 1;
}

/*** Reads entries of a key in the order of their offsets; from below its start, from there on.
 * Costs a copy of their text, which is spliced into the message.
 * @tparam string key
 * @tparam[opt=0] integer from the lowest offset
 * @tparam[opt] integer max how many entries at most
 * @tparam[opt] integer below only entries with lower offsets than this
 * @return an array for a message's body: [[offset, value], ..]
 * @treturn integer how many entries are in it
 * @treturn integer the offset to read from next: behind the last of them, or `from` */
static int read(lua_State *L)
{
  struct log_range range = push_entries(L);
  lua_pushinteger(L, (lua_Integer)range.count);
  lua_pushinteger(L, range.next);
  return 3;
}

/*** The entries as a Lua table. Costs a table an entry.
 * @tparam string key
 * @tparam[opt=0] integer from the lowest offset
 * @tparam[opt] integer max how many entries at most
 * @tparam[opt] integer below only entries with lower offsets than this
 * @treturn {table,...} {offset, value}, .. */
static int entries(lua_State *L)
{
  struct error e;
  (void)push_entries(L);
  const struct entries *text = lua_touserdata(L, -1);
  if (value_decode(L, (struct slice){text->array, text->length}, 0, &e) != 0)
    return luaL_error(L, "%s", e.text);
  return 1;
}

/* Pushes an offset, nil for -1. */
static int push_offset(lua_State *L, int64_t offset)
{
  if (offset < 0)
    lua_pushnil(L);
  else
    lua_pushinteger(L, offset);
  return 1;
}

/*** The highest offset of a key; where none of its entries is kept, the one below its start.
 * @tparam string key
 * @treturn ?integer nil when the key never had entries */
static int last(lua_State *L)
{
  struct logs *l = logs_check(L);
  return push_offset(L, log_last(l->log, check_key(L)));
}

/*** The number of entries of a key that are kept.
 * @tparam string key
 * @treturn integer */
static int count(lua_State *L)
{
  struct logs *l = logs_check(L);
  lua_pushinteger(L, (lua_Integer)log_count(l->log, check_key(L)));
  return 1;
}

static int64_t try_commit(lua_State *L)
{
  struct logs *l = logs_check(L);
  struct slice key = check_key(L);
  int64_t offset = check_offset(L, 3);
  return l->durable != NULL ? durable_commit(l->durable, key, offset)
                            : log_commit(l->memory, key, offset);
}

/*** Raises the committed offset of a key. It never goes back.
 * @tparam string key
 * @tparam integer offset from 0
 * @treturn integer the committed offset now */
static int commit(lua_State *L)
{
  int64_t committed;
  for (int times = 0; (committed = try_commit(L)) == LOG_NO_MEMORY; times++)
    allocator_in_vain(L, times);
  return push_offset(L, committed);
}

/*** The committed offset of a key.
 * @tparam string key
 * @treturn ?integer nil when nothing was committed */
static int committed(lua_State *L)
{
  struct logs *l = logs_check(L);
  return push_offset(L, log_committed(l->log, check_key(L)));
}

static int64_t try_retain(lua_State *L)
{
  struct logs *l = logs_check(L);
  struct slice key = check_key(L);
  int64_t offset = check_offset(L, 3);
  struct log_trimmed trimmed;
  return l->durable != NULL ? durable_retain(l->durable, key, offset)
                            : log_trim(l->memory, key, offset, &trimmed);
}

/*** Keeps the entries of a key from an offset on. Those below it are gone from now on: no read shows
 * them, and one that comes late is not taken. On the disk they go when their segments are
 * compacted; a kill before the next sync may bring them back. The start offset never goes back. It
 * may lie behind the last entry, and then the next append goes there.
 * @tparam string key
 * @tparam integer offset from 0
 * @treturn integer the start offset now */
static int retain(lua_State *L)
{
  int64_t start_offset;
  for (int times = 0; (start_offset = try_retain(L)) == LOG_NO_MEMORY; times++)
    allocator_in_vain(L, times);
  return push_offset(L, start_offset);
}

/*** The start offset of a key: nothing below it is kept.
 * @tparam string key
 * @treturn integer 0 unless it was set by retain */
static int start(lua_State *L)
{
  struct logs *l = logs_check(L);
  return push_offset(L, log_start(l->log, check_key(L)));
}

/*** The keys that have an entry, a committed or a start offset, in byte order.
 * @treturn table array of strings */
static int keys(lua_State *L)
{
  const struct log *l = logs_check(L)->log;
  size_t key_count;
  struct slice *names;
  do { /* until no finalizer ran and put a key in */
    lua_settop(L, 1);
    key_count = log_key_count(l);
    names = lua_newuserdatauv(L, (key_count + 1) * sizeof *names, 0); // logs names
  } while (log_key_count(l) != key_count);
  log_keys(l, names);
  lua_createtable(L, (int)key_count, 0); // logs names keys
  for (size_t i = 0; i < key_count; i++) {
    lua_pushlstring(L, names[i].data, names[i].length);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  value_mark_array(L);
  return 1;
}

static int length(lua_State *L)
{
  lua_pushinteger(L, (lua_Integer)log_total(logs_check(L)->log));
  return 1;
}

static int to_string(lua_State *L)
{
  const struct log *l = logs_check(L)->log;
  lua_pushfstring(L, "log: %I entries of %I keys", (LUAI_UACINT)log_total(l),
                  (LUAI_UACINT)log_key_count(l));
  return 1;
}

/*** Closes the files, without a sync; nothing can be done with the logs any more. A variable with
 * the attribute `<close>` does this too. Memory is given back when they are collected as garbage,
 * since a finalizer may call this while one of the methods is at work. */
static int close_logs(lua_State *L)
{
  struct logs *l = luaL_checkudata(L, 1, LOG_TYPE);
  if (l->durable != NULL)
    durable_close(l->durable);
  l->is_closed = 1;
  return 0;
}

static int collect(lua_State *L)
{
  struct logs *l = luaL_checkudata(L, 1, LOG_TYPE);
  durable_free(l->durable);
  log_free(l->memory);
  bytes_free(&l->text);
  *l = (struct logs){0};
  return 0;
}

struct logs *logs_push(lua_State *L)
{
  allocator_press(L);
  struct logs *l = lua_newuserdatauv(L, sizeof *l, 0);
  *l = (struct logs){0};
  luaL_setmetatable(L, LOG_TYPE);
  return l;
}

/*** New logs, without keys, in memory.
 * @treturn log */
static int new_logs(lua_State *L)
{
  struct logs *l = logs_push(L);
  for (int times = 0; (l->memory = log_new(allocator_budget(L))) == NULL; times++)
    allocator_in_vain(L, times);
  l->log = l->memory;
  return 1;
}

int bind_log(lua_State *L)
{
  static const luaL_Reg methods[] = {
    {"append", append}, {"close", close_logs}, {"commit", commit}, {"committed", committed},
    {"count", count},   {"entries", entries},  {"insert", insert}, {"keys", keys},
    {"last", last},     {"read", read},        {"retain", retain}, {"start", start},
    {NULL, NULL}};
  static const luaL_Reg meta[] = {{"__len", length},
                                  {"__tostring", to_string},
                                  {"__gc", collect},
                                  {"__close", close_logs},
                                  {NULL, NULL}};
  static const luaL_Reg entries_meta[] = {
    {"__len", entries_length}, {"__tostring", entries_text}, {NULL, NULL}};
  static const luaL_Reg functions[] = {{"new", new_logs}, {NULL, NULL}};
  luaL_newmetatable(L, ENTRIES_TYPE); // entries_metatable
  luaL_setfuncs(L, entries_meta, 0);
  lua_pushboolean(L, 1);
  lua_setfield(L, -2, VALUE_SPLICE_FIELD);
  luaL_newmetatable(L, LOG_TYPE); // entries_metatable metatable
  lua_pushvalue(L, -1);
  luaL_setfuncs(L, meta, 1);
  luaL_newlibtable(L, methods); // entries_metatable metatable methods
  lua_pushvalue(L, -2);
  luaL_setfuncs(L, methods, 1);
  lua_pushvalue(L, -2);
  luaL_setfuncs(L, log_file_methods, 1);
  lua_setfield(L, -2, "__index"); // entries_metatable metatable
  luaL_newlib(L, functions);
  luaL_setfuncs(L, log_file_functions, 0);
  return 1;
}
