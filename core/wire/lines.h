/* lines.h - cuts a stream of bytes into lines.
 *
 * Bytes are read straight into the buffer and lines are views into it: nothing is
 * copied but the start of a line that the last read left incomplete. A line over the
 * limit is reported once, with what was kept of it, and the rest of it is dropped. */
#ifndef HEARSAY_WIRE_LINES_H
#define HEARSAY_WIRE_LINES_H

#include "base/bytes.h"

struct lines {
  struct bytes buffer;
  size_t begin;       /* of the first line not yet taken */
  size_t scanned;     /* no newline between begin and here */
  size_t limit_bytes; /* a line may have so many bytes, without its newline */
  int is_skipping;    /* the rest of a line that is too long */
};

enum lines_result { LINES_MORE, LINES_LINE, LINES_TOO_LONG };

void lines_init(struct lines *l, size_t limit_bytes);
void lines_free(struct lines *l);

/* Room to read at least `want` bytes into; tells how much there is in `room`. NULL on out
 * of memory. Views of earlier lines are invalid after it. */
char *lines_room(struct lines *l, size_t want, size_t *room);

/* `count` bytes have been put into the room. */
void lines_added(struct lines *l, size_t count);

/* Takes the next line, without newline: LINES_LINE; or the first limit_bytes of one that
 * is too long: LINES_TOO_LONG; or nothing: LINES_MORE. The view lives until lines_room. */
enum lines_result lines_next(struct lines *l, struct slice *line);

/* At the end of the stream: what follows the last newline, or nothing. */
enum lines_result lines_last(struct lines *l, struct slice *line);

#endif
