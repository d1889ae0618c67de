#include "wire/utf8.h"

static int is_continuation(unsigned char c)
{
  return (c & 0xc0) == 0x80;
}

size_t utf8_sequence(const char *text, const char *end)
{
  const unsigned char *p = (const unsigned char *)text;
  size_t left = (size_t)(end - text);
  unsigned char lead = p[0];
  if (lead < 0xc2) /* ASCII, a continuation byte, or an overlong form of ASCII */
    return 0;
  if (lead < 0xe0)
    return left >= 2 && is_continuation(p[1]) ? 2 : 0;
  if (lead < 0xf0) {
    if (left < 3 || !is_continuation(p[1]) || !is_continuation(p[2]))
      return 0;
    if ((lead == 0xe0 && p[1] < 0xa0) || (lead == 0xed && p[1] >= 0xa0))
      return 0; /* overlong; a surrogate */
    return 3;
  }
  if (lead < 0xf5) {
    if (left < 4 || !is_continuation(p[1]) || !is_continuation(p[2]) || !is_continuation(p[3]))
      return 0;
    if ((lead == 0xf0 && p[1] < 0x90) || (lead == 0xf4 && p[1] >= 0x90))
      return 0; /* overlong; above U+10FFFF */
    return 4;
  }
  return 0;
}

const char *utf8_text_end(const char *p, const char *end)
{
  for (;;) {
    size_t length = 0;
    p = utf8_plain_end(p, end);
    while (p < end && (length = utf8_sequence(p, end)) != 0)
      p += length;
    if (p == end || !utf8_is_plain(*p))
      return p;
  }
}
