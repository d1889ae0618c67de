/* json_shortcut.h - steps of a reader for a caller who knows what he looks for.
 *
 * Each takes the next token if it is what was asked for and stands there in the
 * plainest form, without white space before it and without escapes. Else it
 * returns 0 and has done nothing, and json_next gives the token or the error. They
 * are inline and a few instructions, where a token from json_next costs 5 ns. */
#ifndef HEARSAY_WIRE_JSON_SHORTCUT_H
#define HEARSAY_WIRE_JSON_SHORTCUT_H

#include "wire/json_read.h"
#include "wire/number.h"
#include "wire/utf8.h"

#include <string.h>

/* Where a member of an object may come: the key whose text, quotes and colon
 * included, is given. */
static inline int json_take_key(struct json_reader *r, struct slice text)
{
  const char *p = r->at;
  if (r->state == JSON_AFTER_MEMBER) {
    if (p == r->end || *p != ',')
      return 0;
    p++;
  }
  if ((size_t)(r->end - p) < text.length || memcmp(p, text.data, text.length) != 0)
    return 0;
  r->at = p + text.length;
  r->state = JSON_AT_VALUE;
  return 1;
}

/* Behind a key: an ASCII string, as a view of the text. */
static inline int json_take_string(struct json_reader *r, struct slice *out)
{
  const char *p = r->at;
  if (p == r->end || *p != '"')
    return 0;
  const char *close = utf8_plain_end(++p, r->end);
  if (close == r->end || *close != '"')
    return 0;
  *out = (struct slice){p, (size_t)(close - p)};
  r->at = close + 1;
  r->state = r->state_after_value;
  return 1;
}

/* Behind a key: an integer of up to 18 digits. */
static inline int json_take_integer(struct json_reader *r, int64_t *out)
{
  const char *p = number_read_small(r->at, r->end, out);
  if (p == NULL)
    return 0;
  r->at = p;
  r->state = r->state_after_value;
  return 1;
}

#endif
