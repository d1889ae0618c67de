/* flaky_disk.h - a simulated disk (sim/disk.h) that counts what is done to it, and fails or ends in
 * the middle: at each open, read, append, cut, sync, flush, rename, list and removal, and at the
 * end of each sync. Time is that of its schedule. */
#ifndef HEARSAY_TESTS_FLAKY_DISK_H
#define HEARSAY_TESTS_FLAKY_DISK_H

#include "fake_platform.h"
#include "sim/disk.h"
#include "sim/schedule.h"

enum flaw {
  FLAW_NONE,
  FLAW_KILL,    /* from call number `at` on nothing has an effect */
  FLAW_ONCE,    /* that call fails */
  FLAW_FOR_GOOD /* and all calls of its kind behind it */
};

struct flaky_disk {
  struct schedule schedule;
  struct disk disk;
  enum flaw flaw;
  long at;
  long calls;
  const char *failing; /* kind of the call that has failed; NULL: none has */
  int open_files;
};

#define FLAKY_SYNC_US 1000

void flaky_open(struct flaky_disk *d, uint64_t seed);
void flaky_close(struct flaky_disk *d);

/* Makes it the disk of this world. */
void flaky_attach(struct flaky_disk *d, struct fake_platform *world);

/* Whether it was killed: whoever uses it is to end now, and what it leaves is decided by flaky_crash. */
int flaky_is_dead(const struct flaky_disk *d);

/* The machine loses power, and is started again without flaws; all files are closed. */
void flaky_crash(struct flaky_disk *d);

/* Time passes, and syncs end. */
void flaky_pass(struct flaky_disk *d, int64_t duration_us);

#endif
