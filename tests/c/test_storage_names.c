/* Names of real files: listed, given, removed, and synced. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "failing_alloc.h"
#include "storage_fixture.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

/* The names that begin so, sorted, each with a blank behind it. */
static void assert_listed(struct storage_fixture *p, const char *prefix, const char *expected)
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
  struct storage_fixture p;
  struct error e;
  storage_fixture_open(&p);
  assert_listed(&p, "", ". .. ");
  struct file *a = storage_fixture_file(&p, "log+1"), *b = storage_fixture_file(&p, "log+2"),
              *c = storage_fixture_file(&p, "other");
  append_text(a, "one");
  append_text(b, "two");
  assert_listed(&p, "log+", "log+1 log+2 ");
  b->vtable->close(b);
  assert_int_equal(a->vtable->rename(a, SLICE("log+2"), &e), 0); /* in place of the other */
  assert_listed(&p, "log", "log+2 ");
  append_text(a, " more");
  assert_open_fails(&p, SLICE("n1"), "log+2", "it is in use"); /* it is still locked */
  a->vtable->close(a);
  a = storage_fixture_file(&p, "log+2");
  assert_content(a, "one more");
  a->vtable->close(a);
  assert_int_equal(storage_remove(&p.storage, SLICE("n1"), SLICE("log+2"), &e), 0);
  assert_int_equal(storage_remove(&p.storage, SLICE("n1"), SLICE("log+2"), &e), 0);
  assert_listed(&p, "log", "");
  assert_null(storage_open(&p.storage, SLICE("n1"), SLICE("log+2"), 0, &e));
  assert_non_null(strstr(e.text, "/n1/log+2: No such file"));
  assert_listed(&p, "log", "");
  c->vtable->close(c);
  storage_fixture_close(&p);
}

static void names_that_cannot_be_changed(void **state)
{
  (void)state;
  struct storage_fixture p;
  struct error e;
  struct bytes names = {0};
  char long_name[PATH_MAX];
  storage_fixture_open(&p);
  struct file *f = storage_fixture_file(&p, "a");
  append_text(f, "text");
  fake_calls.rename_error = EIO;
  assert_int_equal(f->vtable->rename(f, SLICE("b"), &e), -1);
  assert_non_null(strstr(e.text, "/n1/a to b: Input/output error"));
  fake_calls.rename_error = 0;
  memset(long_name, 'x', sizeof long_name);
  assert_int_equal(f->vtable->rename(f, (struct slice){long_name, sizeof long_name}, &e), -1);
  assert_non_null(strstr(e.text, "too long"));
  assert_listed(&p, "a", "a ");
  append_text(f, "!");
  assert_content(f, "text!");
  fake_calls.unlink_error = EACCES;
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
  storage_fixture_close(&p);
}

/* The folder is synced with a file's first sync, and with the first after it was renamed. */
static void a_name_is_synced_once(void **state)
{
  (void)state;
  struct storage_fixture p;
  struct error e;
  storage_fixture_open(&p);
  struct sync_wish w = {.sync.done = note_sync};
  struct file *f = storage_fixture_file(&p, "a");
  for (int i = 1; i <= 5; i++) {
    if (i == 3)
      assert_int_equal(f->vtable->rename(f, SLICE("b"), &e), 0);
    int begun = atomic_load(&fake_calls.begun);
    assert_int_equal(f->vtable->sync(f, &w.sync, &e), 0);
    wait_for_syncs(&p, &w, i);
    assert_string_equal(w.why, "");
    assert_int_equal(atomic_load(&fake_calls.begun) - begun, i == 1 || i == 3 ? 2 : 1);
  }
  assert_int_equal(f->vtable->rename(f, SLICE("c"), &e), 0);
  assert_int_equal(f->vtable->flush(f, &e), 0);
  int begun = atomic_load(&fake_calls.begun);
  assert_int_equal(f->vtable->sync(f, &w.sync, &e), 0);
  wait_for_syncs(&p, &w, 6);
  assert_int_equal(atomic_load(&fake_calls.begun) - begun, 1);
  /* When it fails nothing is believed any more. */
  atomic_store(&fake_calls.sync_error, EIO);
  assert_int_equal(f->vtable->flush(f, &e), -1);
  assert_non_null(strstr(e.text, "/n1/c: cannot sync: Input/output error"));
  atomic_store(&fake_calls.sync_error, 0);
  assert_int_equal(f->vtable->flush(f, &e), -1);
  assert_int_equal(f->vtable->rename(f, SLICE("d"), &e), -1);
  assert_append_fails(f, "x", "cannot sync");
  f->vtable->close(f);
  storage_fixture_close(&p);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(names_are_listed_given_and_removed),
    cmocka_unit_test(names_that_cannot_be_changed),
    cmocka_unit_test(a_name_is_synced_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
