/* heap.h - a binary heap of deadlines, ordered by (deadline, insertion).
 *
 * Items are embedded in whatever waits (a timer, a rpc, an event), so inserting
 * one allocates nothing but room in the array, and any item can be removed. Two
 * items with the same deadline come out in the order in which they went in:
 * nothing depends on addresses. */
#ifndef HEARSAY_BASE_HEAP_H
#define HEARSAY_BASE_HEAP_H

#include <stddef.h>
#include <stdint.h>

struct heap_item {
  int64_t deadline_us;
  uint64_t sequence;
  size_t position; /* 1-based place in the array; 0: in no heap */
};

/* All zeroes is a valid empty heap. It does not own the items. */
struct heap {
  struct heap_item **items;
  size_t count;
  size_t capacity;
  uint64_t next_sequence;
};

void heap_free(struct heap *h);

/* Inserts an item that is in no heap. Returns 0, or -1 on out of memory, and
 * then the heap and the item are unchanged. O(log n). */
int heap_insert(struct heap *h, struct heap_item *item, int64_t deadline_us);

/* Removes an item; one that is in no heap is left alone. O(log n). */
void heap_remove(struct heap *h, struct heap_item *item);

/* The item with the earliest deadline, or NULL. O(1). */
struct heap_item *heap_first(const struct heap *h);

#endif
