#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "log_helpers.h"

#include <stdlib.h>

int insert(struct log *l, const char *key, int64_t offset, const char *value)
{
  return log_insert(l, slice_of(key), offset, slice_of(value));
}

int64_t append(struct log *l, const char *key, const char *value)
{
  return log_append(l, slice_of(key), slice_of(value));
}

/* Appends the text of a range, and looks at the bytes around it. */
static void append_range(const struct log_range *range, struct bytes *out)
{
  static char copy[1 << 24];
  assert_true(range->length < sizeof copy);
  copy[range->length] = '!';
  if (range->count > 0)
    log_copy(range, copy);
  assert_int_equal(copy[range->length], '!');
  assert_int_equal(bytes_append(out, copy, range->length), 0);
}

void assert_read(const struct log *l, const char *key, int64_t from, int64_t below, size_t max,
                 const char *text, size_t count, int64_t next)
{
  struct bytes out = {0};
  struct log_range range = log_find(l, slice_of(key), from, below, max);
  append_range(&range, &out);
  assert_slice(bytes_slice(&out), text);
  assert_int_equal(range.count, count);
  assert_int_equal(range.next, next);
  bytes_free(&out);
}

void read_all(const struct log *l, const char *key, struct bytes *out)
{
  struct log_range range = log_find(l, slice_of(key), 0, INT64_MAX, SIZE_MAX);
  assert_int_equal(range.count, log_count(l, slice_of(key)));
  append_range(&range, out);
}

static int same_key(const struct log *a, const struct log *b, struct slice key)
{
  struct log_range ranges[2] = {log_find(a, key, 0, INT64_MAX, SIZE_MAX),
                                log_find(b, key, 0, INT64_MAX, SIZE_MAX)};
  struct bytes texts[2] = {{0}, {0}};
  append_range(&ranges[0], &texts[0]);
  append_range(&ranges[1], &texts[1]);
  int same = ranges[0].count == ranges[1].count && log_count(a, key) == log_count(b, key) &&
             slice_equal(bytes_slice(&texts[0]), bytes_slice(&texts[1])) &&
             log_last(a, key) == log_last(b, key) &&
             log_committed(a, key) == log_committed(b, key) &&
             log_start(a, key) == log_start(b, key);
  bytes_free(&texts[0]);
  bytes_free(&texts[1]);
  return same;
}

int same_logs(const struct log *a, const struct log *b)
{
  size_t count = log_key_count(a);
  if (count != log_key_count(b) || log_total(a) != log_total(b))
    return 0;
  struct slice *keys = malloc((2 * count + 1) * sizeof *keys);
  assert_non_null(keys);
  log_keys(a, keys);
  log_keys(b, keys + count);
  int same = 1;
  for (size_t i = 0; i < count && same; i++)
    same = slice_equal(keys[i], keys[count + i]) && same_key(a, b, keys[i]);
  free(keys);
  return same;
}
