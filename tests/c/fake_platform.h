/* fake_platform.h - the world of a node under test: a clock that moves when it is told
 * to, random bits that count up, and a record of what was sent and logged. */
#ifndef HEARSAY_TESTS_FAKE_PLATFORM_H
#define HEARSAY_TESTS_FAKE_PLATFORM_H

#include "host/platform.h"

#include <stdint.h>

struct fake_platform {
  int64_t now_us;
  uint64_t random;      /* what the next call gets */
  uint64_t random_step; /* and how much it grows with each */
  struct bytes sent;    /* lines, as they came */
  size_t pending_bytes; /* as if so much of it waited to be taken */
  struct bytes dests;   /* the receiver of each, with a zero behind it */
  struct bytes log;     /* lines */
  size_t sent_count;

  /* What it does with files, without the node's id; where they are NULL, it has none. */
  void *disk;
  struct file *(*open)(void *disk, struct slice name, int is_made, struct error *e);
  int (*list)(void *disk, struct slice prefix, struct bytes *names, struct error *e);
  int (*remove)(void *disk, struct slice name, struct error *e);
};

/* The clock starts at a time that is not 0. */
void fake_platform_open(struct fake_platform *f);
void fake_platform_close(struct fake_platform *f);

struct platform fake_platform(struct fake_platform *f);

/* Forgets what was sent and logged. */
void fake_platform_forget(struct fake_platform *f);

#endif
