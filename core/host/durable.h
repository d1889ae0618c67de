/* durable.h - logs that outlive their node: those of store/log.h in memory, and each change of
 * them in the segments of a journal (host/segments.h) in files of the platform's.
 *
 * A change is in memory at once, and is handed to the file at once. It is durable when a sync is
 * done that began later. What the file does not take, because the disk is full, is kept in memory
 * until it does: each sync tries again, and until then says why not. So nothing that the log has
 * taken is ever dropped without a word.
 *
 * What is not wanted any more goes in two steps. In memory it is gone at once; on the disk when
 * segments are compacted (host/compaction.h), which begins by itself when that may give half of the
 * space of the sealed segments back, and at least that of one. */
#ifndef HEARSAY_HOST_DURABLE_H
#define HEARSAY_HOST_DURABLE_H

#include "base/bytes.h"
#include "base/error.h"
#include "store/log.h"

#include <stdint.h>

struct durable;
struct node;
struct task;

/* Opens the log of the node, which must have its id, and makes it when it is not there. All whole
 * records are read back. A tail that was not written to its end is cut off, and the node's
 * diagnostics say so. A segment that is longer than `segment_bytes` is followed by another. Returns
 * NULL with `e` filled, and the files as they were, when they cannot be opened or read, are damaged
 * in front of whole records, or are of a newer version. O(their length). */
struct durable *durable_open(struct node *n, struct slice name, uint64_t segment_bytes,
                             struct error *e);

/* Closes the files. Tasks that wait in a sync go on; they and all that follow are told that it is
 * closed. The logs can still be read. */
void durable_close(struct durable *d);

/* Closes the files too, if that was not done. NULL is left alone. */
void durable_free(struct durable *d);

/* The logs, to read from. */
const struct log *durable_log(const struct durable *d);

/* What durable_open has found. */
struct durable_found {
  uint64_t records;   /* read back */
  uint64_t cut_bytes; /* of a torn tail */
};

struct durable_found durable_found(const struct durable *d);

/* What the files take now, but for the mark. */
struct durable_size {
  uint64_t segments;
  uint64_t bytes;
};

struct durable_size durable_size(const struct durable *d);

/* As log_append, log_insert, log_commit and log_trim, and in the journal. LOG_NO_MEMORY stands for a
 * key and value that are too long together (1 GiB) as well. */
int64_t durable_append(struct durable *d, struct slice key, struct slice value);
int durable_insert(struct durable *d, struct slice key, int64_t offset, struct slice value);
int64_t durable_commit(struct durable *d, struct slice key, int64_t offset);
int64_t durable_retain(struct durable *d, struct slice key, int64_t start);

/* The running task wants all changes so far to be durable. Returns 1 when they are; -1 with `e`
 * filled when that cannot be; or 0, and then the task waits: the caller yields, and asks
 * durable_is_synced with *ticket when it is resumed. All who wait at a time share one sync of the
 * file. */
int durable_sync(struct durable *d, struct task *t, uint64_t *ticket, struct error *e);

/* Returns 1 when all that the ticket is for is durable, or -1 with `e` filled. */
int durable_is_synced(const struct durable *d, uint64_t ticket, struct error *e);

/* The running task wants all segments that are sealed and synced now to be compacted. Returns as
 * durable_sync; who waits asks durable_is_compacted. Where that fails the log is as it was, and goes
 * on, unless nobody knows any more what is on the disk. */
int durable_compact(struct durable *d, struct task *t, uint64_t *ticket, struct error *e);
int durable_is_compacted(const struct durable *d, uint64_t ticket, struct error *e);

#endif
