#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "temp_file.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void temp_file_write(struct temp_file *t, const void *data, size_t length)
{
  static const char suffix[] = ".lua";
  *t = (struct temp_file){"/tmp/hearsay-XXXXXX.lua"};
  int fd = mkstemps(t->path, sizeof suffix - 1);
  assert_true(fd >= 0);
  assert_true(write(fd, data, length) == (ssize_t)length);
  assert_int_equal(close(fd), 0);
}

void temp_file_script(struct temp_file *t, const char *text)
{
  temp_file_write(t, text, strlen(text));
}

void temp_file_remove(struct temp_file *t)
{
  assert_int_equal(unlink(t->path), 0);
}
