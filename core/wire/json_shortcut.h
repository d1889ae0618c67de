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

/* Where a member of an object may come: where the text of its key begins; or NULL. */
static inline const char *json_key_text(const struct json_reader *r)
{
  const char *p = r->at, *end = r->end;
  if (r->state == JSON_AFTER_MEMBER) {
    if (p == end || *p != ',')
      return NULL;
    p++;
  } else if (r->state != JSON_AT_KEY) {
    return NULL;
  }
  return p < end && *p == '"' ? p + 1 : NULL;
}

/* Where a member of an object may come: any key without escapes. */
static inline int json_take_any_key(struct json_reader *r, struct slice *out)
{
  const char *p = json_key_text(r), *end = r->end;
  if (p == NULL)
    return 0;
  const char *close = utf8_plain_end(p, end);
  if (end - close < 2 || close[0] != '"' || close[1] != ':')
    return 0;
  *out = (struct slice){p, (size_t)(close - p)};
  r->at = close + 2;
  r->state = JSON_AT_VALUE;
  return 1;
}

/* Behind an item of an array: the comma. A value must follow. */
static inline int json_take_comma(struct json_reader *r)
{
  if (r->state != JSON_AFTER_ITEM || r->at == r->end || *r->at != ',')
    return 0;
  r->at++;
  r->state = JSON_AT_VALUE;
  return 1;
}

/* Where a value may come: the bracket that opens an array or an object. */
static inline int json_take_open(struct json_reader *r, char bracket)
{
  if (r->at == r->end || *r->at != bracket || r->depth == r->max_depth)
    return 0;
  int is_array = bracket == '[';
  r->at++;
  r->opened[r->depth++] = (unsigned char)r->state_after_value;
  r->state = is_array ? JSON_AT_ITEM : JSON_AT_KEY;
  r->state_after_value = is_array ? JSON_AFTER_ITEM : JSON_AFTER_MEMBER;
  return 1;
}

/* In an array or object, where it may end: the bracket that closes it. */
static inline int json_take_close(struct json_reader *r, char bracket)
{
  if (r->at == r->end || *r->at != bracket)
    return 0;
  r->at++;
  r->state_after_value = r->opened[--r->depth];
  r->state = r->state_after_value;
  return 1;
}

/* Behind the bracket of an array: how many commas it has, if there are neither strings nor
 * other brackets in it; else 0. O(its length), some bytes an instruction. */
int json_count_commas(const struct json_reader *r);

/* Where a value may come: an ASCII string, as a view of the text. */
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

/* Where a value may come: an integer of up to 18 digits. */
static inline int json_take_integer(struct json_reader *r, int64_t *out)
{
  if (r->at == r->end || (unsigned char)(*r->at - '-') > '9' - '-')
    return 0;
  const char *p = number_read_small(r->at, r->end, out);
  if (p == NULL)
    return 0;
  r->at = p;
  r->state = r->state_after_value;
  return 1;
}

#endif
