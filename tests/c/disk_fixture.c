#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "disk_fixture.h"

static void count_news(void *ctx)
{
  ((struct disk_fixture *)ctx)->news++;
}

void disk_fixture_open(struct disk_fixture *b, uint64_t seed)
{
  *b = (struct disk_fixture){0};
  schedule_init(&b->schedule, NULL);
  disk_init(&b->disk, &b->schedule, seed, SYNC_US, count_news, b);
}

void disk_fixture_close(struct disk_fixture *b)
{
  disk_free(&b->disk);
  schedule_free(&b->schedule);
}

void disk_fixture_pass(struct disk_fixture *b, int64_t duration_us)
{
  int64_t until_us = b->schedule.now_us + duration_us;
  while (schedule_step(&b->schedule, until_us) == SCHEDULE_MORE) {
  }
}

struct file *disk_fixture_file(struct disk_fixture *b, const char *name)
{
  struct error e;
  struct file *f = disk_open(&b->disk, slice_of(name), 1, &e);
  if (f == NULL)
    fail_msg("%s", e.text);
  return f;
}

void disk_fixture_sync(struct disk_fixture *b, struct file *f)
{
  struct error e;
  struct sync_wish w = {.sync.done = note_sync};
  assert_int_equal(f->vtable->sync(f, &w.sync, &e), 0);
  disk_fixture_pass(b, SYNC_US);
  assert_int_equal(w.count, 1);
  assert_string_equal(w.why, "");
}
