/* Text to values. Open containers wait on the Lua stack, each table followed by the key that
 * the next value belongs to, so nesting costs no C stack.
 *
 * The plainest forms of keys, strings and integers are taken by shortcuts, everything else
 * goes token by token. Tables are made as large as they will probably become: a flat array of
 * numbers by counting its commas, any other like the last one at its depth, since what is
 * nested in an array is mostly of one kind. */
#include "host/value.h"

#include "host/extra.h"
#include "wire/json_shortcut.h"

#include <limits.h>

enum { AN_OBJECT = -1, STACK_PER_LEVEL = 8, SCRATCH_KEPT_BYTES = 64 * 1024, USUAL_SIZE = 4 };

/* Strings up to this length are told apart by their addresses. */
enum { INTERNED_MAX = NAMES_MAX_BYTES };

struct level {
  lua_Integer length; /* of an array; AN_OBJECT */
  int fields;
  uint64_t keys; /* a bit for each key of an object: if it is not set, the key is new */
};

struct builder {
  lua_State *L;
  struct extra *x;
  struct json_reader *reader;
  int flags;
  int depth;
  struct value_body *body; /* whose fields are noted; or NULL */
  int field;               /* enum value_fields: whose value comes next, or 0 */
  struct level levels[VALUE_MAX_DEPTH];
  unsigned char last_size[VALUE_MAX_DEPTH]; /* of the last container closed at this depth */
};

/* The key at the top is one of the body's own: which one is it? */
static void note_key(struct builder *b, const char *text)
{
  const struct extra *x = b->x;
  b->field = text == x->type.address          ? VALUE_TYPE
             : text == x->msg_id.address      ? VALUE_MSG_ID
             : text == x->in_reply_to.address ? VALUE_IN_REPLY_TO
                                              : 0;
  b->body->named |= b->field;
}

static inline void note_integer(struct builder *b, int64_t integer)
{
  if (b->field == 0)
    return;
  if (b->field == VALUE_MSG_ID)
    b->body->msg_id = integer;
  else if (b->field == VALUE_IN_REPLY_TO)
    b->body->in_reply_to = integer;
  b->body->found |= b->field & ~VALUE_TYPE;
  b->field = 0;
}

static inline void note_string(struct builder *b, struct slice string)
{
  if (b->field == 0)
    return;
  if (b->field == VALUE_TYPE)
    b->body->type = string;
  b->body->found |= b->field & VALUE_TYPE;
  b->field = 0;
}

/* Whether the object at the second place from the top may have the key at the top already,
 * because of which it has to be looked for. */
static int may_be_there(struct level *level, const char *text, size_t length)
{
  if (length > INTERNED_MAX)
    return 1;
  uint64_t bit = (uint64_t)1 << ((uintptr_t)text * 0x9e3779b97f4a7c15u >> 58);
  int was_set = (level->keys & bit) != 0;
  level->keys |= bit;
  return was_set;
}

/* Pushes a key. Returns 0, or -1 when its object has it already and may not. */
static int push_key(struct builder *b, struct slice key)
{
  const char *text = names_push(&b->x->names, b->L, key); // table key
  if (b->depth == 1 && b->body != NULL)
    note_key(b, text);
  if ((b->flags & VALUE_UNIQUE_KEYS) == 0 ||
      !may_be_there(&b->levels[b->depth - 1], text, key.length))
    return 0;
  lua_pushvalue(b->L, -1);        // table key key
  int old = lua_rawget(b->L, -3); // table key old
  lua_pop(b->L, 1);               // table key
  return old == LUA_TNIL ? 0 : -1;
}

/* Stores the value at the top into the container below it, if there is one. */
static void store(struct builder *b)
{
  if (b->depth == 0)
    return;
  struct level *level = &b->levels[b->depth - 1];
  if (level->length != AN_OBJECT) {
    lua_rawseti(b->L, -2, ++level->length);
    return;
  }
  level->fields++;
  lua_rawset(b->L, -3);
}

static int open_container(struct builder *b, int is_array)
{
  if (!lua_checkstack(b->L, STACK_PER_LEVEL))
    return -1;
  int size = b->last_size[b->depth] == 0 ? USUAL_SIZE : b->last_size[b->depth];
  if (is_array) {
    int commas = json_count_commas(b->reader);
    lua_createtable(b->L, commas > 0 ? commas + 1 : size, 0);
  } else {
    lua_createtable(b->L, 0, size);
  }
  b->levels[b->depth++] = (struct level){.length = is_array ? 0 : AN_OBJECT};
  b->field = 0;
  return 0;
}

static void close_container(struct builder *b)
{
  struct level *level = &b->levels[--b->depth];
  lua_Integer size = level->length == AN_OBJECT ? level->fields : level->length;
  b->last_size[b->depth] = size > UCHAR_MAX ? UCHAR_MAX : (unsigned char)size;
  if (level->length != AN_OBJECT) {
    kept_push(b->L, &b->x->array_mark);
    lua_setmetatable(b->L, -2);
  }
}

/* Takes one token. Returns 0, or -1 with `why` set. */
static int take(struct builder *b, const struct json_token *token, const char **why)
{
  lua_State *L = b->L;
  switch (token->kind) {
  case JSON_NULL:
    lua_pushlightuserdata(L, NULL);
    break;
  case JSON_FALSE:
  case JSON_TRUE:
    lua_pushboolean(L, token->kind == JSON_TRUE);
    break;
  case JSON_INTEGER:
    lua_pushinteger(L, token->integer);
    note_integer(b, token->integer);
    break;
  case JSON_DOUBLE:
    lua_pushnumber(L, token->number);
    break;
  case JSON_STRING: {
    struct slice s = {NULL, token->string.length};
    s.data = lua_pushlstring(L, token->string.data, token->string.length);
    note_string(b, s); /* the token may be in the scratch */
    break;
  }
  case JSON_KEY:
    *why = "the same key twice in one object";
    return push_key(b, token->string);
  case JSON_ARRAY_BEGIN:
  case JSON_OBJECT_BEGIN:
    *why = "out of stack";
    return open_container(b, token->kind == JSON_ARRAY_BEGIN);
  case JSON_ARRAY_END:
  case JSON_OBJECT_END:
    close_container(b);
    break;
  case JSON_END:
  case JSON_ERROR:
    break; /* the loop ends before these */
  }
  store(b);
  return 0;
}

/* Takes a value if it is plain, or the bracket that opens one. Returns 1, 0 when it is neither,
 * or -1 when it is nested too deeply for Lua. */
static int take_plain_value(struct builder *b)
{
  struct json_reader *r = b->reader;
  struct slice s;
  int64_t integer;
  if (json_take_integer(r, &integer)) {
    lua_pushinteger(b->L, integer);
    note_integer(b, integer);
  } else if (json_take_string(r, &s)) {
    if (b->field == VALUE_TYPE)
      names_push(&b->x->names, b->L, s);
    else
      lua_pushlstring(b->L, s.data, s.length);
    note_string(b, s);
  } else {
    int is_array = json_take_open(r, '[');
    if (!is_array && !json_take_open(r, '{'))
      return 0;
    return open_container(b, is_array) == 0 ? 1 : -1;
  }
  store(b);
  return 1;
}

enum step { FAILED = -1, NOT_PLAIN, DONE };

/* Takes what comes next as far as it is plain. DONE: the whole value is at the top. FAILED: with
 * `why` and `position`. */
static enum step take_plain(struct builder *b, size_t *position, const char **why)
{
  struct json_reader *r = b->reader;
  struct slice key;
  for (;;) {
    *position = json_position(r);
    switch (r->state) {
    case JSON_AT_KEY:
    case JSON_AFTER_MEMBER:
      if (json_take_any_key(r, &key)) {
        *position = (size_t)(key.data - 1 - r->text);
        *why = "the same key twice in one object";
        if (push_key(b, key) != 0)
          return FAILED;
        break;
      }
      if (b->depth == 0 || !json_take_close(r, '}'))
        return NOT_PLAIN;
      close_container(b);
      store(b);
      if (b->depth == 0)
        return DONE;
      continue;
    case JSON_AFTER_ITEM:
      if (json_take_comma(r))
        break;
      /* fall through */
    case JSON_AT_ITEM:
      if (b->depth > 0 && json_take_close(r, ']')) {
        close_container(b);
        store(b);
        if (b->depth == 0)
          return DONE;
        continue;
      }
      if (r->state == JSON_AFTER_ITEM)
        return NOT_PLAIN;
      break;
    default:
      break;
    }
    int taken = take_plain_value(b);
    if (taken == 0)
      return NOT_PLAIN;
    *why = "out of stack";
    if (taken < 0)
      return FAILED;
    if (b->depth == 0)
      return DONE;
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

static void begin(struct builder *b, lua_State *L, struct json_reader *r, int flags)
{
  b->L = L;
  b->x = extra_of(L);
  b->reader = r;
  b->flags = flags;
  b->depth = 0;
  b->body = NULL;
  b->field = 0;
  b->levels[0] = (struct level){0};
  memset(b->last_size, 0, sizeof b->last_size);
  b->x->scratch.length = 0;
  bytes_trim(&b->x->scratch, SCRATCH_KEPT_BYTES);
}

/* Pushes one whole value. Returns 0, or -1 with `why` and `position`. */
static int build(struct builder *b, size_t *position, const char **why)
{
  struct json_token token;
  for (;;) {
    enum step step = take_plain(b, position, why);
    if (step != NOT_PLAIN)
      return step == DONE ? 0 : -1;
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
  if (!lua_checkstack(L, STACK_PER_LEVEL))
    return error_set(e, "out of stack");
  json_reader_init(&reader, text, VALUE_MAX_DEPTH);
  begin(&b, L, &reader, flags);
  if (build(&b, &position, &why) == 0) {
    if (next(&b, &token) == JSON_END)
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
  if (!lua_checkstack(L, STACK_PER_LEVEL) || p == r->end || *p != '{')
    return -1;
  begin(&b, L, r, VALUE_UNIQUE_KEYS);
  b.body = body;
  if (build(&b, &position, &why) == 0)
    return 0;
  lua_settop(L, top);
  return -1;
}
