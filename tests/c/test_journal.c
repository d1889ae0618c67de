#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/crc32c.h"
#include "base/rng.h"
#include "failing_alloc.h"
#include "store/journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SALT UINT64_C(0x0123456789abcdef)

enum { COUNT = 11 };

static const struct journal_header header = {JOURNAL_APPENDED, 7, SALT};

/* Records of all kinds and lengths, and where each ends. */
struct file {
  struct bytes bytes;
  struct journal_record records[COUNT];
  size_t ends[COUNT + 1]; /* [0]: of the header */
};

static char big_payload[300];

static void make(struct file *f)
{
  struct error e;
  *f = (struct file){0};
  memset(big_payload, '7', sizeof big_payload);
  const struct journal_record records[COUNT] = {
    {JOURNAL_ENTRY, 1, 0, SLICE("k1"), SLICE("123"), 0},
    {JOURNAL_ENTRY, 2, 7, SLICE("k1"), SLICE("{\"a\":[1,2]}"), 0},
    {JOURNAL_COMMIT, 3, 7, SLICE("k1"), SLICE(""), 0},
    {JOURNAL_ENTRY, 4, 0, SLICE(""), SLICE("null"), 0},
    {JOURNAL_ENTRY, 5, INT64_MAX, SLICE("a\0b"), SLICE(""), 0},
    {JOURNAL_COMMIT, 6, 0, SLICE(""), SLICE(""), 0},
    {JOURNAL_ENTRY, 7, 1, SLICE("k2"), {big_payload, sizeof big_payload}, 0},
    {JOURNAL_ENTRY, 8, 2, SLICE("k2"), SLICE("\"\xc3\xa9\""), 0},
    {JOURNAL_COMMIT, 9, INT64_MAX, SLICE("another key"), SLICE(""), 0},
    {JOURNAL_START, 10, 3, SLICE("k1"), SLICE(""), 0},
    {JOURNAL_SEAL, 11, 8, SLICE(""), SLICE("\x70\x11\1\0\0\0\0\0"), 0},
  };
  assert_int_equal(journal_write_header(&f->bytes, &header, &e), 0);
  f->ends[0] = f->bytes.length;
  for (int i = 0; i < COUNT; i++) {
    f->records[i] = records[i];
    if (records[i].type == JOURNAL_SEAL)
      assert_int_equal(journal_write_seal(&f->bytes, SALT, &records[i], 70000, &e), 0);
    else
      assert_int_equal(journal_write(&f->bytes, SALT, &records[i], &e), 0);
    f->ends[i + 1] = f->bytes.length;
  }
}

static void assert_same(const struct journal_record *a, const struct journal_record *b)
{
  assert_int_equal(a->type, b->type);
  assert_int_equal(a->sequence, b->sequence);
  assert_int_equal(a->offset, b->offset);
  assert_true(slice_equal(a->key, b->key));
  assert_true(slice_equal(a->payload, b->payload));
  assert_int_equal(a->unsynced, b->unsynced);
}

/* Reads the records that are expected to be there. Returns how it ends behind them. */
static enum journal_result read_first(const struct file *f, struct slice data, int count,
                                      struct journal_reader *r, struct error *why)
{
  struct journal_record record = {0};
  why->text[0] = '\0';
  assert_int_equal(journal_open(r, data, 0, why), JOURNAL_RECORD);
  for (int i = 0; i < count; i++) {
    assert_int_equal(journal_next(r, &record, why), JOURNAL_RECORD);
    assert_same(&record, &f->records[i]);
    assert_int_equal(r->position, f->ends[i + 1]);
  }
  enum journal_result result = journal_next(r, &record, why);
  assert_int_equal(r->position, f->ends[count]); /* where a cut would be */
  assert_int_equal(r->sequence, count);
  return result;
}

static void assert_contains(const struct error *e, const char *text)
{
  if (strstr(e->text, text) == NULL)
    fail_msg("expected \"%s\" in: %s", text, e->text);
}

/* A copy of exactly this length, so that a sanitizer sees each byte read behind it. */
static struct slice copy_of(struct slice s)
{
  char *data = malloc(s.length > 0 ? s.length : 1);
  assert_non_null(data);
  memcpy(data, s.data, s.length);
  return (struct slice){data, s.length};
}

static void drop(struct slice copy)
{
  free((void *)(uintptr_t)copy.data);
}

static void what_is_written_is_read(void **state)
{
  (void)state;
  struct file f;
  struct journal_reader r;
  struct error why;
  make(&f);
  assert_int_equal(read_first(&f, bytes_slice(&f.bytes), COUNT, &r, &why), JOURNAL_END);
  assert_int_equal(r.header.salt, SALT);
  assert_int_equal(r.header.kind, JOURNAL_APPENDED);
  assert_int_equal(r.header.number, 7);
  assert_int_equal(journal_next_sequence(&f.records[COUNT - 1]), 70000);
  struct journal_record record;
  assert_int_equal(journal_next(&r, &record, &why), JOURNAL_END); /* and stays there */
  bytes_free(&f.bytes);
}

static void assert_crc(const char *at, uint32_t crc)
{
  for (int i = 0; i < 4; i++)
    assert_int_equal((unsigned char)at[i], crc >> 8 * i & 0xff);
}

/* The format is what it says at the top of the source. */
static void the_bytes_are_those_of_the_table(void **state)
{
  (void)state;
  struct file f;
  make(&f);
  static const char begin[20] = "HEARSAY\n\2\0\0\0\xef\xcd\xab\x89\x67\x45\x23\x01";
  static const char kind_and_number[] = "\1\0\0\0\7\0\0\0\0\0\0";
  static const char record[] = "\x25\0\0\0\2\0\0\0\1\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0k1123";
  assert_int_equal(f.ends[0], 40);
  assert_int_equal(f.ends[1], 40 + 37);
  assert_memory_equal(f.bytes.data, begin, sizeof begin);
  assert_memory_equal(f.bytes.data + 24, kind_and_number, sizeof kind_and_number);
  assert_memory_equal(f.bytes.data + 44, record, sizeof record - 1);
  assert_crc(f.bytes.data + 20, crc32c(0, begin, sizeof begin));
  assert_crc(f.bytes.data + 36, crc32c(0, f.bytes.data, 36));
  assert_crc(f.bytes.data + 40, crc32c(crc32c(0, begin + 12, 8), record, sizeof record - 1));
  bytes_free(&f.bytes);
}

static void every_truncation(void **state)
{
  (void)state;
  struct file f;
  struct journal_reader r;
  struct error why;
  make(&f);
  int whole = -1; /* records that lie in front of the end; -1: not even the header */
  for (size_t length = 0; length <= f.bytes.length; length++) {
    struct slice data = copy_of((struct slice){f.bytes.data, length});
    if (whole + 1 <= COUNT && length == f.ends[whole + 1])
      whole++;
    if (whole < 0) {
      assert_int_equal(journal_open(&r, data, 0, &why), length == 0 ? JOURNAL_END : JOURNAL_TORN);
    } else {
      enum journal_result result = read_first(&f, data, whole, &r, &why);
      assert_int_equal(result, length == f.ends[whole] ? JOURNAL_END : JOURNAL_TORN);
      if (result == JOURNAL_TORN)
        assert_contains(&why, "is not whole: it ends early");
    }
    drop(data);
  }
  assert_int_equal(whole, COUNT);
  bytes_free(&f.bytes);
}

/* Everything in front of the record with the flipped bit is read. Behind that there are whole
 * records, or there is nothing when it is the last. */
static void every_flipped_bit(void **state)
{
  (void)state;
  struct file f;
  struct journal_reader r;
  struct error why;
  make(&f);
  int before = -1; /* records in front of the one that the bit is in; -1: in the header */
  for (size_t bit = 0; bit < f.bytes.length * 8; bit++) {
    struct slice data = copy_of(bytes_slice(&f.bytes));
    if (bit / 8 == f.ends[before + 1])
      before++;
    ((char *)(uintptr_t)data.data)[bit / 8] ^= (char)(1 << bit % 8);
    if (before < 0) {
      assert_int_equal(journal_open(&r, data, 0, &why), JOURNAL_CORRUPT);
      assert_contains(&why, bit / 8 < 8 ? "it is not a log" : "its header is damaged");
    } else {
      enum journal_result result = read_first(&f, data, before, &r, &why);
      assert_int_equal(result, before < COUNT - 1 ? JOURNAL_CORRUPT : JOURNAL_TORN);
      char text[64];
      (void)snprintf(text, sizeof text, "the record at byte %zu is ", f.ends[before]);
      assert_contains(&why, text);
      (void)snprintf(text, sizeof text, "at byte %zu records follow", f.ends[before + 1]);
      if (result == JOURNAL_CORRUPT)
        assert_contains(&why, text);
    }
    drop(data);
  }
  assert_int_equal(before, COUNT - 1);
  bytes_free(&f.bytes);
}

/* Any tail of zeroes or of noise behind whole records is torn; so is a second copy of the last. */
static void other_tails(void **state)
{
  (void)state;
  struct file f;
  struct journal_reader r;
  struct error why;
  struct rng rng;
  make(&f);
  rng_init(&rng, 1, "tails");
  size_t length = f.bytes.length;
  for (size_t tail = 1; tail < 200; tail++) {
    for (int is_noise = 0; is_noise < 2; is_noise++) {
      f.bytes.length = length;
      for (size_t i = 0; i < tail; i++)
        assert_int_equal(bytes_append_byte(&f.bytes, is_noise ? (char)rng_next(&rng) : '\0'), 0);
      assert_int_equal(read_first(&f, bytes_slice(&f.bytes), COUNT, &r, &why), JOURNAL_TORN);
    }
  }
  f.bytes.length = length;
  assert_int_equal(bytes_reserve(&f.bytes, 100), 0);
  assert_int_equal(
    bytes_append(&f.bytes, f.bytes.data + f.ends[COUNT - 1], length - f.ends[COUNT - 1]), 0);
  assert_int_equal(read_first(&f, bytes_slice(&f.bytes), COUNT, &r, &why), JOURNAL_TORN);
  assert_contains(&why, "its sequence is not the next one");
  bytes_free(&f.bytes);
}

/* Of nine records the first four were synced when the others were made. Whatever part of the others
 * comes to the disk, and how much of the last: those in front of the first gap are read, and then
 * the tail is torn. A gap in what was synced is corruption, as long as a later record says so. */
static void writes_that_came_in_another_order(void **state)
{
  (void)state;
  enum { SYNCED = 4 };
  struct file f;
  struct journal_reader r;
  struct error why;
  make(&f);
  f.bytes.length = f.ends[0];
  for (int i = 0; i < COUNT; i++) {
    f.records[i].unsynced = i < SYNCED ? (uint64_t)i : (uint64_t)i - SYNCED;
    assert_int_equal(journal_write(&f.bytes, SALT, &f.records[i], &why), 0);
  }
  assert_int_equal(f.bytes.length, f.ends[COUNT]);
  for (unsigned lost = 1; lost < 1u << COUNT; lost++) {
    struct slice data = copy_of(bytes_slice(&f.bytes));
    int first = -1, has_witness = 0;
    for (int i = 0; i < COUNT; i++) {
      if (lost >> i & 1)
        memset((char *)(uintptr_t)data.data + f.ends[i], 0, f.ends[i + 1] - f.ends[i]);
      if (lost >> i & 1 && first < 0)
        first = i;
      has_witness |= !(lost >> i & 1) && i >= SYNCED;
    }
    enum journal_result expected = first < SYNCED && has_witness ? JOURNAL_CORRUPT : JOURNAL_TORN;
    assert_int_equal(read_first(&f, data, first, &r, &why), expected);
    drop(data);
  }
  bytes_free(&f.bytes);
}

/* A count that is too large to be written says nothing, rather than too much. */
static void very_many_unsynced_records(void **state)
{
  (void)state;
  struct bytes b = {0};
  struct journal_reader r;
  struct journal_record record;
  struct error why;
  const uint64_t many = UINT64_C(1) << 24;
  for (int is_known = 0; is_known < 2; is_known++) {
    b.length = 0;
    assert_int_equal(journal_write_header(&b, &header, &why), 0);
    assert_int_equal(bytes_append(&b, "damaged", 7), 0);
    struct journal_record later = {JOURNAL_ENTRY, 3,          0,
                                   SLICE("k"),    SLICE("1"), is_known ? 1 : many};
    assert_int_equal(journal_write(&b, SALT, &later, &why), 0);
    assert_int_equal(journal_open(&r, bytes_slice(&b), 0, &why), JOURNAL_RECORD);
    assert_int_equal(journal_next(&r, &record, &why), is_known ? JOURNAL_CORRUPT : JOURNAL_TORN);
  }
  bytes_free(&b);
}

/* A record that is gone as a whole is missed, and one of another file is not taken. */
static void missing_and_foreign_records(void **state)
{
  (void)state;
  struct file f;
  struct journal_reader r;
  struct error why;
  make(&f);
  memmove(f.bytes.data + f.ends[3], f.bytes.data + f.ends[4], f.bytes.length - f.ends[4]);
  f.bytes.length -= f.ends[4] - f.ends[3];
  assert_int_equal(read_first(&f, bytes_slice(&f.bytes), 3, &r, &why), JOURNAL_CORRUPT);
  assert_contains(&why, "records are missing: number 5 follows number 3");

  f.bytes.length = f.ends[3];
  assert_int_equal(journal_write(&f.bytes, SALT + 1, &f.records[3], &why), 0);
  assert_int_equal(read_first(&f, bytes_slice(&f.bytes), 3, &r, &why), JOURNAL_TORN);
  assert_contains(&why, "its checksum is wrong");
  bytes_free(&f.bytes);
}

/* Writes a 32-bit field of the last record, and makes its checksum right. */
static void forge(struct bytes *b, size_t at, size_t field, const char *value)
{
  memcpy(b->data + at + field, value, 4);
  uint32_t crc =
    crc32c(crc32c(0, "\xef\xcd\xab\x89\x67\x45\x23\x01", 8), b->data + at + 4, b->length - at - 4);
  for (size_t i = 0; i < 4; i++)
    b->data[at + i] = (char)(crc >> 8 * i);
}

static void fields_that_no_program_writes(void **state)
{
  (void)state;
  static const char type[] = "its type, offset or payload", length[] = "its length is impossible";
  static const struct {
    size_t field;
    char value[5];
    const char *why;
  } cases[] = {
    {12, "\0\0\0\0", type},    {12, "\5\0\0\0", type},
    {12, "\1\2\0\0", type},                              /* more unsynced records than there are */
    {12, "\2\0\0\0", type},                              /* a committed offset with a payload */
    {12, "\3\0\0\0", type},                              /* a start offset with one */
    {12, "\4\0\0\0", type},                              /* a seal that is none */
    {12, "\1\0\0\1", type},    {28, "\0\0\0\x80", type}, /* a negative offset */
    {4, "\x1f\0\0\0", length}, {4, "\1\0\0\x40", length},
    {8, "\xff\0\0\0", length}, {16, "\3\0\0\1", "its sequence is not the next one"},
  };
  struct file f;
  struct journal_reader r;
  struct error why;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    make(&f);
    f.bytes.length = f.ends[2];
    forge(&f.bytes, f.ends[1], cases[i].field, cases[i].value);
    assert_int_equal(read_first(&f, bytes_slice(&f.bytes), 1, &r, &why), JOURNAL_TORN);
    assert_contains(&why, cases[i].why);
    bytes_free(&f.bytes);
  }
}

/* Writes a 32-bit field of the header, and makes its checksums right. */
static void forge_header(struct bytes *b, size_t field, uint32_t value)
{
  const size_t checked[] = {20, 36};
  for (size_t i = 0; i < 4; i++)
    b->data[field + i] = (char)(value >> 8 * i);
  for (size_t k = 0; k < 2; k++) {
    uint32_t crc = crc32c(0, b->data, checked[k]);
    for (size_t i = 0; i < 4; i++)
      b->data[checked[k] + i] = (char)(crc >> 8 * i);
  }
}

static void headers_that_are_refused(void **state)
{
  (void)state;
  struct file f;
  struct journal_reader r;
  struct error why;
  make(&f);
  forge_header(&f.bytes, 8, 3);
  assert_int_equal(journal_open(&r, bytes_slice(&f.bytes), 0, &why), JOURNAL_CORRUPT);
  assert_string_equal(why.text, "its format is version 3, and this program knows versions up to 2");
  forge_header(&f.bytes, 8, 0);
  assert_int_equal(journal_open(&r, bytes_slice(&f.bytes), 0, &why), JOURNAL_CORRUPT);
  forge_header(&f.bytes, 8, 2);
  assert_int_equal(journal_open(&r, bytes_slice(&f.bytes), 0, &why), JOURNAL_RECORD);
  forge_header(&f.bytes, 24, 3); /* a kind that is none */
  assert_int_equal(journal_open(&r, bytes_slice(&f.bytes), 0, &why), JOURNAL_CORRUPT);
  forge_header(&f.bytes, 24, 0); /* a mark with a number */
  assert_int_equal(journal_open(&r, bytes_slice(&f.bytes), 0, &why), JOURNAL_CORRUPT);
  forge_header(&f.bytes, 28, 0);
  assert_int_equal(journal_open(&r, bytes_slice(&f.bytes), 0, &why), JOURNAL_RECORD);
  forge_header(&f.bytes, 24, 1); /* a segment without one */
  assert_int_equal(journal_open(&r, bytes_slice(&f.bytes), 0, &why), JOURNAL_CORRUPT);
  assert_int_equal(journal_open(&r, SLICE("#!/bin/sh"), 0, &why), JOURNAL_CORRUPT);
  assert_int_equal(journal_open(&r, SLICE("HX"), 0, &why), JOURNAL_CORRUPT);
  assert_contains(&why, "it is not a log");
  bytes_free(&f.bytes);
}

/* What version 1 of this program wrote: an entry of "k" at 5, and a commit of it. */
static const char first_version[] =
  "\110\105\101\122\123\101\131\012\001\000\000\000\210\167\146\125\104\063\042\021\312\024"
  "\171\363\252\377\140\233\044\000\000\000\001\000\000\000\001\000\000\000\001\000\000\000"
  "\000\000\000\000\005\000\000\000\000\000\000\000\153\042\166\042\227\106\126\203\041\000"
  "\000\000\001\000\000\000\002\001\000\000\002\000\000\000\000\000\000\000\005\000\000\000"
  "\000\000\000\000\153";

static void the_first_version_is_read(void **state)
{
  (void)state;
  const struct journal_record written[] = {{JOURNAL_ENTRY, 1, 5, SLICE("k"), SLICE("\"v\""), 0},
                                           {JOURNAL_COMMIT, 2, 5, SLICE("k"), SLICE(""), 1}};
  const size_t length = sizeof first_version - 1;
  struct journal_reader r;
  struct journal_record record = {0};
  struct error why;
  for (size_t cut = 0; cut <= length; cut++) {
    struct slice data = copy_of((struct slice){first_version, length - cut});
    enum journal_result result = journal_open(&r, data, 0, &why);
    if (data.length < 24) {
      assert_int_equal(result, data.length == 0 ? JOURNAL_END : JOURNAL_TORN);
    } else {
      assert_int_equal(result, JOURNAL_RECORD);
      assert_int_equal(r.header.kind, JOURNAL_FIRST_VERSION);
      int count = 0;
      for (; (result = journal_next(&r, &record, &why)) == JOURNAL_RECORD; count++)
        if (count < 2)
          assert_same(&record, &written[count]);
      assert_int_equal(count, cut == 0 ? 2 : data.length >= 24 + 36 ? 1 : 0);
      assert_int_equal(result, r.position == data.length ? JOURNAL_END : JOURNAL_TORN);
    }
    drop(data);
  }
}

/* A later file tells which records of those before it were synced. */
static void witnesses(void **state)
{
  (void)state;
  struct bytes b = {0};
  struct error e;
  const struct journal_header later = {JOURNAL_APPENDED, 8, 99};
  const struct journal_record record = {JOURNAL_ENTRY, 70000, 0, SLICE("k"), SLICE("1"), 60000};
  assert_int_equal(journal_write_header(&b, &later, &e), 0);
  assert_false(journal_is_witness(bytes_slice(&b), 0)); /* without records it is none */
  assert_int_equal(journal_write(&b, 99, &record, &e), 0);
  assert_true(journal_is_witness(bytes_slice(&b), 9));
  assert_true(journal_is_witness(bytes_slice(&b), 9998)); /* 9999 was synced */
  assert_false(journal_is_witness(bytes_slice(&b), 9999));
  /* Also where its first records are damaged. */
  const struct journal_record next = {JOURNAL_COMMIT, 70001, 0, SLICE("k"), SLICE(""), 0};
  assert_int_equal(journal_write(&b, 99, &next, &e), 0);
  assert_true(journal_is_witness(bytes_slice(&b), 69999));
  b.data[50] ^= 1;
  assert_true(journal_is_witness(bytes_slice(&b), 69999));
  assert_false(journal_is_witness(bytes_slice(&b), 70000));
  b.data[90] ^= 1;
  assert_false(journal_is_witness(bytes_slice(&b), 9));
  b.data[0] ^= 1;
  assert_false(journal_is_witness(bytes_slice(&b), 9));
  bytes_free(&b);
}

static void too_long_and_out_of_memory(void **state)
{
  (void)state;
  struct bytes b = {0};
  struct error e;
  struct journal_record record = {
    JOURNAL_ENTRY, 1, 0, SLICE("k"), {big_payload, JOURNAL_RECORD_MAX_BYTES - 32}, 0};
  assert_int_equal(journal_write(&b, SALT, &record, &e), -1);
  assert_contains(&e, "too long");
  record.payload.length = SIZE_MAX;
  assert_int_equal(journal_write(&b, SALT, &record, &e), -1);
  assert_contains(&e, "too long");
  record.payload.length = 100;
  failing_alloc_after(0);
  int begun = journal_write_header(&b, &header, &e), result = journal_write(&b, SALT, &record, &e);
  failing_alloc_off();
  assert_int_equal(begun, -1);
  assert_int_equal(result, -1);
  assert_string_equal(e.text, "out of memory");
  assert_int_equal(b.length, 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(what_is_written_is_read),
    cmocka_unit_test(the_bytes_are_those_of_the_table),
    cmocka_unit_test(every_truncation),
    cmocka_unit_test(every_flipped_bit),
    cmocka_unit_test(other_tails),
    cmocka_unit_test(writes_that_came_in_another_order),
    cmocka_unit_test(very_many_unsynced_records),
    cmocka_unit_test(missing_and_foreign_records),
    cmocka_unit_test(fields_that_no_program_writes),
    cmocka_unit_test(headers_that_are_refused),
    cmocka_unit_test(the_first_version_is_read),
    cmocka_unit_test(witnesses),
    cmocka_unit_test(too_long_and_out_of_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
