/* The check looks at tables in a state of its own, whose allocator notes where each block is and how
 * long. A pointer is followed only where a block begins, and only if the block has just the
 * length that it must have: so Lua has told us the sizes before anything is read, and nothing is
 * read that is not there. What is read then is compared with what lua_next says. Then tables are filled
 * here, and Lua must find what is in them, and go on with them. */
#include "host/layout.h"

#include "host/address.h"

#include <lauxlib.h>

#include <stdatomic.h>
#include <string.h>

#if LUA_VERSION_NUM == 504 && !defined(HEARSAY_NO_LAYOUT)

enum { ARENA_BYTES = 48 * 1024, BLOCKS_MAX = 1024, ALIGNMENT = 16 };

struct block {
  const char *at;
  size_t bytes;
};

/* Memory for one short life: nothing is used twice. */
struct arena {
  _Alignas(ALIGNMENT) char memory[ARENA_BYTES];
  size_t used;
  struct block blocks[BLOCKS_MAX];
  size_t count;
};

static void *take(struct arena *a, size_t bytes)
{
  if (bytes > ARENA_BYTES - a->used || a->count == BLOCKS_MAX)
    return NULL;
  char *at = a->memory + a->used;
  a->used += (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  if (a->used > ARENA_BYTES)
    a->used = ARENA_BYTES;
  a->blocks[a->count++] = (struct block){at, bytes};
  return at;
}

static struct block *find(struct arena *a, const void *at)
{
  for (size_t i = a->count; i-- > 0;)
    if (a->blocks[i].at == at)
      return &a->blocks[i];
  return NULL;
}

/* As lua_Alloc. */
static void *allocate(void *ctx, void *old, size_t old_bytes, size_t bytes)
{
  struct arena *a = ctx;
  struct block *block = old == NULL ? NULL : find(a, old);
  if (block != NULL && bytes > 0 && bytes <= old_bytes) {
    block->bytes = bytes;
    return old;
  }
  void *made = bytes == 0 ? NULL : take(a, bytes);
  if (block == NULL || (made == NULL && bytes > 0))
    return made;
  if (made != NULL)
    memcpy(made, old, old_bytes);
  block->at = NULL;
  return made;
}

static int is_block(struct arena *a, const void *at, size_t bytes)
{
  const struct block *block = at == NULL ? NULL : find(a, at);
  return block != NULL && block->bytes == bytes;
}

/* Whether a value is the one at `index`. */
static int is_value(struct arena *a, lua_State *L, int index, union layout_payload as,
                    unsigned char tag)
{
  switch (tag) {
  case LAYOUT_FALSE:
  case LAYOUT_TRUE:
    return lua_isboolean(L, index) && lua_toboolean(L, index) == (tag == LAYOUT_TRUE);
  case LAYOUT_POINTER:
    return lua_islightuserdata(L, index) && as.object == lua_touserdata(L, index);
  case LAYOUT_INTEGER:
    return lua_isinteger(L, index) && as.integer == lua_tointeger(L, index);
  case LAYOUT_FLOAT:
    return lua_type(L, index) == LUA_TNUMBER && !lua_isinteger(L, index) &&
           as.number == lua_tonumber(L, index);
  case LAYOUT_SHORT_STRING:
  case LAYOUT_LONG_STRING: {
    struct slice s;
    if (lua_type(L, index) != LUA_TSTRING)
      return 0;
    s.data = lua_tolstring(L, index, &s.length);
    if (!is_block(a, as.object, offsetof(struct layout_string, text) + s.length + 1))
      return 0;
    struct slice text = layout_text(as.object, tag);
    return text.data == s.data && text.length == s.length;
  }
  case LAYOUT_TABLE:
    return lua_istable(L, index) && as.object == address_of(L, index);
  default:
    return 0;
  }
}

/* The next entry in the order of lua_next must be this one. */
static int is_next(struct arena *a, lua_State *L, int table, union layout_payload key,
                   unsigned char key_tag, union layout_payload as, unsigned char tag)
{
  if (!lua_next(L, table)) // key value
    return 0;
  int result = is_value(a, L, -2, key, key_tag) && is_value(a, L, -1, as, tag);
  lua_pop(L, 1); // key
  return result;
}

/* Whether the table at `index` has an array of `array_size` and `node_count` nodes (0: none of its
 * own), and is what lua_next says. */
static int is_table(struct arena *a, lua_State *L, int index, size_t array_size, size_t node_count)
{
  const struct layout_table *t = address_of(L, index);
  if (!is_block(a, t, sizeof *t) || layout_array_size(t) != array_size)
    return 0;
  if (array_size > 0 && !is_block(a, t->array, array_size * sizeof *t->array))
    return 0;
  if (node_count == 0 ? t->log2_nodes != 0 || t->nodes == NULL
                      : !is_block(a, t->nodes, node_count * sizeof *t->nodes) ||
                          layout_node_count(t) != node_count)
    return 0;
  lua_pushnil(L); // key
  for (size_t i = 0; i < array_size; i++) {
    const struct layout_value *v = &t->array[i];
    union layout_payload key = {.integer = (lua_Integer)i + 1};
    if (!layout_is_empty(v->tag) && !is_next(a, L, index, key, LAYOUT_INTEGER, v->as, v->tag))
      return 0;
  }
  for (size_t i = 0; i < node_count; i++) {
    const struct layout_node *n = &t->nodes[i];
    if (!layout_is_empty(n->tag) && !is_next(a, L, index, n->key, n->key_tag, n->as, n->tag))
      return 0;
  }
  return !lua_next(L, index);
}

/* Tables with all there is in them, with gaps, and with a length that is not that of the array. */
static const char sample[] =
  "local pointer, long = ...\n"
  "local hint = {1, 2, 3, 4, 5, 6, 7, 8}\n"
  "hint[8], hint[7], hint[6] = nil, nil, nil\n"
  "local _ = #hint\n"
  "return {}, {true, false, nil, 1 << 62, -0.5, 'short', long, pointer, {}}, hint,\n"
  "  {type = 'a', msg_id = 1, [2.5] = 1e300, [-7] = '', [true] = pointer, [long] = {}, gone = nil}";

enum { EMPTY = 1, MIXED, HINT, HASHED, MARK };

static int look(lua_State *L)
{
  static const char long_text[] =
    "a string that is too long to be among those that are all different";
  void *ctx;
  (void)lua_getallocf(L, &ctx);
  if (luaL_loadstring(L, sample) != LUA_OK)
    return 0;
  lua_pushlightuserdata(L, ctx);
  lua_pushstring(L, long_text);
  lua_call(L, 2, LUA_MULTRET); // empty mixed hint hashed
  lua_newtable(L);             // empty mixed hint hashed mark
  lua_pushvalue(L, MARK);
  lua_setmetatable(L, MIXED);
  const struct layout_table *mixed = address_of(L, MIXED);
  lua_pushboolean(L, is_table(ctx, L, EMPTY, 0, 0) && is_table(ctx, L, MIXED, 9, 0) &&
                       is_table(ctx, L, HINT, 8, 0) && is_table(ctx, L, HASHED, 0, 8) &&
                       mixed->metatable == address_of(L, MARK));
  return 1;
}

/* --- writing ------------------------------------------------------------- */

enum { FIELDS = 5, NODES = 8, ITEMS = 3 };

/* Whether it is the value of a string's text, at the top. */
static int is_text(struct arena *a, lua_State *L, unsigned char tag)
{
  const char *text = lua_tostring(L, -1);
  union layout_payload as = {.object = text - offsetof(struct layout_string, text)};
  if (!is_value(a, L, -1, as, tag))
    return 0;
  struct layout_value value = layout_of_text(text);
  return value.tag == tag && value.as.object == as.object;
}

/* Pushes a table as it is made to be filled; NULL if it is not as it must be. */
static struct layout_table *push_new(struct arena *a, lua_State *L)
{
  lua_createtable(L, 0, FIELDS);
  struct layout_table *t = layout_table_at(L, -1);
  return is_table(a, L, lua_gettop(L), 0, NODES) && !layout_is_black(t) ? t : NULL;
}

/* Whether `key` is there with the value at `index`. */
static int has_field(lua_State *L, int table, const char *key, int index)
{
  lua_getfield(L, table, key);
  int result = lua_rawequal(L, -1, index);
  lua_pop(L, 1);
  return result;
}

static const char *const keys[FIELDS] = {"type", "__index", "msg_id", "a", "b"};

enum { FIRST = 1, PATTERN = FIRST + FIELDS, FILLED };

/* Fills a table with the values at FIRST, and leaves it at FILLED. */
static int fills_fields(struct arena *a, lua_State *L)
{
  struct layout_value values[FIELDS] = {
    layout_of_text(lua_tostring(L, FIRST)),
    {.as.object = address_of(L, FIRST + 1), .tag = LAYOUT_TABLE},
    {.as.integer = lua_tointeger(L, FIRST + 2), .tag = LAYOUT_INTEGER},
    {.as.number = lua_tonumber(L, FIRST + 3), .tag = LAYOUT_FLOAT},
    {.tag = LAYOUT_TRUE}};
  struct layout_table *pattern = push_new(a, L);
  for (int i = 0; i < FIELDS; i++) {
    lua_pushinteger(L, i);
    lua_setfield(L, -2, keys[i]);
  }
  struct layout_table *t = pattern == NULL ? NULL : push_new(a, L);
  return t != NULL && is_table(a, L, PATTERN, 0, NODES) && layout_fill_fields(t, pattern, values) &&
         is_table(a, L, FILLED, 0, NODES);
}

/* More keys than there are nodes for: Lua finds the free ones, and then makes others. */
static int goes_on(lua_State *L)
{
  char key[2] = "c";
  for (; key[0] < 'c' + NODES; key[0]++) {
    lua_pushvalue(L, FIRST + 1);
    lua_setfield(L, FILLED, key);
  }
  while (--key[0] >= 'c')
    if (!has_field(L, FILLED, key, FIRST + 1))
      return 0;
  for (int i = 0; i < FIELDS; i++)
    if (!has_field(L, FILLED, keys[i], FIRST + i))
      return 0;
  return 1;
}

/* Whether a table that is filled with items has them, and its metatable, which is that at FILLED. */
static int fills_items(struct arena *a, lua_State *L)
{
  struct layout_value items[ITEMS] = {{.as.integer = -1, .tag = LAYOUT_INTEGER},
                                      {.tag = LAYOUT_FALSE},
                                      {.as.object = NULL, .tag = LAYOUT_POINTER}};
  lua_createtable(L, ITEMS, 0);
  struct layout_table *t = layout_table_at(L, -1);
  if (!is_table(a, L, lua_gettop(L), ITEMS, 0) ||
      !layout_fill_items(t, items, ITEMS, address_of(L, FILLED)) ||
      !is_table(a, L, lua_gettop(L), ITEMS, 0) || !lua_getmetatable(L, -1))
    return 0;
  int result = lua_rawequal(L, -1, FILLED) && lua_rawlen(L, -2) == ITEMS;
  lua_pop(L, 1);
  return result && has_field(L, -1, "x", FIRST); /* by __index */
}

/* When the collector is generational, it has been through all that is there, and not through what is new. */
static int is_seen_black(struct arena *a, lua_State *L)
{
  lua_gc(L, LUA_GCGEN, 0, 0);
  return layout_is_black(layout_table_at(L, FILLED)) && push_new(a, L) != NULL && goes_on(L);
}

static int write(lua_State *L)
{
  void *ctx;
  (void)lua_getallocf(L, &ctx);
  lua_pushliteral(L, "a string that is too long to be among those that are all different");
  int is_right = is_text(ctx, L, LAYOUT_LONG_STRING);
  lua_pop(L, 1);
  lua_pushliteral(L, "echo"); // FIRST
  is_right = is_right && is_text(ctx, L, LAYOUT_SHORT_STRING);
  lua_newtable(L);
  lua_pushvalue(L, FIRST);
  lua_setfield(L, -2, "x");
  lua_pushinteger(L, 42);
  lua_pushnumber(L, -0.5);
  lua_pushboolean(L, 1);
  lua_pushboolean(L, is_right && fills_fields(ctx, L) && fills_items(ctx, L) && goes_on(L) &&
                       is_seen_black(ctx, L));
  return 1;
}

/* Whether it says yes. */
static int is_true(lua_State *L, lua_CFunction function)
{
  lua_settop(L, 0);
  lua_pushcfunction(L, function);
  return lua_pcall(L, 0, 1, 0) == LUA_OK && lua_toboolean(L, -1);
}

/* The state is not closed: it has nothing but the arena. */
static int check(void)
{
  struct arena a;
  a.used = a.count = 0;
  lua_State *L = lua_newstate(allocate, &a);
  if (L == NULL)
    return 0;
  lua_gc(L, LUA_GCSTOP);
  return is_true(L, look) && is_true(L, write);
}

#else

static int check(void)
{
  return 0;
}

#endif

int layout_is_known(void)
{
  enum { NOT_YET, YES, NO };
  static atomic_int verdict; /* two threads at once find the same */
  int known = atomic_load_explicit(&verdict, memory_order_relaxed);
  if (known == NOT_YET) {
    known = check() ? YES : NO;
    atomic_store_explicit(&verdict, known, memory_order_relaxed);
  }
  return known == YES;
}
