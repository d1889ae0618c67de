/* log_page.h - a run of a log's entries, as the JSON text that a reader gets.
 *
 * The text of an entry is a pair, [offset,value], with a comma behind it, so any
 * stretch of a page is copied as it is. It is a slotted page, as databases have
 * them: one block with the text at the front and, from the back, where each entry
 * starts in it:
 *
 *   | [3,"a"],[4,7],[9,null],           ..           | 15 | 8 | 0 |
 *
 * The offset of an entry is read from its text, so beside the text an entry takes
 * two bytes. The block grows as it fills, up to LOG_PAGE_BYTES; only an entry that
 * is larger has a larger one, and it to itself. */
#ifndef HEARSAY_STORE_LOG_PAGE_H
#define HEARSAY_STORE_LOG_PAGE_H

#include "base/bytes.h"

#include <stddef.h>
#include <stdint.h>

#define LOG_PAGE_BYTES 4096

/* Private but for `next`, `length` and `count`. */
struct log_page {
  struct log_page *next; /* with the entries that follow; the caller's */
  char *block;
  size_t capacity; /* of the block; even */
  size_t length;   /* of the text */
  size_t count;    /* of entries */
};

/* What pages cost whoever has them. All zeroes is a valid beginning. */
struct log_page_cost {
  struct budget *budget; /* to which their memory is charged, or NULL */
  uint64_t moved_bytes;  /* to make room, since the beginning */
};

/* An empty page with room for an entry with this value, or NULL on out of memory. */
struct log_page *log_page_new(int64_t offset, struct slice value, struct log_page_cost *cost);

/* Frees this page, not the next one. NULL is left alone. */
void log_page_free(struct log_page *p, struct log_page_cost *cost);

/* Puts an entry in front of number `i`, or at the end when i is the count; the
 * offsets must stay in order. Returns 1, or 0 when it does not fit, or -1 on out
 * of memory, and then the page is unchanged. One entry always fits into an empty
 * page. O(LOG_PAGE_BYTES). */
int log_page_put(struct log_page *p, size_t i, int64_t offset, struct slice value,
                 struct log_page_cost *cost);

/* Moves the entries from number `at` on to a new page, which comes next and is
 * returned. If one of the two is empty then, it has room for an entry with this
 * value. NULL on out of memory, and then the page is unchanged. */
struct log_page *log_page_split(struct log_page *p, size_t at, int64_t offset, struct slice value,
                                struct log_page_cost *cost);

/* Takes away the first `count` entries; their room is used again. O(LOG_PAGE_BYTES). */
void log_page_drop(struct log_page *p, size_t count, struct log_page_cost *cost);

/* The number of the entry at which the text is in two halves, from 1 to the count
 * less 1; of a page with two entries or more. */
size_t log_page_middle(const struct log_page *p);

/* Of entry number `i` below the count. */
int64_t log_page_offset(const struct log_page *p, size_t i);
struct slice log_page_value(const struct log_page *p, size_t i);

/* The number of the first entry with this offset or a higher one; the count if
 * there is none. O(log count). */
size_t log_page_find(const struct log_page *p, int64_t offset);

/* The text of the entries from number `from` up to and without `to`, each with its
 * comma. Valid until the page is changed. O(1). */
struct slice log_page_text(const struct log_page *p, size_t from, size_t to);

#endif
