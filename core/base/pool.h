/* pool.h - small blocks of memory, for somebody who knows the size of what he gives back.
 *
 * A lua_State makes and drops a dozen blocks a message, nearly all of them small. Here
 * taking one and giving it back is a few instructions each, and neighbours in time are
 * neighbours in memory. What was once taken from the system for small blocks is used again
 * for small blocks, and goes back when the pool is freed; larger ones are malloc's. Or all of it is
 * an arena's, where addresses are to be the same in every run.
 *
 * Not locked: a pool belongs to one thread at a time. */
#ifndef HEARSAY_BASE_POOL_H
#define HEARSAY_BASE_POOL_H

#include "base/arena.h"

#include <stddef.h>

/* Blocks up to this size come from the pool's own memory. */
#define POOL_SMALL_BYTES 512

/* Sizes are rounded up to a multiple of this, which is also the alignment. */
#define POOL_STEP_BYTES 16

/* Under a sanitizer every block is malloc's, which knows better what is wrong with its use. */
#if defined(__SANITIZE_ADDRESS__)
#define POOL_IS_MALLOC 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define POOL_IS_MALLOC 1
#endif
#endif
#ifndef POOL_IS_MALLOC
#define POOL_IS_MALLOC 0
#endif

/* A free block. */
struct pool_block {
  struct pool_block *next;
};

struct pool_chunk; /* memory from the system, to be cut into blocks */

/* All zeroes is a valid empty pool. */
struct pool {
  struct pool_block *free[POOL_SMALL_BYTES / POOL_STEP_BYTES + 1]; /* by size in steps */
  char *next;                                                      /* rest of the newest chunk */
  size_t left;
  struct pool_chunk *chunks;
  struct arena *arena; /* where chunks and large blocks come from; NULL: from malloc. Set at first,
                          if at all; who has made it frees it, and with it what the pool has */
};

/* Gives back the memory of all small blocks, used or not. Larger ones must have been given
 * back one by one. */
void pool_free(struct pool *p);

/* As malloc, realloc and free; sizes are not 0, and `bytes` and `old_bytes` are what the block
 * was taken or resized with. On out of memory NULL is returned, and the block is as it was. */
static inline void *pool_take(struct pool *p, size_t bytes);
static inline void pool_give(struct pool *p, void *block, size_t bytes);
void *pool_resize(struct pool *p, void *block, size_t old_bytes, size_t new_bytes);

/* A block that no list has; and a large one. Private. */
void *pool_cut(struct pool *p, size_t bytes);
void pool_give_large(struct pool *p, void *block);

static inline int pool_is_small(size_t bytes)
{
  return !POOL_IS_MALLOC && bytes <= POOL_SMALL_BYTES;
}

static inline size_t pool_steps(size_t bytes)
{
  return (bytes + POOL_STEP_BYTES - 1) / POOL_STEP_BYTES;
}

/* Whether a free block of this size is there: to take it cannot fail. */
static inline int pool_has(const struct pool *p, size_t bytes)
{
  return pool_is_small(bytes) && p->free[pool_steps(bytes)] != NULL;
}

static inline void *pool_take(struct pool *p, size_t bytes)
{
  struct pool_block *b;
  if (!pool_is_small(bytes) || (b = p->free[pool_steps(bytes)]) == NULL)
    return pool_cut(p, bytes);
  p->free[pool_steps(bytes)] = b->next;
  return b;
}

static inline void pool_give(struct pool *p, void *block, size_t bytes)
{
  if (!pool_is_small(bytes)) {
    pool_give_large(p, block);
    return;
  }
  struct pool_block *b = block;
  b->next = p->free[pool_steps(bytes)];
  p->free[pool_steps(bytes)] = b;
}

#endif
