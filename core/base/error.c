#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

int error_set(struct error *e, const char *format, ...)
{
  if (e == NULL)
    return -1;
  va_list args;
  va_start(args, format);
  (void)vsnprintf(e->text, sizeof e->text, format, args);
  va_end(args);
  return -1;
}

static int is_control(char c)
{
  return (unsigned char)c < 0x20 || c == 0x7f;
}

void error_flatten(struct error *e)
{
  char *to = e->text;
  for (const char *from = e->text; *from != '\0'; from++)
    if (!is_control(*from))
      *to++ = *from;
    else if (!is_control(from[1]))
      *to++ = ' ';
  *to = '\0';
}
