/* json_read.h - a pull reader: one token a call, over a text that is all there.
 *
 * The grammar is RFC 8259, and nothing beside it: strings must be UTF-8, escapes
 * of surrogates must come in pairs, numbers must fit (see number.h). What the RFC
 * leaves open: a byte order mark is an error, duplicate keys are not, and
 * nesting has a limit. */
#ifndef HEARSAY_WIRE_JSON_READ_H
#define HEARSAY_WIRE_JSON_READ_H

#include "base/bytes.h"

#include <stddef.h>
#include <stdint.h>

/* How many arrays and objects may be open at a time: the usual limit, and the
 * highest that a reader can be given. */
#define JSON_MAX_DEPTH 128
#define JSON_DEPTH_LIMIT 1024

enum json_kind {
  JSON_END, /* the value is complete and nothing but white space follows */
  JSON_NULL,
  JSON_FALSE,
  JSON_TRUE,
  JSON_INTEGER,
  JSON_DOUBLE,
  JSON_STRING,
  JSON_KEY, /* its ':' is passed as well; the value comes next */
  JSON_ARRAY_BEGIN,
  JSON_ARRAY_END,
  JSON_OBJECT_BEGIN,
  JSON_OBJECT_END,
  JSON_ERROR
};

struct json_token {
  enum json_kind kind;
  int64_t integer;     /* of JSON_INTEGER */
  double number;       /* of JSON_DOUBLE */
  struct slice string; /* of JSON_STRING and JSON_KEY, decoded: in the text when
                          it has no escapes, else in the reader, and then valid
                          until the next call */
  size_t start, end;   /* byte offsets of the token in the text, quotes included;
                          not of JSON_ERROR */
};

/* What the reader stands at. Private. */
enum json_state {
  JSON_AT_VALUE,     /* at the beginning, and behind a key */
  JSON_AT_ITEM,      /* behind '[' */
  JSON_AT_KEY,       /* behind '{' */
  JSON_AFTER_ITEM,   /* behind a value in an array */
  JSON_AFTER_MEMBER, /* behind a value in an object */
  JSON_AFTER_ALL,    /* behind the outermost value */
  JSON_FAILED
};

/* Read `error` and `error_position` after JSON_ERROR; the rest is private. */
struct json_reader {
  const char *error;     /* static text that says what was expected */
  size_t error_position; /* offset of the offending byte; the text's length when
                            the text ends too early */
  const char *text;
  const char *at; /* what comes next */
  const char *end;
  enum json_state state;
  enum json_state state_after_value; /* as the innermost open array or object has it */
  size_t depth;
  size_t max_depth;
  struct bytes scratch; /* the last string that had escapes, decoded */
  unsigned char opened[JSON_DEPTH_LIMIT];
};

/* Begins to read a text, which must outlive the reading. Allocates nothing.
 * max_depth is at most JSON_DEPTH_LIMIT. */
void json_reader_init(struct json_reader *r, struct slice text, size_t max_depth);

/* Begins another text with a reader that was initialised before, and keeps its
 * depth limit and memory. */
void json_reader_restart(struct json_reader *r, struct slice text);

void json_reader_free(struct json_reader *r);

/* Reads the next token. Once it has returned JSON_END or JSON_ERROR it returns
 * that again. Running out of memory is a JSON_ERROR too; only strings with
 * escapes need memory, and no more than the longest of them. */
enum json_kind json_next(struct json_reader *r, struct json_token *token);

/* Passes the rest of the value whose first token was the last one read, or behind
 * a key and at the beginning the value that comes next, and checks it. 0, or -1
 * on an error. Allocates nothing. */
int json_skip(struct json_reader *r);

/* The offset behind the last token: after json_skip, where the value ends. */
static inline size_t json_position(const struct json_reader *r)
{
  return (size_t)(r->at - r->text);
}

/* Whether the whole text is one JSON value. 0, or -1 with the position of the
 * offending byte and a static text; both pointers may be NULL. Allocates
 * nothing. */
int json_validate(struct slice text, size_t max_depth, size_t *position, const char **why);

#endif
