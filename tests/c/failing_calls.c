#include "failing_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/random.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

/* The names that the linker's --wrap makes, as in failing_alloc.c. */
ssize_t __real_read(int fd, void *into, size_t size);
ssize_t __real_write(int fd, const void *from, size_t size);
int __real_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
int __real_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
                 const sigset_t *mask);
int __real_pipe2(int ends[2], int flags);
pid_t __real_fork(void);
int __real_fcntl(int fd, int command, ...);
pid_t __real_waitpid(pid_t pid, int *status, int options);
ssize_t __real_getrandom(void *into, size_t size, unsigned int flags);
ssize_t __wrap_read(int fd, void *into, size_t size);
ssize_t __wrap_write(int fd, const void *from, size_t size);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
int __wrap_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
                 const sigset_t *mask);
int __wrap_pipe2(int ends[2], int flags);
pid_t __wrap_fork(void);
int __wrap_fcntl(int fd, int command, ...);
pid_t __wrap_waitpid(pid_t pid, int *status, int options);
ssize_t __wrap_getrandom(void *into, size_t size, unsigned int flags);

/* Atomic because of units with threads, where all is off. */
static struct {
  atomic_llong left; /* calls until it fails */
  atomic_int error;
  atomic_int is_for_all;
} plans[CALL_COUNT];

static atomic_int is_on;
static atomic_size_t most_bytes = SIZE_MAX;
static atomic_long count;

static void plan(enum failing_call call, long n, int error, int is_for_all)
{
  plans[call].left = n;
  plans[call].error = error;
  plans[call].is_for_all = is_for_all;
  is_on = 1;
}

void failing_calls_set(enum failing_call call, long n, int error)
{
  plan(call, n, error, 0);
}

void failing_calls_set_all(enum failing_call call, long n, int error)
{
  plan(call, n, error, 1);
}

void failing_calls_shorten(size_t bytes)
{
  most_bytes = bytes;
}

long failing_calls_off(void)
{
  is_on = 0;
  most_bytes = SIZE_MAX;
  for (int i = 0; i < CALL_COUNT; i++)
    plans[i].error = 0;
  return atomic_exchange(&count, 0);
}

/* Whether the call is to fail, and then errno says why. */
static int fails(enum failing_call call)
{
  if (!is_on || plans[call].error == 0)
    return 0;
  long long left = atomic_fetch_sub(&plans[call].left, 1);
  if (left > 0 || (left < 0 && !plans[call].is_for_all))
    return 0;
  count++;
  errno = plans[call].error;
  return 1;
}

static size_t shorten(size_t size)
{
  if (size <= most_bytes)
    return size;
  count++;
  return most_bytes;
}

ssize_t __wrap_read(int fd, void *into, size_t size)
{
  return fails(CALL_READ) ? -1 : __real_read(fd, into, shorten(size));
}

ssize_t __wrap_write(int fd, const void *from, size_t size)
{
  return fails(CALL_WRITE) ? -1 : __real_write(fd, from, shorten(size));
}

int __wrap_poll(struct pollfd *fds, nfds_t fd_count, int timeout_ms)
{
  return fails(CALL_POLL) ? -1 : __real_poll(fds, fd_count, timeout_ms);
}

int __wrap_ppoll(struct pollfd *fds, nfds_t fd_count, const struct timespec *timeout,
                 const sigset_t *mask)
{
  return fails(CALL_POLL) ? -1 : __real_ppoll(fds, fd_count, timeout, mask);
}

int __wrap_pipe2(int ends[2], int flags)
{
  return fails(CALL_PIPE) ? -1 : __real_pipe2(ends, flags);
}

pid_t __wrap_fork(void)
{
  return fails(CALL_FORK) ? -1 : __real_fork();
}

int __wrap_fcntl(int fd, int command, ...)
{
  va_list args;
  va_start(args, command);
  int argument = command == F_GETFL || command == F_GETFD ? 0 : va_arg(args, int);
  va_end(args);
  return fails(CALL_FCNTL) ? -1 : __real_fcntl(fd, command, argument);
}

pid_t __wrap_waitpid(pid_t pid, int *status, int options)
{
  return fails(CALL_WAIT) ? -1 : __real_waitpid(pid, status, options);
}

ssize_t __wrap_getrandom(void *into, size_t size, unsigned int flags)
{
  return fails(CALL_RANDOM) ? -1 : __real_getrandom(into, size, flags);
}
