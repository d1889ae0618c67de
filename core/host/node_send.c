/* What leaves a node: messages and diagnostics. A line is put together in the node's own
 * buffer, with the fields that are the host's to set in front of the script's, and handed
 * to the platform whole. */
#include "host/node_private.h"
#include "host/value.h"
#include "wire/json_write.h"
#include "wire/utf8.h"

#include <lauxlib.h>

#include <stdarg.h>
#include <stdio.h>

enum { OUT_KEPT_BYTES = 1 << 20 }; /* a longer line's memory is given back */

void node_log(struct node *n, struct slice text)
{
  char head[64];
  int64_t ms = (n->now_us - n->started_us) / 1000;
  int length =
    snprintf(head, sizeof head, "%5lld.%03lld ", (long long)(ms / 1000), (long long)(ms % 1000));
  struct bytes line = {0};
  struct slice id = n->is_initialised ? node_id(n) : SLICE("node");
  if (bytes_append(&line, head, (size_t)length) == 0 && bytes_append_slice(&line, id) == 0 &&
      bytes_append(&line, " ", 1) == 0 && bytes_append_slice(&line, text) == 0)
    n->platform.vtable->log(n->platform.ctx, bytes_slice(&line));
  else
    n->platform.vtable->log(n->platform.ctx, text);
  bytes_free(&line);
}

void node_logf(struct node *n, const char *format, ...)
{
  char text[4096];
  va_list args;
  va_start(args, format);
  (void)vsnprintf(text, sizeof text, format, args);
  va_end(args);
  node_log(n, slice_of(text));
}

/* A field that the host adds to a body, and that the script may not. */
struct field {
  struct slice name; /* quoted, with colon */
  enum value_fields kind;
  int64_t value;
};

static struct field in_reply_to(int64_t msg_id)
{
  return (struct field){SLICE("\"in_reply_to\":"), VALUE_IN_REPLY_TO, msg_id};
}

static int write_head(struct bytes *out, struct slice src)
{
  if (bytes_put(out, SLICE("{\"src\":")) != 0 || json_write_string(out, src) != 0)
    return -1;
  return bytes_put(out, SLICE(",\"dest\":"));
}

int node_set_id(struct node *n, struct slice id)
{
  struct bytes own = {0}, head = {0};
  if (bytes_append_slice(&own, id) != 0 || write_head(&head, id) != 0) {
    bytes_free(&own);
    bytes_free(&head);
    return -1;
  }
  bytes_free(&n->id);
  bytes_free(&n->head);
  n->id = own;
  n->head = head;
  return 0;
}

/* Writes what stands between the sender's name and the first field of the body that is the
 * script's. */
static int write_start(struct bytes *out, struct slice dest, const struct field *field)
{
  if (json_write_string(out, dest) != 0 || bytes_put(out, SLICE(",\"body\":{")) != 0)
    return -1;
  if (field == NULL)
    return 0;
  return bytes_put(out, field->name) == 0 ? json_write_int(out, field->value) : -1;
}

/* Starts a line of this node. */
static int begin_line(struct node *n, struct slice dest, const struct field *field)
{
  n->out.length = 0;
  if (bytes_put(&n->out, bytes_slice(&n->head)) != 0)
    return -1;
  return write_start(&n->out, dest, field);
}

static int end_line(struct node *n, struct slice dest)
{
  struct bytes *out = &n->out;
  if (bytes_put(out, SLICE("}}\n")) != 0)
    return -1;
  int result = n->platform.vtable->send(n->platform.ctx, dest, bytes_slice(out));
  out->length = 0;
  bytes_trim(out, OUT_KEPT_BYTES);
  return result;
}

/* Whether the line that is put together may wait with all that was sent and not taken yet. What the
 * host itself has to say, as of an error, always may. */
static int check_pending(struct node *n, struct error *e)
{
  enum { NOW_AND_THEN_BYTES = 1 << 16 };
  n->unchecked_bytes += n->out.length;
  if (n->unchecked_bytes < NOW_AND_THEN_BYTES)
    return 0;
  size_t pending_bytes = n->platform.vtable->pending(n->platform.ctx);
  if (pending_bytes + n->out.length <= n->limits.memory_bytes) {
    n->unchecked_bytes = 0;
    return 0;
  }
  return error_set(e,
                   "%zu bytes of messages wait to be taken, and no more may (the limit is set by "
                   "--max-memory)",
                   pending_bytes);
}

/* Sends the table at `body`, with one field in front unless that is NULL. */
static int send_body(struct node *n, lua_State *L, struct slice dest, const struct field *field,
                     int body, struct error *e)
{
  if (!n->is_initialised)
    return error_set(e, "cannot send before init: the node has no id yet");
  if (!lua_istable(L, body))
    return error_set(e, "a body must be a table, not a %s", luaL_typename(L, body));
  if (begin_line(n, dest, field) != 0 || (field != NULL && bytes_append_byte(&n->out, ',') != 0))
    return error_set(e, "out of memory");
  int found;
  int result = value_encode_fields(L, body, &n->out, &found, e);
  if (field != NULL && (found & (int)field->kind) != 0)
    return error_set(e, "\"%.*s\" is set by the host", (int)field->name.length - 3,
                     field->name.data + 1);
  if (result == 0 && (found & VALUE_TYPE) == 0)
    return error_set(e, "a body needs a string field \"type\"");
  if (result != 0 || check_pending(n, e) != 0)
    return -1;
  return end_line(n, dest) == 0 ? 0 : error_set(e, "out of memory");
}

int node_send(struct node *n, lua_State *L, struct slice dest, int body, struct error *e)
{
  return send_body(n, L, dest, NULL, body, e);
}

int node_reply(struct node *n, lua_State *L, struct slice dest, int64_t msg_id, int body,
               struct error *e)
{
  struct field field = in_reply_to(msg_id);
  return send_body(n, L, dest, &field, body, e);
}

int node_send_request(struct node *n, lua_State *L, struct slice dest, int64_t msg_id, int index,
                      struct error *e)
{
  struct field field = {SLICE("\"msg_id\":"), VALUE_MSG_ID, msg_id};
  return send_body(n, L, dest, &field, index, e);
}

/* Text that is not UTF-8 (an error message that quotes input, or was cut within a
 * character) must not make the reply unreadable: what is wrong in it becomes '?'. */
static int write_text(struct bytes *out, struct slice text)
{
  int result = json_write_string(out, text);
  if (result != JSON_UNENCODABLE)
    return result;
  struct bytes valid = {0};
  const char *end = text.data + text.length;
  result = 0;
  for (const char *p = text.data; p < end && result == 0;) {
    size_t length = (unsigned char)*p < 0x80 ? 1 : utf8_sequence(p, end);
    result = length > 0 ? bytes_append(&valid, p, length) : bytes_append_byte(&valid, '?');
    p += length > 0 ? length : 1;
  }
  if (result == 0)
    result = json_write_string(out, bytes_slice(&valid));
  bytes_free(&valid);
  return result;
}

/* Replies for `src`, which is this node, or the name the sender used before init. */
void node_reply_error_from(struct node *n, struct slice src, struct slice dest, int64_t msg_id,
                           int64_t code, struct slice text)
{
  struct bytes *out = &n->out;
  struct field field = in_reply_to(msg_id);
  out->length = 0;
  if (write_head(out, src) != 0 || write_start(out, dest, &field) != 0 ||
      bytes_append_slice(out, SLICE(",\"type\":\"error\",\"code\":")) != 0 ||
      json_write_int(out, code) != 0 || bytes_append_slice(out, SLICE(",\"text\":")) != 0 ||
      write_text(out, text) != 0 || end_line(n, dest) != 0)
    node_log(n, SLICE("out of memory: an error reply is lost"));
}

void node_reply_error(struct node *n, struct slice dest, int64_t msg_id, int64_t code,
                      struct slice text)
{
  node_reply_error_from(n, node_id(n), dest, msg_id, code, text);
}

int node_send_init_ok(struct node *n, struct slice dest, int64_t msg_id)
{
  struct field field = in_reply_to(msg_id);
  if (begin_line(n, dest, &field) != 0 ||
      bytes_append_slice(&n->out, SLICE(",\"type\":\"init_ok\"")) != 0)
    return -1;
  return end_line(n, dest);
}
