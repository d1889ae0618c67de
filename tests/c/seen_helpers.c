#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "seen_helpers.h"

#include <string.h>

void assert_slice_equal(struct slice a, struct slice b)
{
  assert_int_equal(a.length, b.length);
  assert_true(slice_equal(a, b));
}

int seen_add_string(struct seen *s, const char *text)
{
  return seen_add_text(s, slice_of(text));
}

struct seen *seen_of(int64_t from, int64_t to)
{
  struct seen *s = seen_new(NULL);
  assert_non_null(s);
  for (int64_t value = from; value < to; value++)
    assert_int_equal(seen_add_int(s, value), 1);
  return s;
}

struct slice seen_at(const struct seen *s, size_t index)
{
  if (index >= seen_count(s))
    return SLICE("");
  struct slice text = seen_since(s, index), rest = seen_since(s, index + 1);
  text.length -= rest.length + (rest.length > 0); /* and the comma between them */
  return text;
}

int seen_equal_digests(const struct seen *a, const struct seen *b)
{
  uint64_t x[SEEN_BUCKETS], y[SEEN_BUCKETS];
  seen_digest(a, SEEN_BUCKETS, x);
  seen_digest(b, SEEN_BUCKETS, y);
  return memcmp(x, y, sizeof x) == 0;
}

size_t seen_add_list(struct seen *s, struct slice list)
{
  size_t count = 0;
  for (size_t start = 0; start < list.length; count++) {
    size_t end = start;
    while (end < list.length && list.data[end] != ',')
      end++;
    assert_true(end > start);
    assert_true(seen_add_text(s, (struct slice){list.data + start, end - start}) >= 0);
    start = end + 1;
    assert_int_not_equal(start, list.length); /* a comma at the end */
  }
  return count;
}
