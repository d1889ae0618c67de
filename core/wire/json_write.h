/* json_write.h - appends JSON scalars to a buffer.
 *
 * Every function returns 0, -1 on out of memory, or JSON_UNENCODABLE for a value
 * that JSON cannot say. On failure the buffer's contents are unchanged. */
#ifndef HEARSAY_WIRE_JSON_WRITE_H
#define HEARSAY_WIRE_JSON_WRITE_H

#include "base/bytes.h"

#include <stdint.h>

#define JSON_UNENCODABLE (-2)

/* In quotes; '"', '\' and control characters are escaped, all else stays UTF-8.
 * Bytes that are not valid UTF-8 are JSON_UNENCODABLE: the other side would
 * refuse the whole line. O(length). */
int json_write_string(struct bytes *out, struct slice string);

/* A key with its colon, and in front a comma unless it is the first of its object. */
int json_write_key(struct bytes *out, struct slice key, int is_first);

int json_write_int(struct bytes *out, int64_t value);

/* The shortest text that reads back as the same double, never as an integer; an
 * infinity and NaN are JSON_UNENCODABLE. */
int json_write_double(struct bytes *out, double value);

#endif
