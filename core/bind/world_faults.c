/*** The methods of hearsay.world by which things go wrong.
 * @module hearsay.world */
#include "bind/bind.h"
#include "bind/world_box.h"

#include <lauxlib.h>

/*** From here on a node drops what comes from another.
 * @tparam string receiver
 * @tparam string sender */
static int cut(lua_State *L)
{
  struct box *b = world_check(L);
  struct endpoint *receiver = world_check_endpoint(L, b, 2),
                  *sender = world_check_endpoint(L, b, 3);
  if (network_cut(world_network(b->world), receiver, sender) != 0)
    return luaL_error(L, "out of memory");
  return 0;
}

/*** Takes one such cut back.
 * @tparam string receiver
 * @tparam string sender */
static int mend(lua_State *L)
{
  struct box *b = world_check(L);
  network_mend(world_check_endpoint(L, b, 2), world_check_endpoint(L, b, 3));
  return 0;
}

/*** Ends all cuts. */
static int heal(lua_State *L)
{
  network_heal(world_network(world_check(L)->world));
  return 0;
}

/*** Ends a node as a loss of power would: its memory is gone. What it has synced to its disk stays,
 * and a random prefix of what it has written since. A process ends as by SIGKILL.
 * @tparam string id a node that runs
 * @raise when it does not */
static int kill_node(lua_State *L)
{
  struct box *b = world_check(L);
  luaL_argcheck(L, world_kill(b->world, bind_check_slice(L, 2)) == 0, 2,
                "expected a node that runs");
  return 0;
}

/*** Whether a node was not killed.
 * @tparam string id
 * @treturn boolean */
static int is_running(lua_State *L)
{
  struct box *b = world_check(L);
  lua_pushboolean(L, world_is_running(b->world, bind_check_slice(L, 2)));
  return 1;
}

/*** Starts a node that was killed. It knows what is on its disk, and needs an init.
 * @tparam string id
 * @treturn[1] boolean true
 * @treturn[2] nil
 * @treturn[2] string what is wrong with the script */
static int start_node(lua_State *L)
{
  struct box *b = world_check(L);
  struct error e;
  if (world_start(b->world, bind_check_slice(L, 2), &e) == 0) {
    lua_pushboolean(L, 1);
    return 1;
  }
  lua_pushnil(L);
  lua_pushstring(L, e.text);
  return 2;
}

/*** The bytes of a file on a node's disk.
 * @tparam string id
 * @tparam string name of one that `files` lists
 * @tparam[opt] string bytes what it is to have from now on, or false to remove it; the file must be
 *   closed, as when the node was killed
 * @treturn ?string what it has, or had until now; nil when there is no such file */
static int file(lua_State *L)
{
  struct box *b = world_check(L);
  struct disk *d = world_disk(b->world, bind_check_slice(L, 2));
  struct slice name = bind_check_slice(L, 3);
  luaL_argcheck(L, d != NULL, 2, "expected the id of a simulated node");
  struct slice content = disk_content(d, name);
  if (content.data == NULL)
    lua_pushnil(L);
  else
    lua_pushlstring(L, content.data, content.length);
  int result = 0;
  if (lua_isboolean(L, 4) && !lua_toboolean(L, 4))
    result = disk_discard(d, name);
  else if (!lua_isnoneornil(L, 4))
    result = disk_replace(d, name, bind_check_slice(L, 4));
  if (result != 0)
    return luaL_error(L, "%s is open, or memory is out", name.data);
  return 1;
}

/*** The names of the files on a node's disk, in the order in which they were made.
 * @tparam string id
 * @treturn table array of strings */
static int files(lua_State *L)
{
  struct box *b = world_check(L);
  const struct disk *d = world_disk(b->world, bind_check_slice(L, 2));
  luaL_argcheck(L, d != NULL, 2, "expected the id of a simulated node");
  lua_newtable(L); // names
  for (size_t i = 0, count = 0;; i++) {
    struct slice name = disk_name(d, i);
    if (name.data == NULL)
      return 1;
    if (name.length == 0)
      continue;
    lua_pushlstring(L, name.data, name.length); // names name
    lua_rawseti(L, -2, (lua_Integer)++count);   // names
  }
}

static int set_paused(lua_State *L, int is_paused)
{
  struct box *b = world_check(L);
  luaL_argcheck(L, world_pause(b->world, bind_check_slice(L, 2), is_paused) == 0, 2,
                "expected a node that runs");
  return 0;
}

/*** From here on a node does nothing, as if stopped by SIGSTOP: messages wait, clocks go on.
 * @tparam string id */
static int pause_node(lua_State *L)
{
  return set_paused(L, 1);
}

/*** A node that was paused goes on.
 * @tparam string id */
static int resume_node(lua_State *L)
{
  return set_paused(L, 0);
}

/*** Sets a node's wall clock off the true time.
 * @tparam string id
 * @tparam number offset seconds, either way */
static int skew(lua_State *L)
{
  struct box *b = world_check(L);
  lua_Number offset = luaL_checknumber(L, 3);
  luaL_argcheck(L, offset >= -1e9 && offset <= 1e9, 3, "expected seconds, from -1e9 to 1e9");
  luaL_argcheck(L, world_skew(b->world, bind_check_slice(L, 2), (int64_t)(offset * 1e6)) == 0, 2,
                "expected a node's id");
  return 0;
}

/*** Sets how much of a fault happens to messages between servers.
 * @tparam string name loss, duplicate, reorder: amount is a probability; spike: by which part
 *   latencies are longer, such as 9 for ten times as long
 * @tparam number amount 0 ends it */
static int fault(lua_State *L)
{
  static const char *const names[] = {"loss", "duplicate", "reorder", "spike", NULL};
  struct box *b = world_check(L);
  int kind = luaL_checkoption(L, 2, NULL, names);
  lua_Number amount = luaL_checknumber(L, 3);
  luaL_argcheck(L, amount >= 0 && amount <= (kind == NETWORK_SPIKE ? 1e6 : 1), 3,
                "expected a probability, 0 to 1, or for spike a part from 0");
  world_network(b->world)->faults[kind] = amount;
  return 0;
}

const luaL_Reg world_fault_methods[] = {
  {"cut", cut},          {"fault", fault},           {"file", file},      {"files", files},
  {"heal", heal},        {"is_running", is_running}, {"kill", kill_node}, {"mend", mend},
  {"pause", pause_node}, {"resume", resume_node},    {"skew", skew},      {"start", start_node},
  {NULL, NULL}};
