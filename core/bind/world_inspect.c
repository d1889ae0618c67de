/*** The methods of hearsay.world that tell what has happened in it.
 * @module hearsay.world */
#include "bind/bind.h"
#include "bind/world_box.h"

#include <lauxlib.h>

#include <inttypes.h>
#include <stdio.h>

static void push_counts(lua_State *L, const struct network_counts *c)
{
  lua_createtable(L, 0, 2);
  lua_pushinteger(L, (lua_Integer)c->sent);
  lua_setfield(L, -2, "sent");
  lua_pushinteger(L, (lua_Integer)c->received);
  lua_setfield(L, -2, "received");
}

static void push_name(lua_State *L, const struct endpoint *e, const char *field)
{
  struct slice name = bytes_slice(&e->name);
  lua_pushlstring(L, name.data, name.length);
  lua_setfield(L, -2, field);
}

static void push_longest(lua_State *L, const struct network_longest *l)
{
  lua_createtable(L, 0, 3);
  lua_pushinteger(L, (lua_Integer)l->length);
  lua_setfield(L, -2, "bytes");
  push_name(L, l->src, "src");
  push_name(L, l->dest, "dest");
}

/*** Messages so far. `longest` is there when servers have sent any between them.
 * @treturn table {clients = {sent, received}, servers = {sent, received}, longest = {bytes, src,
 *   dest}} */
static int counts(lua_State *L)
{
  const struct network *n = world_network(world_check(L)->world);
  lua_createtable(L, 0, 2);
  push_counts(L, &n->clients);
  lua_setfield(L, -2, "clients");
  push_counts(L, &n->servers);
  lua_setfield(L, -2, "servers");
  if (n->longest.src != NULL) {
    push_longest(L, &n->longest);
    lua_setfield(L, -2, "longest");
  }
  return 1;
}

/*** A number over all that was sent and received, and when: equal runs have equal ones.
 * @treturn string 16 hexadecimal digits */
static int fingerprint(lua_State *L)
{
  char text[17];
  (void)snprintf(text, sizeof text, "%016" PRIx64,
                 world_network(world_check(L)->world)->fingerprint);
  lua_pushstring(L, text);
  return 1;
}

/*** The message journal since the last call: a line of JSON for each message sent or
 * received. The first call turns it on.
 * @treturn string */
static int journal(lua_State *L)
{
  struct box *b = world_check(L);
  world_network(b->world)->journal = &b->journal;
  lua_pushlstring(L, b->journal.data == NULL ? "" : b->journal.data, b->journal.length);
  b->journal.length = 0;
  return 1;
}

/*** The diagnostics of a node so far.
 * @tparam string id
 * @treturn string */
static int log_of(lua_State *L)
{
  struct slice log = world_log(world_check(L)->world, bind_check_slice(L, 2));
  lua_pushlstring(L, log.data == NULL ? "" : log.data, log.length);
  return 1;
}

static struct node *check_node(lua_State *L)
{
  struct node *n = world_find_node(world_check(L)->world, bind_check_slice(L, 2));
  luaL_argcheck(L, n != NULL, 2, "expected a node's id");
  return n;
}

static void append_type(void *ctx, struct slice type)
{
  lua_State *L = ctx;
  lua_pushlstring(L, type.data, type.length);
  lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
}

/*** The message types that a node's script handles, in byte order.
 * @tparam string id
 * @treturn {string,...} */
static int types(lua_State *L)
{
  struct node *n = check_node(L);
  lua_newtable(L);
  node_each_type(n, append_type, L);
  return 1;
}

static void append_path(void *ctx, const char *path)
{
  lua_State *L = ctx;
  lua_pushstring(L, path);
  lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
}

/*** The Lua files that a node's script has required.
 * @tparam string id
 * @treturn {string,...} paths */
static int sources(lua_State *L)
{
  struct node *n = check_node(L);
  lua_newtable(L);
  node_each_source(n, append_path, L);
  return 1;
}

const luaL_Reg world_inspect_methods[] = {{"counts", counts},   {"fingerprint", fingerprint},
                                          {"journal", journal}, {"log", log_of},
                                          {"sources", sources}, {"types", types},
                                          {NULL, NULL}};
