#include "sim/watch.h"

#include "base/hash.h"
#include "sim/interrupt.h"

#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

uint64_t watch_stamp(const char *path)
{
  struct stat s;
  if (stat(path, &s) != 0)
    return 0;
  /* Time and size alone would miss a save in the tick of the last one. */
  const int64_t fields[] = {(int64_t)s.st_dev,          (int64_t)s.st_ino,
                            (int64_t)s.st_size,         (int64_t)s.st_mtim.tv_sec,
                            (int64_t)s.st_mtim.tv_nsec, (int64_t)s.st_ctim.tv_sec,
                            (int64_t)s.st_ctim.tv_nsec};
  uint64_t stamp = hash_bytes(fields, sizeof fields, 0);
  return stamp == 0 ? 1 : stamp;
}

int watch_wait(int64_t us)
{
  struct timespec left = {us / 1000000, us % 1000000 * 1000};
  if (!interrupt_came())
    (void)nanosleep(&left, NULL); /* a signal ends it */
  return interrupt_came() ? -1 : 0;
}
