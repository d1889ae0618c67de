/*** The part of hearsay.log that is about files: opening logs, syncs and compaction.
 * @module hearsay.log */
#include "bind/bind.h"
#include "bind/log_box.h"
#include "host/node.h"
#include "host/task.h"

#include <lauxlib.h>

#include <string.h>

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
  struct logs *l = logs_check(L);
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
  struct logs *l = logs_check(L);
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
  const struct logs *l = logs_check(L);
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
  const struct logs *l = logs_check(L);
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
  struct logs *l = logs_push(L);
  l->durable = durable_open(n, name, segment, &e);
  if (l->durable == NULL) {
    lua_pushnil(L);
    lua_pushstring(L, e.text);
    return 2;
  }
  l->log = durable_log(l->durable);
  return 1;
}

const luaL_Reg log_file_methods[] = {
  {"compact", compact}, {"recovered", recovered}, {"size", size}, {"sync", sync_log}, {NULL, NULL}};

const luaL_Reg log_file_functions[] = {{"open", open_logs}, {NULL, NULL}};
