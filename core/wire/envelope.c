/* The line is read token by token, and any value that is no field is skipped. An
 * error of the syntax ends the scan; any other is noted, the first one only, and
 * the scan goes on: the src that an error reply has to go to may come last. */
#include "wire/envelope.h"

#include "wire/json_shortcut.h"
#include "wire/json_write.h"

#include <string.h>

/* Memory for decoded names that stays from line to line. */
#define SCRATCH_KEPT ((size_t)64 * 1024)

enum field { SRC, DEST, BODY, TYPE, MSG_ID, IN_REPLY_TO, NO_FIELD };

#define TEXTS(name, expected) \
  { \
    "missing " name, name ": expected " expected, name ": given twice" \
  }

static const struct {
  const char *missing;
  const char *wrong;
  const char *twice;
} texts[] = {
  [SRC] = TEXTS("\"src\"", "a string"),
  [DEST] = TEXTS("\"dest\"", "a string"),
  [BODY] = TEXTS("\"body\"", "an object"),
  [TYPE] = TEXTS("\"body\".\"type\"", "a string"),
  [MSG_ID] = TEXTS("\"body\".\"msg_id\"", "an integer"),
  [IN_REPLY_TO] = TEXTS("\"body\".\"in_reply_to\"", "an integer"),
};

void envelope_init(struct envelope *e)
{
  *e = (struct envelope){0};
  json_reader_init(&e->reader, (struct slice){NULL, 0}, JSON_MAX_DEPTH);
}

void envelope_free(struct envelope *e)
{
  json_reader_free(&e->reader);
  bytes_free(&e->scratch);
}

static void complain(struct envelope *e, const char *text, size_t position)
{
  if (e->error != NULL)
    return;
  e->error = text;
  e->error_position = position;
}

static enum field field_of(struct slice key, int in_body)
{
#define IS(name) (key.length == sizeof(name) - 1 && memcmp(key.data, name, sizeof(name) - 1) == 0)
  if (in_body)
    return IS("type") ? TYPE : IS("msg_id") ? MSG_ID : IS("in_reply_to") ? IN_REPLY_TO : NO_FIELD;
  return IS("src") ? SRC : IS("dest") ? DEST : IS("body") ? BODY : NO_FIELD;
#undef IS
}

/* Keeps a string. One that the reader decoded moves to our scratch, which has
 * room for all of a line's strings from the first one on and so stays in place. */
static int keep_string(struct envelope *e, const struct json_token *token, struct slice *out)
{
  const char *decoded = e->reader.scratch.data;
  if (decoded == NULL || token->string.data != decoded) {
    *out = token->string;
    return 0;
  }
  struct bytes *scratch = &e->scratch;
  if (scratch->length == 0 &&
      bytes_reserve(scratch, (size_t)(e->reader.end - e->reader.text)) != 0) {
    complain(e, "out of memory", token->start);
    return -1;
  }
  *out = (struct slice){scratch->data + scratch->length, token->string.length};
  return bytes_append_slice(scratch, token->string);
}

/* A field's value begins with the wrong token, or there is none. */
static int refuse(struct envelope *e, enum field field, const struct json_token *token)
{
  if (token->kind == JSON_ERROR)
    return -1;
  complain(e, texts[field].wrong, token->start);
  return json_skip(&e->reader);
}

static int read_string(struct envelope *e, enum field field, struct slice *out)
{
  struct json_token token;
  if (json_take_string(&e->reader, out))
    return 0;
  if (json_next(&e->reader, &token) != JSON_STRING)
    return refuse(e, field, &token);
  return keep_string(e, &token, out);
}

static int read_integer(struct envelope *e, enum field field, int *has, int64_t *out)
{
  struct json_token token;
  if (!json_take_integer(&e->reader, out)) {
    if (json_next(&e->reader, &token) != JSON_INTEGER)
      return refuse(e, field, &token);
    *out = token.integer;
  }
  *has = 1;
  return 0;
}

static int read_members(struct envelope *e, int in_body);

static int read_body(struct envelope *e)
{
  struct json_token token;
  token.start = json_position(&e->reader);
  if (e->take_body != NULL)
    return e->take_body(e->ctx, e);
  if (!json_take_open(&e->reader, '{') && json_next(&e->reader, &token) != JSON_OBJECT_BEGIN)
    return refuse(e, BODY, &token);
  if (read_members(e, 1) != 0)
    return -1;
  e->body = (struct slice){e->reader.text + token.start, json_position(&e->reader) - token.start};
  return 0;
}

/* The value of any other key. */
static int skip_value(struct envelope *e)
{
  struct slice string;
  int64_t integer;
  if (json_take_string(&e->reader, &string) || json_take_integer(&e->reader, &integer))
    return 0;
  e->is_simple = 0;
  return json_skip(&e->reader);
}

/* The value of a field, or of any other key, which is passed. */
static int read_value(struct envelope *e, enum field field)
{
  switch (field) {
  case SRC:
    return read_string(e, SRC, &e->src);
  case DEST:
    return read_string(e, DEST, &e->dest);
  case BODY:
    return read_body(e);
  case TYPE:
    return read_string(e, TYPE, &e->type);
  case MSG_ID:
    return read_integer(e, MSG_ID, &e->has_msg_id, &e->msg_id);
  case IN_REPLY_TO:
    return read_integer(e, IN_REPLY_TO, &e->has_in_reply_to, &e->in_reply_to);
  default:
    return skip_value(e);
  }
}

static void demand(struct envelope *e, enum field field, size_t position)
{
  if ((e->seen & 1u << field) == 0)
    complain(e, texts[field].missing, position);
}

/* Reads the rest of the outer object or of the body, behind its brace. */
/* Two equal keys have the same bit; so can others, and then the body counts as not simple. */
static void note_key(struct envelope *e, struct slice key)
{
  if (key.length == 0) {
    e->is_simple = 0;
    return;
  }
  unsigned first = (unsigned char)key.data[0], last = (unsigned char)key.data[key.length - 1];
  unsigned hash = ((unsigned)key.length * 7 + first * 31 + last * 5) % 64;
  uint64_t bit = (uint64_t)1 << hash;
  e->is_simple &= (e->keys & bit) == 0;
  e->keys |= bit;
}

static int read_members(struct envelope *e, int in_body)
{
  struct json_reader *r = &e->reader;
  struct json_token token;
  for (;;) {
    if (!json_take_any_key(r, &token.string)) {
      token.start = json_position(r);
      token.kind = JSON_OBJECT_END;
      if (json_take_close(r, '}') || json_next(r, &token) != JSON_KEY)
        break;
    }
    enum field field = field_of(token.string, in_body);
    if (in_body)
      note_key(e, token.string);
    if (field != NO_FIELD && (e->seen & 1u << field) != 0) {
      complain(e, texts[field].twice, json_position(r));
      field = NO_FIELD;
    }
    e->seen |= 1u << field;
    if (read_value(e, field) != 0)
      return -1;
  }
  if (token.kind != JSON_OBJECT_END)
    return -1;
  if (in_body) {
    demand(e, TYPE, token.start);
  } else {
    demand(e, SRC, token.start);
    demand(e, DEST, token.start);
    demand(e, BODY, token.start);
  }
  return 0;
}

static int read_line(struct envelope *e)
{
  struct json_reader *r = &e->reader;
  struct json_token token;
  if (!json_take_open(r, '{')) {
    enum json_kind kind = json_next(r, &token);
    if (kind == JSON_ERROR)
      return -1;
    if (kind != JSON_OBJECT_BEGIN) {
      complain(e, "expected an object", token.start);
      return -1;
    }
  }
  if (read_members(e, 0) != 0)
    return -1;
  return r->at == r->end || json_next(r, &token) == JSON_END ? 0 : -1;
}

int envelope_parse_with(struct envelope *e, struct slice line,
                        int (*take_body)(void *ctx, struct envelope *e), void *ctx)
{
  e->take_body = take_body;
  e->ctx = ctx;
  e->src = e->dest = e->type = e->body = (struct slice){NULL, 0};
  e->has_msg_id = e->has_in_reply_to = 0;
  e->error = NULL;
  e->seen = 0;
  e->keys = 0;
  e->is_simple = 1;
  e->scratch.length = 0;
  bytes_trim(&e->scratch, SCRATCH_KEPT);
  json_reader_restart(&e->reader, line);
  if (read_line(e) != 0 && e->error == NULL)
    complain(e, e->reader.error != NULL ? e->reader.error : "the body cannot be taken",
             e->reader.error_position);
  return e->error == NULL ? 0 : -1;
}

int envelope_parse(struct envelope *e, struct slice line)
{
  return envelope_parse_with(e, line, NULL, NULL);
}

static int write_message(struct bytes *out, struct slice src, struct slice dest, struct slice body)
{
  int status;
  if (bytes_put(out, SLICE("{\"src\":")) != 0)
    return -1;
  if ((status = json_write_string(out, src)) != 0)
    return status;
  if (bytes_put(out, SLICE(",\"dest\":")) != 0)
    return -1;
  if ((status = json_write_string(out, dest)) != 0)
    return status;
  if (bytes_put(out, SLICE(",\"body\":")) != 0 || bytes_append_slice(out, body) != 0)
    return -1;
  return bytes_put(out, SLICE("}\n"));
}

int envelope_write(struct bytes *out, struct slice src, struct slice dest, struct slice body)
{
  const size_t before = out->length;
  int status = write_message(out, src, dest, body);
  if (status != 0)
    out->length = before;
  return status;
}
