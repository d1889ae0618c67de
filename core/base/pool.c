/* One list of free blocks for each size in steps of 16 bytes, and a chunk from whose front new
 * blocks are cut. The first chunks are small, so that a node that does little stays small;
 * then they double, so that their number does not matter.
 *
 * Under a sanitizer every block is malloc's, which knows better what is wrong with its use. */
#include "base/pool.h"

#include <stdlib.h>
#include <string.h>

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

enum { FIRST_CHUNK_BYTES = 16 * 1024, LAST_CHUNK_BYTES = 256 * 1024 };

struct pool_block {
  struct pool_block *next;
};

struct pool_chunk {
  struct pool_chunk *next;
  size_t bytes;
};

_Static_assert(sizeof(struct pool_chunk) % POOL_STEP_BYTES == 0, "the first block is aligned");

void pool_free(struct pool *p)
{
  while (p->chunks != NULL) {
    struct pool_chunk *c = p->chunks;
    p->chunks = c->next;
    free(c);
  }
  *p = (struct pool){0};
}

static size_t steps_of(size_t bytes)
{
  return (bytes + POOL_STEP_BYTES - 1) / POOL_STEP_BYTES;
}

static int is_small(size_t bytes)
{
  return !POOL_IS_MALLOC && bytes <= POOL_SMALL_BYTES;
}

static void give(struct pool *p, void *memory, size_t steps)
{
  struct pool_block *b = memory;
  b->next = p->free[steps];
  p->free[steps] = b;
}

/* Begins a new chunk; the rest of the old one becomes a free block. */
static int add_chunk(struct pool *p)
{
  size_t bytes = p->chunks == NULL ? FIRST_CHUNK_BYTES : p->chunks->bytes * 2;
  if (bytes > LAST_CHUNK_BYTES)
    bytes = LAST_CHUNK_BYTES;
  struct pool_chunk *c = malloc(bytes);
  if (c == NULL)
    return -1;
  if (p->left > 0)
    give(p, p->next, p->left / POOL_STEP_BYTES);
  *c = (struct pool_chunk){p->chunks, bytes};
  p->chunks = c;
  p->next = (char *)(c + 1);
  p->left = bytes - sizeof *c;
  return 0;
}

static void *take(struct pool *p, size_t steps)
{
  struct pool_block *b = p->free[steps];
  if (b != NULL) {
    p->free[steps] = b->next;
    return b;
  }
  if (p->left < steps * POOL_STEP_BYTES && add_chunk(p) != 0)
    return NULL;
  void *block = p->next;
  p->next += steps * POOL_STEP_BYTES;
  p->left -= steps * POOL_STEP_BYTES;
  return block;
}

/* A block changes between the pool and malloc, or its size within the pool. */
static void *move(struct pool *p, void *block, size_t old_bytes, size_t new_bytes)
{
  size_t old_steps = steps_of(old_bytes), new_steps = steps_of(new_bytes);
  int was_small = is_small(old_bytes), becomes_small = is_small(new_bytes);
  if (was_small && becomes_small && old_steps == new_steps)
    return block;
  void *moved = becomes_small ? take(p, new_steps) : malloc(new_bytes);
  if (moved == NULL)
    return NULL;
  memcpy(moved, block, old_bytes < new_bytes ? old_bytes : new_bytes);
  if (was_small)
    give(p, block, old_steps);
  else
    free(block);
  return moved;
}

void *pool_resize(struct pool *p, void *block, size_t old_bytes, size_t new_bytes)
{
  if (block == NULL) {
    if (new_bytes == 0)
      return NULL;
    return is_small(new_bytes) ? take(p, steps_of(new_bytes)) : malloc(new_bytes);
  }
  if (new_bytes == 0) {
    if (is_small(old_bytes))
      give(p, block, steps_of(old_bytes));
    else
      free(block);
    return NULL;
  }
  if (!is_small(old_bytes) && !is_small(new_bytes))
    return realloc(block, new_bytes);
  return move(p, block, old_bytes, new_bytes);
}
