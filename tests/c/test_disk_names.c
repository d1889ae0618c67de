/* Which names of files a simulated disk has after renames, removals and crashes. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "disk_fixture.h"

static void rename_to(struct file *f, const char *name)
{
  struct error e;
  assert_int_equal(f->vtable->rename(f, slice_of(name), &e), 0);
}

static void flush(struct file *f)
{
  struct error e;
  assert_int_equal(f->vtable->flush(f, &e), 0);
}

static int has(struct disk_fixture *b, const char *name, const char *text)
{
  struct slice content = disk_content(&b->disk, slice_of(name));
  return text == NULL ? content.data == NULL
                      : content.data != NULL && slice_equal(content, slice_of(text));
}

static void a_name_survives_for_sure_when_it_is_synced(void **state)
{
  (void)state;
  int gone = 0, kept = 0;
  for (uint64_t seed = 0; seed < 100; seed++) {
    struct disk_fixture b;
    disk_fixture_open(&b, seed);
    struct file *f = disk_fixture_file(&b, "synced"), *g = disk_fixture_file(&b, "flushed"),
                *h = disk_fixture_file(&b, "neither");
    disk_fixture_sync(&b, f);
    flush(g);
    f->vtable->close(f);
    g->vtable->close(g);
    h->vtable->close(h);
    disk_crash(&b.disk);
    assert_true(has(&b, "synced", "") && has(&b, "flushed", ""));
    gone += has(&b, "neither", NULL);
    kept += has(&b, "neither", "");
    disk_fixture_close(&b);
  }
  assert_int_equal(gone + kept, 100);
  assert_true(gone > 20 && kept > 20);
}

/* The new file is there or the old one, and never neither nor both. */
static void a_rename_is_one_change(void **state)
{
  (void)state;
  int old = 0;
  for (uint64_t seed = 0; seed < 200; seed++) {
    struct disk_fixture b;
    struct error e;
    disk_fixture_open(&b, seed);
    struct file *f = disk_fixture_file(&b, "log"), *aside = disk_fixture_file(&b, "aside");
    append_text(f, "old");
    flush(f);
    append_text(aside, "new");
    flush(aside);
    f->vtable->close(f);
    rename_to(aside, "log");
    assert_true(has(&b, "log", "new") && has(&b, "aside", NULL));
    if (seed % 2 == 0)
      flush(aside);
    aside->vtable->close(aside);
    disk_crash(&b.disk);
    int is_old = has(&b, "log", "old");
    assert_true(is_old ? has(&b, "aside", "new") : has(&b, "log", "new") && has(&b, "aside", NULL));
    assert_true(seed % 2 != 0 || !is_old);
    old += is_old;
    /* A removal may be undone; not where the name was given again, and synced. */
    assert_int_equal(disk_remove(&b.disk, SLICE("log"), &e), 0);
    assert_true(has(&b, "log", NULL));
    assert_null(disk_open(&b.disk, SLICE("log"), 0, &e));
    if (seed % 4 < 2) {
      f = disk_fixture_file(&b, "log");
      append_text(f, "newest");
      flush(f);
      f->vtable->close(f);
    }
    disk_crash(&b.disk);
    assert_true(seed % 4 < 2 ? has(&b, "log", "newest")
                             : has(&b, "log", NULL) || has(&b, "log", is_old ? "old" : "new"));
    disk_fixture_close(&b);
  }
  assert_true(old > 20 && old < 80);
}

/* Of several changes any may survive; a later one also where an earlier one does not. */
static void changes_survive_in_any_order(void **state)
{
  (void)state;
  int only_first = 0, only_second = 0;
  for (uint64_t seed = 0; seed < 200; seed++) {
    struct disk_fixture b;
    struct error e;
    disk_fixture_open(&b, seed);
    for (int i = 0; i < 2; i++) {
      struct file *f = disk_fixture_file(&b, i == 0 ? "first" : "second");
      flush(f);
      f->vtable->close(f);
    }
    assert_int_equal(disk_remove(&b.disk, SLICE("first"), &e), 0);
    assert_int_equal(disk_remove(&b.disk, SLICE("second"), &e), 0);
    disk_crash(&b.disk);
    only_first += has(&b, "first", "") && has(&b, "second", NULL);
    only_second += has(&b, "first", NULL) && has(&b, "second", "");
    disk_fixture_close(&b);
  }
  assert_true(only_first > 10 && only_second > 10);
}

static void assert_listed(struct disk_fixture *b, const char *prefix, struct slice expected)
{
  struct bytes names = {0};
  assert_int_equal(disk_list(&b->disk, slice_of(prefix), &names), 0);
  assert_true(slice_equal(bytes_slice(&names), expected));
  bytes_free(&names);
}

static void names_are_listed(void **state)
{
  (void)state;
  struct disk_fixture b;
  struct error e;
  disk_fixture_open(&b, 1);
  for (int i = 0; i < 200; i++) { /* what is gone takes no room */
    struct file *f = disk_fixture_file(&b, "log+1");
    flush(f);
    rename_to(f, "log+2");
    f->vtable->close(f);
    assert_int_equal(disk_remove(&b.disk, SLICE("none"), &e), 0);
  }
  size_t count = 0;
  while (disk_name(&b.disk, count).data != NULL)
    count++;
  assert_true(count < 100);
  struct file *f = disk_fixture_file(&b, "other");
  f->vtable->close(f);
  assert_listed(&b, "log+", (struct slice){"log+2", 6});
  assert_listed(&b, "x", SLICE(""));
  assert_int_equal(disk_discard(&b.disk, SLICE("log+2")), 0);
  assert_int_equal(disk_discard(&b.disk, SLICE("log+2")), 0);
  assert_listed(&b, "", (struct slice){"other", 6});
  f = disk_fixture_file(&b, "other");
  assert_int_equal(disk_discard(&b.disk, SLICE("other")), -1);
  char long_name[300];
  memset(long_name, 'x', sizeof long_name);
  assert_int_equal(f->vtable->rename(f, (struct slice){long_name, sizeof long_name}, &e), -1);
  assert_string_equal(e.text, "a name of 300 bytes is too long");
  assert_listed(&b, "", (struct slice){"other", 6});
  f->vtable->close(f);
  disk_fixture_close(&b);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_name_survives_for_sure_when_it_is_synced),
    cmocka_unit_test(a_rename_is_one_change),
    cmocka_unit_test(changes_survive_in_any_order),
    cmocka_unit_test(names_are_listed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
