/* segments.h - the files of a log, of which each holds a part (the formats are in store/journal.c):
 *
 *   NAME        the mark: says that there is a log and of which version; locked while it is open
 *   NAME+7      a segment; the one with the highest number is appended to, all others are sealed
 *   NAME+new    a file that is being written, and counts for nothing
 *
 * Which segments count is said by their seals, and by nothing else: the log begins with segment 1,
 * and the seal at the end of each says the number of the next; the one without a seal is the last.
 * There is no list of them that would have to be kept in step. Databases have one (a manifest)
 * because their files overlap and are looked up in several levels; here they are one sequence, and
 * each knows its successor. Three rules make every step one that a kill does not divide:
 *
 *   - A segment gets its first record when its header and its name are synced, and its number is
 *     the one behind that of the last. So what is missing or damaged in a header was once there.
 *   - A segment is sealed when the one before it is synced. So at most two have unsynced records,
 *     and those say, as they do in one file, what was synced before them.
 *   - Several segments are rewritten as one, 3 to 5 as a new 3 whose seal says 6, by writing NAME+new,
 *     syncing it and renaming it to NAME+3. That rename is the whole change: until it is on the disk
 *     3, 4 and 5 count, from then on the new 3; 4 and 5 are removed later, at recovery if need be.
 *
 * A log begins with its first segment, and the mark is written aside and renamed when that is
 * there. A log of version 1, which was one file, is taken over in the same way when it is opened:
 * until its mark is replaced it is untouched. */
#ifndef HEARSAY_HOST_SEGMENTS_H
#define HEARSAY_HOST_SEGMENTS_H

#include "base/bytes.h"
#include "base/error.h"
#include "host/platform.h"
#include "store/journal.h"

#include <stddef.h>
#include <stdint.h>

struct node;

struct segment {
  uint64_t number;
  uint64_t next;          /* number of the one that follows; of the last: 0 */
  uint64_t sequence;      /* its records begin with this one */
  uint64_t next_sequence; /* and those of the next one with this; of the last: 0 */
  uint64_t bytes;
};

/* To be read by those who write records. */
struct segments {
  struct node *node;
  struct bytes name;
  uint64_t limit_bytes; /* a segment that is longer is sealed as soon as the next is there */
  struct file *mark;

  struct segment *sealed; /* oldest first */
  size_t sealed_count;
  size_t sealed_capacity;
  uint64_t sealed_bytes; /* of all of them */
  struct file *sealing;  /* the newest of them, until it is synced; else NULL */

  struct segment last;
  uint64_t salt; /* of the last */
  struct file *active;

  struct file *next; /* the one that will follow; NULL: it is not begun */
  uint64_t next_salt;
  int next_is_ready; /* its header is synced */
  int next_failed;   /* it could not be made; is tried again when that is 0 */
  struct file_sync next_sync;
  void (*failed)(struct segments *s, const char *why); /* its sync has */
};

/* Whoever takes the records that are read back. */
struct segments_reader {
  /* `bytes` is the length of the record. Returns 0, or -1 with `e` filled. */
  int (*take)(struct segments_reader *self, const struct journal_record *record, size_t bytes,
              struct error *e);
  uint64_t sequence;  /* of the last record, when they are open */
  uint64_t cut_bytes; /* of a torn tail */
};

/* Opens the files, or makes them where there is none; hands over all records, and cuts off a torn
 * tail, which the node's diagnostics say. `s` is all zeroes but for its node, limit and `failed`.
 * Returns 0; or -1 with `e` filled, and then nothing is open or damaged. O(their length); in memory
 * there is one segment at a time. */
int segments_open(struct segments *s, struct slice name, struct segments_reader *reader,
                  struct error *e);

/* Closes what is open. A sync that is under way is never done. */
void segments_close(struct segments *s);

/* Closes it, and gives memory back. */
void segments_free(struct segments *s);

/* Appends whole records to the last segment. Returns 0, or -1 with `e` filled, and then nothing has
 * changed. */
int segments_append(struct segments *s, struct slice records, struct error *e);

/* Whether the last segment is full, and the next one and the one before it are ready for it to be
 * sealed. Where it is half full, begins to make the next one. */
int segments_is_full(struct segments *s);

/* Seals the last segment, which is full, by a record of this sequence, behind so many that are not
 * synced; what is appended from now on goes to the next. Returns 0; or -1 with `e` filled, and then
 * nothing has changed. */
int segments_seal(struct segments *s, uint64_t sequence, uint64_t unsynced, struct error *e);

/* -- For those who rewrite segments */

/* Opens the file NAME+number, or NAME+new where the number is 0. When `is_made`, it is made if it is
 * not there, and it is empty. NULL with `e` filled when that cannot be done. */
struct file *segments_file(struct segments *s, uint64_t number, int is_made, struct error *e);

/* Reads a segment, whose header is checked, into `content`, which has to be kept as long as `r` is
 * used. Returns 0, or -1 with `e` filled. */
int segments_read(struct segments *s, uint64_t number, uint64_t sequence, struct bytes *content,
                  struct journal_reader *r, struct error *e);

/* Gives NAME+new, which is open as `f`, the name of segment `number`. As file_vtable.rename. */
int segments_rename(struct segments *s, struct file *f, uint64_t number, struct error *e);

/* Removes the file NAME+number, or NAME+new. Where that fails, the diagnostics say so. */
void segments_remove(struct segments *s, uint64_t number);

/* `count` sealed segments from number `at` on are one now. */
void segments_replace(struct segments *s, size_t at, size_t count, uint64_t bytes);

/* Fills `e` with why segment `number` (0: the mark) cannot be used, and returns -1. */
#if defined(__GNUC__)
__attribute__((format(printf, 4, 5)))
#endif
int segments_refuse(const struct segments *s, uint64_t number, struct error *e, const char *format,
                    ...);

/* Another sealed one: makes room for it. Returns 0, or -1 on out of memory. */
int segments_reserve(struct segments *s);

#endif
