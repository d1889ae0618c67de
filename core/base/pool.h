/* pool.h - small blocks of memory, for somebody who knows the size of what he gives back.
 *
 * A lua_State makes and drops a dozen blocks a message, nearly all of them small. Here
 * taking one and giving it back is a few instructions each, and neighbours in time are
 * neighbours in memory. What was once taken from the system for small blocks is used again
 * for small blocks, and goes back when the pool is freed; larger ones are malloc's.
 *
 * Not locked: a pool belongs to one thread at a time. */
#ifndef HEARSAY_BASE_POOL_H
#define HEARSAY_BASE_POOL_H

#include <stddef.h>

/* Blocks up to this size come from the pool's own memory. */
#define POOL_SMALL_BYTES 512

/* Sizes are rounded up to a multiple of this, which is also the alignment. */
#define POOL_STEP_BYTES 16

struct pool_block; /* a free one */
struct pool_chunk; /* memory from the system, to be cut into blocks */

/* All zeroes is a valid empty pool. */
struct pool {
  struct pool_block *free[POOL_SMALL_BYTES / POOL_STEP_BYTES + 1]; /* by size in steps */
  char *next;                                                      /* rest of the newest chunk */
  size_t left;
  struct pool_chunk *chunks;
};

/* Gives back the memory of all small blocks, used or not. Larger ones must have been given
 * back one by one. */
void pool_free(struct pool *p);

/* As realloc, for a block of `old_bytes` (0: none) that is to have `new_bytes` (0: none).
 * Returns NULL on out of memory, and then the block is as it was; and for 0 bytes. */
void *pool_resize(struct pool *p, void *block, size_t old_bytes, size_t new_bytes);

#endif
