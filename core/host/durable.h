/* durable.h - logs that outlive their node: those of store/log.h in memory, and each change of
 * them in a journal (store/journal.h) in a file of the platform's.
 *
 * A change is in memory at once, and is handed to the file at once. It is durable when a sync is
 * done that began later. What the file does not take, because the disk is full, is kept in memory
 * until it does: each sync tries again, and until then says why not. So nothing that the log has
 * taken is ever dropped without a word. */
#ifndef HEARSAY_HOST_DURABLE_H
#define HEARSAY_HOST_DURABLE_H

#include "base/bytes.h"
#include "base/error.h"
#include "store/log.h"

#include <stdint.h>

struct durable;
struct node;
struct task;

/* Opens the file of the node, which must have its id, and makes it when it is not there. All whole
 * records are read back. A tail that was not written to its end is cut off, and the node's
 * diagnostics say so. Returns NULL with `e` filled, and the file as it was, when it cannot be
 * opened or read, is damaged in front of whole records, or is of a newer version. O(its length). */
struct durable *durable_open(struct node *n, struct slice name, struct error *e);

/* Closes the file. Tasks that wait in a sync go on; they and all that follow are told that it is
 * closed. The logs can still be read. */
void durable_close(struct durable *d);

/* Closes the file too, if that was not done. NULL is left alone. */
void durable_free(struct durable *d);

/* The logs, to read from. */
const struct log *durable_log(const struct durable *d);

/* What durable_open has found. */
struct durable_found {
  uint64_t records;   /* read back */
  uint64_t cut_bytes; /* of a torn tail */
};

struct durable_found durable_found(const struct durable *d);

/* As log_append, log_insert and log_commit, and in the journal. LOG_NO_MEMORY stands for a key and
 * value that are too long together (1 GiB) as well. */
int64_t durable_append(struct durable *d, struct slice key, struct slice value);
int durable_insert(struct durable *d, struct slice key, int64_t offset, struct slice value);
int64_t durable_commit(struct durable *d, struct slice key, int64_t offset);

/* The running task wants all changes so far to be durable. Returns 1 when they are; -1 with `e`
 * filled when that cannot be; or 0, and then the task waits: the caller yields, and asks
 * durable_is_synced with *ticket when it is resumed. All who wait at a time share one sync of the
 * file. */
int durable_sync(struct durable *d, struct task *t, uint64_t *ticket, struct error *e);

/* Returns 1 when all that the ticket is for is durable, or -1 with `e` filled. */
int durable_is_synced(const struct durable *d, uint64_t ticket, struct error *e);

#endif
