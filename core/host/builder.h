/* builder.h - Lua values out of their parts, which come in the order of a text.
 *
 * Open containers wait on the Lua stack, so nesting costs no C stack, and what they have so far is
 * reached by the collector. Keys and values of a container wait as well, and its table is made when it
 * is closed: then it gets just the size it needs, and nearly always its keys are a shape (shapes.h),
 * with which all of it is written in one go. Numbers, booleans and null wait in the builder alone, and
 * never see the stack; strings and tables are on it too.
 *
 * Of containers with more than WAITING_A_LEVEL values, and when there is no room, the table is made
 * early, and what follows is stored one by one. When that is, and so the order in which `pairs` goes
 * through a table, depends on the text alone, and not on what came before it. */
#ifndef HEARSAY_HOST_BUILDER_H
#define HEARSAY_HOST_BUILDER_H

#include "base/bytes.h"
#include "host/extra.h"
#include "host/layout.h"
#include "host/shapes.h"
#include "host/value.h"
#include "wire/json_read.h"

enum { WAITING_A_LEVEL = 32, WAITING_MAX = 256, BUILDER_KEY_AND_VALUE = 2 };

/* An open container. While its values wait, the stack has those of the collector, and below each of
 * them its key if that is in no shape. A table is on the stack itself, and above it the key that the
 * next value belongs to. */
struct builder_level {
  struct shape
    *shape; /* of its keys so far; NULL: some are unknown, or it is no object that waits */
  struct shape
    *place;           /* of the keys that led to it: its first key is likely the one before at it */
  lua_Integer length; /* of an array that is a table */
  int base;           /* the first of its values that wait */
  int limit;          /* how many may wait in all when one more of it is to; 0: it is a table */
  int known;          /* how many of its keys are in a shape, when not all are */
  int pushed;         /* values on the stack when it was opened */
  int is_array;
};

struct builder {
  lua_State *L;
  struct extra *x;
  struct json_reader *reader; /* what the values are from: it can tell how long an array is */
  int flags;                  /* enum value_flags */
  struct value_body *body;    /* whose fields are noted; or NULL */
  int field;                  /* enum value_fields: whose value comes next, or 0 */
  int depth;
  int waiting;      /* values */
  int pushed, room; /* values on the stack, and how many it can have: at least */
  int may_learn;
  struct layout_value values[WAITING_MAX];
  struct slice keys[WAITING_MAX];
  struct builder_level levels[VALUE_MAX_DEPTH];
};

/* Begins one value, which is pushed in the end; until then nothing else may be. Returns 0, or -1
 * when Lua's stack cannot grow. Between this and builder_end only out of memory raises. */
int builder_begin(struct builder *b, lua_State *L, struct json_reader *r, int flags);

static inline void builder_end(struct builder *b)
{
  if (b->may_learn)
    shapes_end(&b->x->shapes);
}

/* Opens an array or object. Returns 0, or -1 when Lua's stack cannot grow. */
int builder_open(struct builder *b, int is_array);

/* Closes the innermost one, which is the value then. */
void builder_close(struct builder *b);

/* The key of the next value. Returns 0, or -1 when its object has it already and may not. */
int builder_key(struct builder *b, struct slice key);

/* Makes room for a key and its value, or for an item: until those are there, no table is made and
 * nothing is allocated but strings. Returns whether the value is to wait. */
int builder_prepare(struct builder *b);

/* The value at the top belongs to what is the innermost container, as a table; or is the whole. */
void builder_store(struct builder *b);

/* Where the next items of the innermost container lie, if it is an array and a table already: numbers
 * may be written there, and builder_stored says how many were, before anything else is done. Or
 * NULL; else there are `count`. */
struct layout_value *builder_free_items(struct builder *b, size_t *count);

/* Notes which of the body's own keys this is. */
void builder_note_key(struct builder *b, const char *text);

static inline struct builder_level *builder_level(struct builder *b)
{
  return &b->levels[b->depth - 1];
}

static inline void builder_stored(struct builder *b, size_t count)
{
  builder_level(b)->length += (lua_Integer)count;
}

/* Whether a member's value is to wait, when its key is there. */
static inline int builder_member_waits(struct builder *b)
{
  return builder_level(b)->limit != 0;
}

/* The same for any value, also of an array, or of no container: makes room for it. */
static inline int builder_waits(struct builder *b)
{
  if (b->depth > 0 && b->waiting < builder_level(b)->limit && b->pushed < b->room)
    return 1;
  return builder_prepare(b);
}

/* Takes the key that leads on to this shape. */
static inline void builder_take_shape(struct builder *b, struct builder_level *level,
                                      struct shape *shape)
{
  level->shape = shape;
  b->keys[b->waiting].data = shape->text;
  b->keys[b->waiting].length = shape->length;
  if (b->body != NULL && b->depth == 1)
    builder_note_key(b, shape->text);
}

/* Takes the key that is expected, if its text begins at p; the value is to wait then. Returns the
 * byte behind its colon, or NULL. See shapes_expected. */
static inline const char *builder_expected_key(struct builder *b, const char *p, const char *end)
{
  struct builder_level *level = builder_level(b);
  struct shape *shape = level->shape;
  if (shape == NULL || b->waiting == level->limit || b->pushed + BUILDER_KEY_AND_VALUE > b->room)
    return NULL;
  struct shape *likely = shape->count == 0 ? level->place->inner : shape->follower;
  shape = shapes_expected(&b->x->shapes, shape, likely, p, end);
  if (shape == NULL)
    return NULL;
  builder_take_shape(b, level, shape);
  return p + shape->length + 2;
}

/* Each of these takes a value; `waits` is what the functions above say. */
static inline void builder_integer(struct builder *b, int waits, int64_t integer)
{
  if (b->field != 0) {
    if (b->field == VALUE_MSG_ID)
      b->body->msg_id = integer;
    else if (b->field == VALUE_IN_REPLY_TO)
      b->body->in_reply_to = integer;
    b->body->found |= b->field & ~VALUE_TYPE;
    b->field = 0;
  }
  if (waits) {
    b->values[b->waiting].as.integer = integer;
    b->values[b->waiting++].tag = LAYOUT_INTEGER;
    return;
  }
  lua_pushinteger(b->L, integer);
  builder_store(b);
}

/* Null, a boolean, a float. */
void builder_other(struct builder *b, int waits, struct layout_value value);

/* A string, which is in the text that is decoded, or is only now copied. */
static inline void builder_string(struct builder *b, int waits, struct slice string, int is_in_text)
{
  const char *text;
  if (b->field == VALUE_TYPE) {
    (void)names_push(&b->x->names, b->L, string);
    text = lua_tostring(b->L, -1);
    b->body->type = is_in_text ? string : (struct slice){text, string.length};
    b->body->found |= VALUE_TYPE;
  } else {
    text = lua_pushlstring(b->L, string.data, string.length);
  }
  b->field = 0;
  if (!waits) {
    builder_store(b);
    return;
  }
  b->pushed++;
  b->values[b->waiting++] = b->x->layout_is_known
                              ? layout_of_text(text)
                              : (struct layout_value){.tag = LAYOUT_OF_COLLECTOR};
}

#endif
