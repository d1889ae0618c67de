#include "host/allocator.h"

#include "base/pool.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct allocator {
  struct pool pool;
  struct budget budget; /* most_bytes: the limit, and a reserve */
  size_t limit_bytes;   /* SIZE_MAX / 2: none */
  size_t felt_bytes;    /* of the budget's apart_bytes: those that Lua's collector knows of */
  int is_open;          /* the state is made; with its last block the allocator goes too */
  char error[96];
};

static void allocator_free(struct allocator *a)
{
  if (a->pool.arena != NULL) /* and what the pool has goes with it */
    arena_free(a->pool.arena);
  else
    pool_free(&a->pool);
  free(a);
}

/* More than there is: what allocator_in_vain asks for in the end. Why the request before was in vain stays. */
#define NEVER_BYTES (SIZE_MAX / 4)

/* Whether so much may be in use. */
static inline int fits(struct allocator *a, size_t used_bytes)
{
  if (used_bytes <= a->budget.most_bytes && used_bytes < NEVER_BYTES)
    return 1;
  a->budget.was_refused |= used_bytes < NEVER_BYTES;
  return 0;
}

/* Whether all blocks of Lua are gone, with which the state goes. */
static inline int is_last(const struct allocator *a, size_t used_bytes)
{
  return used_bytes == a->budget.apart_bytes && a->is_open;
}

/* A block has been made, and with it so much is in use; or it is NULL: the system has no memory. */
static inline void *settle(struct allocator *a, void *made, size_t used_bytes)
{
  if (made != NULL)
    a->budget.used_bytes = used_bytes;
  else
    a->budget.was_refused = 0;
  return made;
}

/* What from_pool does not do by itself; apart from it, so that the usual call saves no registers. */
#if defined(__GNUC__)
__attribute__((noinline))
#endif
static void *
from_pool_slowly(struct allocator *a, void *block, size_t old_bytes, size_t new_bytes)
{
  size_t used_bytes = a->budget.used_bytes + new_bytes;
  if (block == NULL)
    return fits(a, used_bytes) ? settle(a, pool_take(&a->pool, new_bytes), used_bytes) : NULL;
  used_bytes -= old_bytes;
  if (new_bytes == 0) {
    a->budget.used_bytes = used_bytes;
    pool_give(&a->pool, block, old_bytes);
    if (is_last(a, used_bytes))
      allocator_free(a);
    return NULL;
  }
  if (new_bytes > old_bytes && !fits(a, used_bytes))
    return NULL;
  return settle(a, pool_resize(&a->pool, block, old_bytes, new_bytes), used_bytes);
}

/* As lua_Alloc: of a new block Lua gives the type instead of the size. To make a block smaller is
 * never refused: Lua relies on it. Nearly every call takes a small block that is there, or gives
 * back one that is not the last. */
static void *from_pool(void *ctx, void *block, size_t old_bytes, size_t new_bytes)
{
  struct allocator *a = ctx;
  if (new_bytes == 0) {
    if (block == NULL)
      return NULL;
    size_t used_bytes = a->budget.used_bytes - old_bytes;
    if (pool_is_small(old_bytes) && used_bytes != a->budget.apart_bytes) {
      a->budget.used_bytes = used_bytes;
      pool_give(&a->pool, block, old_bytes);
      return NULL;
    }
  } else if (block == NULL && pool_has(&a->pool, new_bytes)) {
    size_t used_bytes = a->budget.used_bytes + new_bytes;
    if (used_bytes <= a->budget.most_bytes) {
      a->budget.used_bytes = used_bytes;
      return pool_take(&a->pool, new_bytes);
    }
  }
  return from_pool_slowly(a, block, old_bytes, new_bytes);
}

static void *from_malloc(void *ctx, void *block, size_t old_bytes, size_t new_bytes)
{
  struct allocator *a = ctx;
  if (block == NULL)
    old_bytes = 0;
  size_t used_bytes = a->budget.used_bytes + new_bytes - old_bytes;
  if (new_bytes == 0) {
    a->budget.used_bytes = used_bytes;
    free(block);
    if (is_last(a, used_bytes))
      allocator_free(a);
    return NULL;
  }
  if (new_bytes > old_bytes && !fits(a, used_bytes))
    return NULL;
  return settle(a, realloc(block, new_bytes), used_bytes);
}

lua_State *allocator_new_state(size_t limit_bytes, enum allocator_kind kind, unsigned color)
{
  struct allocator *a = calloc(1, sizeof *a);
  if (a == NULL)
    return NULL;
  a->limit_bytes = limit_bytes == 0 ? SIZE_MAX / 2 : limit_bytes;
  a->budget.most_bytes = a->limit_bytes;
  (void)snprintf(a->error, sizeof a->error,
                 "over %zu bytes of memory (the limit is set by --max-memory)", limit_bytes);
  if (kind == ALLOCATOR_ARENA && limit_bytes != 0)
    a->pool.arena = arena_new(limit_bytes, color);
  lua_State *L = lua_newstate(kind == ALLOCATOR_MALLOC ? from_malloc : from_pool, a);
  if (L == NULL)
    allocator_free(a);
  else
    a->is_open = 1;
  return L;
}

static struct allocator *allocator_of(lua_State *L)
{
  void *a;
  (void)lua_getallocf(L, &a);
  return a;
}

void allocator_set_reserve(lua_State *L, size_t bytes)
{
  struct allocator *a = allocator_of(L);
  a->budget.most_bytes = a->limit_bytes + bytes;
}

const char *allocator_error(lua_State *L)
{
  const struct allocator *a = allocator_of(L);
  return a->budget.was_refused ? a->error : "out of memory";
}

size_t allocator_used(lua_State *L)
{
  return allocator_of(L)->budget.used_bytes;
}

struct budget *allocator_budget(lua_State *L)
{
  return &allocator_of(L)->budget;
}

void allocator_press(lua_State *L)
{
  enum { STEP_KB = 64, MOST_KB = 1 << 20 };
  struct allocator *a = allocator_of(L);
  size_t apart_bytes = a->budget.apart_bytes;
  if (apart_bytes < a->felt_bytes)
    a->felt_bytes = apart_bytes;
  size_t more_kb = (apart_bytes - a->felt_bytes) >> 10;
  if (more_kb < STEP_KB)
    return;
  a->felt_bytes = apart_bytes;
  if (lua_gc(L, LUA_GCISRUNNING))
    (void)lua_gc(L, LUA_GCSTEP, (int)(more_kb < MOST_KB ? more_kb : MOST_KB));
}

void allocator_in_vain(lua_State *L, int times)
{
  if (times == 0)
    (void)lua_gc(L, LUA_GCCOLLECT);
  else
    (void)lua_newuserdatauv(L, NEVER_BYTES, 0);
}

const struct arena *allocator_arena(lua_State *L)
{
  void *a;
  return lua_getallocf(L, &a) == from_pool ? ((struct allocator *)a)->pool.arena : NULL;
}
