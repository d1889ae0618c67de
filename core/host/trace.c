#include "host/trace.h"

#include "host/node.h"
#include "wire/utf8.h"

#include <stdio.h>

enum { PEER = 8, TYPE = 16, IDS = 9, TIME = 10 }; /* columns */

#define CYAN "\x1b[36m"
#define GREEN "\x1b[32m"
#define BOLD "\x1b[1m"
#define DIM "\x1b[2m"
#define PLAIN "\x1b[0m"

/* A line under construction. */
struct page {
  struct bytes *out;
  const struct trace_style *style;
  size_t column;
  int has_failed;
};

static void put(struct page *p, struct slice s)
{
  p->has_failed |= bytes_append_slice(p->out, s) != 0;
}

/* The same for a text from outside: what a terminal would take as a command, and what is not UTF-8,
 * becomes a question mark of as many columns. */
static void put_text(struct page *p, struct slice s)
{
  size_t from = p->out->length;
  put(p, s);
  while (from < p->out->length) {
    unsigned char *at = (unsigned char *)p->out->data + from;
    const char *end = p->out->data + p->out->length;
    size_t length = *at < 0x80 ? 1 : utf8_sequence((char *)at, end);
    if (length == 0 || *at < ' ' || *at == 127)
      *at = '?';
    else if (*at == 0xc2 && at[1] < 0xa0) /* the second control set, U+0080 to U+009F */
      at[1] = 0xbf;
    from += length == 0 ? 1 : length;
  }
}

static void paint(struct page *p, const char *color)
{
  if (p->style->has_color)
    put(p, slice_of(color));
}

/* The columns that a text takes: its characters. */
static size_t width_of(struct slice s)
{
  size_t count = 0;
  for (size_t i = 0; i < s.length; i++)
    count += ((unsigned char)s.data[i] & 0xc0) != 0x80;
  return count;
}

/* A text and spaces up to a width, but at least one. */
static void cell(struct page *p, struct slice s, size_t width, const char *color)
{
  size_t length = width_of(s);
  if (color != NULL)
    paint(p, color);
  put_text(p, s);
  if (color != NULL)
    paint(p, PLAIN);
  for (p->column += length; length + 1 < width; length++, p->column++)
    put(p, SLICE(" "));
  put(p, SLICE(" "));
  p->column++;
}

/* The beginning of a text that takes so many columns. */
static struct slice beginning(struct slice s, size_t columns)
{
  size_t i = 0;
  for (; i < s.length; i++)
    if (((unsigned char)s.data[i] & 0xc0) != 0x80 && columns-- == 0)
      break;
  return (struct slice){s.data, i};
}

/* What is left of a line is for this text, which is cut when it is longer. */
static void rest(struct page *p, struct slice s)
{
  size_t left = p->style->columns > p->column + 2 ? p->style->columns - p->column : 2;
  int is_cut = p->style->columns != 0 && width_of(s) > left;
  if (is_cut)
    s = beginning(s, left - 2);
  put_text(p, s);
  if (is_cut)
    put(p, SLICE(".."));
}

static int is_head(struct slice key)
{
  return slice_equal(key, SLICE("type")) || slice_equal(key, SLICE("msg_id")) ||
         slice_equal(key, SLICE("in_reply_to"));
}

/* The body without the fields that have columns of their own. It is known to be an object. */
static int without_head(struct slice body, struct bytes *into)
{
  struct json_reader r;
  struct json_token key;
  int result = 0;
  json_reader_init(&r, body, JSON_DEPTH_LIMIT);
  (void)json_next(&r, &key); /* the brace */
  while (result == 0 && json_next(&r, &key) == JSON_KEY) {
    int is_shown = !is_head(key.string);
    if (json_skip(&r) != 0)
      break;
    if (is_shown)
      result = bytes_append_slice(into, into->length == 0 ? SLICE("{") : SLICE(",")) != 0 ||
                   bytes_append(into, body.data + key.start, json_position(&r) - key.start) != 0
                 ? -1
                 : 0;
  }
  if (result == 0 && into->length > 0)
    result = bytes_append_byte(into, '}');
  json_reader_free(&r);
  return result;
}

static void write_ids(struct page *p, const struct envelope *m)
{
  char text[64] = "";
  int length = 0;
  if (m->has_msg_id)
    length = snprintf(text, sizeof text, "#%lld", (long long)m->msg_id);
  if (m->has_in_reply_to)
    length += snprintf(text + length, sizeof text - (size_t)length, "%sre %lld",
                       length > 0 ? " " : "", (long long)m->in_reply_to);
  cell(p, (struct slice){text, (size_t)length}, IDS, DIM);
}

int trace_format(struct bytes *out, const struct trace_style *style, enum trace_direction direction,
                 struct slice line, size_t used)
{
  struct page p = {out, style, used, 0};
  struct envelope m;
  struct bytes body = {0};
  envelope_init(&m);
  int is_message = envelope_parse(&m, line) == 0;
  struct slice peer = direction == TRACE_IN ? m.src : m.dest;
  cell(&p, direction == TRACE_IN ? SLICE("<-") : SLICE("->"), 0,
       direction == TRACE_IN ? CYAN : GREEN);
  if (is_message) {
    cell(&p, peer, PEER, NULL);
    cell(&p, m.type, TYPE, BOLD);
    write_ids(&p, &m);
    p.has_failed |= without_head(m.body, &body) != 0;
    rest(&p, bytes_slice(&body));
  } else {
    rest(&p, line);
  }
  while (out->length > 0 && out->data[out->length - 1] == ' ')
    out->length--;
  bytes_free(&body);
  envelope_free(&m);
  return p.has_failed ? -1 : 0;
}

/* --- a node's ------------------------------------------------------------- */

static void show(struct trace *t, enum trace_direction direction, struct slice line)
{
  if (t->node == NULL)
    return;
  if (line.length > 0 && line.data[line.length - 1] == '\n')
    line.length--;
  t->text.length = 0;
  size_t id = width_of(node_id(t->node));
  size_t used = TIME + (id == 0 ? sizeof "node" - 1 : id) + 1; /* by node_log */
  if (trace_format(&t->text, &t->style, direction, line, used) == 0)
    node_log(t->node, bytes_slice(&t->text));
}

static int64_t monotonic_us(void *ctx)
{
  const struct trace *t = ctx;
  return t->world.vtable->monotonic_us(t->world.ctx);
}

static int64_t wall_us(void *ctx)
{
  const struct trace *t = ctx;
  return t->world.vtable->wall_us(t->world.ctx);
}

static uint64_t random_bits(void *ctx)
{
  const struct trace *t = ctx;
  return t->world.vtable->random(t->world.ctx);
}

static int send_line(void *ctx, struct slice dest, struct slice line)
{
  struct trace *t = ctx;
  show(t, TRACE_OUT, line);
  return t->world.vtable->send(t->world.ctx, dest, line);
}

static size_t pending(void *ctx)
{
  struct trace *t = ctx;
  return t->world.vtable->pending(t->world.ctx);
}

static void log_line(void *ctx, struct slice line)
{
  const struct trace *t = ctx;
  t->world.vtable->log(t->world.ctx, line);
}

static struct file *open_file(void *ctx, struct slice node, struct slice name, int is_made,
                              struct error *e)
{
  const struct trace *t = ctx;
  return t->world.vtable->open(t->world.ctx, node, name, is_made, e);
}

static int list_files(void *ctx, struct slice node, struct slice prefix, struct bytes *names,
                      struct error *e)
{
  const struct trace *t = ctx;
  return t->world.vtable->list(t->world.ctx, node, prefix, names, e);
}

static int remove_file(void *ctx, struct slice node, struct slice name, struct error *e)
{
  const struct trace *t = ctx;
  return t->world.vtable->remove(t->world.ctx, node, name, e);
}

static const struct platform_vtable vtable = {
  .monotonic_us = monotonic_us,
  .wall_us = wall_us,
  .random = random_bits,
  .send = send_line,
  .pending = pending,
  .log = log_line,
  .open = open_file,
  .list = list_files,
  .remove = remove_file,
};

void trace_open(struct trace *t, const struct platform *world, const struct trace_style *style)
{
  *t = (struct trace){.world = *world, .style = *style};
}

void trace_close(struct trace *t)
{
  bytes_free(&t->text);
}

struct platform trace_platform(struct trace *t)
{
  return (struct platform){&vtable, t};
}

void trace_attach(struct trace *t, struct node *n)
{
  t->node = n;
}

void trace_received(struct trace *t, struct slice line)
{
  show(t, TRACE_IN, line);
}
