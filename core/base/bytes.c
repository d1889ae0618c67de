/* Growth doubles, so that appending is linear in all; nothing here shrinks by
 * itself, because a node's buffers reach a steady size and stay there. */
#include "base/bytes.h"

#include <stdint.h>
#include <string.h>

struct slice slice_of(const char *zero_terminated)
{
  return (struct slice){zero_terminated, strlen(zero_terminated)};
}

int slice_same(const char *a, const char *b, size_t length)
{
  return length == 0 || memcmp(a, b, length) == 0;
}

int slice_compare(const void *left, const void *right)
{
  const struct slice *a = left, *b = right;
  size_t shorter = a->length < b->length ? a->length : b->length;
  int order = shorter == 0 ? 0 : memcmp(a->data, b->data, shorter);
  if (order != 0)
    return order;
  return (a->length > b->length) - (a->length < b->length);
}

void bytes_free(struct bytes *b)
{
  budget_free(b->budget, b->data, b->capacity);
  *b = (struct bytes){.budget = b->budget};
}

int bytes_grow(struct bytes *b, size_t extra)
{
  if (extra > SIZE_MAX / 2 - b->length)
    return -1;
  size_t capacity = b->capacity < 64 ? 64 : b->capacity;
  while (capacity - b->length < extra)
    capacity *= 2;
  char *data = budget_resize(b->budget, b->data, b->capacity, capacity);
  if (data == NULL)
    return -1;
  b->data = data;
  b->capacity = capacity;
  return 0;
}

int bytes_append(struct bytes *b, const void *data, size_t length)
{
  if (length == 0)
    return 0;
  if (bytes_reserve(b, length) != 0)
    return -1;
  memcpy(b->data + b->length, data, length);
  b->length += length;
  return 0;
}

int bytes_append_slice(struct bytes *b, struct slice s)
{
  return bytes_append(b, s.data, s.length);
}

void bytes_consume(struct bytes *b, size_t count)
{
  if (count >= b->length) {
    b->length = 0;
    return;
  }
  memmove(b->data, b->data + count, b->length - count);
  b->length -= count;
}

void bytes_shrink(struct bytes *b, size_t keep)
{
  if (keep == 0) { /* realloc to nothing would free the block and return NULL */
    bytes_free(b);
    return;
  }
  char *data = budget_resize(b->budget, b->data, b->capacity, keep);
  if (data == NULL)
    return; /* the larger block is still valid */
  b->data = data;
  b->capacity = keep;
}
