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
#include "host/allocator.h"
#include "host/durable.h"
#include "host/node.h"
#include "host/task.h"
#include "host/value.h"

#include <lauxlib.h>

#include <string.h>

#define LOG_TYPE "hearsay.log"
#define ENTRIES_TYPE "hearsay.log.entries"

/* What log.new and log.open return. */
struct logs {
  const struct log *log;   /* to read; NULL when it was collected */
  struct log *memory;      /* of log.new: the same */
  struct durable *durable; /* of log.open: it has them */
  int is_closed;
  struct bytes text; /* of values that are being encoded: as deep as finalizers run */
};

/* What a read returns: entries that stand in a body as the array that they are. */
struct entries {
  struct value_splice splice; /* must be first */
  size_t count;
  size_t length; /* of the array */
  char array[];
};

/* --- arguments ------------------------------------------------------------- */

static struct logs *check(lua_State *L)
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
  const struct log *l = check(L)->log;
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
  struct logs *l = check(L);
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
  struct logs *l = check(L);
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
  struct logs *l = check(L);
  return push_offset(L, log_last(l->log, check_key(L)));
}

/*** The number of entries of a key that are kept.
 * @tparam string key
 * @treturn integer */
static int count(lua_State *L)
{
  struct logs *l = check(L);
  lua_pushinteger(L, (lua_Integer)log_count(l->log, check_key(L)));
  return 1;
}

static int64_t try_commit(lua_State *L)
{
  struct logs *l = check(L);
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
  struct logs *l = check(L);
  return push_offset(L, log_committed(l->log, check_key(L)));
}

static int64_t try_retain(lua_State *L)
{
  struct logs *l = check(L);
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
  struct logs *l = check(L);
  return push_offset(L, log_start(l->log, check_key(L)));
}

/*** The keys that have an entry, a committed or a start offset, in byte order.
 * @treturn table array of strings */
static int keys(lua_State *L)
{
  const struct log *l = check(L)->log;
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
  lua_pushinteger(L, (lua_Integer)log_total(check(L)->log));
  return 1;
}

static int to_string(lua_State *L)
{
  const struct log *l = check(L)->log;
  lua_pushfstring(L, "log: %I entries of %I keys", (LUAI_UACINT)log_total(l),
                  (LUAI_UACINT)log_key_count(l));
  return 1;
}

/* --- files ------------------------------------------------------------------ */

/* Pushes how a sync ended. */
static int push_synced(lua_State *L, int result, const char *why)
{
  if (result == 1) {
    lua_pushboolean(L, 1);
    return 1;
  }
  lua_pushnil(L);
  lua_pushstring(L, why);
  return 2;
}

static int end_sync(lua_State *L, int status, lua_KContext ticket)
{
  struct error e;
  const struct logs *l = luaL_checkudata(L, 1, LOG_TYPE);
  (void)status;
  return push_synced(L, durable_is_synced(l->durable, (uint64_t)ticket, &e), e.text);
}

/*** Waits until all changes so far are durable: a kill does not undo them. All who wait at a time
 * share one sync of the disk. Does not wait where nothing has changed since the last one, nor for
 * logs in memory.
 * @treturn[1] boolean true
 * @treturn[2] nil
 * @treturn[2] string what is wrong with the disk. After a sync that failed, all that follow fail; after
 *   a write that failed, because the disk is full, the next one tries again
 * @raise where one cannot wait: in the main part, in a coroutine of the script's own */
static int sync_log(lua_State *L)
{
  struct logs *l = check(L);
  struct error e;
  uint64_t ticket;
  if (l->durable == NULL)
    return push_synced(L, 1, NULL);
  struct task *t = task_that_may_wait(node_of(L), L, "log:sync");
  int result = durable_sync(l->durable, t, &ticket, &e);
  return result != 0 ? push_synced(L, result, e.text)
                     : lua_yieldk(L, 0, (lua_KContext)ticket, end_sync);
}

static int end_compact(lua_State *L, int status, lua_KContext ticket)
{
  struct error e;
  const struct logs *l = luaL_checkudata(L, 1, LOG_TYPE);
  (void)status;
  return push_synced(L, durable_is_compacted(l->durable, (uint64_t)ticket, &e), e.text);
}

/*** Rewrites the segments that are sealed and synced without what was given up: entries that are not
 * retained, and committed and start offsets that were raised later. Waits until that is done, in
 * small steps between which the node goes on. It also happens by itself, when that may give
 * half of their space back. Nothing is done where there are none, or for logs in memory.
 * @treturn[1] boolean true
 * @treturn[2] nil
 * @treturn[2] string what went wrong. The log is then as it was, and goes on, unless it is the disk
 *   that has failed: then syncs fail too
 * @raise where one cannot wait: in the main part, in a coroutine of the script's own */
static int compact(lua_State *L)
{
  struct logs *l = check(L);
  struct error e;
  uint64_t ticket;
  if (l->durable == NULL)
    return push_synced(L, 1, NULL);
  struct task *t = task_that_may_wait(node_of(L), L, "log:compact");
  int result = durable_compact(l->durable, t, &ticket, &e);
  return result != 0 ? push_synced(L, result, e.text)
                     : lua_yieldk(L, 0, (lua_KContext)ticket, end_compact);
}

/*** What the log takes on the disk.
 * @treturn integer bytes; 0 for logs in memory
 * @treturn integer segments */
static int size(lua_State *L)
{
  const struct logs *l = check(L);
  struct durable_size taken = {0};
  if (l->durable != NULL)
    taken = durable_size(l->durable);
  lua_pushinteger(L, (lua_Integer)taken.bytes);
  lua_pushinteger(L, (lua_Integer)taken.segments);
  return 2;
}

/*** What log.open has found in the files.
 * @treturn table {records (changes that were read back), cut_bytes (left by a write that did not
 *   get to its end; they were cut off)} */
static int recovered(lua_State *L)
{
  const struct logs *l = check(L);
  struct durable_found found = {0};
  if (l->durable != NULL)
    found = durable_found(l->durable);
  lua_createtable(L, 0, 2);
  lua_pushinteger(L, (lua_Integer)found.records);
  lua_setfield(L, -2, "records");
  lua_pushinteger(L, (lua_Integer)found.cut_bytes);
  lua_setfield(L, -2, "cut_bytes");
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

static struct logs *push_logs(lua_State *L)
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
  struct logs *l = push_logs(L);
  for (int times = 0; (l->memory = log_new(allocator_budget(L))) == NULL; times++)
    allocator_in_vain(L, times);
  l->log = l->memory;
  return 1;
}

static struct slice check_name(lua_State *L)
{
  enum { NAME_MAX_BYTES = 200 };
  static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
  struct slice name = bind_check_slice(L, 1);
  luaL_argcheck(L,
                name.length > 0 && name.length <= NAME_MAX_BYTES &&
                  strspn(name.data, plain) == name.length && strchr(".-", name.data[0]) == NULL,
                1,
                "expected the name of a file: up to 200 letters, digits, '_', '.' and '-', and "
                "neither '.' nor '-' in front");
  return name;
}

/* The length of a segment that the options at `index` ask for. */
static uint64_t check_segment(lua_State *L, int index)
{
  enum { LEAST = 4096, OTHERWISE = 4 * 1024 * 1024 };
  if (lua_isnoneornil(L, index))
    return OTHERWISE;
  luaL_checktype(L, index, LUA_TTABLE);
  for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1)) // key value
    luaL_argcheck(L, lua_type(L, -2) == LUA_TSTRING && strcmp(lua_tostring(L, -2), "segment") == 0,
                  index, "expected no option but segment");
  if (lua_getfield(L, index, "segment") == LUA_TNIL) // segment
    return OTHERWISE;
  lua_Integer segment = lua_tointeger(L, -1);
  luaL_argcheck(L, lua_isinteger(L, -1) && segment >= LEAST, index,
                "expected a segment of 4096 bytes or more");
  return (uint64_t)segment;
}

/*** Opens the logs that are in files of this node, and makes them if they are not there. What they
 * take goes there at once, and is sure to be there after a sync. In the bench each node has a
 * simulated disk; ./node keeps them in the folder that --data gives, in one called as the node:
 * `name`, and a file for each segment beside it. A log of an older version is taken over.
 * @tparam string name up to 200 letters, digits, '_', '.' and '-'
 * @tparam[opt] table options
 * @tparam[opt=4194304] integer options.segment bytes after which the next segment is begun, 4096 or
 *   more. It may be another each time. Compaction reads and writes so much at once, and looks at the
 *   records in smaller steps; recovery needs so much memory besides the logs
 * @treturn[1] log
 * @treturn[2] nil
 * @treturn[2] string why not: there is no folder, it cannot be written, the log is open already, here
 *   or in another process, it was damaged, or it is of a newer version. The files are then as they
 *   were
 * @raise before init, and where there is no node */
static int open_logs(lua_State *L)
{
  struct error e;
  struct slice name = check_name(L);
  uint64_t segment = check_segment(L, 2);
  struct node *n = node_of(L);
  if (n == NULL)
    return luaL_error(L, "log.open: there is no node here, and so no folder for its files");
  if (node_id(n).length == 0)
    return luaL_error(L, "log.open: before init a node has no files; open logs in node.on_init or "
                         "in a handler");
  struct logs *l = push_logs(L);
  l->durable = durable_open(n, name, segment, &e);
  if (l->durable == NULL) {
    lua_pushnil(L);
    lua_pushstring(L, e.text);
    return 2;
  }
  l->log = durable_log(l->durable);
  return 1;
}

int bind_log(lua_State *L)
{
  static const luaL_Reg methods[] = {
    {"append", append},   {"close", close_logs}, {"commit", commit},   {"committed", committed},
    {"compact", compact}, {"count", count},      {"entries", entries}, {"insert", insert},
    {"keys", keys},       {"last", last},        {"read", read},       {"recovered", recovered},
    {"retain", retain},   {"size", size},        {"start", start},     {"sync", sync_log},
    {NULL, NULL}};
  static const luaL_Reg meta[] = {{"__len", length},
                                  {"__tostring", to_string},
                                  {"__gc", collect},
                                  {"__close", close_logs},
                                  {NULL, NULL}};
  static const luaL_Reg entries_meta[] = {
    {"__len", entries_length}, {"__tostring", entries_text}, {NULL, NULL}};
  static const luaL_Reg functions[] = {{"new", new_logs}, {"open", open_logs}, {NULL, NULL}};
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
  lua_setfield(L, -2, "__index"); // entries_metatable metatable
  luaL_newlib(L, functions);
  return 1;
}
