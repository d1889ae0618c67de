/* The order of things: a line becomes an envelope; a reply goes to the coroutine that
 * waits for it; init is answered here; anything else starts its handler's coroutine
 * with {src, dest, body}. Each entry from outside runs inside one lua_pcall, so that an
 * out-of-memory error of Lua costs a message and not the node. */
#include "host/node.h"

#include "host/allocator.h"
#include "host/extra.h"
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

enum { LINES_A_PACE = 255 };

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

static void read_clock(struct node *n)
{
  n->now_us = n->platform.vtable->monotonic_us(n->platform.ctx);
}

/* --- making one --------------------------------------------------------- */

struct node *node_new(const struct platform *platform, const struct state_options *options,
                      struct error *e)
{
  struct node *n = calloc(1, sizeof *n);
  if (n == NULL) {
    error_set(e, "out of memory");
    return NULL;
  }
  n->platform = *platform;
  n->next_msg_id = 1;
  read_clock(n);
  n->started_us = n->now_us;
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

/* Something is wrong with the line in the envelope: says so in the diagnostics, and to
 * the sender when the line got far enough to tell who asks about what. */
void node_refuse(struct node *n, int code, const char *format, ...)
{
  const struct envelope *m = &n->envelope;
  struct error text, from = {""};
  va_list args;
  va_start(args, format);
  (void)vsnprintf(text.text, sizeof text.text, format, args);
  va_end(args);
  error_flatten(&text);
  if (m->src.data != NULL)
    error_set(&from, ", from %.*s", (int)m->src.length, m->src.data);
  error_flatten(&from);
  node_logf(n, "line %llu%s: %s", (unsigned long long)n->lines, from.text, text.text);
  struct slice src = n->is_initialised ? node_id(n) : m->dest;
  if (m->src.data != NULL && m->has_msg_id && src.data != NULL)
    node_reply_error_from(n, src, m->src, m->msg_id, code, slice_of(text.text));
}

/* --- in ----------------------------------------------------------------- */

static void append_name(void *ctx, struct slice type)
{
  struct bytes *b = ctx;
  if (b->length > 0)
    (void)bytes_append(b, ", ", 2);
  (void)bytes_append_slice(b, type);
}

static void refuse_unknown_type(struct node *n)
{
  const struct envelope *m = &n->envelope;
  struct bytes known = {0};
  node_each_type(n, append_name, &known);
  if (known.length == 0)
    (void)bytes_append_slice(&known, SLICE("none"));
  node_refuse(n, ERROR_NOT_SUPPORTED,
              "no handler for message type \"%.*s\"; this script handles: %.*s",
              (int)m->type.length, m->type.data, (int)known.length, known.data);
  bytes_free(&known);
}

/* The handler of a message type, or NULL. Scripts have a handful. */
static const struct handler *find_handler(const struct node *n, struct slice type)
{
  for (size_t i = 0; i < n->handler_count; i++)
    if (slice_equal(n->handlers[i].type, type))
      return &n->handlers[i];
  return NULL;
}

/* Pushes the message table, around the body at the top of L. */
static void push_message(struct node *n, lua_State *L, lua_State *co)
{
  const struct envelope *m = &n->envelope;
  struct extra *x = extra_of(L);
  lua_createtable(co, 0, 3); // msg
  kept_push(co, &x->src);
  names_push(&x->names, co, m->src);
  lua_rawset(co, -3);
  kept_push(co, &x->dest);
  names_push(&x->names, co, m->dest);
  lua_rawset(co, -3);
  kept_push(co, &x->body);
  lua_xmove(L, co, 1); // msg key body
  lua_rawset(co, -3);  // msg
}

/* Starts the handler. The body is at the top of L, if it takes one. */
static void start_handler(struct node *n, lua_State *L, const struct handler *h)
{
  const struct envelope *m = &n->envelope;
  struct error e;
  if (node_check_tasks(n, &e) != 0) {
    node_refuse(n, ERROR_TEMPORARILY_UNAVAILABLE, "%s", e.text);
    return;
  }
  struct task *t = task_new(n, TASK_MESSAGE);
  n->undelivered.data = NULL; /* the task owes the reply from here on */
  if (bytes_put(&t->src, m->src) != 0)
    luaL_error(L, "out of memory");
  t->wants_reply = m->has_msg_id;
  t->msg_id = m->msg_id;
  lua_rawgeti(t->co, LUA_REGISTRYINDEX, h->function);
  if (h->takes_message)
    push_message(n, L, t->co);
  (void)task_run(n, t, h->takes_message);
}

/* The envelope's message goes where it belongs. Its body is at the top of the stack; or it
 * cannot be decoded, because of `fault`. */
static void dispatch(struct node *n, lua_State *L, const char *fault)
{
  const struct envelope *m = &n->envelope;
  if (slice_equal(m->type, SLICE("init"))) {
    if (fault != NULL)
      node_refuse(n, ERROR_MALFORMED_REQUEST, "init: %s", fault);
    else
      node_take_init(n, L);
    return;
  }
  if (!n->is_initialised) {
    node_refuse(n, ERROR_TEMPORARILY_UNAVAILABLE, "a message before init: the node has no id yet");
    return;
  }
  if (m->has_in_reply_to && task_take_reply(n, L, fault))
    return;
  const struct handler *h = find_handler(n, m->type);
  if (h != NULL && fault != NULL)
    node_refuse(n, ERROR_MALFORMED_REQUEST, "body: %s", fault);
  else if (h != NULL)
    start_handler(n, L, h);
  else if (m->has_in_reply_to)
    n->late_replies++; /* its rpc has timed out */
  else
    refuse_unknown_type(n);
}

/* Decodes the body where the envelope finds it, and takes the envelope's fields from it. */
static int take_body(void *ctx, struct envelope *e)
{
  struct value_body body;
  if (value_decode_body(ctx, &e->reader, &body) != 0)
    return -1;
  if (body.named != body.found || (body.found & VALUE_TYPE) == 0)
    return -1;
  e->type = body.type;
  e->has_msg_id = (body.found & VALUE_MSG_ID) != 0;
  e->msg_id = body.msg_id;
  e->has_in_reply_to = (body.found & VALUE_IN_REPLY_TO) != 0;
  e->in_reply_to = body.in_reply_to;
  return 0;
}

/* Whether the line looks like one for a handler that takes no message: the first thing in it that
 * looks like a type says so. It may be wrong; so this is a matter of time only. */
static int seems_to_need_no_body(const struct node *n, struct slice line)
{
  static const char mark[] = "\"type\":\"";
  enum { MARK = sizeof mark - 1, AT_Y = 2 }; /* y is rare */
  if (n->all_take_messages)
    return 0;
  const char *end = line.data + line.length, *p = line.data;
  while ((p = memchr(p, mark[AT_Y], (size_t)(end - p))) != NULL) {
    const char *start = p++ - AT_Y;
    if (start < line.data || end - start < MARK || memcmp(start, mark, MARK) != 0)
      continue;
    const char *type = start + MARK;
    const char *quote = memchr(type, '"', (size_t)(end - type));
    if (quote == NULL)
      return 0;
    const struct handler *h = find_handler(n, (struct slice){type, (size_t)(quote - type)});
    return h != NULL && !h->takes_message;
  }
  return 0;
}

/* Whether nobody wants the body of the envelope's message, and there is surely no fault in it. */
static int needs_no_body(const struct node *n)
{
  const struct envelope *m = &n->envelope;
  if (!m->is_simple || m->has_in_reply_to || !n->is_initialised)
    return 0;
  const struct handler *h = find_handler(n, m->type);
  return h != NULL && !h->takes_message;
}

/* Takes a line in one scan if all is right with it; else looks for what is wrong. */
static void receive(struct node *n, lua_State *L, struct slice line)
{
  struct error e;
  const char *fault = NULL;
  if ((++n->lines & LINES_A_PACE) == 0)
    state_pace(L);
  n->undelivered = line;
  if (seems_to_need_no_body(n, line) ||
      envelope_parse_with(&n->envelope, line, take_body, L) != 0) {
    lua_settop(L, 1);
    if (envelope_parse(&n->envelope, line) != 0) {
      n->undelivered.data = NULL;
      node_refuse(n, ERROR_MALFORMED_REQUEST, "byte %zu: %s", n->envelope.error_position,
                  n->envelope.error);
      return;
    }
    if (!needs_no_body(n) && value_decode(L, n->envelope.body, VALUE_UNIQUE_KEYS, &e) != 0)
      fault = e.text;
  }
  dispatch(n, L, fault);
  n->undelivered.data = NULL;
}

/* Memory has run out before there was a task for a message: its sender hears of it. */
static void refuse_undelivered(struct node *n, const char *why)
{
  const struct envelope *m = &n->envelope;
  if (n->undelivered.data == NULL)
    return;
  int is_message = envelope_parse(&n->envelope, n->undelivered) == 0;
  n->undelivered.data = NULL;
  if (is_message && n->is_initialised && m->has_msg_id && !m->has_in_reply_to)
    node_reply_error(n, m->src, m->msg_id, ERROR_CRASH, slice_of(why));
}

static int receive_protected(lua_State *L)
{
  const struct slice *line = lua_touserdata(L, 1);
  receive(node_of(L), L, *line);
  return 0;
}

/* Runs one entry from outside, and says what went wrong in it: out of memory. Returns 0, or -1
 * when something did. */
static int enter(struct node *n, lua_CFunction function, void *argument)
{
  lua_State *L = n->L;
  lua_pushcfunction(L, function);
  lua_pushlightuserdata(L, argument);
  int status = lua_pcall(L, 1, 0, 0);
  if (status == LUA_OK)
    return 0;
  n->current = NULL;
  (void)runaway_leave(NULL);
  allocator_set_reserve(L, 0);
  const char *why = status == LUA_ERRMEM ? allocator_error(L) : state_error_text(L);
  node_logf(n, "a message or timer is lost: %s", why);
  task_drop_lost(n, why);
  refuse_undelivered(n, why);
  lua_settop(L, 0);
  return -1;
}

void node_receive(struct node *n, struct slice line)
{
  read_clock(n);
  (void)enter(n, receive_protected, &line);
}

struct source {
  int (*next)(void *ctx, struct slice *line);
  void *ctx;
};

static int receive_all_protected(lua_State *L)
{
  const struct source *s = lua_touserdata(L, 1);
  struct node *n = node_of(L);
  struct slice line;
  while (s->next(s->ctx, &line)) {
    receive(n, L, line);
    lua_settop(L, 1);
  }
  return 0;
}

void node_receive_all(struct node *n, int (*next)(void *ctx, struct slice *line), void *ctx)
{
  struct source s = {next, ctx};
  read_clock(n);
  while (enter(n, receive_all_protected, &s) != 0) {
  }
}

void node_refuse_long_line(struct node *n, struct slice start, size_t limit_bytes)
{
  n->lines++;
  read_clock(n);
  (void)envelope_parse(&n->envelope, start); /* for what it finds, not for its verdict */
  node_refuse(n, ERROR_MALFORMED_REQUEST, "longer than %zu bytes; the limit is set by --max-line",
              limit_bytes);
}

static int advance_protected(lua_State *L)
{
  struct node *n = node_of(L);
  /* What is put in from here on, as by a sleep of no time, waits for the next turn: a
   * script that does nothing else must not keep the node from reading. */
  uint64_t end = n->waiting.next_sequence;
  struct heap_item *first;
  while ((first = heap_first(&n->waiting)) != NULL && first->deadline_us <= n->now_us &&
         first->sequence < end) {
    struct waiter *w = (struct waiter *)first;
    heap_remove(&n->waiting, first);
    w->wake(n, w);
  }
  return 0;
}

void node_advance(struct node *n)
{
  read_clock(n);
  if (node_next_deadline_us(n) <= n->now_us)
    (void)enter(n, advance_protected, NULL);
}

static int close_input_protected(lua_State *L)
{
  task_fail_all_rpcs(node_of(L));
  return 0;
}

void node_close_input(struct node *n)
{
  n->input_is_closed = 1;
  read_clock(n);
  (void)enter(n, close_input_protected, NULL);
}

const char *node_run_away(const struct node *n)
{
  return n->run_away.text[0] == '\0' ? NULL : n->run_away.text;
}

/* --- handlers ----------------------------------------------------------- */

void node_set_api(struct node *n, lua_State *L)
{
  n->api = luaL_ref(L, LUA_REGISTRYINDEX);
}

int node_on(struct node *n, lua_State *L, struct slice type)
{
  if (find_handler(n, type) != NULL) {
    lua_pop(L, 1);
    return -1;
  }
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
