#include "base/heap.h"

#include <stdlib.h>

void heap_free(struct heap *h)
{
  free(h->items);
  *h = (struct heap){0};
}

static int before(const struct heap_item *a, const struct heap_item *b)
{
  if (a->deadline_us != b->deadline_us)
    return a->deadline_us < b->deadline_us;
  return a->sequence < b->sequence;
}

static void place(struct heap *h, size_t position, struct heap_item *item)
{
  h->items[position - 1] = item;
  item->position = position;
}

static void sift_up(struct heap *h, struct heap_item *item)
{
  size_t position = item->position;
  while (position > 1 && before(item, h->items[position / 2 - 1])) {
    place(h, position, h->items[position / 2 - 1]);
    position /= 2;
  }
  place(h, position, item);
}

static void sift_down(struct heap *h, struct heap_item *item)
{
  size_t position = item->position;
  for (;;) {
    size_t child = position * 2;
    if (child > h->count)
      break;
    if (child < h->count && before(h->items[child], h->items[child - 1]))
      child++;
    if (!before(h->items[child - 1], item))
      break;
    place(h, position, h->items[child - 1]);
    position = child;
  }
  place(h, position, item);
}

int heap_insert(struct heap *h, struct heap_item *item, int64_t deadline_us)
{
  if (h->count == h->capacity) {
    size_t capacity = h->capacity == 0 ? 16 : h->capacity * 2;
    struct heap_item **items = realloc(h->items, capacity * sizeof(struct heap_item *));
    if (items == NULL)
      return -1;
    h->items = items;
    h->capacity = capacity;
  }
  item->deadline_us = deadline_us;
  item->sequence = h->next_sequence++;
  item->position = ++h->count;
  sift_up(h, item);
  return 0;
}

void heap_remove(struct heap *h, struct heap_item *item)
{
  if (item->position == 0)
    return;
  size_t position = item->position;
  struct heap_item *last = h->items[--h->count];
  item->position = 0;
  if (last == item)
    return;
  place(h, position, last);
  sift_up(h, last);
  sift_down(h, last);
}

struct heap_item *heap_first(const struct heap *h)
{
  return h->count == 0 ? NULL : h->items[0];
}
