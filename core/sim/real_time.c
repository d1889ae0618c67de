#include "sim/real_time.h"

#include "sim/process.h"

#include <poll.h>
#include <stdlib.h>
#include <time.h>

enum { FDS_PER_PROCESS = 3, LONGEST_WAIT_US = 100 * 1000 };

int64_t real_time_now_us(void)
{
  struct timespec t;
  (void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail with this clock */
  return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* The three descriptors of a process; poll passes over those that are -1. */
static void list(struct pollfd *fds, const struct process *p)
{
  fds[0] = (struct pollfd){.fd = p->from[PROCESS_OUT], .events = POLLIN};
  fds[1] = (struct pollfd){.fd = p->from[PROCESS_ERR], .events = POLLIN};
  fds[2] = (struct pollfd){.fd = process_backlog(p) > 0 ? p->in : -1, .events = POLLOUT};
}

int real_time_wait(struct member *members, int64_t timeout_us, void (*woke)(void *ctx), void *ctx)
{
  size_t count = 0;
  for (struct member *m = members; m != NULL; m = m->next)
    count += member_process(m) != NULL;
  struct pollfd *fds = calloc(count * FDS_PER_PROCESS + 1, sizeof *fds);
  if (fds == NULL)
    return -1;
  size_t i = 0;
  for (struct member *m = members; m != NULL; m = m->next)
    if (member_process(m) != NULL)
      list(fds + FDS_PER_PROCESS * i++, member_process(m));
  /* Not longer than this, so that an interrupt and a process that does not read are noticed. */
  if (timeout_us > LONGEST_WAIT_US)
    timeout_us = LONGEST_WAIT_US;
  if (timeout_us < 0)
    timeout_us = 0;
  struct timespec wait = {timeout_us / 1000000, timeout_us % 1000000 * 1000};
  int ready = ppoll(fds, count * FDS_PER_PROCESS, &wait, NULL);
  woke(ctx);
  i = 0;
  for (struct member *m = members; m != NULL; m = m->next) {
    if (member_process(m) == NULL)
      continue;
    const struct pollfd *f = fds + FDS_PER_PROCESS * i++;
    if (ready > 0 && (f[0].revents != 0 || f[1].revents != 0))
      member_process_read(m);
    member_process_write(m);
  }
  free(fds);
  return 0;
}
