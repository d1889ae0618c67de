/* log.h - append-only logs, one a key: at each offset at most one value, which is
 * never replaced. Entries are only removed from the front: each key has a start offset,
 * from 0, which only grows, and nothing below it is there any more. Offsets may be sparse, and entries may come in any
 * order: where many nodes hand out offsets, they come late and a little mixed up.
 * Each key also has a committed offset, which only grows.
 *
 * A key is any bytes. A value is canonical JSON text, as the caller encodes it: two
 * values are equal when their texts are. Entries are kept as the text that readers
 * get, [offset,value], so that a read copies bytes and encodes nothing.
 *
 * All is in memory. Whoever makes logs durable writes down what is inserted, committed
 * and trimmed, and does it again at recovery: all of it is idempotent, and the order does
 * not matter.
 *
 * Cost: an insert is O(log n) and moves at most a page of 4 KB, wherever it goes;
 * appending is amortised O(1). Keys are found in O(1). An entry takes its text with a
 * comma, and 2.4 bytes in order or 4 to 7 bytes when most come late: where offset and
 * value have seven digits, 20.4 and 22 to 25 bytes in all (tests/c/test_log_order.c
 * counts them). A key takes 210 bytes. What was trimmed gives its memory back, page by page.
 *
 * Not locked: logs belong to one thread at a time. */
#ifndef HEARSAY_STORE_LOG_H
#define HEARSAY_STORE_LOG_H

#include "base/bytes.h"

#include <stddef.h>
#include <stdint.h>

/* The highest offset: the one to read from next is a number too. */
#define LOG_OFFSET_MAX (INT64_MAX - 1)

/* What functions return instead of a result. */
enum log_failure {
  LOG_NO_MEMORY = -1, /* and nothing has changed */
  LOG_CONFLICT = -2,  /* the offset holds another value */
  LOG_FULL = -3       /* the last offset is LOG_OFFSET_MAX */
};

struct log;

/* Without keys; or NULL on out of memory. What it takes is charged to the budget, or to none where
 * that is NULL; when the budget is used up, that is out of memory too. */
struct log *log_new(struct budget *budget);

/* NULL is left alone. */
void log_free(struct log *l);

/* Puts a value at the next offset behind the last one of the key, from 0. Returns
 * the offset, or LOG_NO_MEMORY or LOG_FULL. */
int64_t log_append(struct log *l, struct slice key, struct slice value);

/* Puts a value at an offset in 0 .. LOG_OFFSET_MAX. Returns 1 if it is new, 0 if an
 * equal one was there or the offset is below the start, or LOG_NO_MEMORY or LOG_CONFLICT. */
int log_insert(struct log *l, struct slice key, int64_t offset, struct slice value);

/* The highest offset of the key, or the one below its start where nothing is left; -1 if it never
 * had any. O(1). */
int64_t log_last(const struct log *l, struct slice key);

/* The number of entries of the key, and of all keys. O(1). */
size_t log_count(const struct log *l, struct slice key);
size_t log_total(const struct log *l);

/* -- Reading: log_find says what there is to read, then log_copy writes it. */

struct log_page;

/* Some entries of one key that follow each other. Valid until the next insert. */
struct log_range {
  size_t count;
  size_t length;               /* of their text */
  int64_t next;                /* the offset behind the last of them; without any, `from` */
  const struct log_page *page; /* of the first entry, which is number `at` there; private */
  size_t at;
};

/* The first entries of the key with from <= offset < below, at most `max`.
 * O(log n + pages read). */
struct log_range log_find(const struct log *l, struct slice key, int64_t from, int64_t below,
                          size_t max);

/* Writes the text of a range that is not empty, [3,"a"],[4,7], to `out`, which has
 * room for its `length`. One copy a page. */
void log_copy(const struct log_range *range, char *out);

/* -- Committed offsets */

/* Raises the committed offset of the key to `offset` (from 0), unless it is higher
 * already. It need not be one that has an entry. Returns the committed offset, or
 * LOG_NO_MEMORY. */
int64_t log_commit(struct log *l, struct slice key, int64_t offset);

/* The committed offset of the key, or -1 if there is none. O(1). */
int64_t log_committed(const struct log *l, struct slice key);

/* -- Start offsets */

/* What a trim took away. */
struct log_trimmed {
  size_t count; /* of entries */
  size_t bytes; /* of the text of them: offset and value, and 4 for each */
};

/* Raises the start offset of the key to `start` (0 .. LOG_OFFSET_MAX), unless it is higher already,
 * and removes what lies below. It may be above the highest offset; the next append goes there.
 * Returns the start offset, or LOG_NO_MEMORY, which only a key that is new can meet.
 * O(log n + pages removed). */
int64_t log_trim(struct log *l, struct slice key, int64_t start, struct log_trimmed *trimmed);

/* The start offset of the key: 0 unless it was trimmed. O(1). */
int64_t log_start(const struct log *l, struct slice key);

/* -- Keys */

/* The number of keys: those with an entry, a committed or a start offset. O(1). */
size_t log_key_count(const struct log *l);

/* Writes all keys to `out`, in byte order. They are valid until log_free.
 * O(k log k). */
void log_keys(const struct log *l, struct slice *out);

/* -- What it costs */

struct log_cost {
  size_t bytes;         /* in use, without what malloc adds */
  uint64_t moved_bytes; /* by all inserts until now, to make room */
};

/* O(pages). */
struct log_cost log_cost(const struct log *l);

#endif
