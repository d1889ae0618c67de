#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "durable_fixture.h"

#include "store/journal.h"

void durable_fixture_open(struct durable_fixture *b, const char *script)
{
  *b = (struct durable_fixture){0};
  fixture_load(&b->f, script);
  fake_disk_attach(&b->f.world, &b->disk);
  fixture_init(&b->f);
  assert_reply(&b->f, "\"type\":\"init_ok\",\"in_reply_to\":1");
}

void durable_fixture_close(struct durable_fixture *b)
{
  fixture_stop(&b->f);
  fake_disk_free(&b->disk);
}

void durable_fixture_put(struct durable_fixture *b, const char *name, struct slice content)
{
  struct error e;
  struct file *f = b->f.world.open(&b->disk, slice_of(name), 1, &e);
  assert_non_null(f);
  assert_int_equal(f->vtable->truncate(f, 0, &e), 0);
  assert_int_equal(f->vtable->append(f, content, &e), 0);
  f->vtable->close(f);
}

int durable_fixture_records(struct durable_fixture *b)
{
  const struct bytes *content = fake_disk_content(&b->disk, "log+1");
  struct journal_reader r;
  struct journal_record record;
  struct error why;
  int count = 0;
  assert_int_equal(journal_open(&r, bytes_slice(content), 0, &why), JOURNAL_RECORD);
  while (journal_next(&r, &record, &why) == JOURNAL_RECORD)
    count++;
  assert_int_equal(r.position, content->length);
  return count;
}
