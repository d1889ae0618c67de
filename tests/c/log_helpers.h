/* log_helpers.h - what the tests of the log share. All of them assert. */
#ifndef HEARSAY_TESTS_LOG_HELPERS_H
#define HEARSAY_TESTS_LOG_HELPERS_H

#include "seen_helpers.h"
#include "store/log.h"

/* log_insert and log_append, of zero-terminated texts. */
int insert(struct log *l, const char *key, int64_t offset, const char *value);
int64_t append(struct log *l, const char *key, const char *value);

/* Checks all that log_find says of a read, and the text that log_copy writes. */
void assert_read(const struct log *l, const char *key, int64_t from, int64_t below, size_t max,
                 const char *text, size_t count, int64_t next);

/* Appends the text of all entries of a key to `out`, without a comma at the end. */
void read_all(const struct log *l, const char *key, struct bytes *out);

/* Whether the keys, entries, committed and start offsets are the same. */
int same_logs(const struct log *a, const struct log *b);

#endif
