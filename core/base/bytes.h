/* bytes.h - a growable byte buffer, and a view of bytes somebody else owns. */
#ifndef HEARSAY_BASE_BYTES_H
#define HEARSAY_BASE_BYTES_H

#include "base/budget.h"

#include <stddef.h>
#include <string.h>

/* A view. It owns nothing and is valid as long as what it points into is. */
struct slice {
  const char *data;
  size_t length;
};

#define SLICE(literal) ((struct slice){(literal), sizeof(literal) - 1})

struct slice slice_of(const char *zero_terminated);

/* Whether `length` bytes are equal; both may be NULL when there are none. */
int slice_same(const char *a, const char *b, size_t length);

static inline int slice_equal(struct slice a, struct slice b)
{
  return a.length == b.length && slice_same(a.data, b.data, a.length);
}

/* Byte order, for qsort: both point to a struct slice. */
int slice_compare(const void *left, const void *right);

/* A buffer that owns its memory. All zeroes is a valid empty buffer. The data
 * is not zero-terminated, and moves when the buffer grows. Its memory is charged to the budget, if it
 * has one, which is set while there is none, and stays. */
struct bytes {
  char *data;
  size_t length;
  size_t capacity;
  struct budget *budget;
};

/* Empty again, and without memory. */
void bytes_free(struct bytes *b);

/* Makes room for `extra` more bytes behind the length. Returns 0, or -1 on out
 * of memory, and then the buffer is unchanged. Amortised O(1) a byte. */
int bytes_grow(struct bytes *b, size_t extra);

static inline int bytes_reserve(struct bytes *b, size_t extra)
{
  return extra <= b->capacity - b->length ? 0 : bytes_grow(b, extra);
}

/* memcpy for what is mostly short. */
static inline void bytes_copy(char *to, const char *from, size_t length)
{
  if (length > 32) {
    memcpy(to, from, length);
  } else if (length >= 16) {
    char first[16], last[16]; /* they overlap */
    memcpy(first, from, 16);
    memcpy(last, from + length - 16, 16);
    memcpy(to, first, 16);
    memcpy(to + length - 16, last, 16);
  } else if (length >= 8) {
    char first[8], last[8];
    memcpy(first, from, 8);
    memcpy(last, from + length - 8, 8);
    memcpy(to, first, 8);
    memcpy(to + length - 8, last, 8);
  } else if (length >= 4) {
    char first[4], last[4];
    memcpy(first, from, 4);
    memcpy(last, from + length - 4, 4);
    memcpy(to, first, 4);
    memcpy(to + length - 4, last, 4);
  } else {
    for (size_t i = 0; i < length; i++)
      to[i] = from[i];
  }
}

/* Append; 0, or -1 on out of memory, and then the buffer is unchanged. */
int bytes_append(struct bytes *b, const void *data, size_t length);
int bytes_append_slice(struct bytes *b, struct slice s);

static inline int bytes_append_byte(struct bytes *b, char c)
{
  if (b->length == b->capacity && bytes_grow(b, 1) != 0)
    return -1;
  b->data[b->length++] = c;
  return 0;
}

/* bytes_append_slice for a literal, or for what is mostly short: inline. */
static inline int bytes_put(struct bytes *b, struct slice s)
{
  if (bytes_reserve(b, s.length) != 0)
    return -1;
  if (s.length > 0) /* an empty buffer has no data */
    bytes_copy(b->data + b->length, s.data, s.length);
  b->length += s.length;
  return 0;
}

/* Drops `count` bytes (at most the length) from the front. O(length). */
void bytes_consume(struct bytes *b, size_t count);

/* Gives memory back when more than `keep` bytes are reserved and they are not
 * needed, so that one huge message does not stay resident. */
void bytes_shrink(struct bytes *b, size_t keep);

static inline void bytes_trim(struct bytes *b, size_t keep)
{
  if (b->capacity > keep && b->length <= keep)
    bytes_shrink(b, keep);
}

static inline struct slice bytes_slice(const struct bytes *b)
{
  return (struct slice){b->data, b->length};
}

#endif
