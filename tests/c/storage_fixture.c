#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "storage_fixture.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct fake_calls fake_calls;

static ssize_t fake_write(int fd, const void *data, size_t length)
{
  if (fake_calls.interruptions > 0) {
    fake_calls.interruptions--;
    errno = EINTR;
    return -1;
  }
  if (fake_calls.left == 0) {
    errno = ENOSPC;
    return -1;
  }
  if (length > fake_calls.most)
    length = fake_calls.most;
  if (length > fake_calls.left)
    length = fake_calls.left;
  ssize_t n = write(fd, data, length);
  fake_calls.left -= (size_t)n;
  return n;
}

static int fake_ftruncate(int fd, off_t length)
{
  if (fake_calls.interruptions > 0) {
    fake_calls.interruptions--;
    errno = EINTR;
    return -1;
  }
  errno = fake_calls.cut_error;
  return fake_calls.cut_error != 0 ? -1 : ftruncate(fd, length);
}

static int fake_fsync(int fd)
{
  const struct timespec pause = {0, 500000};
  (void)atomic_fetch_add(&fake_calls.running, 1);
  (void)atomic_fetch_add(&fake_calls.begun, 1);
  if (atomic_load(&fake_calls.is_slow))
    (void)nanosleep(&pause, NULL);
  int error = atomic_load(&fake_calls.sync_error);
  int result = error != 0 ? -1 : fsync(fd);
  (void)atomic_fetch_sub(&fake_calls.running, 1);
  if (error != 0)
    errno = error;
  return result;
}

static int fake_rename(const char *from, const char *to)
{
  errno = fake_calls.rename_error;
  return fake_calls.rename_error != 0 ? -1 : rename(from, to);
}

static int fake_unlink(const char *path)
{
  errno = fake_calls.unlink_error;
  return fake_calls.unlink_error != 0 ? -1 : unlink(path);
}

static const struct storage_calls calls = {fake_write, fake_ftruncate, fake_fsync, fake_rename,
                                           fake_unlink};

void storage_fixture_open(struct storage_fixture *p)
{
  fake_calls.most = fake_calls.left = SIZE_MAX;
  fake_calls.interruptions = fake_calls.cut_error = fake_calls.rename_error =
    fake_calls.unlink_error = 0;
  atomic_store(&fake_calls.sync_error, 0);
  *p = (struct storage_fixture){.folder = "/tmp/hearsay-storage-XXXXXX"};
  assert_non_null(mkdtemp(p->folder));
  assert_int_equal(rmdir(p->folder), 0);
  storage_init(&p->storage, p->folder, &calls);
}

void storage_fixture_close(struct storage_fixture *p)
{
  char command[128];
  storage_free(&p->storage);
  (void)snprintf(command, sizeof command, "rm -rf '%s'", p->folder);
  assert_int_equal(system(command), 0); // NOLINT(cert-env33-c): a path of its own
}

struct file *storage_fixture_file(struct storage_fixture *p, const char *name)
{
  struct error e;
  struct file *f = storage_open(&p->storage, SLICE("n1"), slice_of(name), 1, &e);
  if (f == NULL)
    fail_msg("%s", e.text);
  return f;
}

void assert_open_fails(struct storage_fixture *p, struct slice node, const char *name,
                       const char *why)
{
  struct error e;
  assert_null(storage_open(&p->storage, node, slice_of(name), 1, &e));
  if (strstr(e.text, why) == NULL)
    fail_msg("expected \"%s\" in: %s", why, e.text);
}

void wait_for_syncs(struct storage_fixture *p, const struct sync_wish *w, int count)
{
  while (w->count < count) {
    struct pollfd f = {.fd = p->storage.syncer.ready_fd, .events = POLLIN};
    assert_int_equal(poll(&f, 1, 10000), 1);
    storage_complete(&p->storage);
  }
  assert_int_equal(w->count, count);
}
