/* One list of free blocks for each size in steps of 16 bytes, and a chunk from whose front new
 * blocks are cut. The first chunks are small, so that a node that does little stays small;
 * then they double, so that their number does not matter.
 */
#include "base/pool.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CHUNK_BYTES = 16 * 1024, LAST_CHUNK_BYTES = 256 * 1024 };

struct pool_chunk {
  struct pool_chunk *next;
  size_t bytes;
};

_Static_assert(sizeof(struct pool_chunk) % POOL_STEP_BYTES == 0, "the first block is aligned");

static void *take(struct pool *p, size_t bytes)
{
  return p->arena == NULL ? malloc(bytes) : arena_take(p->arena, bytes);
}

void pool_give_large(struct pool *p, void *block)
{
  if (p->arena == NULL)
    free(block);
  else
    arena_give(p->arena, block);
}

void pool_free(struct pool *p)
{
  while (p->chunks != NULL) {
    struct pool_chunk *c = p->chunks;
    p->chunks = c->next;
    pool_give_large(p, c);
  }
  *p = (struct pool){0};
}

/* Begins a new chunk; the rest of the old one becomes a free block. */
static int add_chunk(struct pool *p)
{
  size_t bytes = p->chunks == NULL ? FIRST_CHUNK_BYTES : p->chunks->bytes * 2;
  if (bytes > LAST_CHUNK_BYTES)
    bytes = LAST_CHUNK_BYTES;
  struct pool_chunk *c = take(p, bytes);
  if (c == NULL)
    return -1;
  if (p->left > 0)
    pool_give(p, p->next, p->left);
  *c = (struct pool_chunk){p->chunks, bytes};
  p->chunks = c;
  p->next = (char *)(c + 1);
  p->left = bytes - sizeof *c;
  return 0;
}

void *pool_cut(struct pool *p, size_t bytes)
{
  if (!pool_is_small(bytes))
    return take(p, bytes);
  bytes = pool_steps(bytes) * POOL_STEP_BYTES;
  if (p->left < bytes && add_chunk(p) != 0)
    return NULL;
  void *block = p->next;
  p->next += bytes;
  p->left -= bytes;
  return block;
}

void *pool_resize(struct pool *p, void *block, size_t old_bytes, size_t new_bytes)
{
  int was_small = pool_is_small(old_bytes), becomes_small = pool_is_small(new_bytes);
  if (!was_small && !becomes_small)
    return p->arena == NULL ? realloc(block, new_bytes) : arena_resize(p->arena, block, new_bytes);
  if (was_small && becomes_small && pool_steps(old_bytes) == pool_steps(new_bytes))
    return block;
  void *moved = pool_take(p, new_bytes);
  if (moved == NULL)
    return NULL;
  memcpy(moved, block, old_bytes < new_bytes ? old_bytes : new_bytes);
  pool_give(p, block, old_bytes);
  return moved;
}
