#include "base/budget.h"

#include <stdlib.h>

/* Whether there may be so many bytes more. */
static int may_grow(struct budget *b, size_t bytes)
{
  if (b == NULL || (b->used_bytes <= b->most_bytes && bytes <= b->most_bytes - b->used_bytes))
    return 1;
  b->was_refused = 1;
  return 0;
}

/* A block has been made in the place of one of `old_bytes`; or it is NULL. */
static void *settle(struct budget *b, void *made, size_t old_bytes, size_t new_bytes)
{
  if (b == NULL)
    return made;
  if (made == NULL) {
    b->was_refused = 0;
    return NULL;
  }
  b->used_bytes += new_bytes - old_bytes;
  b->apart_bytes += new_bytes - old_bytes;
  return made;
}

void *budget_resize(struct budget *b, void *block, size_t old_bytes, size_t new_bytes)
{
  if (new_bytes > old_bytes && !may_grow(b, new_bytes - old_bytes))
    return NULL;
  return settle(b, realloc(block, new_bytes), old_bytes, new_bytes);
}

void *budget_zeroed(struct budget *b, size_t bytes)
{
  return may_grow(b, bytes) ? settle(b, calloc(1, bytes), 0, bytes) : NULL;
}

void budget_free(struct budget *b, void *block, size_t bytes)
{
  free(block);
  if (b == NULL || block == NULL)
    return;
  b->used_bytes -= bytes;
  b->apart_bytes -= bytes;
}
