/*** A simulated cluster: what the bench and hearsay.testing are made of, and what a fault acts on, as
 * `cluster.world`. Times are seconds of virtual time. Functions given to it run inside world:run; an
 * error in one ends the run and is raised there.
 * @module hearsay.world */
#include "bind/bind.h"
#include "bind/world_box.h"
#include "host/paths.h"
#include "host/runaway.h"
#include "host/value.h"
#include "wire/envelope.h"
#include "wire/json_write.h"

#include <lauxlib.h>

#define WORLD_TYPE "hearsay.world"
#define EVENT_TYPE "hearsay.world.event"

/* A Lua function that the world calls; a userdata that holds the function, kept alive by
 * the world's table while it is wanted. */
struct callback {
  struct event event; /* must be first; of a scheduled one */
  struct box *box;
};

struct box *world_check(lua_State *L)
{
  struct box *b = luaL_checkudata(L, 1, WORLD_TYPE);
  if (b->world == NULL)
    luaL_error(L, "this world is closed");
  return b;
}

struct endpoint *world_check_endpoint(lua_State *L, struct box *b, int argument)
{
  struct slice name = bind_check_slice(L, argument);
  struct endpoint *e = network_find(world_network(b->world), name);
  if (e == NULL)
    luaL_error(L, "there is nobody called \"%s\" in this world", name.data);
  return e;
}

/* --- callbacks ---------------------------------------------------------- */

/* Pushes a callback that calls the function at `index`; the world at 1 keeps it. */
static struct callback *push_callback(lua_State *L, struct box *b, int index)
{
  struct callback *c = lua_newuserdatauv(L, sizeof *c, 2); // callback
  *c = (struct callback){.box = b};
  luaL_setmetatable(L, EVENT_TYPE);
  lua_pushvalue(L, index);
  lua_setiuservalue(L, -2, 1);
  lua_pushvalue(L, 1); // the world lives as long as its callbacks
  lua_setiuservalue(L, -2, 2);
  lua_getiuservalue(L, 1, 1); // callback kept
  lua_pushvalue(L, -2);       // callback kept callback
  lua_rawsetp(L, -2, c);
  lua_pop(L, 1);
  return c;
}

/* What happens inside a run and calls Lua. It can raise everywhere, and what runs the world can
 * not, so all of it is protected. */
struct happening {
  struct callback *callback;
  struct slice line; /* for a client or service; no data: a scheduled call */
};

/* Pushes the function of a callback; with `forget`, the world at 1 keeps it no longer. */
static void push_function(lua_State *L, struct callback *c, int forget)
{
  lua_getiuservalue(L, 1, 1);  // kept
  lua_rawgetp(L, -1, c);       // kept callback
  lua_getiuservalue(L, -1, 1); // kept callback function
  if (forget) {
    lua_pushnil(L);
    lua_rawsetp(L, -4, c);
  }
  lua_replace(L, -3); // function callback
  lua_pop(L, 1);
}

/* With the world at 1 and a happening at 2. */
static int happen(lua_State *L)
{
  const struct happening *h = lua_touserdata(L, 2);
  struct box *b = h->callback->box;
  struct envelope *m = &b->envelope;
  struct error e;
  push_function(L, h->callback, h->line.data == NULL); // function
  if (h->line.data == NULL) {
    lua_call(L, 0, 0);
    return 0;
  }
  /* Nodes write through the host, which writes no line that is no message. */
  if (envelope_parse(m, h->line) != 0)
    return luaL_error(L, "a line that is no message: %s", m->error);
  if (value_decode(L, m->body, VALUE_UNIQUE_KEYS, &e) != 0)
    return luaL_error(L, "a line that is no message: %s", e.text);
  lua_pushlstring(L, m->src.data, m->src.length); // function body src
  lua_call(L, 2, 0);
  return 0;
}

/* An error ends the run. The world is at 1, as the argument of its method. */
static void protect(struct happening *h)
{
  struct box *b = h->callback->box;
  lua_State *L = b->L;
  int base = lua_gettop(L) + 1;
  lua_pushcfunction(L, state_traceback); // traceback
  lua_pushcfunction(L, happen);
  lua_pushvalue(L, 1);
  lua_pushlightuserdata(L, h); // traceback function world happening
  if (lua_pcall(L, 2, 0, base) != LUA_OK)
    b->has_error = b->stop = 1;
  lua_remove(L, base);
}

static void run_event(void *owner, struct event *self)
{
  (void)owner;
  struct happening h = {.callback = (struct callback *)self};
  protect(&h);
}

/* A line for a client or service: its function gets the body and the sender's name. */
static void deliver(void *ctx, struct slice line)
{
  struct happening h = {ctx, line};
  protect(&h);
}

/* --- methods ------------------------------------------------------------ */

/*** Starts a node.
 * @tparam string id
 * @tparam {string,...} words a script, or in real time a program, and its arguments
 * @treturn[1] boolean true
 * @treturn[2] nil
 * @treturn[2] string what is wrong with it */
static int add_node(lua_State *L)
{
  enum { WORDS_MAX = 64 };
  struct box *b = world_check(L);
  struct slice id = bind_check_slice(L, 2);
  char *words[WORDS_MAX + 1];
  int count = 0;
  luaL_checktype(L, 3, LUA_TTABLE);
  luaL_argcheck(L, lua_rawlen(L, 3) >= 1 && lua_rawlen(L, 3) <= WORDS_MAX, 3,
                "expected 1 to 64 words");
  luaL_checkstack(L, WORDS_MAX, NULL);
  for (; lua_rawgeti(L, 3, count + 1) != LUA_TNIL; count++)
    words[count] = (char *)(uintptr_t)luaL_checkstring(L, -1);
  struct error e;
  if (world_add_node(b->world, id, count, words, &e) == 0) {
    lua_pushboolean(L, 1);
    return 1;
  }
  lua_pushnil(L);
  lua_pushstring(L, e.text);
  return 2;
}

/*** Adds one that sends and receives, run by a function.
 * @tparam string id
 * @tparam string kind "client" (no latency, counted apart) or "service"
 * @tparam fun(body:table,src:string) fn called with each message */
static int add(lua_State *L)
{
  static const char *const names[] = {"service", "client", NULL};
  static const enum endpoint_kind kinds[] = {ENDPOINT_SERVICE, ENDPOINT_CLIENT};
  struct box *b = world_check(L);
  struct slice id = bind_check_slice(L, 2);
  enum endpoint_kind kind = kinds[luaL_checkoption(L, 3, NULL, names)];
  bind_check_function(L, 4);
  if (network_find(world_network(b->world), id) != NULL)
    return luaL_error(L, "there is a \"%s\" already", id.data);
  struct callback *c = push_callback(L, b, 4);
  if (network_add(world_network(b->world), kind, id, deliver, c) == NULL)
    return luaL_error(L, "out of memory");
  return 0;
}

/*** Closes a client: what comes for it from here on is dropped.
 * @tparam string id */
static int close_endpoint(lua_State *L)
{
  struct box *b = world_check(L);
  world_check_endpoint(L, b, 2)->is_closed = 1;
  return 0;
}

/*** Sends a message.
 * @tparam string src
 * @tparam string dest
 * @tparam table body */
static int send(lua_State *L)
{
  struct box *b = world_check(L);
  struct endpoint *src = world_check_endpoint(L, b, 2), *dest = world_check_endpoint(L, b, 3);
  struct bytes body = {0};
  struct error e;
  luaL_checktype(L, 4, LUA_TTABLE);
  b->line.length = 0;
  if (value_encode(L, 4, 0, &body, &e) != 0) {
    bytes_free(&body);
    return luaL_error(L, "cannot send: %s", e.text);
  }
  int result =
    envelope_write(&b->line, bytes_slice(&src->name), bytes_slice(&dest->name), bytes_slice(&body));
  bytes_free(&body);
  if (result != 0 || network_send(world_network(b->world), src, dest, bytes_slice(&b->line)) != 0)
    return luaL_error(L, "out of memory");
  return 0;
}

/*** Calls a function after a time.
 * @tparam number delay seconds
 * @tparam function fn
 * @treturn event */
static int after(lua_State *L)
{
  struct box *b = world_check(L);
  int64_t delay_us = bind_check_duration_us(L, 2);
  bind_check_function(L, 3);
  struct schedule *s = world_schedule(b->world);
  struct callback *c = push_callback(L, b, 3);
  c->event.run = run_event;
  if (schedule_at(s, &c->event, s->now_us + delay_us) != 0)
    return luaL_error(L, "out of memory");
  return 1;
}

/*** Cancels what was to be called. One that has been called is left alone. */
static int cancel(lua_State *L)
{
  struct callback *c = luaL_checkudata(L, 1, EVENT_TYPE);
  if (c->box->world == NULL)
    return 0;
  schedule_cancel(world_schedule(c->box->world), &c->event);
  lua_getiuservalue(L, 1, 2);  // world
  lua_getiuservalue(L, -1, 1); // world kept
  lua_pushnil(L);
  lua_rawsetp(L, -2, c);
  return 0;
}

/*** Runs until so many seconds have passed, or world:stop was called.
 * @tparam number duration seconds
 * @treturn[1] boolean true
 * @treturn[2] nil
 * @treturn[2] string why not: a node did what it must not */
static int run(lua_State *L)
{
  struct box *b = world_check(L);
  int64_t duration_us = bind_check_duration_us(L, 2);
  if (b->L != NULL)
    return luaL_error(L, "world:run cannot be called from within a run");
  struct error e;
  b->L = L;
  b->stop = b->has_error = 0;
  int result = world_run(b->world, world_schedule(b->world)->now_us + duration_us, &b->stop, &e);
  b->L = NULL;
  if (b->has_error)
    return lua_error(L);
  if (result == 0) {
    lua_pushboolean(L, 1);
    return 1;
  }
  lua_pushnil(L);
  lua_pushstring(L, e.text);
  return 2;
}

/*** Ends the run after the present event. */
static int stop(lua_State *L)
{
  world_check(L)->stop = 1;
  return 0;
}

/*** Virtual time.
 * @treturn integer microseconds since the world began, from a start that is not 0 */
static int now_us(lua_State *L)
{
  lua_pushinteger(L, world_schedule(world_check(L)->world)->now_us);
  return 1;
}

static int collect(lua_State *L)
{
  struct box *b = luaL_checkudata(L, 1, WORLD_TYPE);
  world_free(b->world);
  b->world = NULL;
  bytes_free(&b->journal);
  bytes_free(&b->line);
  envelope_free(&b->envelope);
  return 0;
}

/* --- functions ---------------------------------------------------------- */

/* From the list at the top. Raises when one is wrong. */
static void take_limits(lua_State *L, struct limits *l)
{
  struct error e;
  luaL_checktype(L, -1, LUA_TTABLE);
  lua_Integer count = (lua_Integer)lua_rawlen(L, -1);
  for (lua_Integer i = 1; i <= count; i += 2) {
    lua_rawgeti(L, -1, i);
    lua_rawgeti(L, -2, i + 1); // list option value
    int taken = limits_take(l, luaL_checkstring(L, -2), lua_tostring(L, -1), &e);
    if (taken <= 0)
      luaL_error(L, "%s%s", taken == 0 ? "no limit: " : e.text,
                 taken == 0 ? lua_tostring(L, -2) : "");
    lua_pop(L, 2);
  }
}

/*** Makes a world.
 * @tparam table options
 * @tparam integer options.seed
 * @tparam[opt=0] number options.latency mean, in seconds
 * @tparam[opt="constant"] string options.latency_dist `constant`, `uniform` or `exponential`
 * @tparam[opt=true] boolean options.head_of_line
 * @tparam[opt=0.001] number options.sync_time of a node's disk, in seconds
 * @tparam[opt=false] boolean options.real_time nodes are processes, and time is real
 * @tparam[opt] integer options.max_line bytes that a line between servers may have: a longer one ends
 *   the run
 * @tparam[opt] {string,...} options.limits options of ./node that set one, each followed by its value
 * @tparam[opt=10] number options.patience seconds for which a process may read nothing of what it is
 *   sent
 * @tparam[opt=false] boolean options.probed the instructions of handlers are not counted; a handler that
 *   takes long ends the run with SUSPECT, and it is to be repeated without this option
 * @treturn world */
static int new_world(lua_State *L)
{
  luaL_checktype(L, 1, LUA_TTABLE);
  struct world_options o = {.head_of_line = 1,
                            .sync_us = 1000,
                            .limits = limits_default,
                            .root = state_root(L),
                            .open_modules = bind_node_modules};
  lua_getfield(L, 1, "seed");
  o.seed = (uint64_t)luaL_checkinteger(L, -1);
  if (lua_getfield(L, 1, "latency") != LUA_TNIL)
    o.latency.mean_us = bind_check_duration_us(L, lua_gettop(L));
  if (lua_getfield(L, 1, "latency_dist") != LUA_TNIL &&
      latency_parse(&o.latency, bind_check_slice(L, lua_gettop(L))) != 0)
    return luaL_error(L, "latency_dist: expected constant, uniform or exponential");
  if (lua_getfield(L, 1, "sync_time") != LUA_TNIL)
    o.sync_us = bind_check_duration_us(L, lua_gettop(L));
  lua_getfield(L, 1, "real_time");
  o.is_real_time = lua_toboolean(L, -1);
  lua_getfield(L, 1, "probed");
  o.is_probed = lua_toboolean(L, -1);
  if (lua_getfield(L, 1, "max_line") != LUA_TNIL)
    o.max_line = (size_t)luaL_checkinteger(L, -1);
  if (lua_getfield(L, 1, "head_of_line") != LUA_TNIL)
    o.head_of_line = lua_toboolean(L, -1);
  if (lua_getfield(L, 1, "patience") != LUA_TNIL)
    o.patience_us = bind_check_duration_us(L, lua_gettop(L));
  if (lua_getfield(L, 1, "limits") != LUA_TNIL)
    take_limits(L, &o.limits);
  struct box *b = lua_newuserdatauv(L, sizeof *b, 1); // box
  *b = (struct box){0};
  envelope_init(&b->envelope);
  luaL_setmetatable(L, WORLD_TYPE);
  lua_newtable(L);             // box kept
  lua_setiuservalue(L, -2, 1); // box
  struct error e;
  b->world = world_new(&o, &e);
  return b->world == NULL ? luaL_error(L, "%s", e.text) : 1;
}

/*** The path of a script, looked for as ./node does.
 * @tparam string name
 * @treturn[1] string
 * @treturn[2] nil
 * @treturn[2] string where it was looked for */
static int find_script(lua_State *L)
{
  struct paths paths;
  struct error e;
  char found[PATH_MAX];
  const char *name = luaL_checkstring(L, 1);
  if (paths_find(&paths, &e) == 0 && paths_script(&paths, name, found, &e) == 0) {
    lua_pushstring(L, found);
    return 1;
  }
  lua_pushnil(L);
  lua_pushstring(L, e.text);
  return 2;
}

/*** What run returns.
 * @tfield string SUSPECT why a run ended that is to be repeated without `probed` */
int bind_world(lua_State *L)
{
  static const luaL_Reg methods[] = {
    {"add", add},       {"add_node", add_node}, {"after", after}, {"close", close_endpoint},
    {"now_us", now_us}, {"run", run},           {"send", send},   {"stop", stop},
    {NULL, NULL}};
  static const luaL_Reg event_methods[] = {{"cancel", cancel}, {NULL, NULL}};
  static const luaL_Reg functions[] = {
    {"find_script", find_script}, {"new", new_world}, {NULL, NULL}};
  luaL_newmetatable(L, WORLD_TYPE);
  lua_pushcfunction(L, collect);
  lua_setfield(L, -2, "__gc");
  luaL_newlib(L, methods);
  luaL_setfuncs(L, world_fault_methods, 0);
  luaL_setfuncs(L, world_inspect_methods, 0);
  lua_setfield(L, -2, "__index");
  luaL_newmetatable(L, EVENT_TYPE);
  luaL_newlib(L, event_methods);
  lua_setfield(L, -2, "__index");
  luaL_newlib(L, functions);
  lua_pushliteral(L, RUNAWAY_SUSPECT);
  lua_setfield(L, -2, "SUSPECT");
  return 1;
}
