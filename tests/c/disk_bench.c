#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "disk_bench.h"

static void count_news(void *ctx)
{
  ((struct disk_bench *)ctx)->news++;
}

void disk_bench_open(struct disk_bench *b, uint64_t seed)
{
  *b = (struct disk_bench){0};
  schedule_init(&b->schedule, NULL);
  disk_init(&b->disk, &b->schedule, seed, SYNC_US, count_news, b);
}

void disk_bench_close(struct disk_bench *b)
{
  disk_free(&b->disk);
  schedule_free(&b->schedule);
}

void disk_bench_pass(struct disk_bench *b, int64_t duration_us)
{
  int64_t until_us = b->schedule.now_us + duration_us;
  while (schedule_step(&b->schedule, until_us) == SCHEDULE_MORE) {
  }
}

struct file *disk_bench_file(struct disk_bench *b, const char *name)
{
  struct error e;
  struct file *f = disk_open(&b->disk, slice_of(name), 1, &e);
  if (f == NULL)
    fail_msg("%s", e.text);
  return f;
}

void disk_bench_sync(struct disk_bench *b, struct file *f)
{
  struct error e;
  struct sync_wish w = {.sync.done = note_sync};
  assert_int_equal(f->vtable->sync(f, &w.sync, &e), 0);
  disk_bench_pass(b, SYNC_US);
  assert_int_equal(w.count, 1);
  assert_string_equal(w.why, "");
}
