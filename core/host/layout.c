/* The check looks at tables in a state of its own, whose allocator notes where each block is and how
 * long. A pointer is followed only where a block begins, and only if the block has just the
 * length that it must have: so Lua has told us the sizes before anything is read, and nothing is
 * read that is not there. What is read then is compared with what lua_next says. */
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

/* The state is not closed: it has nothing but the arena. */
static int check(void)
{
  struct arena a;
  a.used = a.count = 0;
  lua_State *L = lua_newstate(allocate, &a);
  if (L == NULL)
    return 0;
  lua_gc(L, LUA_GCSTOP);
  lua_pushcfunction(L, look);
  return lua_pcall(L, 0, 1, 0) == LUA_OK && lua_toboolean(L, -1);
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
