/* disk_fixture.h - a simulated disk (sim/disk.h) by itself, whose time passes when it is told so. All
 * functions assert. */
#ifndef HEARSAY_TESTS_DISK_FIXTURE_H
#define HEARSAY_TESTS_DISK_FIXTURE_H

#include "file_helpers.h"
#include "sim/disk.h"

enum { SYNC_US = 1000 };

struct disk_fixture {
  struct schedule schedule;
  struct disk disk;
  int news; /* of syncs that were done */
};

void disk_fixture_open(struct disk_fixture *b, uint64_t seed);
void disk_fixture_close(struct disk_fixture *b);

/* Time passes, and syncs end. */
void disk_fixture_pass(struct disk_fixture *b, int64_t duration_us);

/* Opens a file, and makes it if it is not there. */
struct file *disk_fixture_file(struct disk_fixture *b, const char *name);

/* Syncs a file, and waits for it. */
void disk_fixture_sync(struct disk_fixture *b, struct file *f);

#endif
