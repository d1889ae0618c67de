/* How a node learns who it is: init {node_id, node_ids}. */
#include "host/node_private.h"
#include "host/task.h"
#include "host/value.h"
#include "wire/error_code.h"

#include <lauxlib.h>

/* Checks node_ids at the top of the stack and finds this node in it: its place and how many
 * there are. */
static int find_in_ids(lua_State *L, struct slice id, size_t *index, size_t *count)
{
  int found = 0;
  *count = value_is_array(L, -1) ? lua_rawlen(L, -1) : 0;
  for (size_t i = 0; i < *count; i++) {
    struct slice name = {0};
    if (lua_rawgeti(L, -1, (lua_Integer)i + 1) == LUA_TSTRING)
      name.data = lua_tolstring(L, -1, &name.length);
    lua_pop(L, 1);
    if (name.data == NULL)
      return -1;
    if (slice_equal(name, id)) {
      *index = i;
      found = 1;
    }
  }
  return found ? 0 : -1;
}

/* Sets id, ids and peers in the table that scripts know as node. The ids are at the top
 * of the stack, this node's at `index`, from 0. */
static void publish_ids(struct node *n, lua_State *L, struct slice id, size_t index, size_t count)
{
  lua_rawgeti(L, LUA_REGISTRYINDEX, n->api); // ids api
  if (!lua_istable(L, -1)) {
    lua_pop(L, 1);
    return; /* the script does not use it */
  }
  lua_pushlstring(L, id.data, id.length);
  lua_setfield(L, -2, "id");
  lua_pushvalue(L, -2);
  lua_setfield(L, -2, "ids");
  lua_createtable(L, (int)count, 0); // ids api peers
  lua_Integer length = 0;
  for (size_t i = 0; i < count; i++) {
    if (i == index)
      continue;
    lua_rawgeti(L, -3, (lua_Integer)i + 1);
    lua_rawseti(L, -2, ++length);
  }
  value_mark_array(L);
  lua_setfield(L, -2, "peers"); // ids api
  lua_pop(L, 1);
}

/* Runs the on_init functions up to where they end or wait. Returns 0, or -1 when one
 * failed. */
static int run_on_init(struct node *n, lua_State *L)
{
  if (n->on_init == LUA_NOREF)
    return 0;
  lua_rawgeti(L, LUA_REGISTRYINDEX, n->on_init); // functions
  lua_Integer count = (lua_Integer)lua_rawlen(L, -1);
  int result = 0;
  for (lua_Integer i = 1; i <= count && result == 0; i++) {
    struct task *t = task_new(n, TASK_OTHER);
    lua_rawgeti(L, -1, i);
    lua_xmove(L, t->co, 1);
    if (task_run(n, t, 0) == TASK_FAILED)
      result = -1;
  }
  lua_pop(L, 1);
  return result;
}

void node_take_init(struct node *n, lua_State *L)
{
  if (n->is_initialised) {
    node_refuse(n, ERROR_PRECONDITION_FAILED, "a second init: this node is %.*s already",
                (int)n->id.length, n->id.data);
    return;
  }
  struct slice id = {0};
  size_t index = 0, count = 0;
  if (lua_getfield(L, -1, "node_id") == LUA_TSTRING) // body id
    id.data = lua_tolstring(L, -1, &id.length);
  lua_getfield(L, -2, "node_ids"); // body id ids
  if (id.length == 0 || find_in_ids(L, id, &index, &count) != 0) {
    node_refuse(n, ERROR_MALFORMED_REQUEST,
                "init: expected \"node_id\", a string, and \"node_ids\", an "
                "array of strings that has node_id in it");
    return;
  }
  publish_ids(n, L, id, index, count);
  if (node_set_id(n, id) != 0)
    luaL_error(L, "out of memory");
  n->index = index;
  n->count = count;
  n->is_initialised = 1;
  const struct envelope *m = &n->envelope;
  struct slice src = m->src;
  int64_t msg_id = m->msg_id;
  int has_msg_id = m->has_msg_id;
  if (run_on_init(n, L) != 0) {
    if (has_msg_id)
      node_reply_error(n, src, msg_id, ERROR_CRASH, SLICE("a function given to on_init failed"));
    return;
  }
  if (has_msg_id && node_send_init_ok(n, src, msg_id) != 0)
    luaL_error(L, "out of memory");
}
