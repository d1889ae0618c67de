/* failing_calls.h - makes calls of the operating system fail or do less than asked, to walk
 * through what a unit does then:
 *
 *   for (long n = 0;; n++) {
 *     failing_calls_set(CALL_READ, n, EINTR);
 *     .. unit under test ..
 *     if (failing_calls_off() == 0)
 *       break;
 *     .. check that nothing is lost ..
 *   }
 *
 * As with failing_alloc.h, only calls from what is linked statically are counted, those of the test
 * too, and the linker must be told: FAILING_CALLS in the Makefile. For one thread at a time. */
#ifndef HEARSAY_TESTS_FAILING_CALLS_H
#define HEARSAY_TESTS_FAILING_CALLS_H

#include <stddef.h>

enum failing_call {
  CALL_READ,
  CALL_WRITE,
  CALL_POLL, /* and ppoll */
  CALL_PIPE, /* pipe2 */
  CALL_FORK,
  CALL_FCNTL,
  CALL_WAIT, /* waitpid */
  CALL_RANDOM,
  CALL_COUNT
};

/* The n-th such call from now (0: the very next) fails with this errno, once. */
void failing_calls_set(enum failing_call call, long n, int error);

/* All from the n-th on fail. */
void failing_calls_set_all(enum failing_call call, long n, int error);

/* Each read and write moves so many bytes at most. */
void failing_calls_shorten(size_t bytes);

/* All is as it was. Returns how many calls have failed or moved less since. */
long failing_calls_off(void);

#endif
