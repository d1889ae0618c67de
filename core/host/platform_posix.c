#include "host/platform_posix.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { READ_BYTES = 64 * 1024, KEPT_BYTES = 1 << 20 };

static int64_t clock_us(clockid_t clock)
{
  struct timespec t;
  (void)clock_gettime(clock, &t); /* cannot fail with these clocks */
  return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t monotonic_us(void *ctx)
{
  (void)ctx;
  return clock_us(CLOCK_MONOTONIC);
}

static int64_t wall_us(void *ctx)
{
  (void)ctx;
  return clock_us(CLOCK_REALTIME);
}

static uint64_t random_bits(void *ctx)
{
  (void)ctx;
  uint64_t bits = 0;
  while (getrandom(&bits, sizeof bits, 0) != (ssize_t)sizeof bits && errno == EINTR) {
  }
  return bits;
}

static int send_line(void *ctx, struct slice dest, struct slice line)
{
  (void)dest; /* the line says it */
  struct posix *p = ctx;
  return bytes_put(&p->output, line);
}

static size_t pending(void *ctx)
{
  return posix_pending(ctx);
}

/* Writes all of it, also when the descriptor is non-blocking because it is the same as
 * the output. Gives up when nobody reads: diagnostics must not stop the node. */
static void write_all(int fd, const char *data, size_t length)
{
  enum { PATIENCE_MS = 1000 };
  while (length > 0) {
    ssize_t n = write(fd, data, length);
    if (n >= 0) {
      data += n;
      length -= (size_t)n;
    } else if (errno == EAGAIN) {
      struct pollfd f = {.fd = fd, .events = POLLOUT};
      if (poll(&f, 1, PATIENCE_MS) <= 0)
        return;
    } else if (errno != EINTR) {
      return;
    }
  }
}

static void log_line(void *ctx, struct slice line)
{
  struct posix *p = ctx;
  struct bytes whole = {0};
  if (bytes_append_slice(&whole, line) == 0 && bytes_append_byte(&whole, '\n') == 0)
    write_all(p->diagnostics, whole.data, whole.length);
  bytes_free(&whole);
}

static struct file *open_file(void *ctx, struct slice node, struct slice name, int is_made,
                              struct error *e)
{
  struct posix *p = ctx;
  return storage_open(&p->storage, node, name, is_made, e);
}

static int list_files(void *ctx, struct slice node, struct slice prefix, struct bytes *names,
                      struct error *e)
{
  struct posix *p = ctx;
  return storage_list(&p->storage, node, prefix, names, e);
}

static int remove_file(void *ctx, struct slice node, struct slice name, struct error *e)
{
  struct posix *p = ctx;
  return storage_remove(&p->storage, node, name, e);
}

static const struct platform_vtable vtable = {
  .monotonic_us = monotonic_us,
  .wall_us = wall_us,
  .random = random_bits,
  .send = send_line,
  .pending = pending,
  .log = log_line,
  .open = open_file,
  .list = list_files,
  .remove = remove_file,
};

struct platform posix_platform(struct posix *p)
{
  return (struct platform){&vtable, p};
}

void posix_open(struct posix *p, int in, int out, int diagnostics, const char *folder)
{
  *p = (struct posix){.in = in, .out = out, .diagnostics = diagnostics, .out_flags = -1};
  storage_init(&p->storage, folder, NULL);
  (void)signal(SIGPIPE, SIG_IGN);
  (void)signal(SIGXFSZ, SIG_IGN);
  struct stat s;
  if (fstat(out, &s) != 0 || !(S_ISFIFO(s.st_mode) || S_ISSOCK(s.st_mode)))
    return;
  int flags = fcntl(out, F_GETFL);
  if (flags >= 0 && !(flags & O_NONBLOCK) && fcntl(out, F_SETFL, flags | O_NONBLOCK) == 0)
    p->out_flags = flags;
}

void posix_close(struct posix *p)
{
  if (p->out_flags >= 0)
    (void)fcntl(p->out, F_SETFL, p->out_flags);
  storage_free(&p->storage);
  bytes_free(&p->output);
}

int posix_wait(struct posix *p, int want, int64_t deadline_us)
{
  struct pollfd fds[3];
  int meaning[3];
  nfds_t count = 0;
  if (want & POSIX_READABLE) {
    meaning[count] = POSIX_READABLE;
    fds[count++] = (struct pollfd){.fd = p->in, .events = POLLIN};
  }
  if (want & POSIX_WRITABLE) {
    meaning[count] = POSIX_WRITABLE;
    fds[count++] = (struct pollfd){.fd = p->out, .events = POLLOUT};
  }
  if (p->storage.syncer.ready_fd >= 0) {
    meaning[count] = 0;
    fds[count++] = (struct pollfd){.fd = p->storage.syncer.ready_fd, .events = POLLIN};
  }
  struct timespec timeout, *wait = NULL;
  if (deadline_us != INT64_MAX) {
    int64_t left_us = deadline_us - clock_us(CLOCK_MONOTONIC);
    if (left_us < 0)
      left_us = 0;
    timeout = (struct timespec){left_us / 1000000, left_us % 1000000 * 1000};
    wait = &timeout;
  }
  int events = 0;
  if (ppoll(fds, count, wait, NULL) <= 0)
    return 0;
  for (nfds_t i = 0; i < count; i++) {
    if (fds[i].revents == 0)
      continue;
    events |= meaning[i]; /* of a hang-up too: the read or write then tells */
    if (meaning[i] == 0)
      storage_complete(&p->storage);
  }
  return events;
}

enum posix_result posix_read(struct posix *p, struct lines *l, struct error *e)
{
  size_t room;
  char *into = lines_room(l, READ_BYTES, &room);
  if (into == NULL) {
    error_set(e, "out of memory for a line");
    return POSIX_FAILED;
  }
  ssize_t n = read(p->in, into, room);
  if (n > 0) {
    lines_added(l, (size_t)n);
    return POSIX_OK;
  }
  if (n == 0)
    return POSIX_END;
  if (errno == EINTR || errno == EAGAIN)
    return POSIX_AGAIN;
  error_set(e, "cannot read standard input: %s", strerror(errno));
  return POSIX_FAILED;
}

size_t posix_pending(const struct posix *p)
{
  return p->output.length - p->written;
}

/* While a reader is slow, output may never be empty: what is written makes room for what comes, as
 * soon as it is the larger part, so that each byte is moved once at most. */
static void pass_written(struct posix *p)
{
  if (p->written < posix_pending(p))
    return;
  bytes_consume(&p->output, p->written);
  p->written = 0;
}

enum posix_result posix_flush(struct posix *p, struct error *e)
{
  while (posix_pending(p) > 0) {
    ssize_t n = write(p->out, p->output.data + p->written, posix_pending(p));
    if (n >= 0) {
      p->written += (size_t)n;
    } else if (errno == EAGAIN) {
      pass_written(p);
      return POSIX_AGAIN;
    } else if (errno == EPIPE || errno == ECONNRESET) {
      return POSIX_END;
    } else if (errno != EINTR) {
      error_set(e, "cannot write to standard output: %s", strerror(errno));
      return POSIX_FAILED;
    }
  }
  p->output.length = 0;
  p->written = 0;
  bytes_trim(&p->output, KEPT_BYTES);
  return POSIX_OK;
}
