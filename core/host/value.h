/* value.h - JSON text to Lua values and back.
 *
 *   JSON            Lua
 *   object          table with string keys
 *   array           table 1..n with the array mark (a metatable), so that [] stays []
 *   integer         integer, all 64 bits
 *   other number    float
 *   string          string (UTF-8)
 *   true, false     boolean
 *   null            value_null: the light userdata NULL
 *
 * When encoding, an unmarked table with elements 1..n is an array too, an empty
 * one an object. Two kinds of value are spliced in as text that is already
 * JSON: tables made by json.raw, and userdata that starts with a value_splice. */
#ifndef HEARSAY_HOST_VALUE_H
#define HEARSAY_HOST_VALUE_H

#include "base/bytes.h"
#include "base/error.h"
#include "wire/json_read.h"

#include <lua.h>

enum { VALUE_MAX_DEPTH = 128 };

/* First member of a userdata block whose metatable has the field
 * VALUE_SPLICE_FIELD: it writes itself as JSON. Returns 0, or -1 on out of
 * memory. */
struct value_splice {
  int (*append)(const struct value_splice *self, struct bytes *out);
};
#define VALUE_SPLICE_FIELD "__splice"

enum value_flags {
  VALUE_UNIQUE_KEYS = 1, /* decode: a key twice in one object is an error */
  VALUE_SORTED_KEYS = 2  /* encode: object keys in byte order, for a canonical text */
};

/* Prepares a state: creates the marks. Call once per lua_State. Raises. */
void value_open(lua_State *L);

/* From here on no buffer that values are encoded to gets longer than so many bytes by it: a table that
 * has another several times, which has another several times, would soon fill all memory. */
void value_limit(lua_State *L, size_t most_bytes);

/* Pushes the value of a JSON text and returns 0; or pushes nothing, fills `e`
 * (with the byte position, from 0) and returns -1. Raises only on out of memory. */
int value_decode(lua_State *L, struct slice text, int flags, struct error *e);

/* The fields of a body that mean something to the host. */
enum value_fields { VALUE_TYPE = 1, VALUE_MSG_ID = 2, VALUE_IN_REPLY_TO = 4 };

struct value_body {
  int named;         /* which of them it has */
  int found;         /* and which have the right type; only these are set below */
  struct slice type; /* as long as the text; or the value's string, if it had escapes */
  int64_t msg_id, in_reply_to;
};

/* Pushes the value of the message body that a reader stands at and returns 0; keys are unique.
 * Or pushes nothing and returns -1, and then the reader is done for: it is no object, not
 * JSON, has a key twice, or is nested too deeply. Raises only on out of memory. Not for finalizers,
 * which may run while another value is decoded. */
int value_decode_body(lua_State *L, struct json_reader *r, struct value_body *body);

/* Appends the JSON text of the value at `index`. Returns 0; or -1 with `e`
 * filled, naming the path to what cannot be encoded, and then `out` is as before.
 * Raises only on out of memory, when sorting keys. */
int value_encode(lua_State *L, int index, int flags, struct bytes *out, struct error *e);

/* The same without flags, as a string that is pushed; when it fails, nothing is. Raises only on
 * out of memory. */
int value_push_text(lua_State *L, int index, struct error *e);

/* The same for a message's body, which must be an object, without the braces, so that
 * the caller can put fields of its own in front. An empty table appends nothing. In
 * `found`, which of the above it has; of the types only strings count. */
int value_encode_fields(lua_State *L, int index, struct bytes *out, int *found, struct error *e);

/* Gives the table at the top of the stack the array mark. */
void value_mark_array(lua_State *L);

/* Whether the value at `index` is a table with the array mark. */
int value_is_array(lua_State *L, int index);

/* Replaces the string at the top by a value that encodes as just that text. The
 * text must be one valid JSON value; the caller has checked it. */
void value_make_raw(lua_State *L);

#endif
