#include "wire/json_write.h"

#include "wire/number.h"
#include "wire/utf8.h"

#include <string.h>

/* The longest escape, "\u001f". */
#define ESCAPE_MAX 6

static size_t write_escape(char *out, unsigned char c)
{
  static const char hex[] = "0123456789abcdef";
  static const char escaped[] = "\"\\\b\f\n\r\t";
  static const char names[] = "\"\\bfnrt";
  out[0] = '\\';
  const char *known = memchr(escaped, c, sizeof escaped - 1);
  if (known != NULL) {
    out[1] = names[known - escaped];
    return 2;
  }
  memcpy(out + 1, "u00", 3);
  out[4] = hex[c >> 4];
  out[5] = hex[c & 15];
  return ESCAPE_MAX;
}

/* A string that is not all plain; `p` is its first byte that is not. There is always room for
 * what is left of it and the closing quote, so only an escape has to ask for more. */
static int write_mixed_string(struct bytes *out, struct slice string, const char *p)
{
  const size_t before = out->length;
  const char *end = string.data + string.length;
  const char *run = string.data;
  out->data[out->length++] = '"';
  for (;; p = utf8_plain_end(p, end)) {
    if (p < end && (unsigned char)*p >= 0x80)
      p = utf8_text_end(p, end);
    if (p < end && (unsigned char)*p >= 0x80) {
      out->length = before;
      return JSON_UNENCODABLE;
    }
    bytes_copy(out->data + out->length, run, (size_t)(p - run));
    out->length += (size_t)(p - run);
    if (p == end)
      break;
    if (bytes_reserve(out, (size_t)(end - p) + 1 + ESCAPE_MAX) != 0) {
      out->length = before;
      return -1;
    }
    out->length += write_escape(out->data + out->length, (unsigned char)*p);
    run = ++p;
  }
  out->data[out->length++] = '"';
  return 0;
}

/* Writes a string at `to`, where there is room for it and its quotes, if it is all plain: then
 * NULL; else its first byte that is not. */
static inline const char *write_plain(char *to, struct slice string)
{
  const char *end = string.data + string.length;
  const char *special = utf8_plain_end(string.data, end);
  to[0] = '"';
  if (special != end)
    return special;
  bytes_copy(to + 1, string.data, string.length);
  to[string.length + 1] = '"';
  return NULL;
}

int json_write_string(struct bytes *out, struct slice string)
{
  if (string.length == 0) /* it may have no data */
    return bytes_put(out, SLICE("\"\""));
  if (bytes_reserve(out, string.length + 2) != 0)
    return -1;
  const char *special = write_plain(out->data + out->length, string);
  if (special != NULL)
    return write_mixed_string(out, string, special);
  out->length += string.length + 2;
  return 0;
}

int json_write_key(struct bytes *out, struct slice key, int is_first)
{
  const size_t before = out->length;
  if (key.length == 0)
    key.data = "";
  if (bytes_reserve(out, key.length + 4) != 0)
    return -1;
  out->data[out->length] = ',';
  out->length += !is_first;
  const char *special = write_plain(out->data + out->length, key);
  int status = 0;
  if (special == NULL)
    out->length += key.length + 2;
  else
    status = write_mixed_string(out, key, special);
  if (status == 0 && bytes_append_byte(out, ':') != 0)
    status = -1;
  if (status != 0)
    out->length = before;
  return status;
}

int json_write_int(struct bytes *out, int64_t value)
{
  if (bytes_reserve(out, NUMBER_INT_MAX) != 0)
    return -1;
  out->length += number_write_int(out->data + out->length, value);
  return 0;
}

int json_write_double(struct bytes *out, double value)
{
  if (bytes_reserve(out, NUMBER_DOUBLE_MAX) != 0)
    return -1;
  size_t length = number_write_double(out->data + out->length, value);
  out->length += length;
  return length == 0 ? JSON_UNENCODABLE : 0;
}
