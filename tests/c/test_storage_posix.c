/* Files of real nodes on a healthy disk: their folders, their locks, what they keep. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "failing_alloc.h"
#include "storage_fixture.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void files_keep_what_they_are_given(void **state)
{
  (void)state;
  struct storage_fixture p;
  struct error e;
  storage_fixture_open(&p);
  struct file *f = storage_fixture_file(&p, "a.log");
  assert_content(f, "");
  append_text(f, "one ");
  append_text(f, "two");
  append_text(f, "");
  assert_content(f, "one two");
  f->vtable->close(f);
  f = storage_fixture_file(&p, "a.log");
  assert_content(f, "one two");
  assert_int_equal(f->vtable->truncate(f, 4, &e), 0);
  assert_int_equal(f->vtable->truncate(f, 100, &e), 0); /* is no growth */
  append_text(f, "three");
  assert_content(f, "one three");
  f->vtable->close(f);
  char path[128];
  (void)snprintf(path, sizeof path, "%s/n1/a.log", p.folder);
  assert_int_equal(access(path, F_OK), 0);
  storage_fixture_close(&p);
}

/* More than is read at once. */
static void large_files(void **state)
{
  (void)state;
  enum { LENGTH = 5000001 };
  struct storage_fixture p;
  struct error e;
  struct bytes in = {0}, out = {0};
  storage_fixture_open(&p);
  for (size_t i = 0; i < LENGTH; i++)
    assert_int_equal(bytes_append_byte(&in, (char)(i * 31 + i / 999)), 0);
  struct file *f = storage_fixture_file(&p, "large");
  assert_int_equal(f->vtable->append(f, bytes_slice(&in), &e), 0);
  assert_int_equal(f->vtable->read(f, &out, &e), 0);
  assert_true(slice_equal(bytes_slice(&in), bytes_slice(&out)));
  f->vtable->close(f);
  bytes_free(&in);
  bytes_free(&out);
  storage_fixture_close(&p);
}

static void each_node_has_its_own_folder(void **state)
{
  (void)state;
  struct storage_fixture p;
  struct error e;
  struct stat s;
  char path[128];
  storage_fixture_open(&p);
  const struct slice ids[] = {SLICE("n1"), SLICE("../n1"), SLICE(".."), SLICE("a/b\0\xc3\xa9")};
  static const char *const folders[] = {"n1", "%2E%2E%2Fn1", "%2E%2E", "a%2Fb%00%C3%A9"};
  for (size_t i = 0; i < 4; i++) {
    struct file *f = storage_open(&p.storage, ids[i], SLICE("log"), 1, &e);
    assert_non_null(f);
    assert_content(f, "");
    append_text(f, "x");
    f->vtable->close(f);
    (void)snprintf(path, sizeof path, "%s/%s/log", p.folder, folders[i]);
    assert_int_equal(stat(path, &s), 0);
    assert_int_equal(s.st_size, 1);
  }
  char long_id[PATH_MAX];
  memset(long_id, 'x', sizeof long_id);
  assert_open_fails(&p, (struct slice){long_id, sizeof long_id}, "log", "too long for a folder");
  assert_open_fails(&p, (struct slice){long_id, 300}, "log", "File name too long");
  storage_fixture_close(&p);
}

static void one_opener_at_a_time(void **state)
{
  (void)state;
  struct storage_fixture p;
  storage_fixture_open(&p);
  struct file *f = storage_fixture_file(&p, "a.log"), *other = storage_fixture_file(&p, "b.log");
  append_text(f, "mine");
  assert_open_fails(&p, SLICE("n1"), "a.log",
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
  f = storage_fixture_file(&p, "a.log");
  assert_content(f, "mine");
  f->vtable->close(f);
  other->vtable->close(other);
  storage_fixture_close(&p);
}

static void what_cannot_be_opened(void **state)
{
  (void)state;
  struct storage_fixture p;
  storage_fixture_open(&p);
  struct storage none;
  struct error e;
  storage_init(&none, NULL, NULL);
  assert_null(storage_open(&none, SLICE("n1"), SLICE("log"), 1, &e));
  assert_string_equal(e.text, "this node has no folder for its files; start it with --data DIR");
  storage_free(&none);

  struct storage_fixture nowhere = {.folder = "/tmp/hearsay-there-is-no-such-folder/data"};
  storage_init(&nowhere.storage, nowhere.folder, NULL);
  assert_open_fails(
    &nowhere, SLICE("n1"), "log",
    "cannot make the folder /tmp/hearsay-there-is-no-such-folder/data: No such file");
  storage_free(&nowhere.storage);

  struct storage_fixture file = {.folder = "/dev/null"};
  storage_init(&file.storage, file.folder, NULL);
  assert_open_fails(&file, SLICE("n1"), "log", "Not a directory");
  storage_free(&file.storage);

  struct file *f = storage_fixture_file(&p, "log");
  f->vtable->close(f);
  char path[128];
  (void)snprintf(path, sizeof path, "%s/n1/folder", p.folder);
  assert_int_equal(mkdir(path, 0777), 0);
  assert_open_fails(&p, SLICE("n1"), "folder", "Is a directory");
  (void)snprintf(path, sizeof path, "%s/n1/fifo", p.folder);
  assert_int_equal(mkfifo(path, 0666), 0);
  assert_open_fails(&p, SLICE("n1"), "fifo", "is no file");
  storage_fixture_close(&p);
}

/* For root every folder can be written, so another user tries. */
static void a_folder_that_is_read_only(void **state)
{
  (void)state;
  struct storage_fixture p;
  storage_fixture_open(&p);
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
  storage_fixture_close(&p);
}

static void out_of_memory(void **state)
{
  (void)state;
  struct storage_fixture p;
  struct error e;
  struct bytes b = {0};
  storage_fixture_open(&p);
  failing_alloc_after(0);
  struct file *none = storage_open(&p.storage, SLICE("n1"), SLICE("log"), 1, &e);
  failing_alloc_off();
  assert_null(none);
  assert_string_equal(e.text, "out of memory");
  struct file *f = storage_fixture_file(&p, "log");
  append_text(f, "x");
  failing_alloc_after(0);
  int result = f->vtable->read(f, &b, &e);
  failing_alloc_off();
  assert_int_equal(result, -1);
  assert_non_null(strstr(e.text, "Cannot allocate memory"));
  f->vtable->close(f);
  storage_fixture_close(&p);
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
    cmocka_unit_test(out_of_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
