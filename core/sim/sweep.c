/* Workers run at most WINDOW numbers ahead of the oldest result that was not handed over, so memory
 * stays small however long one number takes. */
#include "sim/sweep.h"

#include "sim/interrupt.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum { WINDOW = 256, LOOK_NS = 100 * 1000 * 1000 };

struct slot {
  int is_ready;
  struct bytes result;
};

struct state {
  const struct sweep *sweep;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  uint64_t next;  /* number to be worked on, less the first */
  uint64_t taken; /* results handed over */
  int working;    /* threads that can work */
  int is_over;
  struct slot slots[WINDOW]; /* by number, modulo the window */
};

/* The next number to work on, less the first; or -1 when there is none. Called with the lock. */
static int64_t next_number(struct state *s)
{
  while (!s->is_over && s->next < s->sweep->count && s->next >= s->taken + WINDOW)
    (void)pthread_cond_wait(&s->changed, &s->lock);
  if (s->is_over || s->next >= s->sweep->count)
    return -1;
  return (int64_t)s->next++;
}

static void *run_worker(void *argument)
{
  struct state *s = argument;
  const struct sweep *sweep = s->sweep;
  void *worker = sweep->open(sweep->ctx);
  (void)pthread_mutex_lock(&s->lock);
  int64_t number;
  while (worker != NULL && (number = next_number(s)) >= 0) {
    struct slot *slot = &s->slots[number % WINDOW];
    (void)pthread_mutex_unlock(&s->lock);
    sweep->work(worker, sweep->first + (uint64_t)number, &slot->result);
    (void)pthread_mutex_lock(&s->lock);
    slot->is_ready = 1;
    (void)pthread_cond_broadcast(&s->changed);
  }
  s->working--;
  (void)pthread_cond_broadcast(&s->changed);
  (void)pthread_mutex_unlock(&s->lock);
  if (worker != NULL)
    sweep->close(worker);
  return NULL;
}

/* Hands over results in order until all are, or it is over. Called with the lock. */
static int take_all(struct state *s)
{
  const struct sweep *sweep = s->sweep;
  while (s->taken < sweep->count) {
    struct slot *slot = &s->slots[s->taken % WINDOW];
    if (interrupt_came())
      return 0;
    if (!slot->is_ready && s->working == 0)
      return -1;
    if (!slot->is_ready) {
      struct timespec until;
      (void)clock_gettime(CLOCK_REALTIME, &until);
      until.tv_nsec += LOOK_NS;
      until.tv_sec += until.tv_nsec / 1000000000;
      until.tv_nsec %= 1000000000;
      (void)pthread_cond_timedwait(&s->changed, &s->lock, &until);
      continue;
    }
    (void)pthread_mutex_unlock(&s->lock);
    int stop = sweep->take(sweep->ctx, sweep->first + s->taken, bytes_slice(&slot->result));
    (void)pthread_mutex_lock(&s->lock);
    slot->is_ready = 0;
    slot->result.length = 0;
    s->taken++;
    (void)pthread_cond_broadcast(&s->changed);
    if (stop)
      return 0;
  }
  return 0;
}

int sweep_run(const struct sweep *sweep)
{
  struct state *s = calloc(1, sizeof *s);
  pthread_t *threads = calloc((size_t)sweep->threads, sizeof *threads);
  int started = 0, result = -1;
  if (s != NULL && threads != NULL) {
    s->sweep = sweep;
    (void)pthread_mutex_init(&s->lock, NULL);
    (void)pthread_cond_init(&s->changed, NULL);
    (void)pthread_mutex_lock(&s->lock);
    while (started < sweep->threads && pthread_create(&threads[started], NULL, run_worker, s) == 0)
      started++;
    s->working = started;
    result = take_all(s);
    s->is_over = 1;
    (void)pthread_cond_broadcast(&s->changed);
    (void)pthread_mutex_unlock(&s->lock);
    for (int i = 0; i < started; i++)
      (void)pthread_join(threads[i], NULL);
    for (int i = 0; i < WINDOW; i++)
      bytes_free(&s->slots[i].result);
    (void)pthread_cond_destroy(&s->changed);
    (void)pthread_mutex_destroy(&s->lock);
  }
  free(threads);
  free(s);
  return result;
}
