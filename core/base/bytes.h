/* bytes.h - a growable byte buffer, and a view of bytes somebody else owns. */
#ifndef HEARSAY_BASE_BYTES_H
#define HEARSAY_BASE_BYTES_H

#include <stddef.h>

/* A view. It owns nothing and is valid as long as what it points into is. */
struct slice {
  const char *data;
  size_t length;
};

#define SLICE(literal) ((struct slice){(literal), sizeof(literal) - 1})

struct slice slice_of(const char *zero_terminated);
int slice_equal(struct slice a, struct slice b);

/* Byte order, for qsort: both point to a struct slice. */
int slice_compare(const void *left, const void *right);

/* A buffer that owns its memory. All zeroes is a valid empty buffer. The data
 * is not zero-terminated, and moves when the buffer grows. */
struct bytes {
  char *data;
  size_t length;
  size_t capacity;
};

void bytes_free(struct bytes *b);

/* Makes room for `extra` more bytes behind the length. Returns 0, or -1 on out
 * of memory, and then the buffer is unchanged. Amortised O(1) a byte. */
int bytes_reserve(struct bytes *b, size_t extra);

/* Append; 0, or -1 on out of memory, and then the buffer is unchanged. */
int bytes_append(struct bytes *b, const void *data, size_t length);
int bytes_append_slice(struct bytes *b, struct slice s);
int bytes_append_byte(struct bytes *b, char c);

/* Drops `count` bytes (at most the length) from the front. O(length). */
void bytes_consume(struct bytes *b, size_t count);

/* Gives memory back when more than `keep` bytes are reserved and they are not
 * needed, so that one huge message does not stay resident. */
void bytes_trim(struct bytes *b, size_t keep);

struct slice bytes_slice(const struct bytes *b);

#endif
