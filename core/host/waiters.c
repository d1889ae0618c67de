#include "host/waiters.h"

#include "host/task.h"

#include <stdlib.h>
#include <string.h>

struct waiter_item {
  struct task *task;
  uint64_t upto;
};

void waiters_free(struct waiters *w)
{
  free(w->items);
  *w = (struct waiters){0};
}

static int grow(struct waiters *w)
{
  size_t capacity = w->capacity == 0 ? 16 : 2 * w->capacity;
  struct waiter_item *items = realloc(w->items, capacity * sizeof *items);
  if (items == NULL)
    return -1;
  w->items = items;
  w->capacity = capacity;
  return 0;
}

int waiters_add(struct waiters *w, struct node *n, struct task *t, uint64_t upto, struct error *e)
{
  if ((w->count == w->capacity && grow(w) != 0) || task_wait(n, t) != 0)
    return error_set(e, "out of memory");
  w->items[w->count++] = (struct waiter_item){t, upto};
  return 0;
}

void waiters_wake(struct waiters *w, struct node *n, uint64_t upto)
{
  size_t count = 0;
  while (count < w->count && w->items[count].upto <= upto)
    task_go_on(n, w->items[count++].task);
  if (count == 0)
    return;
  w->count -= count;
  memmove(w->items, w->items + count, w->count * sizeof *w->items);
}
