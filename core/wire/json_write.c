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

/* There is always room for what is left of the string and the closing quote, so
 * only an escape has to ask for more. */
int json_write_string(struct bytes *out, struct slice string)
{
  const size_t before = out->length;
  if (string.length == 0)
    return bytes_append(out, "\"\"", 2);
  const char *p = string.data;
  const char *end = p + string.length;
  if (bytes_reserve(out, string.length + 2) != 0)
    return -1;
  out->data[out->length++] = '"';
  const char *run = p;
  for (;;) {
    p = utf8_plain_end(p, end);
    if (p < end && (unsigned char)*p >= 0x80)
      p = utf8_text_end(p, end);
    if (p < end && (unsigned char)*p >= 0x80) {
      out->length = before;
      return JSON_UNENCODABLE;
    }
    if (p > run)
      memcpy(out->data + out->length, run, (size_t)(p - run));
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
