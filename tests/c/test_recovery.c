/* What is made of a log of several segments in which anything is missing or other than it was: each
 * file at each length, each single bit, and each file as a whole. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "flaky_disk.h"
#include "host/durable.h"
#include "log_helpers.h"
#include "node_fixture.h"
#include "store/journal.h"

#include <stdio.h>
#include <string.h>

enum { FILES = 6, RECORDS_MAX = 40 };

/* Where a record is, and what it says. */
struct place {
  int file;
  size_t begin;
  struct journal_record record;
};

struct fixture {
  struct node_fixture f;
  struct flaky_disk disk;
  struct bytes contents[FILES];
  struct place places[RECORDS_MAX];
  int count;
  struct log *models[RECORDS_MAX + 1]; /* of so many records */
};

/* Segments 2 and 3 are part of the first, which was rewritten; nothing was written to the last. */
static const char *const names[FILES] = {"log", "log+1", "log+4", "log+5", "log+6", "log+7"};
enum { MARK = 0, REWRITTEN = 1, LAST = 4, EMPTY = 5 };

static uint64_t salt_of(int file)
{
  return 1000 + (uint64_t)file;
}

static void begin_file(struct fixture *x, int file, enum journal_kind kind, uint64_t number)
{
  struct error e;
  const struct journal_header header = {kind, number, salt_of(file)};
  assert_int_equal(journal_write_header(&x->contents[file], &header, &e), 0);
}

static void add(struct fixture *x, int file, struct journal_record record)
{
  struct error e;
  struct bytes *to = &x->contents[file];
  assert_true(x->count < RECORDS_MAX);
  x->places[x->count++] = (struct place){file, to->length, record};
  if (record.type == JOURNAL_SEAL)
    assert_int_equal(journal_write_seal(to, salt_of(file), &record,
                                        record.sequence + (file == REWRITTEN ? 20 : 1), &e),
                     0);
  else
    assert_int_equal(journal_write(to, salt_of(file), &record, &e), 0);
}

/* A change of key "a" or "b", behind so many that are not synced. */
static void change(struct fixture *x, int file, enum journal_type type, uint64_t sequence,
                   int64_t offset, uint64_t unsynced)
{
  static const char *const values[] = {"1", "\"two\"", "[3,3,3]"};
  struct journal_record record = {.type = type,
                                  .sequence = sequence,
                                  .offset = offset,
                                  .key = sequence % 3 == 0 ? SLICE("b") : SLICE("a"),
                                  .unsynced = unsynced};
  if (type == JOURNAL_ENTRY)
    record.payload = slice_of(values[sequence % 3]);
  if (type == JOURNAL_SEAL)
    record.key = SLICE("");
  add(x, file, record);
}

static void make_files(struct fixture *x)
{
  begin_file(x, MARK, JOURNAL_MARK, 0);
  begin_file(x, REWRITTEN, JOURNAL_REWRITTEN, 1);
  for (uint64_t i = 1; i <= 5; i++)
    change(x, REWRITTEN, i == 5 ? JOURNAL_START : JOURNAL_ENTRY, i, i == 5 ? 2 : (int64_t)i, 0);
  change(x, REWRITTEN, JOURNAL_SEAL, 6, 4, 0); /* and 26 follows */
  begin_file(x, 2, JOURNAL_APPENDED, 4);
  for (uint64_t i = 26; i <= 31; i++)
    change(x, 2, i == 30 ? JOURNAL_COMMIT : JOURNAL_ENTRY, i, (int64_t)i, i - 26);
  change(x, 2, JOURNAL_SEAL, 32, 5, 1); /* all but the last are synced */
  begin_file(x, 3, JOURNAL_APPENDED, 5);
  for (uint64_t i = 33; i <= 37; i++)
    change(x, 3, JOURNAL_ENTRY, i, (int64_t)i, i < 35 ? i - 31 : 0);
  change(x, 3, JOURNAL_SEAL, 38, 6, 3);
  begin_file(x, LAST, JOURNAL_APPENDED, 6);
  for (uint64_t i = 39; i <= 43; i++) /* of the segment before, the last ones may not be synced */
    change(x, LAST, i == 42 ? JOURNAL_START : JOURNAL_ENTRY, i, (int64_t)i, i < 42 ? i - 37 : 1);
  begin_file(x, EMPTY, JOURNAL_APPENDED, 7);
}

static void make_models(struct fixture *x)
{
  for (int count = 0; count <= x->count; count++) {
    struct log *l = x->models[count] = log_new(NULL);
    for (int i = 0; i < count; i++) {
      const struct journal_record *r = &x->places[i].record;
      struct log_trimmed trimmed;
      if (r->type == JOURNAL_ENTRY)
        assert_true(log_insert(l, r->key, r->offset, r->payload) >= 0);
      else if (r->type == JOURNAL_COMMIT)
        assert_true(log_commit(l, r->key, r->offset) >= 0);
      else if (r->type == JOURNAL_START)
        assert_true(log_trim(l, r->key, r->offset, &trimmed) >= 0);
    }
  }
}

static void open_fixture(struct fixture *x)
{
  *x = (struct fixture){.count = 0};
  make_files(x);
  make_models(x);
  fixture_start(&x->f, "");
}

static void close_fixture(struct fixture *x)
{
  fixture_drop(&x->f);
  for (int i = 0; i <= RECORDS_MAX; i++)
    log_free(x->models[i]);
  for (int i = 0; i < FILES; i++)
    bytes_free(&x->contents[i]);
}

/* Opens the log with one file, or none where it is -1, that has other content; data that are NULL
 * stand for none. Returns how many of the records are read back; -1: the log is refused, and all is
 * as it was. */
static int try(struct fixture *x, int file, struct slice content, const char *what, size_t at)
{
  struct error e;
  int found = -1;
  flaky_open(&x->disk, 1);
  flaky_attach(&x->disk, &x->f.world);
  for (int i = 0; i < FILES; i++) {
    struct slice data = i == file ? content : bytes_slice(&x->contents[i]);
    if (data.data != NULL)
      assert_int_equal(disk_replace(&x->disk.disk, slice_of(names[i]), data), 0);
  }
  struct durable *d = durable_open(x->f.node, SLICE("log"), 4096, &e);
  if (d != NULL) {
    for (found = x->count; found >= 0 && !same_logs(x->models[found], durable_log(d)); found--) {
    }
    if (found < 0) {
      fail_msg("%s %zu of %s: other than it ever was", what, at, names[file]);
      return -1;
    }
    uint64_t cut = durable_found(d).cut_bytes;
    durable_free(d);
    struct durable *again = durable_open(x->f.node, SLICE("log"), 4096, &e);
    assert_non_null(again);
    assert_true(same_logs(x->models[found], durable_log(again)));
    assert_int_equal(durable_found(again).cut_bytes, 0);
    durable_free(again);
    /* Where the last segment ends behind a whole record, nobody can know that there were more. */
    if (cut == 0 && found < x->count - 1 &&
        (file != LAST || found == x->count || x->places[found].begin != content.length))
      fail_msg("%s %zu of %s: records are missing without a word", what, at, names[file]);
  } else {
    assert_non_null(strstr(e.text, "cannot use log"));
    for (int i = 0; i < FILES; i++) {
      struct slice data = i == file ? content : bytes_slice(&x->contents[i]);
      if (data.data != NULL)
        assert_true(slice_equal(disk_content(&x->disk.disk, slice_of(names[i])), data));
    }
  }
  assert_int_equal(x->disk.open_files, 0);
  fake_platform_forget(&x->f.world);
  flaky_close(&x->disk);
  return found;
}

/* The first record that ends behind this byte of a file; the count of all where none does. */
static int record_at(const struct fixture *x, int file, size_t at)
{
  int i = 0;
  while (i < x->count && (x->places[i].file < file ||
                          (x->places[i].file == file && i + 1 < x->count &&
                           x->places[i + 1].file == file && x->places[i + 1].begin <= at)))
    i++;
  return i;
}

/* Whether a record from number `from` on says that this one was synced. */
static int is_witnessed(const struct fixture *x, int record, int from)
{
  for (int i = from; i < x->count; i++) {
    const struct journal_record *r = &x->places[i].record;
    if (r->sequence - 1 - r->unsynced >= x->places[record].record.sequence)
      return 1;
  }
  return 0;
}

static void assert_outcome(const struct fixture *x, int found, int expected, const char *what,
                           int file, size_t at)
{
  /* A seal changes nothing: with it or without it, the logs are the same. */
  int is_same = found >= 0 && expected >= 0 && same_logs(x->models[found], x->models[expected]);
  if (found != expected && !is_same)
    fail_msg("%s %zu of %s: %d records, and not %d", what, at, names[file], found, expected);
}

static void an_undamaged_log(void **state)
{
  (void)state;
  struct fixture x;
  open_fixture(&x);
  assert_int_equal(try(&x, -1, SLICE(""), "nothing", 0), x.count);
  close_fixture(&x);
}

static void every_flipped_bit(void **state)
{
  (void)state;
  struct fixture x;
  int refused = 0, cut = 0;
  open_fixture(&x);
  for (int file = 0; file < FILES; file++) {
    for (size_t bit = 0; bit < x.contents[file].length * 8; bit++) {
      char *byte = &x.contents[file].data[bit / 8];
      char before = *byte;
      *byte ^= (char)(1 << bit % 8);
      struct bytes damaged = {0};
      assert_int_equal(bytes_append_slice(&damaged, bytes_slice(&x.contents[file])), 0);
      *byte = before;
      int found = try(&x, file, bytes_slice(&damaged), "bit", bit), expected = -1;
      bytes_free(&damaged);
      int record = record_at(&x, file, bit / 8);
      if (file == EMPTY)
        expected = x.count; /* nothing is in it */
      else if (file != MARK && file != REWRITTEN && bit / 8 >= JOURNAL_HEADER_BYTES &&
               !is_witnessed(&x, record, record + 1))
        expected = record;
      assert_outcome(&x, found, expected, "bit", file, bit);
      refused += found < 0;
      cut += found >= 0 && found < x.count;
    }
  }
  assert_true(refused > 5000);
  assert_true(cut > 500);
  close_fixture(&x);
}

static void every_truncation(void **state)
{
  (void)state;
  struct fixture x;
  int refused = 0, cut = 0;
  open_fixture(&x);
  for (int file = 0; file < FILES; file++) {
    for (size_t length = 0; length < x.contents[file].length; length++) {
      struct slice left = {x.contents[file].data, length};
      int found = try(&x, file, left, "length", length), expected = -1;
      int record = record_at(&x, file, length);
      int next = record; /* the first record of another file */
      while (next < x.count && x.places[next].file == file)
        next++;
      if (file == EMPTY)
        expected = x.count;
      else if (file != MARK && file != REWRITTEN && length >= JOURNAL_HEADER_BYTES &&
               !is_witnessed(&x, record, next))
        expected = record;
      assert_outcome(&x, found, expected, "length", file, length);
      refused += found < 0;
      cut += found >= 0 && found < x.count;
    }
  }
  assert_true(refused > 500);
  assert_true(cut > 100);
  close_fixture(&x);
}

static void every_missing_file(void **state)
{
  (void)state;
  struct fixture x;
  open_fixture(&x);
  for (int file = 0; file < FILES; file++)
    assert_int_equal(try(&x, file, (struct slice){0}, "without", 0), file == EMPTY ? x.count : -1);
  /* A segment in another's place, and a mark that is none. */
  for (int file = 1; file < EMPTY; file++)
    for (int other = 0; other < EMPTY; other++)
      if (other != file)
        assert_int_equal(try(&x, file, bytes_slice(&x.contents[other]), "exchanged", 0), -1);
  assert_int_equal(try(&x, MARK, bytes_slice(&x.contents[REWRITTEN]), "no mark", 0), -1);
  close_fixture(&x);
}

/* Where no later record says so, it is the kind of the segment that says that it was synced. */
static void a_rewritten_segment_in_front_of_an_empty_one(void **state)
{
  (void)state;
  struct fixture x;
  open_fixture(&x);
  for (int file = 3; file < FILES; file++)
    bytes_free(&x.contents[file]);
  x.contents[2].length = JOURNAL_HEADER_BYTES;
  x.count = x.places[5].record.type == JOURNAL_SEAL ? 6 : 0;
  struct bytes *rewritten = &x.contents[REWRITTEN], more = {0};
  assert_int_equal(try(&x, -1, SLICE(""), "nothing", 0), 6);
  for (size_t length = 0; length < rewritten->length; length++)
    assert_int_equal(try(&x, REWRITTEN, (struct slice){rewritten->data, length}, "length", length),
                     -1);
  for (size_t bit = 0; bit < rewritten->length * 8; bit++) {
    more.length = 0;
    assert_int_equal(bytes_append_slice(&more, bytes_slice(rewritten)), 0);
    more.data[bit / 8] ^= (char)(1 << bit % 8);
    assert_int_equal(try(&x, REWRITTEN, bytes_slice(&more), "bit", bit), -1);
  }
  more.length = 0;
  assert_int_equal(bytes_append_slice(&more, bytes_slice(rewritten)), 0);
  for (int i = 0; i < 100; i++) { /* and something behind its seal */
    assert_int_equal(bytes_append_byte(&more, (char)i), 0);
    assert_int_equal(try(&x, REWRITTEN, bytes_slice(&more), "behind", (size_t)i), -1);
  }
  bytes_free(&more);
  close_fixture(&x);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(an_undamaged_log),
    cmocka_unit_test(every_flipped_bit),
    cmocka_unit_test(every_truncation),
    cmocka_unit_test(every_missing_file),
    cmocka_unit_test(a_rewritten_segment_in_front_of_an_empty_one),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
