#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/rng.h"
#include "failing_alloc.h"
#include "wire/lines.h"

#include <stdlib.h>
#include <string.h>

/* What came out, as text: a line as itself and '|', one that is too long with '!'. */
struct record {
  struct bytes text;
};

static void note(struct record *r, enum lines_result result, struct slice line)
{
  assert_int_equal(bytes_append_slice(&r->text, line), 0);
  assert_int_equal(bytes_append_byte(&r->text, result == LINES_LINE ? '|' : '!'), 0);
}

static void add(struct lines *l, const char *data, size_t length)
{
  size_t room = 0;
  if (length == 0)
    return; /* a read that got nothing asks for no room */
  char *into = lines_room(l, length, &room);
  assert_non_null(into);
  assert_true(room >= length);
  memcpy(into, data, length);
  lines_added(l, length);
}

static void take_all(struct lines *l, struct record *r)
{
  struct slice line;
  enum lines_result result;
  while ((result = lines_next(l, &line)) != LINES_MORE)
    note(r, result, line);
}

static void take_last(struct lines *l, struct record *r)
{
  struct slice line;
  enum lines_result result;
  while ((result = lines_last(l, &line)) != LINES_MORE)
    note(r, result, line);
}

static void assert_record(struct record *r, const char *expected)
{
  assert_int_equal(bytes_append_byte(&r->text, '\0'), 0);
  assert_string_equal(r->text.data, expected);
  bytes_free(&r->text);
}

/* The stream in two reads, split at `first`, and then at `second`: three. */
static void assert_lines(const char *stream, size_t first, size_t second, const char *expected)
{
  enum { LIMIT = 5 };
  const size_t ends[] = {first, second, strlen(stream)};
  struct lines l;
  struct record r = {{0}};
  size_t begin = 0;
  lines_init(&l, LIMIT);
  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
    add(&l, stream + begin, ends[i] - begin);
    begin = ends[i];
    take_all(&l, &r);
  }
  take_last(&l, &r);
  take_all(&l, &r); /* nothing is left */
  take_last(&l, &r);
  lines_free(&l);
  assert_record(&r, expected);
}

static void every_split_gives_the_same_lines(void **state)
{
  (void)state;
  static const struct {
    const char *stream, *lines;
  } cases[] = {
    {"", ""},
    {"\n", "|"},
    {"a\n", "a|"},
    {"a\nbc\n\ndef\n", "a|bc||def|"},
    {"a\nbc", "a|bc|"},               /* the last one has no newline */
    {"12345\n12345", "12345|12345|"}, /* as long as may be */
    {"123456\nab\n", "12345!ab|"},    /* a byte too long */
    {"123456789abcdef\n\nab", "12345!|ab|"},
    {"ab\n123456789abcdef", "ab|12345!"}, /* too long, and last */
    {"1234567\n1234567\nx\n", "12345!12345!x|"},
    {"a\r\nb\r\n", "a\r|b\r|"}, /* a carriage return is white space of JSON */
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    size_t length = strlen(cases[i].stream);
    for (size_t first = 0; first <= length; first++)
      for (size_t second = first; second <= length; second++)
        assert_lines(cases[i].stream, first, second, cases[i].lines);
  }
}

static void bytes_of_any_value_are_kept(void **state)
{
  (void)state;
  struct lines l;
  struct slice line;
  char all[256];
  size_t length = 0;
  for (int c = 0; c < 256; c++)
    if (c != '\n')
      all[length++] = (char)c;
  lines_init(&l, 1000);
  add(&l, all, length);
  assert_int_equal(lines_next(&l, &line), LINES_MORE);
  add(&l, "\n", 1);
  assert_int_equal(lines_next(&l, &line), LINES_LINE);
  assert_int_equal(line.length, length);
  assert_memory_equal(line.data, all, length);
  lines_free(&l);
}

static void a_long_line_is_reported_before_it_ends_and_once(void **state)
{
  (void)state;
  struct lines l;
  struct slice line;
  lines_init(&l, 3);
  add(&l, "abc", 3);
  assert_int_equal(lines_next(&l, &line), LINES_MORE);
  add(&l, "d", 1);
  assert_int_equal(lines_next(&l, &line), LINES_TOO_LONG);
  assert_true(slice_equal(line, SLICE("abc")));
  for (int i = 0; i < 100; i++) {
    add(&l, "efgh", 4);
    assert_int_equal(lines_next(&l, &line), LINES_MORE);
    assert_int_equal(lines_last(&l, &line), LINES_MORE);
  }
  add(&l, "\nxyz\n", 5);
  assert_int_equal(lines_next(&l, &line), LINES_LINE);
  assert_true(slice_equal(line, SLICE("xyz")));
  assert_int_equal(lines_next(&l, &line), LINES_MORE);
  lines_free(&l);
}

/* What a line that is too long takes is the limit and a read, not its length; and the
 * memory of a long line that was good goes back. */
static void memory_does_not_grow_with_the_stream(void **state)
{
  (void)state;
  enum { CHUNK = 1 << 16, LIMIT = 4 << 20 };
  struct lines l;
  struct slice line;
  static char chunk[CHUNK];
  size_t reports = 0;
  memset(chunk, 'x', sizeof chunk);
  lines_init(&l, LIMIT);
  for (int i = 0; i < 16 << 20; i += CHUNK) {
    add(&l, chunk, sizeof chunk);
    reports += lines_next(&l, &line) == LINES_TOO_LONG;
  }
  assert_int_equal(reports, 1);
  assert_true(l.buffer.capacity <= 2 * (LIMIT + CHUNK));
  add(&l, "\n", 1);
  for (int i = 0; i < LIMIT / CHUNK; i++) {
    assert_int_equal(lines_next(&l, &line), LINES_MORE);
    add(&l, chunk, sizeof chunk);
  }
  add(&l, "\n", 1);
  assert_int_equal(lines_next(&l, &line), LINES_LINE);
  assert_int_equal(line.length, LIMIT);
  add(&l, "a\n", 2);
  assert_int_equal(lines_next(&l, &line), LINES_LINE);
  assert_true(l.buffer.capacity <= 1 << 20);
  lines_free(&l);
}

static void out_of_memory_keeps_what_was_read(void **state)
{
  (void)state;
  struct lines l;
  struct slice line;
  size_t room = 0;
  lines_init(&l, 1 << 20);
  add(&l, "one\ntw", 6);
  assert_int_equal(lines_next(&l, &line), LINES_LINE);
  failing_alloc_after(0);
  assert_null(lines_room(&l, 1 << 16, &room));
  failing_alloc_off();
  add(&l, "o\n", 2);
  assert_int_equal(lines_next(&l, &line), LINES_LINE);
  assert_true(slice_equal(line, SLICE("two")));
  lines_free(&l);
}

/* Reference: splits a whole stream. */
static void split(const char *stream, size_t length, size_t limit, struct record *r)
{
  size_t begin = 0;
  for (size_t i = 0; i <= length; i++) {
    if (i < length ? stream[i] != '\n' : begin == length)
      continue;
    struct slice line = {stream + begin, i - begin};
    if (line.length > limit) {
      line.length = limit;
      note(r, LINES_TOO_LONG, line);
    } else {
      note(r, LINES_LINE, line);
    }
    begin = i + 1;
    if (begin > length)
      break;
  }
}

/* Random streams in reads of random lengths, with lines taken now and then. */
static void model(uint64_t seed)
{
  enum { LENGTH = 4000 };
  static char stream[LENGTH];
  struct rng random;
  struct lines l;
  struct record got = {{0}}, expected = {{0}};
  struct slice line;
  rng_init(&random, seed, "lines");
  size_t limit = rng_below(&random, 30) + 1;
  for (size_t i = 0; i < LENGTH; i++)
    stream[i] = rng_below(&random, limit + 1) == 0 ? '\n' : (char)('a' + rng_below(&random, 26));
  lines_init(&l, limit);
  for (size_t at = 0; at < LENGTH;) {
    size_t count = (size_t)rng_below(&random, 60);
    if (count > LENGTH - at)
      count = LENGTH - at;
    add(&l, stream + at, count);
    at += count;
    for (uint64_t take = rng_below(&random, 6); take > 0; take--) {
      enum lines_result result = lines_next(&l, &line);
      if (result == LINES_MORE)
        break;
      note(&got, result, line);
    }
  }
  take_all(&l, &got);
  take_last(&l, &got);
  lines_free(&l);
  split(stream, LENGTH, limit, &expected);
  assert_true(slice_equal(bytes_slice(&got.text), bytes_slice(&expected.text)));
  bytes_free(&got.text);
  bytes_free(&expected.text);
}

static void behaves_like_a_split_of_the_whole(void **state)
{
  (void)state;
  for (uint64_t seed = 1; seed <= 50; seed++) {
    print_message("lines model: seed %u\n", (unsigned)seed);
    model(seed);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_split_gives_the_same_lines),
    cmocka_unit_test(bytes_of_any_value_are_kept),
    cmocka_unit_test(a_long_line_is_reported_before_it_ends_and_once),
    cmocka_unit_test(memory_does_not_grow_with_the_stream),
    cmocka_unit_test(out_of_memory_keeps_what_was_read),
    cmocka_unit_test(behaves_like_a_split_of_the_whole),
  };
  return cmocka_run_group_tests_name("lines", tests, NULL, NULL);
}
