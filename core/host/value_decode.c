/* Text to values. Open containers wait on the Lua stack, each table followed by
 * the key that the next value belongs to, so nesting costs no C stack. */
#include "host/value.h"

#include "host/value_marks.h"
#include "wire/json_read.h"

enum { AN_OBJECT = -1, STACK_PER_LEVEL = 8, SCRATCH_KEPT_BYTES = 64 * 1024 };

struct builder {
  lua_State *L;
  int flags;
  int depth;
  lua_Integer length[VALUE_MAX_DEPTH]; /* of each open array; AN_OBJECT */
};

/* Stores the value at the top into the container below it, if there is one.
 * Returns 0, or -1 when its key was there already and may not be. */
static int store(struct builder *b)
{
  if (b->depth == 0)
    return 0;
  lua_Integer *length = &b->length[b->depth - 1];
  if (*length != AN_OBJECT) {
    lua_rawseti(b->L, -2, ++*length);
    return 0;
  }
  if (b->flags & VALUE_UNIQUE_KEYS) {
    lua_pushvalue(b->L, -2);        // table key value key
    int old = lua_rawget(b->L, -4); // table key value old
    lua_pop(b->L, 1);               // table key value
    if (old != LUA_TNIL)
      return -1;
  }
  lua_rawset(b->L, -3);
  return 0;
}

static int open_container(struct builder *b, int is_array)
{
  if (!lua_checkstack(b->L, STACK_PER_LEVEL))
    return -1;
  if (is_array)
    lua_createtable(b->L, 4, 0);
  else
    lua_createtable(b->L, 0, 4);
  b->length[b->depth++] = is_array ? 0 : AN_OBJECT;
  return 0;
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
    break;
  case JSON_DOUBLE:
    lua_pushnumber(L, token->number);
    break;
  case JSON_STRING:
    lua_pushlstring(L, token->string.data, token->string.length);
    break;
  case JSON_KEY:
    lua_pushlstring(L, token->string.data, token->string.length);
    return 0;
  case JSON_ARRAY_BEGIN:
  case JSON_OBJECT_BEGIN:
    *why = "out of stack";
    return open_container(b, token->kind == JSON_ARRAY_BEGIN);
  case JSON_ARRAY_END:
    value_mark_array(L);
    b->depth--;
    break;
  case JSON_OBJECT_END:
    b->depth--;
    break;
  case JSON_END:
  case JSON_ERROR:
    break; /* the loop ends before these */
  }
  *why = "the same key twice in one object";
  return store(b);
}

/* The memory that the reader needs for escapes is the state's, and the reader's only while
 * it reads a token: an error of Lua leaks nothing, and a finalizer that runs meanwhile may
 * decode too. */
static enum json_kind next(struct json_reader *r, struct json_token *token, struct bytes *scratch)
{
  r->scratch = *scratch;
  enum json_kind kind = json_next(r, token);
  *scratch = r->scratch;
  return kind;
}

int value_decode(lua_State *L, struct slice text, int flags, struct error *e)
{
  struct builder b = {.L = L, .flags = flags};
  struct json_reader reader;
  struct json_token token;
  const char *why = NULL;
  int top = lua_gettop(L);
  if (!lua_checkstack(L, STACK_PER_LEVEL))
    return error_set(e, "out of stack");
  struct bytes *scratch = value_scratch(L);
  scratch->length = 0;
  bytes_trim(scratch, SCRATCH_KEPT_BYTES);
  json_reader_init(&reader, text, VALUE_MAX_DEPTH);
  while (next(&reader, &token, scratch) != JSON_END) {
    if (token.kind == JSON_ERROR) {
      lua_settop(L, top);
      return error_set(e, "byte %zu: %s", reader.error_position, reader.error);
    }
    if (take(&b, &token, &why) != 0) {
      lua_settop(L, top);
      return error_set(e, "byte %zu: %s", token.start, why);
    }
  }
  return 0;
}
