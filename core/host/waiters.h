/* waiters.h - tasks that wait until something has come so far: a sync to a record, a pass to its
 * end. What is waited for only grows, and so the list is in its order. */
#ifndef HEARSAY_HOST_WAITERS_H
#define HEARSAY_HOST_WAITERS_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

struct node;
struct task;

/* Private. All zeroes is a valid list without anyone. */
struct waiters {
  struct waiter_item *items;
  size_t count;
  size_t capacity;
};

/* Gives the memory back; nobody is told. */
void waiters_free(struct waiters *w);

/* The task waits: the caller yields. `upto` is no less than that of whoever was added before.
 * Returns 0, or -1 with `e` filled, and then nothing has changed. */
int waiters_add(struct waiters *w, struct node *n, struct task *t, uint64_t upto, struct error *e);

/* Those who wait for no more than `upto` go on. */
void waiters_wake(struct waiters *w, struct node *n, uint64_t upto);

#endif
