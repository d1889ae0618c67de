/* envelope.h - what a node must know of a line before it knows the message:
 *
 *   {"id":12, "src":"c1", "dest":"n1", "body":{"type":"echo", "msg_id":1, ..}}
 *
 * One scan checks the whole line and finds these fields; the body is left as
 * bytes, for whoever wants it decoded. */
#ifndef HEARSAY_WIRE_ENVELOPE_H
#define HEARSAY_WIRE_ENVELOPE_H

#include "base/bytes.h"
#include "wire/json_read.h"

#include <stddef.h>
#include <stdint.h>

/* The slices point into the line, or for a string with escapes into the
 * envelope; both as long as the line lives and until the next parse. A field
 * that was not found has data NULL, or has_ 0. */
struct envelope {
  struct slice src, dest, type; /* decoded strings */
  struct slice body;            /* the object's bytes, braces included */
  int has_msg_id, has_in_reply_to;
  int64_t msg_id, in_reply_to;
  int is_simple;             /* the body surely has no key twice: it is flat, and its keys few */
  const char *error;         /* after -1: a static text that says what is wrong */
  size_t error_position;     /* and the offset of the offending byte in the line */
  struct json_reader reader; /* at the body, for take_body; else private, like all below */
  struct bytes scratch;
  unsigned seen;
  uint64_t keys; /* of the body: a bit for each, by its hash */
  int (*take_body)(void *ctx, struct envelope *e);
  void *ctx;
};

/* Allocates nothing. */
void envelope_init(struct envelope *e);
void envelope_free(struct envelope *e);

/* Parses one line; white space around the object is allowed. Returns 0, or -1
 * with the line's first error: it is not JSON, src, dest, body or type is missing
 * or has the wrong type, msg_id or in_reply_to is there and not an integer, or
 * one of these six is given twice (the first counts). Other keys are ignored.
 *
 * After a failure the fields are still filled in as far as they could be read, so
 * that a node can answer an error: all those before a syntax error, and on any
 * other error all those that are right, wherever they stand.
 *
 * O(length), around 100 ns for a small message. Memory is reused from line to
 * line, and needed only for escapes. */
int envelope_parse(struct envelope *e, struct slice line);

/* The same for somebody who wants the body too, so that the line is scanned but once: where
 * the body begins, take_body reads it from the envelope's reader to its end, and fills in the
 * envelope's fields that are in it. It returns 0, or -1 when something is not right with it;
 * that ends the parse, with -1 and not much of an error: envelope_parse gives the right one. */
int envelope_parse_with(struct envelope *e, struct slice line,
                        int (*take_body)(void *ctx, struct envelope *e), void *ctx);

/* Appends a line with its newline: {"src":..,"dest":..,"body":..}. The body is
 * the text of one JSON object without newlines, and is not checked. Returns 0, or
 * as the functions of json_write.h do, and then the buffer's contents are
 * unchanged. */
int envelope_write(struct bytes *out, struct slice src, struct slice dest, struct slice body);

#endif
