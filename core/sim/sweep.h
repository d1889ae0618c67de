/* sweep.h - the same work for many numbers, such as seeds, on several threads.
 *
 * Threads take the next number as they get free; results are handed over in the order of the
 * numbers, so that what is made of them does not depend on the threads. */
#ifndef HEARSAY_SIM_SWEEP_H
#define HEARSAY_SIM_SWEEP_H

#include "base/bytes.h"

#include <stdint.h>

struct sweep {
  int threads; /* at least 1 */
  uint64_t first;
  uint64_t count;
  void *ctx;

  /* In each thread, once: makes what its work needs. NULL: the thread does no work. */
  void *(*open)(void *ctx);
  void (*close)(void *worker);

  /* In a thread: does the work for a number and appends its result. */
  void (*work)(void *worker, uint64_t number, struct bytes *result);

  /* In the calling thread: takes a result; anything but 0 ends the sweep, and what is being worked
   * on then is thrown away. */
  int (*take)(void *ctx, uint64_t number, struct slice result);
};

/* Returns 0 when all results were taken or `take` ended it, -1 when no thread could work or memory is
 * out. An interrupt ends it too. */
int sweep_run(const struct sweep *s);

#endif
