/* seen.h - the set of JSON values that a node has seen, in the order in which it
 * saw them. Nothing is ever removed, so the number of values is also the version
 * of the set, and what is new since a version is one stretch of text.
 *
 * A value is an int64 or canonical JSON text, which the caller encodes so that
 * equal values have equal texts: floats in their shortest form and with a '.' or
 * an exponent, object keys sorted, no spaces. 1, 1.0 and "1" are three values.
 * Text that is an integer (17, -3, but not -0, 1.0, 1e3 or what does not fit 64
 * bits) is the same value as that integer.
 *
 * Cost: adding and asking are O(1), for text plus its length. An add that finds
 * the table full, one in n, takes O(n): some 30 ns a value. A value takes its text
 * and a comma, 16 bytes, and 11 to 21 bytes of hash table: 35 to 45 bytes in all
 * for an integer of seven digits; up to 24 more are reserved but not touched. An
 * empty set takes 2.5 KB. There is room for 1.6 * 10^9 values.
 *
 * Not locked: a set belongs to one thread at a time. */
#ifndef HEARSAY_STORE_SEEN_H
#define HEARSAY_STORE_SEEN_H

#include "base/bytes.h"

#include <stddef.h>
#include <stdint.h>

struct seen;

/* An empty set, or NULL on out of memory. What it takes is charged to the budget, or to none where
 * that is NULL; when the budget is used up, that is out of memory too. */
struct seen *seen_new(struct budget *budget);

/* NULL is left alone. */
void seen_free(struct seen *s);

/* Adds a value. Returns 1 if it is new, 0 if it was there, -1 on out of memory,
 * and then the set is unchanged. The text must not be empty nor lie in this
 * set's own text. */
int seen_add_int(struct seen *s, int64_t value);
int seen_add_text(struct seen *s, struct slice text);

/* Whether the set has the value: 1 or 0. */
int seen_has_int(const struct seen *s, int64_t value);
int seen_has_text(const struct seen *s, struct slice text);

/* The number of values, and the version, which is the same number: it goes up by
 * one with each new value. */
size_t seen_count(const struct seen *s);
size_t seen_version(const struct seen *s);

/* What was added after the set had this version, as JSON text with commas between
 * the values and without brackets: 5,"a",7. Empty if the set has not got beyond
 * it. seen_text is all of it. Valid until the next add. O(1). */
struct slice seen_since(const struct seen *s, size_t version);
struct slice seen_text(const struct seen *s);

/* -- Anti-entropy: find what two sets do not have in common by comparing numbers.
 *
 * Values are spread over buckets by their hash. The digest of a bucket is a sum
 * over its values, so equal sets have equal digests whatever the order in which
 * they were filled; and they are the same on every machine. The digest of an
 * empty bucket is 0. Two buckets that are not equal have equal digests with a
 * probability of at most 2^-55, and never when their numbers of values differ by
 * one, three, ..; so long as nobody chooses values for their hashes. */

/* The most buckets; any power of two up to it will do. */
#define SEEN_BUCKETS 256

/* Whether it can be a number of buckets, as one that came from another node may
 * not: 1 or 0. */
int seen_bucket_count_valid(size_t bucket_count);

/* Writes the digests of `bucket_count` (valid) buckets to `out`. O(SEEN_BUCKETS):
 * they are kept up to date. */
void seen_digest(const struct seen *s, size_t bucket_count, uint64_t *out);

/* Appends our values in the buckets whose digest is not `theirs[bucket]`, in the
 * form of seen_since, to `out`, and their number to `*count`. If n values are
 * spread over b buckets, each value that one side lacks costs about n / b values
 * sent. Returns 0, or -1 on out of memory, and then `out` is as it was. O(1) when
 * the digests are equal, or else O(number of values). */
int seen_difference(const struct seen *s, size_t bucket_count, const uint64_t *theirs,
                    struct bytes *out, size_t *count);

#endif
