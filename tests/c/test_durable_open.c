/* Opening a durable log: one that version 1 wrote, one that cannot be used, and with no memory left;
 * then its changes do without, too. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/crc32c.h"
#include "durable_fixture.h"
#include "failing_alloc.h"
#include "host/durable.h"
#include "store/journal.h"

#include <string.h>

#define SEGMENT_BYTES 4096

/* A node with this log of version 1. */
static void open_version_1(struct durable_fixture *b, const struct bytes *content)
{
  durable_fixture_open(b, "");
  durable_fixture_put(b, "log", bytes_slice(content));
}

static void write_records(struct bytes *to, const struct journal_record *records, int count)
{
  struct error e;
  /* The header of version 1 is the first part of that of version 2. */
  static const char first[] = "HEARSAY\n\1\0\0\0\5\0\0\0\0\0\0";
  assert_int_equal(bytes_append(to, first, sizeof first), 0);
  uint32_t crc = crc32c(0, first, sizeof first);
  for (int i = 0; i < 4; i++)
    assert_int_equal(bytes_append_byte(to, (char)(crc >> 8 * i)), 0);
  for (int i = 0; i < count; i++)
    assert_int_equal(journal_write(to, 5, &records[i], &e), 0);
}

static struct durable *try_open(struct durable_fixture *b, struct error *e)
{
  return durable_open(b->f.node, SLICE("log"), SEGMENT_BYTES, e);
}

/* Nothing changes, and nothing stays open. */
static void assert_refused(struct durable_fixture *b, const char *why)
{
  struct error e;
  struct bytes before = {0};
  assert_int_equal(bytes_append_slice(&before, bytes_slice(fake_disk_content(&b->disk, "log"))), 0);
  assert_null(try_open(b, &e));
  if (strstr(e.text, why) == NULL)
    fail_msg("expected \"%s\" in: %s", why, e.text);
  assert_true(slice_equal(bytes_slice(&before), bytes_slice(fake_disk_content(&b->disk, "log"))));
  assert_int_equal(fake_disk_open_count(&b->disk), 0);
  bytes_free(&before);
}

static void a_log_of_the_first_version_is_taken_over(void **state)
{
  (void)state;
  struct durable_fixture b;
  struct error e;
  struct bytes content = {0};
  const struct journal_record written[] = {
    {JOURNAL_ENTRY, 1, 4, SLICE("a"), SLICE("\"four\""), 0},
    {JOURNAL_ENTRY, 2, 2, SLICE("a"), SLICE("2"), 0},
    {JOURNAL_COMMIT, 3, 9, SLICE("b"), SLICE(""), 0},
    {JOURNAL_COMMIT, 4, 3, SLICE("b"), SLICE(""), 0},
  };
  write_records(&content, written, 4);
  assert_int_equal(bytes_append(&content, "torn", 4), 0);
  open_version_1(&b, &content);
  for (int round = 0; round < 2; round++) { /* the second time it is one of version 2 */
    struct durable *d = try_open(&b, &e);
    if (d == NULL)
      fail_msg("%s", e.text);
    assert_int_equal(durable_found(d).records, 4 + round);
    assert_int_equal(durable_found(d).cut_bytes, round == 0 ? 4 : 0);
    if (round == 0)
      assert_logged(&b.f, "log: cut off 4 bytes behind byte ");
    assert_int_equal(fake_disk_content(&b.disk, "log")->length, JOURNAL_HEADER_BYTES);
    assert_int_equal(log_total(durable_log(d)), 2 + round);
    assert_int_equal(log_last(durable_log(d), SLICE("a")), 4 + round);
    assert_int_equal(log_committed(durable_log(d), SLICE("b")), 9);
    /* It goes on with the next sequence. */
    assert_int_equal(durable_append(d, SLICE("a"), SLICE("5")), 5 + round);
    assert_int_equal(durable_fixture_records(&b), 5 + round);
    durable_free(d);
  }
  bytes_free(&content);
  durable_fixture_close(&b);
}

/* The taking over is stopped at each step, and begun again. */
static void a_taking_over_that_fails(void **state)
{
  (void)state;
  struct durable_fixture b;
  struct error e;
  struct bytes content = {0};
  const struct journal_record written = {JOURNAL_ENTRY, 1, 4, SLICE("a"), SLICE("1"), 0};
  write_records(&content, &written, 1);
  open_version_1(&b, &content);
  b.disk.cannot_be_read = 1;
  assert_refused(&b, "cannot read");
  b.disk.cannot_be_read = 0;
  b.disk.cannot_be_listed = 1;
  assert_refused(&b, "cannot list");
  b.disk.cannot_be_listed = 0;
  b.disk.is_full = 1;
  assert_refused(&b, "the disk is full");
  b.disk.is_full = 0;
  b.disk.refuses_sync = 1;
  assert_refused(&b, "cannot flush");
  b.disk.refuses_sync = 0;
  b.disk.refuses_rename = 1;
  assert_refused(&b, "cannot rename");
  b.disk.refuses_truncate = 1; /* of what the last try has left */
  assert_refused(&b, "cannot shorten");
  b.disk.refuses_rename = b.disk.refuses_truncate = 0;
  /* The first segment of the log that it is to be, and one that is of another. */
  struct bytes first = {0};
  const struct journal_header header = {JOURNAL_APPENDED, 1, 5};
  assert_int_equal(journal_write_header(&first, &header, &e), 0);
  assert_int_equal(journal_write(&first, 5, &written, &e), 0);
  durable_fixture_put(&b, "log+1", (struct slice){first.data, first.length - 1});
  assert_refused(&b, "cannot use log: there are segments of a log, but this is not its mark");
  durable_fixture_put(&b, "log+1", bytes_slice(&first));
  durable_fixture_put(&b, "log+2", bytes_slice(&first));
  assert_refused(&b, "this is not its mark");
  assert_int_equal(b.f.world.remove(&b.disk, SLICE("log+2"), &e), 0);
  struct durable *d = try_open(&b, &e);
  assert_non_null(d);
  assert_int_equal(log_total(durable_log(d)), 1);
  durable_free(d);
  bytes_free(&first);
  bytes_free(&content);
  durable_fixture_close(&b);
}

static void what_cannot_be_opened(void **state)
{
  (void)state;
  struct durable_fixture b;
  struct bytes content = {0};
  const struct journal_record conflict[] = {
    {JOURNAL_ENTRY, 1, 4, SLICE("a"), SLICE("1"), 0},
    {JOURNAL_ENTRY, 2, 4, SLICE("a"), SLICE("2"), 0},
  };
  const struct journal_record too_high = {JOURNAL_ENTRY, 1, INT64_MAX, SLICE("a"), SLICE("1"), 0};
  write_records(&content, conflict, 2);
  open_version_1(&b, &content);
  assert_refused(&b, "record 2 gives offset 4 of \"a\" a second value");
  content.length = 0;
  write_records(&content, &too_high, 1);
  durable_fixture_put(&b, "log", bytes_slice(&content));
  assert_refused(&b, "record 1 has an offset that no log has");
  b.f.world.open = NULL;
  struct error e;
  assert_null(try_open(&b, &e));
  assert_string_equal(e.text, "n1 has no file log");
  bytes_free(&content);
  durable_fixture_close(&b);
}

/* Where memory runs out nothing has changed, in the logs and in the file. */
static void out_of_memory(void **state)
{
  (void)state;
  struct durable_fixture b;
  struct error e;
  struct bytes content = {0};
  const struct journal_record written = {JOURNAL_ENTRY, 1, 0, SLICE("a"), SLICE("1"), 0};
  static char large[70000];
  memset(large, '1', sizeof large);
  write_records(&content, &written, 1);
  open_version_1(&b, &content);
  struct durable *d;
  for (int round = 0; round < 2; round++) {
    for (long n = 0;; n++) {
      failing_alloc_after(n);
      d = durable_open(b.f.node, SLICE("log"), 1000000, &e);
      failing_alloc_off();
      if (d != NULL)
        break;
      assert_string_equal(e.text, "out of memory");
      assert_int_equal(fake_disk_open_count(&b.disk), 0);
      assert_true(n < 100);
    }
    if (round == 0)
      durable_free(d);
  }
  assert_int_equal(bytes_reserve(fake_disk_content(&b.disk, "log+1"), 1000000),
                   0); /* it needs none */
  struct slice value = {large, sizeof large};
  for (int kind = 0; kind < 4; kind++) {
    for (long n = 0;; n++) {
      int before = durable_fixture_records(&b);
      size_t total = log_total(durable_log(d));
      failing_alloc_after(n);
      int64_t result = kind == 0   ? durable_append(d, SLICE("new"), value)
                       : kind == 1 ? durable_insert(d, SLICE("newer"), 100, value)
                       : kind == 2 ? durable_commit(d, SLICE("newest"), 100)
                                   : durable_retain(d, SLICE("last"), 100);
      failing_alloc_off();
      if (result >= 0) {
        assert_int_equal(durable_fixture_records(&b), before + 1);
        break;
      }
      assert_int_equal(result, LOG_NO_MEMORY);
      assert_int_equal(durable_fixture_records(&b), before);
      assert_int_equal(log_total(durable_log(d)), total);
      assert_int_equal(log_committed(durable_log(d), SLICE("newest")), kind < 3 ? -1 : 100);
      assert_int_equal(log_start(durable_log(d), SLICE("last")), 0);
      assert_true(n < 100);
    }
  }
  durable_free(d);
  durable_free(NULL);
  bytes_free(&content);
  durable_fixture_close(&b);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_log_of_the_first_version_is_taken_over),
    cmocka_unit_test(a_taking_over_that_fails),
    cmocka_unit_test(what_cannot_be_opened),
    cmocka_unit_test(out_of_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
