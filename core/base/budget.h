/* budget.h - how much memory one owner may have in use, in all that is charged to it.
 *
 * What a script makes in C belongs to the script as what it makes in Lua: both are charged to one
 * budget, so that a set that grows for ever ends as a table does that grows for ever. A container
 * is charged when its capacity changes, and not for each of its elements: that costs nothing.
 *
 * Everywhere NULL stands for no budget: nothing is counted then. A budget outlives what is charged to
 * it. Not locked: it belongs to one thread at a time. */
#ifndef HEARSAY_BASE_BUDGET_H
#define HEARSAY_BASE_BUDGET_H

#include <stddef.h>

struct budget {
  size_t used_bytes;  /* in all */
  size_t apart_bytes; /* those of them that the functions below have charged */
  size_t most_bytes;  /* that may be used; SIZE_MAX / 2: no limit, and sums do not overflow */
  int was_refused; /* the last request in vain was over `most_bytes`; 0: the system has no memory */
};

/* As realloc, of a block of which the size is known: a new one where `block` is NULL, with
 * `old_bytes` 0. On out of memory NULL is returned, and the block is as it was. To make a block
 * smaller is never refused by the budget. `new_bytes` is not 0. */
void *budget_resize(struct budget *b, void *block, size_t old_bytes, size_t new_bytes);

/* A new block of so many zeroes, or NULL. Where the system has zeroes at hand none is written. */
void *budget_zeroed(struct budget *b, size_t bytes);

/* As free; of NULL `bytes` is not looked at. */
void budget_free(struct budget *b, void *block, size_t bytes);

#endif
