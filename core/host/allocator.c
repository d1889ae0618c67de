#include "host/allocator.h"

#include "base/pool.h"

#include <stdint.h>
#include <stdlib.h>

struct allocator {
  struct pool pool;
  size_t used_bytes;
  size_t limit_bytes;   /* SIZE_MAX / 2: none; sums with it do not overflow */
  size_t reserve_bytes; /* on top of it, now */
  size_t met_limit;
};

/* Of a new block Lua gives the type instead of the size. */
static size_t old_size(const void *block, size_t old_bytes)
{
  return block == NULL ? 0 : old_bytes;
}

/* Counts the change of a block's size. Returns 0; or -1 when that would be over the limit.
 * To become smaller is never refused: Lua relies on it. */
static int charge(struct allocator *a, size_t old_bytes, size_t new_bytes)
{
  size_t used_bytes = a->used_bytes - old_bytes + new_bytes;
  if (new_bytes > old_bytes && used_bytes > a->limit_bytes + a->reserve_bytes) {
    a->met_limit = a->limit_bytes;
    return -1;
  }
  a->used_bytes = used_bytes;
  return 0;
}

/* The system had no memory for what has been counted. */
static void *refund(struct allocator *a, size_t old_bytes, size_t new_bytes)
{
  a->used_bytes += old_bytes - new_bytes;
  a->met_limit = 0;
  return NULL;
}

static void *from_pool(void *ctx, void *block, size_t old_bytes, size_t new_bytes)
{
  struct allocator *a = ctx;
  old_bytes = old_size(block, old_bytes);
  if (charge(a, old_bytes, new_bytes) != 0)
    return NULL;
  if (new_bytes == 0) {
    if (block != NULL)
      pool_give(&a->pool, block, old_bytes);
    return NULL;
  }
  void *made = block == NULL ? pool_take(&a->pool, new_bytes)
                             : pool_resize(&a->pool, block, old_bytes, new_bytes);
  return made != NULL ? made : refund(a, old_bytes, new_bytes);
}

static void *from_malloc(void *ctx, void *block, size_t old_bytes, size_t new_bytes)
{
  struct allocator *a = ctx;
  old_bytes = old_size(block, old_bytes);
  if (charge(a, old_bytes, new_bytes) != 0)
    return NULL;
  if (new_bytes == 0) {
    free(block);
    return NULL;
  }
  void *made = realloc(block, new_bytes);
  return made != NULL ? made : refund(a, old_bytes, new_bytes);
}

lua_State *allocator_new_state(size_t limit_bytes, int malloc_each)
{
  struct allocator *a = calloc(1, sizeof *a);
  if (a == NULL)
    return NULL;
  a->limit_bytes = limit_bytes == 0 ? SIZE_MAX / 2 : limit_bytes;
  lua_State *L = lua_newstate(malloc_each ? from_malloc : from_pool, a);
  if (L == NULL) {
    pool_free(&a->pool);
    free(a);
  }
  return L;
}

static struct allocator *allocator_of(lua_State *L)
{
  void *a;
  (void)lua_getallocf(L, &a);
  return a;
}

void allocator_close_state(lua_State *L)
{
  struct allocator *a = allocator_of(L);
  lua_close(L);
  pool_free(&a->pool);
  free(a);
}

void allocator_set_reserve(lua_State *L, size_t bytes)
{
  allocator_of(L)->reserve_bytes = bytes;
}

size_t allocator_met_limit(lua_State *L)
{
  return allocator_of(L)->met_limit;
}

size_t allocator_used(lua_State *L)
{
  return allocator_of(L)->used_bytes;
}
