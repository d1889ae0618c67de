#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "failing_alloc.h"
#include "host/storage_posix.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A disk that writes so many bytes at a time and then fails, unless told otherwise. */
static struct {
  size_t most;       /* bytes a write takes */
  size_t left;       /* bytes until it is full */
  int interruptions; /* before the next write or cut goes on */
  int cut_error;
  int rename_error;
  int unlink_error;
  atomic_int sync_error;
  atomic_int running; /* in fsync now */
  atomic_int begun;   /* fsyncs in all */
  atomic_int is_slow;
} fake;

static ssize_t fake_write(int fd, const void *data, size_t length)
{
  if (fake.interruptions > 0) {
    fake.interruptions--;
    errno = EINTR;
    return -1;
  }
  if (fake.left == 0) {
    errno = ENOSPC;
    return -1;
  }
  if (length > fake.most)
    length = fake.most;
  if (length > fake.left)
    length = fake.left;
  ssize_t n = write(fd, data, length);
  fake.left -= (size_t)n;
  return n;
}

static int fake_ftruncate(int fd, off_t length)
{
  if (fake.interruptions > 0) {
    fake.interruptions--;
    errno = EINTR;
    return -1;
  }
  errno = fake.cut_error;
  return fake.cut_error != 0 ? -1 : ftruncate(fd, length);
}

static int fake_fsync(int fd)
{
  const struct timespec pause = {0, 500000};
  (void)atomic_fetch_add(&fake.running, 1);
  (void)atomic_fetch_add(&fake.begun, 1);
  if (atomic_load(&fake.is_slow))
    (void)nanosleep(&pause, NULL);
  int error = atomic_load(&fake.sync_error);
  int result = error != 0 ? -1 : fsync(fd);
  (void)atomic_fetch_sub(&fake.running, 1);
  if (error != 0)
    errno = error;
  return result;
}

static int fake_rename(const char *from, const char *to)
{
  errno = fake.rename_error;
  return fake.rename_error != 0 ? -1 : rename(from, to);
}

static int fake_unlink(const char *path)
{
  errno = fake.unlink_error;
  return fake.unlink_error != 0 ? -1 : unlink(path);
}

static const struct storage_calls fake_calls = {fake_write, fake_ftruncate, fake_fsync, fake_rename,
                                                fake_unlink};

struct place {
  char folder[64];
  struct storage storage;
};

/* A folder that is not there yet, on a healthy disk. */
static void place_open(struct place *p)
{
  fake.most = fake.left = SIZE_MAX;
  fake.interruptions = fake.cut_error = fake.rename_error = fake.unlink_error = 0;
  atomic_store(&fake.sync_error, 0);
  *p = (struct place){.folder = "/tmp/hearsay-storage-XXXXXX"};
  assert_non_null(mkdtemp(p->folder));
  assert_int_equal(rmdir(p->folder), 0);
  storage_init(&p->storage, p->folder, &fake_calls);
}

static void place_close(struct place *p)
{
  char command[128];
  storage_free(&p->storage);
  (void)snprintf(command, sizeof command, "rm -rf '%s'", p->folder);
  assert_int_equal(system(command), 0); // NOLINT(cert-env33-c): a path of its own
}

static struct file *open_named(struct place *p, const char *name)
{
  struct error e;
  struct file *f = storage_open(&p->storage, SLICE("n1"), slice_of(name), 1, &e);
  if (f == NULL)
    fail_msg("%s", e.text);
  return f;
}

static void assert_refused(struct place *p, struct slice node, const char *name, const char *why)
{
  struct error e;
  assert_null(storage_open(&p->storage, node, slice_of(name), 1, &e));
  if (strstr(e.text, why) == NULL)
    fail_msg("expected \"%s\" in: %s", why, e.text);
}

static void append(struct file *f, const char *text)
{
  struct error e;
  if (f->vtable->append(f, slice_of(text), &e) != 0)
    fail_msg("%s", e.text);
}

static void assert_append_fails(struct file *f, const char *text, const char *why)
{
  struct error e;
  assert_int_equal(f->vtable->append(f, slice_of(text), &e), -1);
  if (strstr(e.text, why) == NULL)
    fail_msg("expected \"%s\" in: %s", why, e.text);
}

static void assert_content(struct file *f, const char *text)
{
  struct error e;
  struct bytes b = {0};
  assert_int_equal(bytes_append(&b, "+", 1), 0);
  assert_int_equal(f->vtable->read(f, &b, &e), 0);
  assert_int_equal(b.data[0], '+');
  assert_true(slice_equal((struct slice){b.data + 1, b.length - 1}, slice_of(text)));
  bytes_free(&b);
}

struct wish {
  struct file_sync sync; /* must be first */
  int count;
  char why[512];
};

static void note(struct file_sync *self, const char *why)
{
  struct wish *w = (struct wish *)self;
  w->count++;
  (void)snprintf(w->why, sizeof w->why, "%s", why == NULL ? "" : why);
}

static void wait_for(struct place *p, const struct wish *w, int count)
{
  while (w->count < count) {
    struct pollfd f = {.fd = p->storage.syncer.ready_fd, .events = POLLIN};
    assert_int_equal(poll(&f, 1, 10000), 1);
    storage_complete(&p->storage);
  }
  assert_int_equal(w->count, count);
}

static void files_keep_what_they_are_given(void **state)
{
  (void)state;
  struct place p;
  struct error e;
  place_open(&p);
  struct file *f = open_named(&p, "a.log");
  assert_content(f, "");
  append(f, "one ");
  append(f, "two");
  append(f, "");
  assert_content(f, "one two");
  f->vtable->close(f);
  f = open_named(&p, "a.log");
  assert_content(f, "one two");
  assert_int_equal(f->vtable->truncate(f, 4, &e), 0);
  assert_int_equal(f->vtable->truncate(f, 100, &e), 0); /* is no growth */
  append(f, "three");
  assert_content(f, "one three");
  f->vtable->close(f);
  char path[128];
  (void)snprintf(path, sizeof path, "%s/n1/a.log", p.folder);
  assert_int_equal(access(path, F_OK), 0);
  place_close(&p);
}

/* More than is read at once. */
static void large_files(void **state)
{
  (void)state;
  enum { LENGTH = 5000001 };
  struct place p;
  struct error e;
  struct bytes in = {0}, out = {0};
  place_open(&p);
  for (size_t i = 0; i < LENGTH; i++)
    assert_int_equal(bytes_append_byte(&in, (char)(i * 31 + i / 999)), 0);
  struct file *f = open_named(&p, "large");
  assert_int_equal(f->vtable->append(f, bytes_slice(&in), &e), 0);
  assert_int_equal(f->vtable->read(f, &out, &e), 0);
  assert_true(slice_equal(bytes_slice(&in), bytes_slice(&out)));
  f->vtable->close(f);
  bytes_free(&in);
  bytes_free(&out);
  place_close(&p);
}

static void each_node_has_its_own_folder(void **state)
{
  (void)state;
  struct place p;
  struct error e;
  struct stat s;
  char path[128];
  place_open(&p);
  const struct slice ids[] = {SLICE("n1"), SLICE("../n1"), SLICE(".."), SLICE("a/b\0\xc3\xa9")};
  static const char *const folders[] = {"n1", "%2E%2E%2Fn1", "%2E%2E", "a%2Fb%00%C3%A9"};
  for (size_t i = 0; i < 4; i++) {
    struct file *f = storage_open(&p.storage, ids[i], SLICE("log"), 1, &e);
    assert_non_null(f);
    assert_content(f, "");
    append(f, "x");
    f->vtable->close(f);
    (void)snprintf(path, sizeof path, "%s/%s/log", p.folder, folders[i]);
    assert_int_equal(stat(path, &s), 0);
    assert_int_equal(s.st_size, 1);
  }
  char long_id[PATH_MAX];
  memset(long_id, 'x', sizeof long_id);
  assert_refused(&p, (struct slice){long_id, sizeof long_id}, "log", "too long for a folder");
  assert_refused(&p, (struct slice){long_id, 300}, "log", "File name too long");
  place_close(&p);
}

static void one_opener_at_a_time(void **state)
{
  (void)state;
  struct place p;
  place_open(&p);
  struct file *f = open_named(&p, "a.log"), *other = open_named(&p, "b.log");
  append(f, "mine");
  assert_refused(&p, SLICE("n1"), "a.log",
                 "/n1/a.log: it is in use, by this node or another process");
  assert_content(f, "mine");
  (void)fflush(NULL);
  pid_t child = fork();
  if (child == 0) {
    struct error e;
    struct storage storage;
    storage_init(&storage, p.folder, NULL);
    struct file *theirs = storage_open(&storage, SLICE("n1"), SLICE("a.log"), 1, &e);
    _exit(theirs == NULL && strstr(e.text, "in use") != NULL ? 7 : 1);
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
  f->vtable->close(f);
  f = open_named(&p, "a.log");
  assert_content(f, "mine");
  f->vtable->close(f);
  other->vtable->close(other);
  place_close(&p);
}

static void what_cannot_be_opened(void **state)
{
  (void)state;
  struct place p;
  place_open(&p);
  struct storage none;
  struct error e;
  storage_init(&none, NULL, NULL);
  assert_null(storage_open(&none, SLICE("n1"), SLICE("log"), 1, &e));
  assert_string_equal(e.text, "this node has no folder for its files; start it with --data DIR");
  storage_free(&none);

  struct place nowhere = {.folder = "/tmp/hearsay-there-is-no-such-folder/data"};
  storage_init(&nowhere.storage, nowhere.folder, NULL);
  assert_refused(&nowhere, SLICE("n1"), "log",
                 "cannot make the folder /tmp/hearsay-there-is-no-such-folder/data: No such file");
  storage_free(&nowhere.storage);

  struct place file = {.folder = "/dev/null"};
  storage_init(&file.storage, file.folder, NULL);
  assert_refused(&file, SLICE("n1"), "log", "Not a directory");
  storage_free(&file.storage);

  struct file *f = open_named(&p, "log");
  f->vtable->close(f);
  char path[128];
  (void)snprintf(path, sizeof path, "%s/n1/folder", p.folder);
  assert_int_equal(mkdir(path, 0777), 0);
  assert_refused(&p, SLICE("n1"), "folder", "Is a directory");
  (void)snprintf(path, sizeof path, "%s/n1/fifo", p.folder);
  assert_int_equal(mkfifo(path, 0666), 0);
  assert_refused(&p, SLICE("n1"), "fifo", "is no file");
  place_close(&p);
}

/* For root every folder can be written, so another user tries. */
static void a_folder_that_is_read_only(void **state)
{
  (void)state;
  struct place p;
  place_open(&p);
  assert_int_equal(mkdir(p.folder, 0555), 0);
  (void)fflush(NULL);
  pid_t child = fork();
  if (child == 0) {
    struct error e;
    if (geteuid() == 0 && setuid(65534) != 0)
      _exit(2);
    struct file *f = storage_open(&p.storage, SLICE("n1"), SLICE("log"), 1, &e);
    _exit(f == NULL && strstr(e.text, "/n1: Permission denied") != NULL ? 7 : 1);
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 7);
  place_close(&p);
}

static void short_and_interrupted_writes(void **state)
{
  (void)state;
  struct place p;
  struct error e;
  place_open(&p);
  struct file *f = open_named(&p, "log");
  fake.most = 3;
  fake.interruptions = 2;
  append(f, "0123456789");
  assert_content(f, "0123456789");
  fake.interruptions = 2;
  assert_int_equal(f->vtable->truncate(f, 5, &e), 0);
  assert_content(f, "01234");
  f->vtable->close(f);
  place_close(&p);
}

/* A write that was taken in part is taken back, and the file is as good as before. */
static void a_full_disk(void **state)
{
  (void)state;
  struct place p;
  place_open(&p);
  struct file *f = open_named(&p, "log");
  append(f, "first ");
  for (size_t room = 0; room < 6; room++) {
    fake.left = room;
    assert_append_fails(f, "second", "/n1/log: No space left on device");
    assert_content(f, "first ");
  }
  fake.left = SIZE_MAX;
  append(f, "third");
  assert_content(f, "first third");
  f->vtable->close(f);
  place_close(&p);
}

static void a_part_that_cannot_be_taken_back(void **state)
{
  (void)state;
  struct place p;
  struct error e;
  place_open(&p);
  struct file *f = open_named(&p, "log");
  fake.left = 3;
  fake.cut_error = EIO;
  assert_append_fails(f, "second", "No space left on device");
  fake.left = SIZE_MAX;
  fake.cut_error = 0;
  assert_append_fails(f, "third", "cannot take a part of a write back: Input/output error");
  assert_int_equal(f->vtable->truncate(f, 0, &e), -1);
  struct wish w = {.sync.done = note};
  assert_int_equal(f->vtable->sync(f, &w.sync, &e), -1);
  assert_content(f, "sec");
  f->vtable->close(f);
  assert_int_equal(w.count, 0);
  place_close(&p);
}

static void truncation_that_fails(void **state)
{
  (void)state;
  struct place p;
  struct error e;
  place_open(&p);
  struct file *f = open_named(&p, "log");
  append(f, "text");
  fake.cut_error = EIO;
  assert_int_equal(f->vtable->truncate(f, 2, &e), -1);
  assert_non_null(strstr(e.text, "cannot shorten "));
  fake.cut_error = 0;
  append(f, "!");
  assert_content(f, "text!");
  /* A cut that is not known to be on the disk might let the old tail come back. */
  atomic_store(&fake.sync_error, EIO);
  assert_int_equal(f->vtable->truncate(f, 2, &e), -1);
  assert_non_null(strstr(e.text, "cannot sync the cut: Input/output error"));
  atomic_store(&fake.sync_error, 0);
  assert_append_fails(f, "third", "cannot sync the cut");
  f->vtable->close(f);
  place_close(&p);
}

/* A write over the limit of the process is an error like another, and ends nothing. */
static void a_limit_on_the_size_of_files(void **state)
{
  (void)state;
  struct place p;
  struct rlimit before, tight;
  place_open(&p);
  struct file *f = open_named(&p, "log");
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  tight = before;
  tight.rlim_cur = 5;
  (void)signal(SIGXFSZ, SIG_IGN); /* as posix_open does */
  append(f, "123");
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
  struct error e;
  int result = f->vtable->append(f, SLICE("4567"), &e);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
  (void)signal(SIGXFSZ, SIG_DFL);
  assert_int_equal(result, -1);
  assert_non_null(strstr(e.text, "File too large"));
  assert_content(f, "123");
  f->vtable->close(f);
  place_close(&p);
}

static void syncs_are_done_and_fail(void **state)
{
  (void)state;
  struct place p;
  struct error e;
  place_open(&p);
  struct file *a = open_named(&p, "a"), *b = open_named(&p, "b");
  struct wish of_a = {.sync.done = note}, of_b = {.sync.done = note};
  storage_complete(&p.storage); /* of nothing */
  for (int i = 1; i <= 20; i++) {
    append(a, "x");
    assert_int_equal(a->vtable->sync(a, &of_a.sync, &e), 0);
    assert_int_equal(b->vtable->sync(b, &of_b.sync, &e), 0);
    wait_for(&p, &of_a, i);
    wait_for(&p, &of_b, i);
    assert_string_equal(of_a.why, "");
  }
  /* After one failure nothing is believed any more; the other file does not mind. */
  atomic_store(&fake.sync_error, EIO);
  assert_int_equal(a->vtable->sync(a, &of_a.sync, &e), 0);
  wait_for(&p, &of_a, 21);
  assert_non_null(strstr(of_a.why, "/n1/a: cannot sync: Input/output error; nobody knows"));
  atomic_store(&fake.sync_error, 0);
  assert_int_equal(a->vtable->sync(a, &of_a.sync, &e), -1);
  assert_string_equal(e.text, of_a.why);
  assert_append_fails(a, "y", "cannot sync: Input/output error");
  append(b, "z");
  assert_int_equal(b->vtable->sync(b, &of_b.sync, &e), 0);
  wait_for(&p, &of_b, 21);
  assert_string_equal(of_b.why, "");
  a->vtable->close(a);
  b->vtable->close(b);
  place_close(&p);
}

/* Nor may the thread still be at work on it. */
static void a_file_that_is_closed_is_never_synced(void **state)
{
  (void)state;
  struct place p;
  struct error e;
  place_open(&p);
  struct wish w = {.sync.done = note};
  atomic_store(&fake.is_slow, 1);
  for (int i = 0; i < 100; i++) {
    struct file *f = open_named(&p, "log");
    int begun = atomic_load(&fake.begun);
    append(f, "x");
    assert_int_equal(f->vtable->sync(f, &w.sync, &e), 0);
    while (i % 2 == 0 && atomic_load(&fake.begun) == begun) { /* until it is in its fsync */
    }
    f->vtable->close(f);
    assert_int_equal(atomic_load(&fake.running), 0);
    storage_complete(&p.storage);
  }
  assert_int_equal(w.count, 0);
  atomic_store(&fake.is_slow, 0);
  place_close(&p);
}

/* --- names -------------------------------------------------------------- */

/* The names that begin so, sorted, each with a blank behind it. */
static void assert_listed(struct place *p, const char *prefix, const char *expected)
{
  struct bytes names = {0};
  struct error e;
  char text[256] = "";
  const char *sorted[8];
  size_t count = 0;
  assert_int_equal(storage_list(&p->storage, SLICE("n1"), slice_of(prefix), &names, &e), 0);
  for (size_t at = 0; at < names.length; at += strlen(names.data + at) + 1) {
    size_t i = count++;
    for (; i > 0 && strcmp(sorted[i - 1], names.data + at) > 0; i--)
      sorted[i] = sorted[i - 1];
    sorted[i] = names.data + at;
  }
  for (size_t i = 0; i < count; i++) {
    strcat(text, sorted[i]); // NOLINT(clang-analyzer-security.insecureAPI.strcpy): short ones
    strcat(text, " ");       // NOLINT(clang-analyzer-security.insecureAPI.strcpy)
  }
  assert_string_equal(text, expected);
  bytes_free(&names);
}

static void names_are_listed_given_and_removed(void **state)
{
  (void)state;
  struct place p;
  struct error e;
  place_open(&p);
  assert_listed(&p, "", ". .. ");
  struct file *a = open_named(&p, "log+1"), *b = open_named(&p, "log+2"),
              *c = open_named(&p, "other");
  append(a, "one");
  append(b, "two");
  assert_listed(&p, "log+", "log+1 log+2 ");
  b->vtable->close(b);
  assert_int_equal(a->vtable->rename(a, SLICE("log+2"), &e), 0); /* in place of the other */
  assert_listed(&p, "log", "log+2 ");
  append(a, " more");
  assert_refused(&p, SLICE("n1"), "log+2", "it is in use"); /* it is still locked */
  a->vtable->close(a);
  a = open_named(&p, "log+2");
  assert_content(a, "one more");
  a->vtable->close(a);
  assert_int_equal(storage_remove(&p.storage, SLICE("n1"), SLICE("log+2"), &e), 0);
  assert_int_equal(storage_remove(&p.storage, SLICE("n1"), SLICE("log+2"), &e), 0);
  assert_listed(&p, "log", "");
  assert_null(storage_open(&p.storage, SLICE("n1"), SLICE("log+2"), 0, &e));
  assert_non_null(strstr(e.text, "/n1/log+2: No such file"));
  assert_listed(&p, "log", "");
  c->vtable->close(c);
  place_close(&p);
}

static void names_that_cannot_be_changed(void **state)
{
  (void)state;
  struct place p;
  struct error e;
  struct bytes names = {0};
  char long_name[PATH_MAX];
  place_open(&p);
  struct file *f = open_named(&p, "a");
  append(f, "text");
  fake.rename_error = EIO;
  assert_int_equal(f->vtable->rename(f, SLICE("b"), &e), -1);
  assert_non_null(strstr(e.text, "/n1/a to b: Input/output error"));
  fake.rename_error = 0;
  memset(long_name, 'x', sizeof long_name);
  assert_int_equal(f->vtable->rename(f, (struct slice){long_name, sizeof long_name}, &e), -1);
  assert_non_null(strstr(e.text, "too long"));
  assert_listed(&p, "a", "a ");
  append(f, "!");
  assert_content(f, "text!");
  fake.unlink_error = EACCES;
  assert_int_equal(storage_remove(&p.storage, SLICE("n1"), SLICE("a"), &e), -1);
  assert_non_null(strstr(e.text, "cannot remove "));
  assert_non_null(strstr(e.text, "/n1/a: Permission denied"));
  assert_listed(&p, "a", "a ");
  f->vtable->close(f);

  struct storage none;
  storage_init(&none, NULL, NULL);
  assert_int_equal(storage_list(&none, SLICE("n1"), SLICE(""), &names, &e), -1);
  assert_int_equal(storage_remove(&none, SLICE("n1"), SLICE("a"), &e), -1);
  assert_non_null(strstr(e.text, "start it with --data DIR"));
  storage_free(&none);
  failing_alloc_after(0);
  int result = storage_list(&p.storage, SLICE("n1"), SLICE(""), &names, &e);
  failing_alloc_off();
  assert_int_equal(result, -1);
  assert_int_equal(names.length, 0);
  bytes_free(&names);
  place_close(&p);
}

/* The folder is synced with a file's first sync, and with the first after it was renamed. */
static void a_name_is_synced_once(void **state)
{
  (void)state;
  struct place p;
  struct error e;
  place_open(&p);
  struct wish w = {.sync.done = note};
  struct file *f = open_named(&p, "a");
  for (int i = 1; i <= 5; i++) {
    if (i == 3)
      assert_int_equal(f->vtable->rename(f, SLICE("b"), &e), 0);
    int begun = atomic_load(&fake.begun);
    assert_int_equal(f->vtable->sync(f, &w.sync, &e), 0);
    wait_for(&p, &w, i);
    assert_string_equal(w.why, "");
    assert_int_equal(atomic_load(&fake.begun) - begun, i == 1 || i == 3 ? 2 : 1);
  }
  assert_int_equal(f->vtable->rename(f, SLICE("c"), &e), 0);
  assert_int_equal(f->vtable->flush(f, &e), 0);
  int begun = atomic_load(&fake.begun);
  assert_int_equal(f->vtable->sync(f, &w.sync, &e), 0);
  wait_for(&p, &w, 6);
  assert_int_equal(atomic_load(&fake.begun) - begun, 1);
  /* When it fails nothing is believed any more. */
  atomic_store(&fake.sync_error, EIO);
  assert_int_equal(f->vtable->flush(f, &e), -1);
  assert_non_null(strstr(e.text, "/n1/c: cannot sync: Input/output error"));
  atomic_store(&fake.sync_error, 0);
  assert_int_equal(f->vtable->flush(f, &e), -1);
  assert_int_equal(f->vtable->rename(f, SLICE("d"), &e), -1);
  assert_append_fails(f, "x", "cannot sync");
  f->vtable->close(f);
  place_close(&p);
}

static void out_of_memory(void **state)
{
  (void)state;
  struct place p;
  struct error e;
  struct bytes b = {0};
  place_open(&p);
  failing_alloc_after(0);
  struct file *none = storage_open(&p.storage, SLICE("n1"), SLICE("log"), 1, &e);
  failing_alloc_off();
  assert_null(none);
  assert_string_equal(e.text, "out of memory");
  struct file *f = open_named(&p, "log");
  append(f, "x");
  failing_alloc_after(0);
  int result = f->vtable->read(f, &b, &e);
  failing_alloc_off();
  assert_int_equal(result, -1);
  assert_non_null(strstr(e.text, "Cannot allocate memory"));
  f->vtable->close(f);
  place_close(&p);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(files_keep_what_they_are_given),
    cmocka_unit_test(large_files),
    cmocka_unit_test(each_node_has_its_own_folder),
    cmocka_unit_test(one_opener_at_a_time),
    cmocka_unit_test(what_cannot_be_opened),
    cmocka_unit_test(a_folder_that_is_read_only),
    cmocka_unit_test(short_and_interrupted_writes),
    cmocka_unit_test(a_full_disk),
    cmocka_unit_test(a_part_that_cannot_be_taken_back),
    cmocka_unit_test(truncation_that_fails),
    cmocka_unit_test(a_limit_on_the_size_of_files),
    cmocka_unit_test(syncs_are_done_and_fail),
    cmocka_unit_test(a_file_that_is_closed_is_never_synced),
    cmocka_unit_test(names_are_listed_given_and_removed),
    cmocka_unit_test(names_that_cannot_be_changed),
    cmocka_unit_test(a_name_is_synced_once),
    cmocka_unit_test(out_of_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
