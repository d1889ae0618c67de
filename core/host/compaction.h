/* compaction.h - rewrites the sealed segments of a log without what nobody wants any more: entries
 * below their key's start, and all but the newest committed and start offset of a key.
 *
 * A pass goes through them from the oldest on, and rewrites neighbours as one until that is half as
 * long as a segment may be; one that has nothing to drop and is long enough is left alone. It is
 * done in steps, each of which looks at some records and ends with a sync, so that the node takes
 * its turn and the disk sets the pace. Between steps the log takes records as ever.
 *
 * What a pass drops it drops because of later records, which may not be synced yet. So before a
 * rewritten segment gets its name, all that the log has taken is synced. */
#ifndef HEARSAY_HOST_COMPACTION_H
#define HEARSAY_HOST_COMPACTION_H

#include "host/segments.h"
#include "store/log.h"

enum compaction_state {
  COMPACTION_IDLE,
  COMPACTION_STEP,   /* between two segments */
  COMPACTION_SEALED, /* all that is to replace them is written */
  COMPACTION_WAITS,  /* for compaction_go_on */
  COMPACTION_RENAMED /* and has its name */
};

struct compaction {
  struct segments *segments; /* what it works on; set by the owner, as the next three */
  const struct log *log;     /* what the records have made: says which are wanted */

  /* Asks that all that the log has taken so far be synced. Returns 1 when it is, -1 with `e` filled
   * when that cannot be; or 0, and then compaction_go_on is called when it is. */
  int (*settle)(struct compaction *self, struct error *e);

  /* A pass has ended; with what is wrong, or NULL. When `is_fatal`, nobody knows what is on the
   * disk, and the log must not go on. It may begin the next pass. */
  void (*done)(struct compaction *self, const char *why, int is_fatal);

  enum compaction_state state;
  struct file_sync request;
  struct file *file; /* what is written */
  uint64_t until;    /* number of the last segment of the pass */
  size_t at;         /* in segments->sealed: the next one, or the first that is being replaced */
  size_t count;      /* of those that are being replaced; their kept records are in the file */
  int has_dropped;   /* something of them */
  uint64_t salt;     /* of the file */
  uint64_t sequence; /* of the record that is written next */
  uint64_t bytes;    /* in the file */

  /* The segment that is looked at. */
  int is_reading;
  struct bytes content;
  struct journal_reader reader;
  struct bytes kept;  /* what is wanted of it so far, as it will be in the file */
  int source_dropped; /* something of it */
  int is_sealed;      /* its end was seen */
};

/* Begins a pass over what is sealed now. Returns 1; 0 when there is nothing to look at; or -1 with
 * `e` filled when it cannot begin. */
int compaction_begin(struct compaction *c, struct error *e);

/* What it asked to be settled is. */
void compaction_go_on(struct compaction *c);

/* Ends a pass in the middle; the log is as it was, or as it is when a segment is replaced. `done` is
 * not called. */
void compaction_stop(struct compaction *c);

#endif
