/* timeout(1), and shells that end a job, send the same signal to a process and to its group. So one
 * that comes at the heels of the first is no second wish. */
#include "sim/interrupt.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum { SAME_NS = 200 * 1000 * 1000 };

static _Atomic int64_t first_ns; /* when the first one came; 0: none did */

static void take_note(int signal_number)
{
  struct timespec t;
  int64_t none = 0;
  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  int64_t now_ns = (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
  if (atomic_compare_exchange_strong(&first_ns, &none, now_ns) || now_ns - none < SAME_NS)
    return;
  (void)signal(signal_number, SIG_DFL);
  (void)raise(signal_number); /* when this handler has come back */
}

void interrupt_watch(void)
{
  struct sigaction action = {.sa_handler = take_note};
  (void)sigemptyset(&action.sa_mask);
  (void)sigaction(SIGINT, &action, NULL);
  (void)sigaction(SIGTERM, &action, NULL);
}

int interrupt_came(void)
{
  return first_ns != 0;
}
