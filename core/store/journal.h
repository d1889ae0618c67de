/* journal.h - what a log's files hold: a header, and a record for each change of the log.
 *
 * Pure functions over bytes. The format is at the top of the source. Reading tells three ends
 * apart: the data end behind a whole record; what was written and not synced did not all get to the
 * disk, and what it left is to be cut off (a torn tail); or bytes have changed that were synced,
 * which no cut may hide (corruption). How the files of a log belong together is in
 * host/segments.h. */
#ifndef HEARSAY_STORE_JOURNAL_H
#define HEARSAY_STORE_JOURNAL_H

#include "base/bytes.h"
#include "base/error.h"

#include <stdint.h>

enum {
  JOURNAL_HEADER_BYTES = 40,
  JOURNAL_RECORD_BYTES = 32 /* of a record without its key and payload */
};

/* The longest record. */
#define JOURNAL_RECORD_MAX_BYTES ((size_t)1 << 30)

enum journal_type {
  JOURNAL_ENTRY = 1,  /* the payload is the entry of `key` at `offset` */
  JOURNAL_COMMIT = 2, /* `offset` is committed for `key`; no payload */
  JOURNAL_START = 3,  /* what is below `offset` of `key` was trimmed; no payload */
  JOURNAL_SEAL = 4    /* the last record of a segment: segment number `offset` follows, and begins
                       * with the sequence that is the payload; no key */
};

enum journal_kind {
  JOURNAL_MARK = 0,         /* says that there is a log; without records */
  JOURNAL_APPENDED = 1,     /* a segment that was written record by record */
  JOURNAL_REWRITTEN = 2,    /* one that was synced as a whole before it was given its name */
  JOURNAL_FIRST_VERSION = 3 /* a whole log, of a version that had no segments; is only read */
};

struct journal_header {
  enum journal_kind kind;
  uint64_t number; /* of the segment, from 1 */
  uint64_t salt;   /* random bits that the records of this file share */
};

struct journal_record {
  enum journal_type type;
  uint64_t sequence; /* of the log's records: 1, 2, 3, .. */
  int64_t offset;
  struct slice key;
  struct slice payload;
  uint64_t unsynced; /* records just before this one that were not yet synced when it was made */
};

/* Append a header, and a record of the file that has this salt. A seal is made by the third, from
 * the record without key and payload, and the sequence that the next segment begins with. Return 0, or -1 with `e` filled when the record is too long or memory
 * is out, and then the buffer is unchanged. O(length). */
int journal_write_header(struct bytes *to, const struct journal_header *header, struct error *e);
int journal_write(struct bytes *to, uint64_t salt, const struct journal_record *record,
                  struct error *e);
int journal_write_seal(struct bytes *to, uint64_t salt, const struct journal_record *record,
                       uint64_t next_sequence, struct error *e);

/* What the next segment begins with, as a seal that was read says. */
uint64_t journal_next_sequence(const struct journal_record *seal);

enum journal_result {
  JOURNAL_RECORD, /* there is a record */
  JOURNAL_END,    /* the data end here */
  JOURNAL_TORN,   /* what follows is no whole record, and nothing says that it was synced */
  JOURNAL_CORRUPT /* what follows is no valid record, and a later one says that it was synced */
};

/* Reads records one after the other. It owns nothing. */
struct journal_reader {
  struct slice data;
  struct journal_header header;
  size_t position;   /* behind the last valid record: from here a torn tail is cut */
  uint64_t sequence; /* of the last valid record */
  uint64_t reach;    /* no record's sequence is so far above that; private */
};

/* Begins to read a file's whole content; the last record of the files before it had this sequence.
 * JOURNAL_RECORD: it has a valid header; JOURNAL_END: it is empty; JOURNAL_TORN: its header was not
 * written to the end, and nothing follows; JOURNAL_CORRUPT, with the reason in `why`: it is no
 * journal, its header is damaged, or of a newer version. */
enum journal_result journal_open(struct journal_reader *r, struct slice data, uint64_t sequence,
                                 struct error *why);

/* The next record; its key and payload point into the data. After JOURNAL_TORN and JOURNAL_CORRUPT,
 * `why` says in one line what is wrong and where. O(length of the record); a tail that is not valid
 * is searched for valid records once, in O(its length) unless it was written on purpose. */
enum journal_result journal_next(struct journal_reader *r, struct journal_record *record,
                                 struct error *why);

/* Whether a file that was begun later has a valid record which says that the one behind `sequence`
 * was synced. `data` have a valid header. O(length) unless they were written on purpose. */
int journal_is_witness(struct slice data, uint64_t sequence);

#endif
