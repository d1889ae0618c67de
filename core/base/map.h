/* map.h - a hash map from 64-bit keys to pointers.
 *
 * Open addressing with linear probing; removal moves later entries back, so
 * there are no tombstones and a long-lived map stays quick. It is never
 * iterated: nothing can depend on its order. */
#ifndef HEARSAY_BASE_MAP_H
#define HEARSAY_BASE_MAP_H

#include "base/budget.h"

#include <stddef.h>
#include <stdint.h>

struct map_slot;

/* All zeroes is a valid empty map. It does not own the values. Its memory is charged to the budget,
 * if it has one. */
struct map {
  struct map_slot *slots;
  size_t count;
  size_t capacity; /* a power of two, or 0 */
  struct budget *budget;
};

void map_free(struct map *m);

/* Sets key to a value that is not NULL. Returns 0, or -1 on out of memory, and
 * then the map is unchanged. O(1) amortised. */
int map_set(struct map *m, uint64_t key, void *value);

/* The value, or NULL. O(1). */
void *map_get(const struct map *m, uint64_t key);

/* Removes a key and returns its value, or NULL if it was not there. O(1). */
void *map_remove(struct map *m, uint64_t key);

#endif
