/* disk_bench.h - a simulated disk (sim/disk.h) by itself, whose time passes when it is told so. All
 * functions assert. */
#ifndef HEARSAY_TESTS_DISK_BENCH_H
#define HEARSAY_TESTS_DISK_BENCH_H

#include "file_helpers.h"
#include "sim/disk.h"

enum { SYNC_US = 1000 };

struct disk_bench {
  struct schedule schedule;
  struct disk disk;
  int news; /* of syncs that were done */
};

void disk_bench_open(struct disk_bench *b, uint64_t seed);
void disk_bench_close(struct disk_bench *b);

/* Time passes, and syncs end. */
void disk_bench_pass(struct disk_bench *b, int64_t duration_us);

/* Opens a file, and makes it if it is not there. */
struct file *disk_bench_file(struct disk_bench *b, const char *name);

/* Syncs a file, and waits for it. */
void disk_bench_sync(struct disk_bench *b, struct file *f);

#endif
