/* The order of things: a line becomes an envelope; a reply goes to the coroutine that
 * waits for it; init is answered here; anything else starts its handler's coroutine
 * with {src, dest, body}. Each entry from outside runs inside one lua_pcall, so that an
 * out-of-memory error of Lua costs a message and not the node. */
#include "host/allocator.h"
#include "host/extra.h"
#include "host/node_private.h"
#include "host/runaway.h"
#include "host/task.h"
#include "host/value.h"
#include "wire/error_code.h"

#include <lauxlib.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LINES_A_PACE = 255 };

static void read_clock(struct node *n)
{
  n->now_us = n->platform.vtable->monotonic_us(n->platform.ctx);
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

static void append_name(void *ctx, struct slice type)
{
  struct bytes *b = ctx;
  if (b->length > 0)
    (void)bytes_append(b, ", ", 2);
  (void)bytes_append_slice(b, type);
}

static void refuse_unknown_type(struct node *n)
{
  enum { NAMED_MOST = 100 };
  const struct envelope *m = &n->envelope;
  struct bytes known = {0};
  if (n->handler_count <= NAMED_MOST)
    node_each_type(n, append_name, &known);
  else
    (void)bytes_append_slice(&known, SLICE("very many others"));
  if (known.length == 0)
    (void)bytes_append_slice(&known, SLICE("none"));
  node_refuse(n, ERROR_NOT_SUPPORTED,
              "no handler for message type \"%.*s\"; this script handles: %.*s",
              (int)m->type.length, m->type.data, (int)known.length, known.data);
  bytes_free(&known);
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
  const struct handler *h = node_find_handler(n, m->type);
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
    const struct handler *h = node_find_handler(n, (struct slice){type, (size_t)(quote - type)});
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
  const struct handler *h = node_find_handler(n, m->type);
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
