/*** Ids that nobody else hands out, without asking anybody.
 *
 *     local ids = require "hearsay.ids"
 *
 *     node.on("generate", function()
 *       return { type = "generate_ok", id = ids.flake() }
 *     end)
 *
 * An id has the node's name or place in it, so there are none before init: then each function raises.
 * An id is one step on one word, well under a microsecond. core/store/ids.h has the layouts and the
 * odds that two are equal.
 * @module hearsay.ids */
#include "store/ids.h"

#include "bind/bind.h"
#include "host/node.h"

#include <lauxlib.h>

struct generators {
  int is_ready;
  struct ids_counter counter;
  struct ids_flake flake;
  struct ids_uuid7 uuid7;
  struct bytes text;
};

/* The generators of this state, made when they are not yet. Raises. */
static struct generators *ready(lua_State *L)
{
  struct generators *g = lua_touserdata(L, lua_upvalueindex(1));
  if (g->is_ready)
    return g;
  struct node *n = node_of(L);
  if (n == NULL || node_count(n) == 0)
    luaL_error(L, "ids need the node's id: call after init, in a handler or node.on_init");
  const struct platform *p = node_platform(n);
  struct ids_source source = {p->ctx, p->vtable->wall_us, p->vtable->random};
  struct error e;
  if (ids_flake_init(&g->flake, &source, node_index(n), node_count(n), &e) != 0)
    luaL_error(L, "%s", e.text);
  ids_uuid7_init(&g->uuid7, &source);
  if (ids_counter_init(&g->counter, &source, node_id(n)) != 0)
    luaL_error(L, "out of memory");
  g->is_ready = 1;
  return g;
}

/*** The next id as text: node id, a random part of this start of the node, a number. No clock is
 * needed.
 * @treturn string such as "n1-3f9k2m0q-17" */
static int counter(lua_State *L)
{
  struct generators *g = ready(L);
  g->text.length = 0;
  if (ids_counter_next(&g->counter, &g->text) != 0)
    return luaL_error(L, "out of memory");
  lua_pushlstring(L, g->text.data, g->text.length);
  return 1;
}

/*** The next id as a positive 64-bit integer that grows with time, also while the clock steps back:
 * milliseconds since 2024, node, a random part of this start of the node, sequence.
 * @treturn integer
 * @raise when the clock shows a date that does not fit */
static int flake(lua_State *L)
{
  int64_t id = ids_flake_next(&ready(L)->flake);
  if (id < 0)
    return luaL_error(L, "the clock shows a date that does not fit an id");
  lua_pushinteger(L, id);
  return 1;
}

/*** The next id as a version 7 UUID (RFC 9562), which grows with time.
 * @treturn string 36 characters
 * @raise when the clock shows a date that does not fit */
static int uuid7(lua_State *L)
{
  char id[IDS_UUID7_LENGTH];
  if (ids_uuid7_next(&ready(L)->uuid7, id) != 0)
    return luaL_error(L, "the clock shows a date that does not fit an id");
  lua_pushlstring(L, id, sizeof id);
  return 1;
}

static int collect(lua_State *L)
{
  struct generators *g = lua_touserdata(L, 1);
  if (g->is_ready)
    ids_counter_free(&g->counter);
  bytes_free(&g->text);
  g->is_ready = 0;
  return 0;
}

int bind_ids(lua_State *L)
{
  static const luaL_Reg functions[] = {
    {"counter", counter}, {"flake", flake}, {"uuid7", uuid7}, {NULL, NULL}};
  luaL_newlibtable(L, functions);                            // module
  struct generators *g = lua_newuserdatauv(L, sizeof *g, 0); // module generators
  g->is_ready = 0;
  g->text = (struct bytes){0};
  lua_createtable(L, 0, 1); // .. metatable
  lua_pushcfunction(L, collect);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2); // module generators
  luaL_setfuncs(L, functions, 1);
  return 1;
}
