/* value_plain.h - the quick way to write a table as JSON: it is read where it lies (layout.h).
 *
 * This way knows only what is plain, which is nearly all that is ever sent: null, booleans,
 * numbers, strings, json.raw, objects, and arrays that were filled from the front. Of anything else,
 * and of whatever is wrong, it knows only that it is not plain. The walk in value_encode.c knows
 * it all, and writes the same bytes. */
#ifndef HEARSAY_HOST_VALUE_PLAIN_H
#define HEARSAY_HOST_VALUE_PLAIN_H

#include "base/bytes.h"
#include "host/extra.h"

struct value_plain {
  struct bytes *out;
  const struct extra *x;
  size_t most; /* bytes that `out` may have */
  int depth;   /* of what is written into */
  int fields;  /* enum value_fields: those of a body are added */
};

/* Each takes a table, which lua_topointer gives, and appends its text. Returns 0; or -1 when
 * something in it is not plain, or on out of memory, and then what is appended is to be cut off.
 * Only where layout_is_known. Never calls Lua. */
int value_plain_write(struct value_plain *p, const void *table);

/* A body's, without the braces: value_encode_fields. */
int value_plain_write_body(struct value_plain *p, const void *table);

#endif
