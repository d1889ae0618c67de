#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "failing_alloc.h"
#include "sim/disk.h"

#include <string.h>

enum { SYNC_US = 1000 };

struct bench {
  struct schedule schedule;
  struct disk disk;
  int news; /* of syncs that were done */
};

static void count_news(void *ctx)
{
  ((struct bench *)ctx)->news++;
}

static void bench_open(struct bench *b, uint64_t seed)
{
  *b = (struct bench){0};
  schedule_init(&b->schedule, NULL);
  disk_init(&b->disk, &b->schedule, seed, SYNC_US, count_news, b);
}

static void bench_close(struct bench *b)
{
  disk_free(&b->disk);
  schedule_free(&b->schedule);
}

static void pass(struct bench *b, int64_t duration_us)
{
  int64_t until_us = b->schedule.now_us + duration_us;
  while (schedule_step(&b->schedule, until_us) == SCHEDULE_MORE) {
  }
}

static struct file *open_log(struct bench *b)
{
  struct error e;
  struct file *f = disk_open(&b->disk, SLICE("log"), 1, &e);
  if (f == NULL)
    fail_msg("%s", e.text);
  return f;
}

static void append(struct file *f, const char *text)
{
  struct error e;
  assert_int_equal(f->vtable->append(f, slice_of(text), &e), 0);
}

static void assert_content(struct bench *b, struct file *f, const char *text)
{
  struct error e;
  struct bytes read = {0};
  assert_int_equal(f->vtable->read(f, &read, &e), 0);
  assert_true(slice_equal(bytes_slice(&read), slice_of(text)));
  assert_true(slice_equal(disk_content(&b->disk, SLICE("log")), slice_of(text)));
  bytes_free(&read);
}

struct wish {
  struct file_sync sync; /* must be first */
  struct file *again;    /* asks for another sync when one is done */
  int count;
};

static void note(struct file_sync *self, const char *why)
{
  struct wish *w = (struct wish *)self;
  struct error e;
  assert_null(why);
  w->count++;
  if (w->again != NULL) {
    assert_int_equal(w->again->vtable->sync(w->again, &w->sync, &e), 0);
    w->again = NULL;
  }
}

static void sync_now(struct bench *b, struct file *f)
{
  struct error e;
  struct wish w = {.sync.done = note};
  assert_int_equal(f->vtable->sync(f, &w.sync, &e), 0);
  pass(b, SYNC_US);
  assert_int_equal(w.count, 1);
}

static struct file *crash(struct bench *b, struct file *f)
{
  f->vtable->close(f);
  disk_crash(&b->disk);
  return open_log(b);
}

static void a_sync_takes_its_time(void **state)
{
  (void)state;
  struct bench b;
  struct error e;
  bench_open(&b, 1);
  struct file *f = open_log(&b);
  struct wish w = {.sync.done = note, .again = f};
  append(f, "x");
  assert_int_equal(f->vtable->sync(f, &w.sync, &e), 0);
  pass(&b, SYNC_US - 1);
  assert_int_equal(w.count, 0);
  pass(&b, 1);
  assert_int_equal(w.count, 1);
  assert_int_equal(b.news, 1);
  pass(&b, SYNC_US);
  assert_int_equal(w.count, 2);
  assert_int_equal(b.news, 2);
  assert_int_equal(f->vtable->sync(f, &w.sync, &e), 0);
  f->vtable->close(f); /* and so that one is never done */
  pass(&b, 2 * SYNC_US);
  assert_int_equal(w.count, 2);
  bench_close(&b);
}

static void synced_bytes_survive(void **state)
{
  (void)state;
  for (uint64_t seed = 0; seed < 200; seed++) {
    struct bench b;
    bench_open(&b, seed);
    struct file *f = open_log(&b);
    append(f, "synced, ");
    append(f, "all of it");
    sync_now(&b, f);
    f = crash(&b, f);
    assert_content(&b, f, "synced, all of it");
    f = crash(&b, f); /* they stay durable */
    assert_content(&b, f, "synced, all of it");
    f->vtable->close(f);
    bench_close(&b);
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
    struct bench b;
    struct error e;
    struct wish w = {.sync.done = note};
    bench_open(&b, seed);
    struct file *f = open_log(&b);
    append(f, "synced+");
    sync_now(&b, f);
    append(f, "0123");
    if (seed % 2 == 0) /* one that is not done when the machine ends changes nothing */
      assert_int_equal(f->vtable->sync(f, &w.sync, &e), 0);
    append(f, "456789");
    pass(&b, SYNC_US / 2);
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
    bench_close(&b);
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
    struct bench b;
    struct error e;
    struct wish w = {.sync.done = note};
    bench_open(&b, seed);
    struct file *f = open_log(&b);
    append(f, "in");
    assert_int_equal(f->vtable->sync(f, &w.sync, &e), 0);
    append(f, "out");
    pass(&b, SYNC_US);
    assert_int_equal(w.count, 1);
    f = crash(&b, f);
    struct slice left = disk_content(&b.disk, SLICE("log"));
    assert_true(left.length >= 2);
    (void)assert_left(left, "inout", 2);
    lost += left.length < 5;
    f->vtable->close(f);
    bench_close(&b);
  }
  assert_true(lost > 10);
}

/* A cut that was not synced may be undone by the end of the machine, as a whole. */
static void cuts(void **state)
{
  (void)state;
  int undone = 0, kept = 0, with_tail = 0;
  for (uint64_t seed = 0; seed < 100; seed++) {
    struct bench b;
    struct error e;
    bench_open(&b, seed);
    struct file *f = open_log(&b);
    append(f, "0123456789");
    sync_now(&b, f);
    assert_int_equal(f->vtable->truncate(f, 4, &e), 0);
    assert_int_equal(f->vtable->truncate(f, 100, &e), 0);
    assert_content(&b, f, "0123");
    append(f, "ab");
    assert_content(&b, f, "0123ab");
    if (seed % 4 == 0) {
      sync_now(&b, f);
      f = crash(&b, f);
      assert_content(&b, f, "0123ab");
    } else {
      f = crash(&b, f);
      struct slice left = disk_content(&b.disk, SLICE("log"));
      if (left.length == 10) {
        undone++;
        assert_content(&b, f, "0123456789");
      } else {
        kept++;
        with_tail += left.length == 6;
        assert_true(left.length >= 4 && left.length <= 6);
        (void)assert_left(left, "0123ab", 4);
      }
    }
    f->vtable->close(f);
    bench_close(&b);
  }
  assert_true(undone > 15 && kept > 15 && with_tail > 5);
}

/* What was being synced when it was cut off does not come back. */
static void a_cut_during_a_sync(void **state)
{
  (void)state;
  struct bench b;
  struct error e;
  struct wish w = {.sync.done = note};
  bench_open(&b, 1);
  struct file *f = open_log(&b);
  append(f, "0123456789");
  assert_int_equal(f->vtable->sync(f, &w.sync, &e), 0);
  assert_int_equal(f->vtable->truncate(f, 2, &e), 0);
  append(f, "abc");
  pass(&b, SYNC_US);
  assert_int_equal(w.count, 1);
  sync_now(&b, f);
  f = crash(&b, f);
  assert_content(&b, f, "01abc");
  f->vtable->close(f);
  bench_close(&b);
}

static void files_are_apart_and_opened_once(void **state)
{
  (void)state;
  struct bench b;
  struct error e;
  bench_open(&b, 1);
  struct file *f = open_log(&b), *other = disk_open(&b.disk, SLICE("other"), 1, &e);
  append(f, "one");
  append(other, "two");
  assert_true(slice_equal(disk_content(&b.disk, SLICE("other")), SLICE("two")));
  assert_null(disk_open(&b.disk, SLICE("log"), 1, &e));
  assert_string_equal(e.text, "cannot lock log: it is in use by this node");
  assert_int_equal(disk_replace(&b.disk, SLICE("log"), SLICE("new")), -1);
  f->vtable->close(f);
  f = open_log(&b);
  assert_content(&b, f, "one"); /* a close is no crash */
  f->vtable->close(f);
  other->vtable->close(other);
  assert_null(disk_content(&b.disk, SLICE("neither")).data);

  assert_int_equal(disk_replace(&b.disk, SLICE("log"), SLICE("new")), 0);
  assert_int_equal(disk_replace(&b.disk, SLICE("made"), SLICE("")), 0);
  disk_crash(&b.disk);
  assert_true(slice_equal(disk_content(&b.disk, SLICE("log")), SLICE("new")));
  assert_non_null(disk_content(&b.disk, SLICE("made")).data);
  bench_close(&b);
}

/* --- names -------------------------------------------------------------- */

static struct file *open_named(struct bench *b, const char *name)
{
  struct error e;
  struct file *f = disk_open(&b->disk, slice_of(name), 1, &e);
  if (f == NULL)
    fail_msg("%s", e.text);
  return f;
}

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

static int has(struct bench *b, const char *name, const char *text)
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
    struct bench b;
    bench_open(&b, seed);
    struct file *f = open_named(&b, "synced"), *g = open_named(&b, "flushed"),
                *h = open_named(&b, "neither");
    sync_now(&b, f);
    flush(g);
    f->vtable->close(f);
    g->vtable->close(g);
    h->vtable->close(h);
    disk_crash(&b.disk);
    assert_true(has(&b, "synced", "") && has(&b, "flushed", ""));
    gone += has(&b, "neither", NULL);
    kept += has(&b, "neither", "");
    bench_close(&b);
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
    struct bench b;
    struct error e;
    bench_open(&b, seed);
    struct file *f = open_named(&b, "log"), *aside = open_named(&b, "aside");
    append(f, "old");
    flush(f);
    append(aside, "new");
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
      f = open_named(&b, "log");
      append(f, "newest");
      flush(f);
      f->vtable->close(f);
    }
    disk_crash(&b.disk);
    assert_true(seed % 4 < 2 ? has(&b, "log", "newest")
                             : has(&b, "log", NULL) || has(&b, "log", is_old ? "old" : "new"));
    bench_close(&b);
  }
  assert_true(old > 20 && old < 80);
}

/* Of several changes any may survive; a later one also where an earlier one does not. */
static void changes_survive_in_any_order(void **state)
{
  (void)state;
  int only_first = 0, only_second = 0;
  for (uint64_t seed = 0; seed < 200; seed++) {
    struct bench b;
    struct error e;
    bench_open(&b, seed);
    for (int i = 0; i < 2; i++) {
      struct file *f = open_named(&b, i == 0 ? "first" : "second");
      flush(f);
      f->vtable->close(f);
    }
    assert_int_equal(disk_remove(&b.disk, SLICE("first"), &e), 0);
    assert_int_equal(disk_remove(&b.disk, SLICE("second"), &e), 0);
    disk_crash(&b.disk);
    only_first += has(&b, "first", "") && has(&b, "second", NULL);
    only_second += has(&b, "first", NULL) && has(&b, "second", "");
    bench_close(&b);
  }
  assert_true(only_first > 10 && only_second > 10);
}

static void assert_listed(struct bench *b, const char *prefix, struct slice expected)
{
  struct bytes names = {0};
  assert_int_equal(disk_list(&b->disk, slice_of(prefix), &names), 0);
  assert_true(slice_equal(bytes_slice(&names), expected));
  bytes_free(&names);
}

static void names_are_listed(void **state)
{
  (void)state;
  struct bench b;
  struct error e;
  bench_open(&b, 1);
  for (int i = 0; i < 200; i++) { /* what is gone takes no room */
    struct file *f = open_named(&b, "log+1");
    flush(f);
    rename_to(f, "log+2");
    f->vtable->close(f);
    assert_int_equal(disk_remove(&b.disk, SLICE("none"), &e), 0);
  }
  size_t count = 0;
  while (disk_name(&b.disk, count).data != NULL)
    count++;
  assert_true(count < 100);
  struct file *f = open_named(&b, "other");
  f->vtable->close(f);
  assert_listed(&b, "log+", (struct slice){"log+2", 6});
  assert_listed(&b, "x", SLICE(""));
  assert_int_equal(disk_discard(&b.disk, SLICE("log+2")), 0);
  assert_int_equal(disk_discard(&b.disk, SLICE("log+2")), 0);
  assert_listed(&b, "", (struct slice){"other", 6});
  f = open_named(&b, "other");
  assert_int_equal(disk_discard(&b.disk, SLICE("other")), -1);
  char long_name[300];
  memset(long_name, 'x', sizeof long_name);
  assert_int_equal(f->vtable->rename(f, (struct slice){long_name, sizeof long_name}, &e), -1);
  assert_string_equal(e.text, "a name of 300 bytes is too long");
  assert_listed(&b, "", (struct slice){"other", 6});
  f->vtable->close(f);
  bench_close(&b);
}

static void the_same_seed_tears_alike(void **state)
{
  (void)state;
  size_t lengths[2][20];
  for (int round = 0; round < 2; round++) {
    struct bench b;
    bench_open(&b, 7);
    for (int i = 0; i < 20; i++) {
      struct file *f = open_log(&b);
      append(f, "0123456789");
      f->vtable->close(f);
      disk_crash(&b.disk);
      lengths[round][i] = disk_content(&b.disk, SLICE("log")).length;
    }
    bench_close(&b);
  }
  assert_memory_equal(lengths[0], lengths[1], sizeof lengths[0]);
}

static void out_of_memory(void **state)
{
  (void)state;
  for (long n = 0;; n++) {
    struct bench b;
    struct error e;
    struct wish w = {.sync.done = note};
    bench_open(&b, 1);
    failing_alloc_after(n);
    struct file *f = disk_open(&b.disk, SLICE("log"), 1, &e);
    int result = f == NULL || f->vtable->append(f, SLICE("x"), &e) != 0 ||
                 f->vtable->sync(f, &w.sync, &e) != 0 || f->vtable->flush(f, &e) != 0 ||
                 f->vtable->rename(f, SLICE("name"), &e) != 0 ||
                 disk_remove(&b.disk, SLICE("name"), &e) != 0;
    failing_alloc_off();
    if (f != NULL)
      f->vtable->close(f);
    bench_close(&b);
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
    cmocka_unit_test(a_name_survives_for_sure_when_it_is_synced),
    cmocka_unit_test(a_rename_is_one_change),
    cmocka_unit_test(changes_survive_in_any_order),
    cmocka_unit_test(names_are_listed),
    cmocka_unit_test(the_same_seed_tears_alike),
    cmocka_unit_test(out_of_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
