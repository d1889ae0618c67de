/* What a file of a simulated disk has after syncs, cuts and crashes. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "disk_fixture.h"
#include "failing_alloc.h"

#include <string.h>

static void assert_log(struct disk_fixture *b, struct file *f, const char *text)
{
  assert_content(f, text);
  assert_true(slice_equal(disk_content(&b->disk, SLICE("log")), slice_of(text)));
}

static struct file *crash(struct disk_fixture *b, struct file *f)
{
  f->vtable->close(f);
  disk_crash(&b->disk);
  return disk_fixture_file(b, "log");
}

static void a_sync_takes_its_time(void **state)
{
  (void)state;
  struct disk_fixture b;
  struct error e;
  disk_fixture_open(&b, 1);
  struct file *f = disk_fixture_file(&b, "log");
  struct sync_wish w = {.sync.done = note_sync, .again = f};
  append_text(f, "x");
  assert_int_equal(f->vtable->sync(f, &w.sync, &e), 0);
  disk_fixture_pass(&b, SYNC_US - 1);
  assert_int_equal(w.count, 0);
  disk_fixture_pass(&b, 1);
  assert_int_equal(w.count, 1);
  assert_int_equal(b.news, 1);
  disk_fixture_pass(&b, SYNC_US);
  assert_int_equal(w.count, 2);
  assert_int_equal(b.news, 2);
  assert_int_equal(f->vtable->sync(f, &w.sync, &e), 0);
  f->vtable->close(f); /* and so that one is never done */
  disk_fixture_pass(&b, 2 * SYNC_US);
  assert_int_equal(w.count, 2);
  disk_fixture_close(&b);
}

static void synced_bytes_survive(void **state)
{
  (void)state;
  for (uint64_t seed = 0; seed < 200; seed++) {
    struct disk_fixture b;
    disk_fixture_open(&b, seed);
    struct file *f = disk_fixture_file(&b, "log");
    append_text(f, "synced, ");
    append_text(f, "all of it");
    disk_fixture_sync(&b, f);
    f = crash(&b, f);
    assert_log(&b, f, "synced, all of it");
    f = crash(&b, f); /* they stay durable */
    assert_log(&b, f, "synced, all of it");
    f->vtable->close(f);
    disk_fixture_close(&b);
  }
}

/* Checks what is left of a text whose first bytes were synced. Returns whether zeroes are in it. */
static int assert_left(struct slice left, const char *whole, size_t synced_length)
{
  int zeroes = 0, ends = 0;
  for (size_t i = 0; i < left.length; i++) {
    int is_zero = left.data[i] == '\0';
    assert_true(is_zero ? i >= synced_length : left.data[i] == whole[i]);
    zeroes += is_zero;
    ends += is_zero && (i + 1 == left.length || left.data[i + 1] != '\0');
  }
  assert_true(ends <= 1); /* in one piece */
  return zeroes > 0;
}

/* Any prefix of what was not synced survives: nothing, all, and every length between; now and then
 * without a part of it. */
static void a_prefix_of_the_rest_survives(void **state)
{
  (void)state;
  static const char whole[] = "synced+0123456789", synced_length = 7;
  int seen[sizeof whole] = {0}, holes = 0;
  for (uint64_t seed = 0; seed < 500; seed++) {
    struct disk_fixture b;
    struct error e;
    struct sync_wish w = {.sync.done = note_sync};
    disk_fixture_open(&b, seed);
    struct file *f = disk_fixture_file(&b, "log");
    append_text(f, "synced+");
    disk_fixture_sync(&b, f);
    append_text(f, "0123");
    if (seed % 2 == 0) /* one that is not done when the machine ends changes nothing */
      assert_int_equal(f->vtable->sync(f, &w.sync, &e), 0);
    append_text(f, "456789");
    disk_fixture_pass(&b, SYNC_US / 2);
    f = crash(&b, f);
    struct slice left = disk_content(&b.disk, SLICE("log"));
    assert_true(left.length >= (size_t)synced_length && left.length < sizeof whole);
    holes += assert_left(left, whole, (size_t)synced_length);
    seen[left.length]++;
    /* What is left is on the platter now. */
    size_t length = left.length;
    f = crash(&b, f);
    assert_int_equal(disk_content(&b.disk, SLICE("log")).length, length);
    f->vtable->close(f);
    disk_fixture_close(&b);
  }
  for (size_t length = 0; length < sizeof whole; length++)
    assert_int_equal(seen[length] > 0, length >= (size_t)synced_length);
  assert_true(seen[7] > 100 && seen[17] > 100 && seen[12] < 60);
  assert_true(holes > 50 && holes < 150);
}

/* A sync makes durable what was written when it began, and no more. */
static void what_comes_during_a_sync_is_not_in_it(void **state)
{
  (void)state;
  int lost = 0;
  for (uint64_t seed = 0; seed < 50; seed++) {
    struct disk_fixture b;
    struct error e;
    struct sync_wish w = {.sync.done = note_sync};
    disk_fixture_open(&b, seed);
    struct file *f = disk_fixture_file(&b, "log");
    append_text(f, "in");
    assert_int_equal(f->vtable->sync(f, &w.sync, &e), 0);
    append_text(f, "out");
    disk_fixture_pass(&b, SYNC_US);
    assert_int_equal(w.count, 1);
    f = crash(&b, f);
    struct slice left = disk_content(&b.disk, SLICE("log"));
    assert_true(left.length >= 2);
    (void)assert_left(left, "inout", 2);
    lost += left.length < 5;
    f->vtable->close(f);
    disk_fixture_close(&b);
  }
  assert_true(lost > 10);
}

/* A cut that was not synced may be undone by the end of the machine, as a whole. */
static void cuts(void **state)
{
  (void)state;
  int undone = 0, kept = 0, with_tail = 0;
  for (uint64_t seed = 0; seed < 100; seed++) {
    struct disk_fixture b;
    struct error e;
    disk_fixture_open(&b, seed);
    struct file *f = disk_fixture_file(&b, "log");
    append_text(f, "0123456789");
    disk_fixture_sync(&b, f);
    assert_int_equal(f->vtable->truncate(f, 4, &e), 0);
    assert_int_equal(f->vtable->truncate(f, 100, &e), 0);
    assert_log(&b, f, "0123");
    append_text(f, "ab");
    assert_log(&b, f, "0123ab");
    if (seed % 4 == 0) {
      disk_fixture_sync(&b, f);
      f = crash(&b, f);
      assert_log(&b, f, "0123ab");
    } else {
      f = crash(&b, f);
      struct slice left = disk_content(&b.disk, SLICE("log"));
      if (left.length == 10) {
        undone++;
        assert_log(&b, f, "0123456789");
      } else {
        kept++;
        with_tail += left.length == 6;
        assert_true(left.length >= 4 && left.length <= 6);
        (void)assert_left(left, "0123ab", 4);
      }
    }
    f->vtable->close(f);
    disk_fixture_close(&b);
  }
  assert_true(undone > 15 && kept > 15 && with_tail > 5);
}

/* What was being synced when it was cut off does not come back. */
static void a_cut_during_a_sync(void **state)
{
  (void)state;
  struct disk_fixture b;
  struct error e;
  struct sync_wish w = {.sync.done = note_sync};
  disk_fixture_open(&b, 1);
  struct file *f = disk_fixture_file(&b, "log");
  append_text(f, "0123456789");
  assert_int_equal(f->vtable->sync(f, &w.sync, &e), 0);
  assert_int_equal(f->vtable->truncate(f, 2, &e), 0);
  append_text(f, "abc");
  disk_fixture_pass(&b, SYNC_US);
  assert_int_equal(w.count, 1);
  disk_fixture_sync(&b, f);
  f = crash(&b, f);
  assert_log(&b, f, "01abc");
  f->vtable->close(f);
  disk_fixture_close(&b);
}

static void files_are_apart_and_opened_once(void **state)
{
  (void)state;
  struct disk_fixture b;
  struct error e;
  disk_fixture_open(&b, 1);
  struct file *f = disk_fixture_file(&b, "log"), *other = disk_open(&b.disk, SLICE("other"), 1, &e);
  append_text(f, "one");
  append_text(other, "two");
  assert_true(slice_equal(disk_content(&b.disk, SLICE("other")), SLICE("two")));
  assert_null(disk_open(&b.disk, SLICE("log"), 1, &e));
  assert_string_equal(e.text, "cannot lock log: it is in use by this node");
  assert_int_equal(disk_replace(&b.disk, SLICE("log"), SLICE("new")), -1);
  f->vtable->close(f);
  f = disk_fixture_file(&b, "log");
  assert_log(&b, f, "one"); /* a close is no crash */
  f->vtable->close(f);
  other->vtable->close(other);
  assert_null(disk_content(&b.disk, SLICE("neither")).data);

  assert_int_equal(disk_replace(&b.disk, SLICE("log"), SLICE("new")), 0);
  assert_int_equal(disk_replace(&b.disk, SLICE("made"), SLICE("")), 0);
  disk_crash(&b.disk);
  assert_true(slice_equal(disk_content(&b.disk, SLICE("log")), SLICE("new")));
  assert_non_null(disk_content(&b.disk, SLICE("made")).data);
  disk_fixture_close(&b);
}

static void the_same_seed_tears_alike(void **state)
{
  (void)state;
  size_t lengths[2][20];
  for (int round = 0; round < 2; round++) {
    struct disk_fixture b;
    disk_fixture_open(&b, 7);
    for (int i = 0; i < 20; i++) {
      struct file *f = disk_fixture_file(&b, "log");
      append_text(f, "0123456789");
      f->vtable->close(f);
      disk_crash(&b.disk);
      lengths[round][i] = disk_content(&b.disk, SLICE("log")).length;
    }
    disk_fixture_close(&b);
  }
  assert_memory_equal(lengths[0], lengths[1], sizeof lengths[0]);
}

static void out_of_memory(void **state)
{
  (void)state;
  for (long n = 0;; n++) {
    struct disk_fixture b;
    struct error e;
    struct sync_wish w = {.sync.done = note_sync};
    disk_fixture_open(&b, 1);
    failing_alloc_after(n);
    struct file *f = disk_open(&b.disk, SLICE("log"), 1, &e);
    int result = f == NULL || f->vtable->append(f, SLICE("x"), &e) != 0 ||
                 f->vtable->sync(f, &w.sync, &e) != 0 || f->vtable->flush(f, &e) != 0 ||
                 f->vtable->rename(f, SLICE("name"), &e) != 0 ||
                 disk_remove(&b.disk, SLICE("name"), &e) != 0;
    failing_alloc_off();
    if (f != NULL)
      f->vtable->close(f);
    disk_fixture_close(&b);
    if (result == 0)
      break;
    assert_string_equal(e.text, "out of memory");
    assert_true(n < 10);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_sync_takes_its_time),
    cmocka_unit_test(synced_bytes_survive),
    cmocka_unit_test(a_prefix_of_the_rest_survives),
    cmocka_unit_test(what_comes_during_a_sync_is_not_in_it),
    cmocka_unit_test(cuts),
    cmocka_unit_test(a_cut_during_a_sync),
    cmocka_unit_test(files_are_apart_and_opened_once),
    cmocka_unit_test(the_same_seed_tears_alike),
    cmocka_unit_test(out_of_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
