#include "host/builder.h"

#include "wire/json_shortcut.h"

/* Of the stack so many places are taken at first, which are mostly there already, and so many at a time
 * then; each time with some more for what is pushed in between. A container needs two as a table. */
enum { STACK_FIRST = 8, STACK_STEP = 32, STACK_BETWEEN = 8, PLACES_OF_TABLE = 2, LEAST_SIZE = 4 };

static int grow_stack(struct builder *b, int step)
{
  if (!lua_checkstack(b->L, step + STACK_BETWEEN))
    return -1;
  b->room = b->pushed + step;
  return 0;
}

int builder_begin(struct builder *b, lua_State *L, struct json_reader *r, int flags)
{
  b->L = L;
  b->x = extra_of(L);
  b->reader = r;
  b->flags = flags;
  b->body = NULL;
  b->field = 0;
  b->depth = b->waiting = b->pushed = 0;
  if (grow_stack(b, STACK_FIRST) != 0)
    return -1;
  b->may_learn = shapes_begin(&b->x->shapes);
  return 0;
}

/* --- tables ----------------------------------------------------------- */

/* Pushes a value that waits; one of the collector is on the stack at `place`, and then the next is behind
 * that. Returns the place of the next. */
static int push_value(struct builder *b, struct layout_value value, int place)
{
  lua_State *L = b->L;
  switch (value.tag) {
  case LAYOUT_INTEGER:
    lua_pushinteger(L, value.as.integer);
    break;
  case LAYOUT_FLOAT:
    lua_pushnumber(L, value.as.number);
    break;
  case LAYOUT_FALSE:
  case LAYOUT_TRUE:
    lua_pushboolean(L, value.tag == LAYOUT_TRUE);
    break;
  case LAYOUT_POINTER:
    lua_pushlightuserdata(L, NULL);
    break;
  default:
    lua_pushvalue(L, place);
    return place + 1;
  }
  return place;
}

/* Stores all that waits for the innermost container into its table at the top, one by one. */
static void fill(struct builder *b, const struct builder_level *level)
{
  lua_State *L = b->L;
  int place = lua_gettop(L) - (b->pushed - level->pushed);
  int known = level->base + (level->shape != NULL ? level->shape->count : level->known);
  for (int i = level->base; i < b->waiting; i++) {
    if (level->is_array) {
      place = push_value(b, b->values[i], place);
      lua_rawseti(L, -2, i - level->base + 1);
      continue;
    }
    if (i < known)
      lua_pushlstring(L, b->keys[i].data, b->keys[i].length);
    else
      lua_pushvalue(L, place++);
    place = push_value(b, b->values[i], place);
    lua_rawset(L, -3);
  }
  if (level->is_array) {
    kept_push(L, &b->x->array_mark);
    lua_setmetatable(L, -2);
  }
}

/* The same in one go; t is that table. Returns whether that can be. */
static int fill_at_once(struct builder *b, const struct builder_level *level,
                        struct layout_table *t)
{
  const struct layout_value *values = &b->values[level->base];
  if (!b->x->layout_is_known)
    return 0;
  if (level->is_array)
    return layout_fill_items(t, values, (size_t)(b->waiting - level->base),
                             b->x->array_mark.address);
  const struct shape *shape = level->shape;
  return shape != NULL && shape->pattern != NULL && layout_fill_fields(t, shape->pattern, values);
}

/* The table at the top takes the place of what waited for it on the stack. */
static void settle(struct builder *b, const struct builder_level *level)
{
  int count = b->pushed - level->pushed;
  if (count > 0) {
    lua_copy(b->L, -1, -1 - count);
    lua_pop(b->L, count);
  }
}

/* How many items an array will have, or fields an object, of which some wait already: a flat array
 * as the text says, any other twice as many. */
static int expected_size(const struct builder *b, const struct builder_level *level)
{
  int count = b->waiting - level->base;
  if (level->is_array && b->reader->state != JSON_AT_ITEM && b->reader->state != JSON_AT_KEY) {
    int commas = json_count_commas(b->reader);
    if (commas > 0)
      return count + 1 + commas;
  }
  return count > LEAST_SIZE / 2 ? 2 * count : LEAST_SIZE;
}

/* Nothing of the innermost container waits any more: it becomes a table now. */
static void become_table(struct builder *b, struct builder_level *level)
{
  int size = expected_size(b, level);
  lua_createtable(b->L, level->is_array ? size : 0, level->is_array ? 0 : size);
  fill(b, level);
  settle(b, level);
  level->length = b->waiting - level->base;
  level->limit = 0;
  level->shape = NULL;
  b->waiting = level->base;
  b->pushed = level->pushed + PLACES_OF_TABLE;
}

int builder_prepare(struct builder *b)
{
  if (b->depth == 0)
    return 0;
  struct builder_level *level = builder_level(b);
  if (level->limit == 0)
    return 0;
  if (b->waiting < level->limit &&
      (b->pushed + BUILDER_KEY_AND_VALUE <= b->room || grow_stack(b, STACK_STEP) == 0))
    return 1;
  become_table(b, level);
  return 0;
}

void builder_store(struct builder *b)
{
  if (b->depth == 0)
    return;
  struct builder_level *level = builder_level(b);
  if (level->is_array)
    lua_rawseti(b->L, -2, ++level->length);
  else
    lua_rawset(b->L, -3);
}

void builder_other(struct builder *b, int waits, struct layout_value value)
{
  b->field = 0;
  if (waits) {
    b->values[b->waiting++] = value;
    return;
  }
  (void)push_value(b, value, 0);
  builder_store(b);
}

int builder_open(struct builder *b, int is_array)
{
  struct shape *none = &b->x->shapes.none, *place = none;
  b->field = 0;
  if (b->depth > 0) {
    const struct builder_level *outer = builder_level(b);
    place = outer->is_array || outer->shape == NULL ? outer->place : outer->shape;
    if (builder_waits(b)) { /* its own place, for when it is closed */
      b->waiting++;
      b->pushed++;
    }
  }
  if (b->pushed + PLACES_OF_TABLE > b->room && grow_stack(b, STACK_STEP) != 0)
    return -1;
  int limit = b->waiting + WAITING_A_LEVEL;
  struct builder_level *level = &b->levels[b->depth++];
  level->shape = is_array ? NULL : none;
  level->place = place;
  level->base = b->waiting;
  level->limit = limit < WAITING_MAX ? limit : WAITING_MAX;
  level->known = 0;
  level->pushed = b->pushed;
  level->is_array = is_array;
  return 0;
}

/* Makes the table of the innermost container, all of whose values wait, and pushes it. */
static struct layout_table *make_table(struct builder *b, const struct builder_level *level)
{
  int count = b->waiting - level->base;
  if (level->shape != NULL)
    shapes_end_at(&b->x->shapes, b->L, level->shape, &b->keys[level->base]);
  lua_createtable(b->L, level->is_array ? count : 0, level->is_array ? 0 : count);
  struct layout_table *t = layout_table_at(b->L, -1);
  if (!fill_at_once(b, level, t))
    fill(b, level);
  settle(b, level);
  return t;
}

void builder_close(struct builder *b)
{
  const struct builder_level *level = builder_level(b);
  const struct layout_table *t = level->limit == 0 ? address_of(b->L, -1) : make_table(b, level);
  b->waiting = level->base;
  b->pushed = level->pushed;
  b->depth--;
  if (b->depth > 0 && builder_member_waits(b))
    b->values[b->waiting - 1] = (struct layout_value){.as.object = t, .tag = LAYOUT_TABLE};
  else
    builder_store(b);
}

/* --- keys ------------------------------------------------------------- */

void builder_note_key(struct builder *b, const char *text)
{
  const struct extra *x = b->x;
  b->field = text == x->type.address          ? VALUE_TYPE
             : text == x->msg_id.address      ? VALUE_MSG_ID
             : text == x->in_reply_to.address ? VALUE_IN_REPLY_TO
                                              : 0;
  b->body->named |= b->field;
}

/* Whether a key is one of those whose values wait. */
static int is_waiting(const struct builder *b, const struct builder_level *level, struct slice key)
{
  for (int i = level->base; i < b->waiting; i++)
    if (slice_equal(b->keys[i], key))
      return 1;
  return 0;
}

/* Whether the table below the key at the top has it already. */
static int is_there(lua_State *L)
{
  lua_pushvalue(L, -1);        // table key key
  int old = lua_rawget(L, -3); // table key old
  lua_pop(L, 1);               // table key
  return old != LUA_TNIL;
}

/* Pushes a key that is in no shape. Returns how Lua keeps it. */
static struct slice push_key(struct builder *b, struct slice key)
{
  const struct name *name = names_push(&b->x->names, b->L, key);
  b->field = 0;
  if (name == NULL)
    return (struct slice){lua_tostring(b->L, -1), key.length};
  if (b->body != NULL && b->depth == 1)
    builder_note_key(b, name->text);
  return (struct slice){name->text, key.length};
}

/* Takes a key to a shape with it, which may be a new one. Returns whether there is one. */
static int take_shape(struct builder *b, struct builder_level *level, struct slice key)
{
  struct shapes *s = &b->x->shapes;
  struct shape *next = shapes_find(s, level->shape, key);
  if (next == NULL && b->may_learn && !is_waiting(b, level, key))
    next = shapes_learn(s, b->L, level->shape, key);
  if (next == NULL)
    return 0;
  if (next->count == 1)
    level->place->inner = next;
  else
    level->shape->follower = next;
  builder_take_shape(b, level, next);
  return 1;
}

int builder_key(struct builder *b, struct slice key)
{
  int waits = builder_prepare(b), is_unique = (b->flags & VALUE_UNIQUE_KEYS) != 0;
  struct builder_level *level = builder_level(b);
  if (!waits) {
    (void)push_key(b, key);
    return is_unique && is_there(b->L) ? -1 : 0;
  }
  if (level->shape != NULL) {
    if (take_shape(b, level, key))
      return 0;
    level->known = level->shape->count;
    level->shape = NULL;
  }
  if (is_unique && is_waiting(b, level, key))
    return -1;
  b->keys[b->waiting] = push_key(b, key);
  b->pushed++;
  return 0;
}

struct layout_value *builder_free_items(struct builder *b, size_t *count)
{
  const struct builder_level *level = builder_level(b);
  if (!level->is_array || level->limit != 0 || !b->x->layout_is_known)
    return NULL;
  struct layout_table *t = layout_table_at(b->L, -1);
  size_t length = (size_t)level->length, size = layout_array_size(t);
  if (length >= size)
    return NULL;
  *count = size - length;
  return &t->array[length];
}
