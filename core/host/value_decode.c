/* Text to values. Open containers wait on the Lua stack, each table followed by the key that
 * the next value belongs to, so nesting costs no C stack.
 *
 * The plainest forms of keys, strings and integers are taken by shortcuts, everything else
 * goes token by token. Keys mostly come in the order in which they came last, in the object or the
 * message before: so the next one is compared before it is looked for (names.h). Tables are made as
 * large as they will probably become: a flat array of numbers by counting its commas, any other
 * like the last one at its depth, since what is nested in an array is mostly of one kind. */
#include "host/value.h"

#include "host/extra.h"
#include "wire/json_shortcut.h"

#include <limits.h>

enum { AN_OBJECT = -1, SCRATCH_KEPT_BYTES = 64 * 1024, USUAL_SIZE = 4 };

/* A level has a table and a key on the stack; the last one a value too, and what is done with it. */
enum { LEVELS_A_CHECK = 4, STACK_PER_CHECK = LEVELS_A_CHECK * 2 + 8 };

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
  struct name *last;       /* the key before, which notes what follows it; or NULL */
  struct level levels[VALUE_MAX_DEPTH];
  int deepest;                              /* only depths above it have a last size */
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
 * because of which it has to be looked for. Only names are told apart by their addresses. */
static int may_be_there(struct level *level, const struct name *name)
{
  if (name == NULL)
    return 1;
  uint64_t bit = (uint64_t)1 << ((uintptr_t)name->text * 0x9e3779b97f4a7c15u >> 58);
  int was_set = (level->keys & bit) != 0;
  level->keys |= bit;
  return was_set;
}

/* Whether the innermost object has the key at the top already, and may not. */
static inline int is_twice(struct builder *b, const struct name *name)
{
  if ((b->flags & VALUE_UNIQUE_KEYS) == 0 || !may_be_there(&b->levels[b->depth - 1], name))
    return 0;
  lua_pushvalue(b->L, -1);        // table key key
  int old = lua_rawget(b->L, -3); // table key old
  lua_pop(b->L, 1);               // table key
  return old != LUA_TNIL;
}

/* The key at the top has been pushed; its name, or NULL. Returns 0, or -1 when its object has it
 * already and may not. */
static inline int note_pushed(struct builder *b, struct name *name)
{
  b->last = name;
  if (b->depth == 1 && b->body != NULL && name != NULL)
    note_key(b, name->text);
  return is_twice(b, name) ? -1 : 0;
}

/* Pushes a key; the one before notes that it was followed by this. Returns as note_pushed. */
static int push_key(struct builder *b, struct slice key)
{
  struct name *name = names_push(&b->x->names, b->L, key); // table key
  if (b->last != NULL)
    b->last->follower = name;
  return note_pushed(b, name);
}

/* The name of the key that followed the last one before, if its text with quote and colon is what
 * begins at p; or NULL. */
static inline struct name *expected_key(const struct builder *b, const char *p, const char *end)
{
  struct name *name = b->last == NULL ? NULL : b->last->follower;
  if (name == NULL || !name->is_plain || (size_t)(end - p) < name->length + 2)
    return NULL;
  const char *close = p + name->length;
  return close[0] == '"' && close[1] == ':' && name_is(name, p) ? name : NULL;
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
  if (b->depth > 0 && b->depth % LEVELS_A_CHECK == 0 && !lua_checkstack(b->L, STACK_PER_CHECK))
    return -1;
  int size = b->depth < b->deepest ? b->last_size[b->depth] : 0;
  if (size == 0)
    size = USUAL_SIZE;
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
  if (b->deepest <= b->depth)
    b->deepest = b->depth + 1;
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

/* Takes the bracket of an array or object, if that is what comes. Returns 1, 0 when it is not, or -1
 * when it is nested too deeply for Lua. */
static int open_plain(struct builder *b)
{
  int is_array = json_take_open(b->reader, '[');
  if (!is_array && !json_take_open(b->reader, '{'))
    return 0;
  return open_container(b, is_array) == 0 ? 1 : -1;
}

/* Pushes the string or integer that begins at p, if that is what does and it is plain. Returns the
 * byte behind it; or NULL, and then nothing is pushed. */
#if defined(__GNUC__)
__attribute__((always_inline))
#endif
static inline const char *
push_plain(struct builder *b, const char *p)
{
  const char *end = b->reader->end;
  int64_t integer;
  if (p < end && *p == '"') {
    const char *text = p + 1, *close = utf8_plain_end(text, end);
    if (close == end || *close != '"')
      return NULL;
    struct slice s = {text, (size_t)(close - text)};
    if (b->field == VALUE_TYPE)
      names_push(&b->x->names, b->L, s);
    else
      lua_pushlstring(b->L, s.data, s.length);
    note_string(b, s);
    return close + 1;
  }
  if (p == end || (unsigned char)(*p - '-') > '9' - '-' ||
      (p = number_read_small(p, end, &integer)) == NULL)
    return NULL;
  lua_pushinteger(b->L, integer);
  note_integer(b, integer);
  return p;
}

/* Takes the members of the innermost object as far as keys and values are plain; the last one that
 * is taken may be a key. Returns 0, or -1 when it is there twice, and then `position`. */
static int take_plain_members(struct builder *b, size_t *position)
{
  struct json_reader *r = b->reader;
  struct level *level = &b->levels[b->depth - 1];
  const char *end = r->end, *p;
  while ((p = json_key_text(r)) != NULL) {
    struct name *name = expected_key(b, p, end);
    int result;
    if (name != NULL) {
      r->at = p + name->length + 2;
      name_push(name, b->L); // table key
      result = note_pushed(b, name);
    } else {
      const char *close = utf8_plain_end(p, end);
      if (end - close < 2 || close[0] != '"' || close[1] != ':')
        return 0;
      r->at = close + 2;
      result = push_key(b, (struct slice){p, (size_t)(close - p)}); // table key
    }
    r->state = JSON_AT_VALUE;
    if (result != 0) {
      *position = (size_t)(p - 1 - r->text);
      return -1;
    }
    const char *behind = push_plain(b, r->at);
    if (behind == NULL)
      return 0;
    level->fields++;
    lua_rawset(b->L, -3); // table
    r->at = behind;
    r->state = JSON_AFTER_MEMBER;
  }
  return 0;
}

/* Takes the items of the innermost array as far as they are plain; the last thing that is taken may
 * be a comma. */
static void take_plain_items(struct builder *b)
{
  struct json_reader *r = b->reader;
  struct level *level = &b->levels[b->depth - 1];
  const char *behind;
  while ((r->state == JSON_AT_ITEM || json_take_comma(r)) &&
         (behind = push_plain(b, r->at)) != NULL) {
    lua_rawseti(b->L, -2, ++level->length);
    r->at = behind;
    r->state = JSON_AFTER_ITEM;
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
      *why = "the same key twice in one object";
      if (take_plain_members(b, position) != 0)
        return FAILED;
    } else if (r->state == JSON_AT_ITEM || r->state == JSON_AFTER_ITEM) {
      take_plain_items(b);
    }
    if (r->state != JSON_AT_VALUE && b->depth > 0 && json_take_close(r, bracket)) {
      close_container(b);
      store(b);
      if (b->depth == 0)
        return DONE;
      continue;
    }
    if (r->state != JSON_AT_VALUE && r->state != JSON_AT_ITEM)
      return NOT_PLAIN;
    *position = json_position(r);
    *why = "out of stack";
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

static void begin(struct builder *b, lua_State *L, struct json_reader *r, int flags)
{
  b->L = L;
  b->x = extra_of(L);
  b->reader = r;
  b->flags = flags;
  b->depth = 0;
  b->body = NULL;
  b->field = 0;
  b->last = &b->x->names.start;
  b->deepest = 0;
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
  if (!lua_checkstack(L, STACK_PER_CHECK))
    return error_set(e, "out of stack");
  json_reader_init(&reader, text, VALUE_MAX_DEPTH);
  begin(&b, L, &reader, flags);
  if (build(&b, &position, &why) == 0) {
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
  if (!lua_checkstack(L, STACK_PER_CHECK) || p == r->end || *p != '{')
    return -1;
  begin(&b, L, r, VALUE_UNIQUE_KEYS);
  b.body = body;
  if (build(&b, &position, &why) == 0)
    return 0;
  lua_settop(L, top);
  return -1;
}
