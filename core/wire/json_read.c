/* Between two tokens the reader is in one of a few states, which say what may
 * come next; what is open around it is a stack of "what follows a value here",
 * so that closing an array or object is a pop and a scalar is one assignment.
 * There is no recursion: a million brackets cost an error, not a stack.
 *
 * A comma is read together with what follows it, and a colon with the key before
 * it, so that every call yields a token. */
#include "wire/json_read.h"

#include "wire/json_shortcut.h"
#include "wire/number.h"
#include "wire/utf8.h"
#include "wire/vector.h"

#include <string.h>

/* Memory for decoded strings that stays when another text is begun. */
#define SCRATCH_KEPT ((size_t)64 * 1024)

#if defined(__GNUC__)
#define INLINE static inline __attribute__((always_inline))
#define NEVER_INLINE __attribute__((noinline))
#define COLD __attribute__((noinline, cold))
#else
#define INLINE static inline
#define NEVER_INLINE
#define COLD
#endif

void json_reader_init(struct json_reader *r, struct slice text, size_t max_depth)
{
  r->scratch = (struct bytes){0};
  r->max_depth = max_depth < JSON_DEPTH_LIMIT ? max_depth : JSON_DEPTH_LIMIT;
  json_reader_restart(r, text);
}

void json_reader_restart(struct json_reader *r, struct slice text)
{
  if (text.data == NULL) /* an empty buffer */
    text = SLICE("");
  r->error = NULL;
  r->error_position = 0;
  r->text = text.data;
  r->at = text.data;
  r->end = text.data + text.length;
  r->state = JSON_AT_VALUE;
  r->state_after_value = JSON_AFTER_ALL;
  r->depth = 0;
  r->scratch.length = 0;
  bytes_trim(&r->scratch, SCRATCH_KEPT);
}

void json_reader_free(struct json_reader *r)
{
  bytes_free(&r->scratch);
}

COLD static enum json_kind fail(struct json_reader *r, struct json_token *token,
                                const char *position, const char *why)
{
  r->state = JSON_FAILED;
  r->error = why;
  r->error_position = (size_t)(position - r->text);
  token->kind = JSON_ERROR;
  return JSON_ERROR;
}

INLINE const char *skip_space(const char *p, const char *end)
{
  while (p < end && (unsigned char)*p <= ' ' &&
         (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
    p++;
  return p;
}

INLINE enum json_kind emit(struct json_reader *r, struct json_token *token, enum json_kind kind,
                           const char *start, const char *end)
{
  r->at = end;
  token->kind = kind;
  token->start = (size_t)(start - r->text);
  token->end = (size_t)(end - r->text);
  return kind;
}

static int hex_value(char c)
{
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

/* The 16 bits of a \u escape whose backslash is at p, or -1 if there is none. */
static int32_t unicode_escape(const char *p, const char *end)
{
  if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
    return -1;
  int32_t unit = 0;
  for (int i = 2; i < 6; i++) {
    int digit = hex_value(p[i]);
    if (digit < 0)
      return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

static size_t encode_utf8(char *out, uint32_t c)
{
  if (c < 0x80) {
    out[0] = (char)c;
    return 1;
  }
  if (c < 0x800) {
    out[0] = (char)(0xc0 | c >> 6);
    out[1] = (char)(0x80 | (c & 0x3f));
    return 2;
  }
  if (c < 0x10000) {
    out[0] = (char)(0xe0 | c >> 12);
    out[1] = (char)(0x80 | (c >> 6 & 0x3f));
    out[2] = (char)(0x80 | (c & 0x3f));
    return 3;
  }
  out[0] = (char)(0xf0 | c >> 18);
  out[1] = (char)(0x80 | (c >> 12 & 0x3f));
  out[2] = (char)(0x80 | (c >> 6 & 0x3f));
  out[3] = (char)(0x80 | (c & 0x3f));
  return 4;
}

/* Decodes the escape whose backslash is at *cursor into `out` (4 bytes), and
 * moves the cursor behind it. Returns the length, or 0 with *why. */
static size_t decode_escape(const char **cursor, const char *end, char *out, const char **why)
{
  static const char names[] = "\"\\/bfnrt";
  static const char meanings[] = "\"\\/\b\f\n\r\t";
  const char *p = *cursor;
  if (end - p >= 2 && p[1] != 'u') {
    const char *name = memchr(names, p[1], sizeof names - 1);
    if (name != NULL) {
      *out = meanings[name - names];
      *cursor = p + 2;
      return 1;
    }
  }
  if (end - p < 2 || p[1] != 'u') {
    *why = "expected one of \"\\/bfnrtu after a backslash";
    return 0;
  }
  int32_t unit = unicode_escape(p, end);
  if (unit < 0) {
    *why = "expected four hexadecimal digits after \\u";
    return 0;
  }
  p += 6;
  uint32_t c = (uint32_t)unit;
  if (c >= 0xd800 && c < 0xe000) {
    int32_t low = c < 0xdc00 ? unicode_escape(p, end) : -1;
    if (low < 0xdc00 || low >= 0xe000) {
      *why = "a surrogate escape without its other half";
      return 0;
    }
    c = 0x10000 + ((c - 0xd800) << 10) + ((uint32_t)low - 0xdc00);
    p += 6;
  }
  *cursor = p;
  return encode_utf8(out, c);
}

static const char *not_in_a_string(const char *p, const char *end)
{
  if (p == end)
    return "expected '\"' at the end of a string";
  return (unsigned char)*p < 0x20 ? "a control character in a string must be escaped"
                                  : "expected valid UTF-8";
}

/* A string whose text goes to `close`, the closing quote, is read: a key has its
 * colon behind it. */
INLINE enum json_kind accept_string(struct json_reader *r, struct json_token *token,
                                    enum json_kind kind, const char *start, const char *close)
{
  if (kind == JSON_STRING) {
    r->state = r->state_after_value;
    return emit(r, token, JSON_STRING, start, close + 1);
  }
  const char *colon = skip_space(close + 1, r->end);
  if (colon == r->end || *colon != ':')
    return fail(r, token, colon, "expected ':' after a key");
  (void)emit(r, token, JSON_KEY, start, close + 1);
  r->at = colon + 1;
  r->state = JSON_AT_VALUE;
  return JSON_KEY;
}

/* Reads a string that is not all plain, whose first byte that is not is at p.
 * Escapes are decoded into the scratch buffer if `keep` is set. */
NEVER_INLINE static enum json_kind read_mixed_string(struct json_reader *r,
                                                     struct json_token *token, enum json_kind kind,
                                                     const char *start, const char *p, int keep)
{
  const char *run = start + 1; /* checked from here to p, and not yet in scratch */
  int escapes = 0;
  r->scratch.length = 0;
  while ((p = utf8_text_end(p, r->end)) < r->end && *p == '\\') {
    escapes = 1;
    if (keep && bytes_append(&r->scratch, run, (size_t)(p - run)) != 0)
      return fail(r, token, p, "out of memory");
    char decoded[4];
    const char *why;
    size_t length = decode_escape(&p, r->end, decoded, &why);
    if (length == 0)
      return fail(r, token, p, why);
    if (keep && bytes_append(&r->scratch, decoded, length) != 0)
      return fail(r, token, p, "out of memory");
    run = p;
  }
  if (p == r->end || *p != '"')
    return fail(r, token, p, not_in_a_string(p, r->end));
  token->string = (struct slice){run, (size_t)(p - run)};
  if (keep && escapes) {
    if (bytes_append_slice(&r->scratch, token->string) != 0)
      return fail(r, token, p, "out of memory");
    token->string = bytes_slice(&r->scratch);
  }
  return accept_string(r, token, kind, start, p);
}

INLINE enum json_kind read_string(struct json_reader *r, struct json_token *token,
                                  enum json_kind kind, const char *start, int keep)
{
  const char *p = utf8_plain_end(start + 1, r->end);
  if (p == r->end || *p != '"')
    return read_mixed_string(r, token, kind, start, p, keep);
  token->string = (struct slice){start + 1, (size_t)(p - start - 1)};
  return accept_string(r, token, kind, start, p);
}

NEVER_INLINE static enum json_kind read_large_number(struct json_reader *r,
                                                     struct json_token *token, const char *start)
{
  struct number number;
  const char *why;
  const char *p = start;
  if (number_read(&p, r->end, &number, &why) != 0)
    return fail(r, token, p, why);
  r->state = r->state_after_value;
  token->integer = number.integer;
  token->number = number.real;
  return emit(r, token, number.is_double ? JSON_DOUBLE : JSON_INTEGER, start, p);
}

INLINE enum json_kind read_number(struct json_reader *r, struct json_token *token,
                                  const char *start)
{
  const char *p = number_read_small(start, r->end, &token->integer);
  if (p == NULL)
    return read_large_number(r, token, start);
  r->state = r->state_after_value;
  return emit(r, token, JSON_INTEGER, start, p);
}

INLINE enum json_kind literal(struct json_reader *r, struct json_token *token, enum json_kind kind,
                              const char *p, struct slice word)
{
  if ((size_t)(r->end - p) < word.length || memcmp(p, word.data, word.length) != 0)
    return fail(r, token, p, "expected a value");
  r->state = r->state_after_value;
  return emit(r, token, kind, p, p + word.length);
}

INLINE enum json_kind enter(struct json_reader *r, struct json_token *token, enum json_kind kind,
                            const char *p)
{
  if (r->depth == r->max_depth)
    return fail(r, token, p, "nested too deeply");
  r->opened[r->depth++] = (unsigned char)r->state_after_value;
  int is_array = kind == JSON_ARRAY_BEGIN;
  r->state = is_array ? JSON_AT_ITEM : JSON_AT_KEY;
  r->state_after_value = is_array ? JSON_AFTER_ITEM : JSON_AFTER_MEMBER;
  return emit(r, token, kind, p, p + 1);
}

INLINE enum json_kind leave(struct json_reader *r, struct json_token *token, enum json_kind kind,
                            const char *p)
{
  r->state_after_value = r->opened[--r->depth];
  r->state = r->state_after_value;
  return emit(r, token, kind, p, p + 1);
}

INLINE enum json_kind read_key(struct json_reader *r, struct json_token *token, const char *p,
                               int keep)
{
  if (p == r->end || *p != '"')
    return fail(r, token, p, "expected a key");
  return read_string(r, token, JSON_KEY, p, keep);
}

INLINE enum json_kind read_value(struct json_reader *r, struct json_token *token, const char *p,
                                 int keep)
{
  if (p == r->end)
    return fail(r, token, p, "expected a value");
  if (*p == '"')
    return read_string(r, token, JSON_STRING, p, keep);
  if ((*p >= '0' && *p <= '9') || *p == '-')
    return read_number(r, token, p);
  switch (*p) {
  case '[':
    return enter(r, token, JSON_ARRAY_BEGIN, p);
  case '{':
    return enter(r, token, JSON_OBJECT_BEGIN, p);
  case 'n':
    return literal(r, token, JSON_NULL, p, SLICE("null"));
  case 't':
    return literal(r, token, JSON_TRUE, p, SLICE("true"));
  case 'f':
    return literal(r, token, JSON_FALSE, p, SLICE("false"));
  default:
    return fail(r, token, p, "expected a value");
  }
}

/* One token; `keep` is a constant that says whether strings are wanted. */
INLINE enum json_kind next(struct json_reader *r, struct json_token *token, int keep)
{
  const char *end = r->end;
  const char *p = skip_space(r->at, end);
  switch (r->state) {
  case JSON_AFTER_ITEM:
    if (p == end || *p != ',') {
      if (p < end && *p == ']')
        return leave(r, token, JSON_ARRAY_END, p);
      return fail(r, token, p, "expected ',' or ']' after an item");
    }
    p = skip_space(p + 1, end);
    break;
  case JSON_AFTER_MEMBER:
    if (p < end && *p == ',')
      return read_key(r, token, skip_space(p + 1, end), keep);
    if (p < end && *p == '}')
      return leave(r, token, JSON_OBJECT_END, p);
    return fail(r, token, p, "expected ',' or '}' after a value");
  case JSON_AT_ITEM:
    if (p < end && *p == ']')
      return leave(r, token, JSON_ARRAY_END, p);
    break;
  case JSON_AT_KEY:
    if (p < end && *p == '}')
      return leave(r, token, JSON_OBJECT_END, p);
    return read_key(r, token, p, keep);
  case JSON_AT_VALUE:
    break;
  case JSON_AFTER_ALL:
    if (p < end)
      return fail(r, token, p, "expected nothing after the value");
    return emit(r, token, JSON_END, p, p);
  default:
    token->kind = JSON_ERROR;
    return JSON_ERROR;
  }
  return read_value(r, token, p, keep);
}

enum json_kind json_next(struct json_reader *r, struct json_token *token)
{
  return next(r, token, 1);
}

/* Only right behind an opening bracket is the value that began not complete. At
 * the beginning and behind a key it is still to come. */
int json_skip(struct json_reader *r)
{
  struct json_token token;
  size_t outside = r->depth;
  if (r->state == JSON_AT_ITEM || r->state == JSON_AT_KEY)
    outside--;
  else if (r->state != JSON_AT_VALUE)
    return r->state == JSON_FAILED ? -1 : 0;
  do
    if (next(r, &token, 0) == JSON_ERROR)
      return -1;
  while (r->depth > outside);
  return 0;
}

int json_count_commas(const struct json_reader *r)
{
  int count = 0;
  const char *p = r->at;
#if HAS_VECTOR
  int bits = 0;
  for (; r->end - p >= VECTOR_BYTES; p += VECTOR_BYTES) {
    vector x = vector_load(p);
    /* Of ASCII, or-ing 0x26 makes 0x7f of [ ] { } and of Y y _ DEL, which are in no number and
     * in no word. */
    vector folded = vector_equal(vector_or(x, vector_all(0x26)), 0x7f);
    uint64_t stops = vector_mask(vector_or(folded, vector_equal(x, '"')));
    vector commas = vector_equal(x, ',');
    if (stops == 0) {
      count += vector_count(commas);
      continue;
    }
    int stop = vector_first(stops);
    uint64_t before = vector_mask(commas) & vector_below(stop);
    for (; before != 0; before &= before - 1)
      bits++;
    count += bits / VECTOR_BITS;
    p += stop;
    break;
  }
#endif
  for (; p < r->end; p++) {
    if (*p == ',')
      count++;
    else if (*p == ']')
      return count;
    else if (*p == '"' || *p == '[' || *p == '{' || *p == '}')
      break;
  }
  return 0;
}

int json_validate(struct slice text, size_t max_depth, size_t *position, const char **why)
{
  struct json_reader r;
  struct json_token token;
  json_reader_init(&r, text, max_depth);
  if (json_skip(&r) == 0 && json_next(&r, &token) == JSON_END)
    return 0;
  if (position != NULL)
    *position = r.error_position;
  if (why != NULL)
    *why = r.error;
  return -1;
}
