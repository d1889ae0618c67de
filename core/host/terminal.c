#include "host/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

int terminal_is(int descriptor)
{
  return isatty(descriptor);
}

int terminal_columns(int descriptor)
{
  struct winsize size;
  if (!isatty(descriptor) || ioctl(descriptor, TIOCGWINSZ, &size) != 0)
    return 0;
  return size.ws_col;
}

int terminal_has_color(int descriptor, enum color_when when)
{
  if (when != COLOR_AUTO)
    return when == COLOR_ALWAYS;
  const char *refused = getenv("NO_COLOR"), *kind = getenv("TERM");
  if (refused != NULL && *refused != '\0')
    return 0;
  return isatty(descriptor) && kind != NULL && *kind != '\0' && strcmp(kind, "dumb") != 0;
}
