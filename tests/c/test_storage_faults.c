/* Writes, cuts and syncs of real files that fail, in part or as a whole. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "storage_fixture.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

static void short_and_interrupted_writes(void **state)
{
  (void)state;
  struct storage_fixture p;
  struct error e;
  storage_fixture_open(&p);
  struct file *f = storage_fixture_file(&p, "log");
  fake_calls.most = 3;
  fake_calls.interruptions = 2;
  append_text(f, "0123456789");
  assert_content(f, "0123456789");
  fake_calls.interruptions = 2;
  assert_int_equal(f->vtable->truncate(f, 5, &e), 0);
  assert_content(f, "01234");
  f->vtable->close(f);
  storage_fixture_close(&p);
}

/* A write that was taken in part is taken back, and the file is as good as before. */
static void a_full_disk(void **state)
{
  (void)state;
  struct storage_fixture p;
  storage_fixture_open(&p);
  struct file *f = storage_fixture_file(&p, "log");
  append_text(f, "first ");
  for (size_t room = 0; room < 6; room++) {
    fake_calls.left = room;
    assert_append_fails(f, "second", "/n1/log: No space left on device");
    assert_content(f, "first ");
  }
  fake_calls.left = SIZE_MAX;
  append_text(f, "third");
  assert_content(f, "first third");
  f->vtable->close(f);
  storage_fixture_close(&p);
}

static void a_part_that_cannot_be_taken_back(void **state)
{
  (void)state;
  struct storage_fixture p;
  struct error e;
  storage_fixture_open(&p);
  struct file *f = storage_fixture_file(&p, "log");
  fake_calls.left = 3;
  fake_calls.cut_error = EIO;
  assert_append_fails(f, "second", "No space left on device");
  fake_calls.left = SIZE_MAX;
  fake_calls.cut_error = 0;
  assert_append_fails(f, "third", "cannot take a part of a write back: Input/output error");
  assert_int_equal(f->vtable->truncate(f, 0, &e), -1);
  struct sync_wish w = {.sync.done = note_sync};
  assert_int_equal(f->vtable->sync(f, &w.sync, &e), -1);
  assert_content(f, "sec");
  f->vtable->close(f);
  assert_int_equal(w.count, 0);
  storage_fixture_close(&p);
}

static void truncation_that_fails(void **state)
{
  (void)state;
  struct storage_fixture p;
  struct error e;
  storage_fixture_open(&p);
  struct file *f = storage_fixture_file(&p, "log");
  append_text(f, "text");
  fake_calls.cut_error = EIO;
  assert_int_equal(f->vtable->truncate(f, 2, &e), -1);
  assert_non_null(strstr(e.text, "cannot shorten "));
  fake_calls.cut_error = 0;
  append_text(f, "!");
  assert_content(f, "text!");
  /* A cut that is not known to be on the disk might let the old tail come back. */
  atomic_store(&fake_calls.sync_error, EIO);
  assert_int_equal(f->vtable->truncate(f, 2, &e), -1);
  assert_non_null(strstr(e.text, "cannot sync the cut: Input/output error"));
  atomic_store(&fake_calls.sync_error, 0);
  assert_append_fails(f, "third", "cannot sync the cut");
  f->vtable->close(f);
  storage_fixture_close(&p);
}

/* A write over the limit of the process is an error like another, and ends nothing. */
static void a_limit_on_the_size_of_files(void **state)
{
  (void)state;
  struct storage_fixture p;
  struct rlimit before, tight;
  storage_fixture_open(&p);
  struct file *f = storage_fixture_file(&p, "log");
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  tight = before;
  tight.rlim_cur = 5;
  (void)signal(SIGXFSZ, SIG_IGN); /* as posix_open does */
  append_text(f, "123");
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
  struct error e;
  int result = f->vtable->append(f, SLICE("4567"), &e);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
  (void)signal(SIGXFSZ, SIG_DFL);
  assert_int_equal(result, -1);
  assert_non_null(strstr(e.text, "File too large"));
  assert_content(f, "123");
  f->vtable->close(f);
  storage_fixture_close(&p);
}

static void syncs_are_done_and_fail(void **state)
{
  (void)state;
  struct storage_fixture p;
  struct error e;
  storage_fixture_open(&p);
  struct file *a = storage_fixture_file(&p, "a"), *b = storage_fixture_file(&p, "b");
  struct sync_wish of_a = {.sync.done = note_sync}, of_b = {.sync.done = note_sync};
  storage_complete(&p.storage); /* of nothing */
  for (int i = 1; i <= 20; i++) {
    append_text(a, "x");
    assert_int_equal(a->vtable->sync(a, &of_a.sync, &e), 0);
    assert_int_equal(b->vtable->sync(b, &of_b.sync, &e), 0);
    wait_for_syncs(&p, &of_a, i);
    wait_for_syncs(&p, &of_b, i);
    assert_string_equal(of_a.why, "");
  }
  /* After one failure nothing is believed any more; the other file does not mind. */
  atomic_store(&fake_calls.sync_error, EIO);
  assert_int_equal(a->vtable->sync(a, &of_a.sync, &e), 0);
  wait_for_syncs(&p, &of_a, 21);
  assert_non_null(strstr(of_a.why, "/n1/a: cannot sync: Input/output error; nobody knows"));
  atomic_store(&fake_calls.sync_error, 0);
  assert_int_equal(a->vtable->sync(a, &of_a.sync, &e), -1);
  assert_string_equal(e.text, of_a.why);
  assert_append_fails(a, "y", "cannot sync: Input/output error");
  append_text(b, "z");
  assert_int_equal(b->vtable->sync(b, &of_b.sync, &e), 0);
  wait_for_syncs(&p, &of_b, 21);
  assert_string_equal(of_b.why, "");
  a->vtable->close(a);
  b->vtable->close(b);
  storage_fixture_close(&p);
}

/* Nor may the thread still be at work on it. */
static void a_file_that_is_closed_is_never_synced(void **state)
{
  (void)state;
  struct storage_fixture p;
  struct error e;
  storage_fixture_open(&p);
  struct sync_wish w = {.sync.done = note_sync};
  atomic_store(&fake_calls.is_slow, 1);
  for (int i = 0; i < 100; i++) {
    struct file *f = storage_fixture_file(&p, "log");
    int begun = atomic_load(&fake_calls.begun);
    append_text(f, "x");
    assert_int_equal(f->vtable->sync(f, &w.sync, &e), 0);
    while (i % 2 == 0 && atomic_load(&fake_calls.begun) == begun) { /* until it is in its fsync */
    }
    f->vtable->close(f);
    assert_int_equal(atomic_load(&fake_calls.running), 0);
    storage_complete(&p.storage);
  }
  assert_int_equal(w.count, 0);
  atomic_store(&fake_calls.is_slow, 0);
  storage_fixture_close(&p);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(short_and_interrupted_writes),
    cmocka_unit_test(a_full_disk),
    cmocka_unit_test(a_part_that_cannot_be_taken_back),
    cmocka_unit_test(truncation_that_fails),
    cmocka_unit_test(a_limit_on_the_size_of_files),
    cmocka_unit_test(syncs_are_done_and_fail),
    cmocka_unit_test(a_file_that_is_closed_is_never_synced),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
