/* A node from its making to its end, with what its script asked for: the handlers of types and
 * init. What comes to it is in node_receive.c. */
#include "host/node.h"

#include "host/allocator.h"
#include "host/node_private.h"
#include "host/runaway.h"
#include "host/source.h"
#include "host/task.h"
#include "host/value.h"
#include "wire/error_code.h"

#include <lauxlib.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct node *node_of(lua_State *L)
{
  return state_owner(L);
}

const struct platform *node_platform(const struct node *n)
{
  return &n->platform;
}

int64_t node_now_us(const struct node *n)
{
  return n->now_us;
}

struct slice node_id(const struct node *n)
{
  return bytes_slice(&n->id);
}

size_t node_index(const struct node *n)
{
  return n->index;
}

size_t node_count(const struct node *n)
{
  return n->count;
}

size_t node_unfinished(const struct node *n)
{
  return n->unfinished;
}

int64_t node_next_deadline_us(const struct node *n)
{
  const struct heap_item *first = heap_first(&n->waiting);
  return first == NULL ? NODE_NEVER : first->deadline_us;
}

int node_check_tasks(const struct node *n, struct error *e)
{
  if (n->busy_count < n->limits.tasks)
    return 0;
  return error_set(e,
                   "%zu coroutines have not ended, and no more may be (the limit is set by "
                   "--max-tasks)",
                   n->busy_count);
}

/* --- making one --------------------------------------------------------- */

/* Requests are numbered from where no earlier run of this node was, so that a late answer to one of
 * before a kill is nobody's. The first nine digits are the run's, the last six count; a double, which
 * other languages read numbers into, holds all fifteen. */
static int64_t first_msg_id(const struct platform *platform, const struct state_options *options)
{
  uint64_t bits = platform->vtable->random(platform->ctx);
  if (options->is_seeded)
    bits = options->random_seed;
  return (int64_t)(bits % 1000000000) * 1000000 + 1;
}

struct node *node_new(const struct platform *platform, const struct state_options *options,
                      struct error *e)
{
  struct node *n = calloc(1, sizeof *n);
  if (n == NULL) {
    error_set(e, "out of memory");
    return NULL;
  }
  n->platform = *platform;
  n->next_msg_id = first_msg_id(platform, options);
  n->started_us = n->now_us = platform->vtable->monotonic_us(platform->ctx);
  n->on_init = n->api = LUA_NOREF;
  n->all_take_messages = 1;
  envelope_init(&n->envelope);
  struct state_options mine = *options;
  mine.owner = n;
  n->limits = options->limits == NULL ? limits_default : *options->limits;
  mine.limits = &n->limits;
  n->L = state_new(&mine, e);
  if (n->L == NULL) {
    node_free(n);
    return NULL;
  }
  return n;
}

void node_free(struct node *n)
{
  if (n == NULL)
    return;
  if (n->L != NULL)
    lua_close(n->L);
  task_free_all(n);
  heap_free(&n->waiting);
  map_free(&n->rpcs);
  free(n->handlers);
  bytes_free(&n->id);
  bytes_free(&n->head);
  bytes_free(&n->out);
  envelope_free(&n->envelope);
  free(n);
}

struct script {
  const char *path;
  int word_count;
  char *const *words;
};

static int run_script(lua_State *L)
{
  const struct script *s = lua_touserdata(L, 1);
  struct error e;
  const char *slash = strrchr(s->path, '/');
  lua_pushlstring(L, s->path, slash == NULL ? 0 : (size_t)(slash - s->path));
  source_add_folder(L, slash == NULL ? "." : lua_tostring(L, -1));
  if (state_load_file(L, s->path, &e) != 0)
    return luaL_error(L, "%s", e.text);
  lua_createtable(L, s->word_count, 1); // chunk arg
  lua_pushstring(L, s->path);
  lua_rawseti(L, -2, 0);
  for (int i = 0; i < s->word_count; i++) {
    lua_pushstring(L, s->words[i]);
    lua_rawseti(L, -2, i + 1);
  }
  lua_setglobal(L, "arg"); // chunk
  state_forbid_new_globals(L);
  luaL_checkstack(L, s->word_count, "too many arguments");
  for (int i = 0; i < s->word_count; i++)
    lua_pushstring(L, s->words[i]);
  lua_call(L, s->word_count, 0);
  return 0;
}

int node_load(struct node *n, const char *path, int word_count, char *const *words, struct error *e)
{
  struct script s = {path, word_count, words};
  lua_pushcfunction(n->L, run_script);
  lua_pushlightuserdata(n->L, &s);
  struct limits limits = n->limits;
  if (limits.counting == LIMITS_PROBED) /* who is told of a failed start need not ask why */
    limits.counting = LIMITS_COUNTED;
  lua_State *before = runaway_enter(n->L, &limits);
  int status = lua_pcall(n->L, 1, 0, 0);
  if (status != LUA_OK) /* what __tostring does is the script's code too */
    error_set(e, "%s", status == LUA_ERRMEM ? allocator_error(n->L) : state_error_text(n->L));
  (void)runaway_leave(before);
  if (status == LUA_OK)
    return 0;
  error_flatten(e); /* Lua's own texts have several lines, as of a module not found */
  lua_pop(n->L, 1);
  return -1;
}

const char *node_run_away(const struct node *n)
{
  return n->run_away.text[0] == '\0' ? NULL : n->run_away.text;
}

/* --- handlers ----------------------------------------------------------- */

/* The handler of a message type, or NULL. Scripts have a handful. */
const struct handler *node_find_handler(const struct node *n, struct slice type)
{
  for (size_t i = 0; i < n->handler_count; i++)
    if (slice_equal(n->handlers[i].type, type))
      return &n->handlers[i];
  return NULL;
}

void node_set_api(struct node *n, lua_State *L)
{
  n->api = luaL_ref(L, LUA_REGISTRYINDEX);
}

int node_on(struct node *n, lua_State *L, struct slice type)
{
  enum { HANDLERS_MOST = 10000 }; /* they are gone through for each message */
  if (node_find_handler(n, type) != NULL) {
    lua_pop(L, 1);
    return -1;
  }
  if (n->handler_count >= HANDLERS_MOST)
    return luaL_error(L, "%d types have a handler, and no more may", HANDLERS_MOST);
  struct handler *more = realloc(n->handlers, (n->handler_count + 1) * sizeof *more);
  if (more == NULL)
    return luaL_error(L, "out of memory");
  n->handlers = more;
  struct handler h;
  lua_Debug about;
  lua_pushvalue(L, -1);
  (void)lua_getinfo(L, ">u", &about);
  h.takes_message = about.isvararg || about.nparams > 0;
  n->all_take_messages &= h.takes_message;
  h.type.length = type.length;
  h.type.data = lua_pushlstring(L, type.data, type.length); // function type
  (void)luaL_ref(L, LUA_REGISTRYINDEX);                     // function; the type stays
  h.function = luaL_ref(L, LUA_REGISTRYINDEX);
  n->handlers[n->handler_count++] = h;
  return 0;
}

void node_on_init(struct node *n, lua_State *L)
{
  if (n->on_init == LUA_NOREF) {
    lua_newtable(L);
    n->on_init = luaL_ref(L, LUA_REGISTRYINDEX);
  }
  lua_rawgeti(L, LUA_REGISTRYINDEX, n->on_init); // function functions
  lua_insert(L, -2);                             // functions function
  lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
  lua_pop(L, 1);
}

void node_each_source(struct node *n, void (*fn)(void *ctx, const char *path), void *ctx)
{
  source_each(n->L, fn, ctx);
}

/* Looks for the next of them each time, which needs no memory; there are a handful. */
void node_each_type(struct node *n, void (*fn)(void *ctx, struct slice type), void *ctx)
{
  for (const struct slice *last = NULL, *next;; last = next) {
    next = NULL;
    for (size_t i = 0; i < n->handler_count; i++) {
      const struct slice *type = &n->handlers[i].type;
      if ((last == NULL || slice_compare(type, last) > 0) &&
          (next == NULL || slice_compare(type, next) < 0))
        next = type;
    }
    if (next == NULL)
      return;
    fn(ctx, *next);
  }
}
