/* Text to values. The plainest forms of keys, strings and integers are taken by shortcuts, and keys
 * mostly come in the order in which they came last: so the next one is compared with that before it is
 * looked for. Everything else goes token by token. What the values become is the builder's. */
#include "host/value.h"

#include "host/builder.h"
#include "wire/json_shortcut.h"

enum { SCRATCH_KEPT_BYTES = 64 * 1024 };

static const char key_twice[] = "the same key twice in one object",
                  no_stack[] = "out of memory for the stack";

/* Takes one token. Returns 0, or -1 with `why` set. */
static int take(struct builder *b, const struct json_token *token, const char **why)
{
  switch (token->kind) {
  case JSON_NULL:
    builder_other(b, builder_waits(b),
                  (struct layout_value){.as.object = NULL, .tag = LAYOUT_POINTER});
    break;
  case JSON_FALSE:
    builder_other(b, builder_waits(b), (struct layout_value){.tag = LAYOUT_FALSE});
    break;
  case JSON_TRUE:
    builder_other(b, builder_waits(b), (struct layout_value){.tag = LAYOUT_TRUE});
    break;
  case JSON_INTEGER:
    builder_integer(b, builder_waits(b), token->integer);
    break;
  case JSON_DOUBLE:
    builder_other(b, builder_waits(b),
                  (struct layout_value){.as.number = token->number, .tag = LAYOUT_FLOAT});
    break;
  case JSON_STRING:
    builder_string(b, builder_waits(b), token->string, 0); /* it may be in the scratch */
    break;
  case JSON_KEY:
    *why = key_twice;
    return builder_key(b, token->string);
  case JSON_ARRAY_BEGIN:
  case JSON_OBJECT_BEGIN:
    *why = no_stack;
    return builder_open(b, token->kind == JSON_ARRAY_BEGIN);
  case JSON_ARRAY_END:
  case JSON_OBJECT_END:
    builder_close(b);
    break;
  case JSON_END:
  case JSON_ERROR:
    break; /* the loop ends before these */
  }
  return 0;
}

/* Takes the bracket of an array or object, if that is what comes. Returns 1, 0 when it is not, or -1
 * when it is nested too deeply for Lua. */
static int open_plain(struct builder *b)
{
  int is_array = json_take_open(b->reader, '[');
  if (!is_array && !json_take_open(b->reader, '{'))
    return 0;
  return builder_open(b, is_array) == 0 ? 1 : -1;
}

/* Where a plain integer ends that begins at p; or NULL. */
static inline const char *read_integer(const char *p, const char *end, int64_t *integer)
{
  if (p == end || (unsigned char)(*p - '-') > '9' - '-')
    return NULL;
  return number_read_small(p, end, integer);
}

/* Whether the four bytes at p are these. */
static inline int begins_with(const char *p, const char *end, const char *four)
{
  return end - p >= 4 && memcmp(p, four, 4) == 0;
}

/* Takes the word that begins at p, as below. */
static const char *take_word(struct builder *b, int waits, const char *p)
{
  const char *end = b->reader->end;
  struct layout_value value = {.as.object = NULL};
  if (begins_with(p, end, "null"))
    value.tag = LAYOUT_POINTER;
  else if (begins_with(p, end, "true"))
    value.tag = LAYOUT_TRUE;
  else if (*p == 'f' && begins_with(p + 1, end, "alse"))
    value.tag = LAYOUT_FALSE;
  else
    return NULL;
  builder_other(b, waits, value);
  return p + (value.tag == LAYOUT_FALSE ? 5 : 4);
}

/* Takes the string, integer or word that begins at p, if that is what does and it is plain. Returns the
 * byte behind it; or NULL, and then nothing is taken. */
#if defined(__GNUC__)
__attribute__((always_inline))
#endif
static inline const char *
take_plain_value(struct builder *b, int waits, const char *p)
{
  const char *end = b->reader->end;
  int64_t integer;
  if (p == end)
    return NULL;
  if (*p == '"') {
    const char *text = p + 1, *close = utf8_plain_end(text, end);
    if (close == end || *close != '"')
      return NULL;
    builder_string(b, waits, (struct slice){text, (size_t)(close - text)}, 1);
    return close + 1;
  }
  if (*p >= 'f' && *p <= 't')
    return take_word(b, waits, p);
  p = read_integer(p, end, &integer);
  if (p != NULL)
    builder_integer(b, waits, integer);
  return p;
}

/* Takes the key whose text begins at `text`. Returns the byte behind its colon; NULL when it is not plain,
 * or when it is there twice, and then `is_twice`. */
static const char *take_plain_key(struct builder *b, const char *text, int *is_twice)
{
  const char *end = b->reader->end, *close = utf8_plain_end(text, end);
  if (end - close < 2 || close[0] != '"' || close[1] != ':')
    return NULL;
  *is_twice = builder_key(b, (struct slice){text, (size_t)(close - text)}) != 0;
  return *is_twice ? NULL : close + 2;
}

/* Takes the members of the innermost object as far as keys and values are plain; the last one that
 * is taken may be a key. Returns 0, or -1 when it is there twice, and then `position`. */
static int take_plain_members(struct builder *b, size_t *position)
{
  struct json_reader *r = b->reader;
  const char *end = r->end, *key = json_key_text(r);
  while (key != NULL) {
    int is_twice = 0, waits = 1;
    const char *value = builder_expected_key(b, key, end);
    if (value == NULL) {
      value = take_plain_key(b, key, &is_twice);
      waits = builder_member_waits(b);
    }
    *position = (size_t)(key - 1 - r->text);
    if (value == NULL)
      return is_twice ? -1 : 0;
    r->at = value;
    r->state = JSON_AT_VALUE;
    const char *behind = take_plain_value(b, waits, value);
    if (behind == NULL)
      return 0;
    r->at = behind;
    r->state = JSON_AFTER_MEMBER;
    key = end - behind >= 2 && behind[0] == ',' && behind[1] == '"' ? behind + 2 : NULL;
  }
  return 0;
}

/* Takes integers with a comma before each, as far as they may be written into the innermost array. */
static void take_integers(struct builder *b)
{
  size_t count, taken = 0;
  struct json_reader *r = b->reader;
  struct layout_value *items = builder_free_items(b, &count);
  if (items == NULL)
    return;
  const char *p = r->at, *behind;
  int64_t integer;
  for (; taken < count && p < r->end && *p == ','; taken++, p = behind) {
    behind = read_integer(p + 1, r->end, &integer);
    if (behind == NULL)
      break;
    items[taken].as.integer = integer;
    items[taken].tag = LAYOUT_INTEGER;
  }
  r->at = p;
  builder_stored(b, taken);
}

/* Takes the items of the innermost array as far as they are plain; the last thing that is taken may
 * be a comma. */
static void take_plain_items(struct builder *b)
{
  struct json_reader *r = b->reader;
  const char *behind;
  while ((r->state == JSON_AT_ITEM || json_take_comma(r)) &&
         (behind = take_plain_value(b, builder_waits(b), r->at)) != NULL) {
    r->at = behind;
    r->state = JSON_AFTER_ITEM;
    if (!builder_member_waits(b))
      take_integers(b);
  }
}

enum step { FAILED = -1, NOT_PLAIN, DONE };

/* Takes what comes next as far as it is plain. DONE: the whole value is at the top. FAILED: with
 * `why` and `position`. */
static enum step take_plain(struct builder *b, size_t *position, const char **why)
{
  struct json_reader *r = b->reader;
  for (;;) {
    char bracket = ']';
    if (r->state == JSON_AT_KEY || r->state == JSON_AFTER_MEMBER) {
      bracket = '}';
      *why = key_twice;
      if (take_plain_members(b, position) != 0)
        return FAILED;
    } else if (r->state == JSON_AT_ITEM || r->state == JSON_AFTER_ITEM) {
      take_plain_items(b);
    }
    if (r->state != JSON_AT_VALUE && b->depth > 0 && json_take_close(r, bracket)) {
      builder_close(b);
      if (b->depth == 0)
        return DONE;
      continue;
    }
    if (r->state != JSON_AT_VALUE && r->state != JSON_AT_ITEM)
      return NOT_PLAIN;
    *position = json_position(r);
    *why = no_stack;
    int opened = open_plain(b);
    if (opened <= 0)
      return opened == 0 ? NOT_PLAIN : FAILED;
  }
}

/* The memory that the reader needs for escapes is the state's, and the reader's only while
 * it reads a token: an error of Lua leaks nothing, and a finalizer that runs meanwhile may
 * decode too. */
static enum json_kind next(struct builder *b, struct json_token *token)
{
  struct bytes own = b->reader->scratch;
  b->reader->scratch = b->x->scratch;
  enum json_kind kind = json_next(b->reader, token);
  b->x->scratch = b->reader->scratch;
  b->reader->scratch = own;
  return kind;
}

/* As builder_begin. */
static int begin(struct builder *b, lua_State *L, struct json_reader *r, int flags)
{
  struct bytes *scratch = &extra_of(L)->scratch;
  scratch->length = 0;
  bytes_trim(scratch, SCRATCH_KEPT_BYTES);
  return builder_begin(b, L, r, flags);
}

/* Pushes one whole value. Returns 0, or -1 with `why` and `position`. */
static int build(struct builder *b, size_t *position, const char **why)
{
  struct json_token token;
  for (;;) {
    enum step step = take_plain(b, position, why);
    if (step != NOT_PLAIN)
      return step == DONE ? 0 : -1;
    if (b->reader->state != JSON_AT_VALUE || b->reader->state_after_value != JSON_AFTER_MEMBER)
      (void)builder_prepare(b); /* so that the token is taken before anything else runs */
    enum json_kind kind = next(b, &token);
    *position = kind == JSON_ERROR ? b->reader->error_position : token.start;
    *why = b->reader->error;
    if (kind == JSON_ERROR || take(b, &token, why) != 0)
      return -1;
    if (b->depth == 0)
      return 0;
  }
}

int value_decode(lua_State *L, struct slice text, int flags, struct error *e)
{
  struct builder b;
  struct json_reader reader;
  struct json_token token;
  const char *why = NULL;
  size_t position;
  int top = lua_gettop(L);
  json_reader_init(&reader, text, VALUE_MAX_DEPTH);
  if (begin(&b, L, &reader, flags) != 0)
    return error_set(e, no_stack);
  int result = build(&b, &position, &why);
  builder_end(&b);
  if (result == 0) {
    if (reader.at == reader.end || next(&b, &token) == JSON_END)
      return 0;
    position = reader.error_position;
    why = reader.error;
  }
  lua_settop(L, top);
  return error_set(e, "byte %zu: %s", position, why);
}

int value_decode_body(lua_State *L, struct json_reader *r, struct value_body *body)
{
  struct builder b;
  const char *why;
  size_t position;
  int top = lua_gettop(L);
  const char *p = r->at;
  while (p < r->end && *p == ' ')
    p++;
  body->named = body->found = 0;
  if (p == r->end || *p != '{')
    return -1;
  shapes_end(&extra_of(L)->shapes); /* if one ran out of memory before its end */
  if (begin(&b, L, r, VALUE_UNIQUE_KEYS) != 0)
    return -1;
  b.body = body;
  int result = build(&b, &position, &why);
  builder_end(&b);
  if (result != 0)
    lua_settop(L, top);
  return result;
}
