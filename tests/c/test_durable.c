#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/crc32c.h"
#include "failing_alloc.h"
#include "host/durable.h"
#include "node_fixture.h"
#include "store/journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A disk that is full when it is told so, and whose syncs end when they are told to. */
struct disk {
  struct disk_file {
    struct file file; /* must be first */
    struct disk *disk;
    char name[32]; /* empty: there is no such file */
    int is_open;
    struct bytes content;
    struct file_sync *request;
  } files[16];
  int is_full;
  int refuses_sync;
  int refuses_truncate;
  int refuses_rename;
  int cannot_be_read;
  int cannot_be_listed;
  int appends; /* tried */
  int syncs;
};

static struct disk_file *file_of(struct file *f)
{
  return (struct disk_file *)f;
}

static int read_all(struct file *f, struct bytes *into, struct error *e)
{
  if (file_of(f)->disk->cannot_be_read)
    return error_set(e, "cannot read");
  return bytes_append_slice(into, bytes_slice(&file_of(f)->content)) == 0
           ? 0
           : error_set(e, "out of memory");
}

static int append(struct file *f, struct slice data, struct error *e)
{
  file_of(f)->disk->appends++;
  if (file_of(f)->disk->is_full)
    return error_set(e, "the disk is full");
  return bytes_append_slice(&file_of(f)->content, data) == 0 ? 0 : error_set(e, "out of memory");
}

static int truncate_file(struct file *f, uint64_t length, struct error *e)
{
  if (length >= file_of(f)->content.length)
    return 0;
  if (file_of(f)->disk->refuses_truncate)
    return error_set(e, "cannot shorten");
  file_of(f)->content.length = (size_t)length;
  return 0;
}

static int begin_sync(struct file *f, struct file_sync *request, struct error *e)
{
  assert_null(file_of(f)->request); /* one at a time */
  if (file_of(f)->disk->refuses_sync)
    return error_set(e, "cannot begin a sync");
  file_of(f)->request = request;
  file_of(f)->disk->syncs++;
  return 0;
}

static int flush(struct file *f, struct error *e)
{
  assert_null(file_of(f)->request);
  return file_of(f)->disk->refuses_sync ? error_set(e, "cannot flush") : 0;
}

static struct disk_file *find(struct disk *d, struct slice name)
{
  for (size_t i = 0; i < sizeof d->files / sizeof *d->files; i++)
    if (slice_equal(slice_of(d->files[i].name), name))
      return &d->files[i];
  return NULL;
}

static int rename_file(struct file *f, struct slice name, struct error *e)
{
  struct disk_file *other = find(file_of(f)->disk, name);
  assert_null(file_of(f)->request);
  if (file_of(f)->disk->refuses_rename)
    return error_set(e, "cannot rename");
  if (other != NULL)
    other->name[0] = '\0';
  (void)snprintf(file_of(f)->name, sizeof other->name, "%.*s", (int)name.length, name.data);
  return 0;
}

static void close_file(struct file *f)
{
  assert_true(file_of(f)->is_open);
  file_of(f)->request = NULL;
  file_of(f)->is_open = 0;
}

static const struct file_vtable vtable = {
  .read = read_all,
  .append = append,
  .truncate = truncate_file,
  .sync = begin_sync,
  .flush = flush,
  .rename = rename_file,
  .close = close_file,
};

static struct file *open_file(void *disk, struct slice name, int is_made, struct error *e)
{
  struct disk *d = disk;
  struct disk_file *f = find(d, name);
  if (f == NULL && is_made)
    for (f = d->files; f->name[0] != '\0' || f->is_open; f++)
      assert_true(f + 1 < d->files + sizeof d->files / sizeof *d->files);
  if (f == NULL || f->is_open) {
    error_set(e, "%.*s is %s", (int)name.length, name.data, f == NULL ? "not there" : "open");
    return NULL;
  }
  if (f->name[0] == '\0')
    f->content.length = 0;
  (void)snprintf(f->name, sizeof f->name, "%.*s", (int)name.length, name.data);
  f->file.vtable = &vtable;
  f->disk = d;
  f->is_open = 1;
  return &f->file;
}

static int list_files(void *disk, struct slice prefix, struct bytes *names, struct error *e)
{
  const struct disk *d = disk;
  if (d->cannot_be_listed)
    return error_set(e, "cannot list");
  for (size_t i = 0; i < sizeof d->files / sizeof *d->files; i++)
    if (strncmp(d->files[i].name, prefix.data, prefix.length) == 0 &&
        bytes_append(names, d->files[i].name, strlen(d->files[i].name) + 1) != 0)
      return error_set(e, "out of memory");
  return 0;
}

static int remove_file(void *disk, struct slice name, struct error *e)
{
  struct disk_file *f = find(disk, name);
  (void)e;
  if (f != NULL)
    f->name[0] = '\0';
  return 0;
}

/* The file, which must be there. */
static struct disk_file *need(struct disk *d, const char *name)
{
  struct disk_file *f = find(d, slice_of(name));
  if (f == NULL) {
    fail_msg("there is no %s", name);
    abort();
  }
  return f;
}

static struct bytes *content_of(struct disk *d, const char *name)
{
  return &need(d, name)->content;
}

static void put_file(struct disk *d, const char *name, struct slice content)
{
  struct error e;
  struct file *f = open_file(d, slice_of(name), 1, &e);
  assert_non_null(f);
  file_of(f)->content.length = 0;
  assert_int_equal(bytes_append_slice(&file_of(f)->content, content), 0);
  close_file(f);
}

static int open_count(const struct disk *d)
{
  int count = 0;
  for (size_t i = 0; i < sizeof d->files / sizeof *d->files; i++)
    count += d->files[i].is_open;
  return count;
}

static void disk_free(struct disk *d)
{
  assert_int_equal(open_count(d), 0);
  for (size_t i = 0; i < sizeof d->files / sizeof *d->files; i++)
    bytes_free(&d->files[i].content);
}

static void give_disk(struct fake_platform *world, struct disk *d)
{
  world->disk = d;
  world->open = open_file;
  world->list = list_files;
  world->remove = remove_file;
}

static const char script[] =
  "local l "
  "node.on_init(function() l = assert(require 'hearsay.log'.open('log')) end) "
  "node.on('append', function(m) return {type = 'append_ok', offset = l:append('k', m.body.v)} "
  "end) "
  "node.on('insert', function(m) "
  "  local ok, why = l:insert('k', m.body.at, 'x') "
  "  return {type = 'insert_ok', ok = ok, why = why} end) "
  "node.on('commit', function(m) return {type = 'commit_ok', at = l:commit('k', m.body.at)} end) "
  "node.on('read', function(m) return {type = 'read_ok', all = l:read('k'), at = l:committed('k')} "
  "end) "
  "node.on('sync', function(m) local ok, why = l:sync() "
  "  return {type = 'sync_ok', ok = ok, why = why} end) "
  "node.on('close', function() l:close() return {type = 'close_ok'} end)";

struct bed {
  struct node_fixture f;
  struct disk disk;
};

static void bed_open(struct bed *b)
{
  *b = (struct bed){0};
  fixture_load(&b->f, script);
  give_disk(&b->f.world, &b->disk);
  fixture_init(&b->f);
  assert_reply(&b->f, "\"type\":\"init_ok\",\"in_reply_to\":1");
}

static void bed_close(struct bed *b)
{
  fixture_stop(&b->f);
  disk_free(&b->disk);
}

/* Asks something and gets this at once. */
static void ask(struct bed *b, const char *request, const char *reply)
{
  char fields[256];
  fixture_ask(&b->f, 1, request);
  (void)snprintf(fields, sizeof fields, "%s,\"in_reply_to\":1", reply);
  assert_reply(&b->f, fields);
}

/* A sync of segment 1 is under way. */
static int is_syncing(struct bed *b)
{
  return need(&b->disk, "log+1")->request != NULL;
}

/* It ends. Whoever waited for it is resumed when the node runs next. */
static void end_sync(struct bed *b, const char *why)
{
  struct disk_file *f = need(&b->disk, "log+1");
  struct file_sync *request = f->request;
  assert_non_null(request);
  f->request = NULL;
  request->done(request, why);
  assert_nothing_sent(&b->f);
  assert_true(node_next_deadline_us(b->f.node) <= b->f.world.now_us);
  node_advance(b->f.node);
}

/* The number of whole records in segment 1. */
static int records(struct bed *b)
{
  const struct bytes *content = content_of(&b->disk, "log+1");
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

#define APPEND "\"type\":\"append\",\"v\":1"
#define SYNC "\"type\":\"sync\""
#define SYNCED "\"type\":\"sync_ok\",\"ok\":true"

static void changes_are_in_the_file_at_once(void **state)
{
  (void)state;
  struct bed b;
  bed_open(&b);
  assert_int_equal(records(&b), 0);
  ask(&b, APPEND, "\"type\":\"append_ok\",\"offset\":0");
  assert_int_equal(records(&b), 1);
  ask(&b, "\"type\":\"insert\",\"at\":7", "\"type\":\"insert_ok\",\"ok\":true");
  ask(&b, "\"type\":\"commit\",\"at\":3", "\"type\":\"commit_ok\",\"at\":3");
  assert_int_equal(records(&b), 3);
  /* What changes nothing is not written. */
  ask(&b, "\"type\":\"insert\",\"at\":7", "\"type\":\"insert_ok\",\"ok\":false");
  ask(&b, "\"type\":\"insert\",\"at\":0",
      "\"type\":\"insert_ok\",\"why\":\"offset 0 of k holds another value\"");
  ask(&b, "\"type\":\"commit\",\"at\":2", "\"type\":\"commit_ok\",\"at\":3");
  ask(&b, "\"type\":\"commit\",\"at\":3", "\"type\":\"commit_ok\",\"at\":3");
  assert_int_equal(records(&b), 3);
  assert_int_equal(b.disk.appends, 5); /* two of them headers */
  ask(&b, "\"type\":\"insert\",\"at\":9223372036854775806", "\"type\":\"insert_ok\",\"ok\":true");
  ask(&b, APPEND, "\"type\":\"append_ok\"");
  assert_int_equal(records(&b), 4);
  bed_close(&b);
}

static void a_sync_is_shared(void **state)
{
  (void)state;
  struct bed b;
  bed_open(&b);
  ask(&b, SYNC, SYNCED); /* of nothing */
  ask(&b, APPEND, "\"type\":\"append_ok\",\"offset\":0");
  fixture_ask(&b.f, 2, SYNC);
  fixture_ask(&b.f, 3, SYNC);
  assert_nothing_sent(&b.f);
  assert_int_equal(b.disk.syncs, 1);
  ask(&b, APPEND, "\"type\":\"append_ok\",\"offset\":1");
  fixture_ask(&b.f, 4, SYNC); /* for more than what is under way */
  end_sync(&b, NULL);
  assert_reply(&b.f, SYNCED ",\"in_reply_to\":2");
  assert_reply(&b.f, SYNCED ",\"in_reply_to\":3");
  assert_nothing_sent(&b.f);
  assert_int_equal(b.disk.syncs, 2);
  end_sync(&b, NULL);
  assert_reply(&b.f, SYNCED ",\"in_reply_to\":4");
  ask(&b, SYNC, SYNCED);
  assert_int_equal(b.disk.syncs, 2);
  assert_false(is_syncing(&b));
  bed_close(&b);
}

/* More tasks than there was room for at first. */
static void many_wait(void **state)
{
  (void)state;
  enum { MANY = 100 };
  struct bed b;
  char reply[64];
  bed_open(&b);
  for (int i = 0; i < MANY; i++) {
    fixture_ask(&b.f, 1, APPEND);
    (void)snprintf(reply, sizeof reply, "\"type\":\"append_ok\",\"offset\":%d,\"in_reply_to\":1",
                   i);
    assert_reply(&b.f, reply);
    fixture_ask(&b.f, 1000 + i, SYNC);
  }
  end_sync(&b, NULL);
  assert_reply(&b.f, SYNCED ",\"in_reply_to\":1000");
  assert_nothing_sent(&b.f);
  end_sync(&b, NULL);
  for (int i = 1; i < MANY; i++) {
    (void)snprintf(reply, sizeof reply, SYNCED ",\"in_reply_to\":%d", 1000 + i);
    assert_reply(&b.f, reply);
  }
  assert_int_equal(b.disk.syncs, 2);
  bed_close(&b);
}

/* The file takes nothing for a while: it is told once, each sync tries again, and nothing is lost. */
static void a_full_disk(void **state)
{
  (void)state;
  struct bed b;
  bed_open(&b);
  b.disk.is_full = 1;
  for (int i = 0; i < 3; i++) {
    char reply[64];
    (void)snprintf(reply, sizeof reply, "\"type\":\"append_ok\",\"offset\":%d", i);
    ask(&b, APPEND, reply);
  }
  assert_logged(&b.f, "the disk is full");
  assert_int_equal(b.disk.appends, 3); /* two headers, and the first try */
  for (int i = 0; i < 2; i++)
    ask(&b, SYNC, "\"type\":\"sync_ok\",\"why\":\"the disk is full\"");
  assert_int_equal(b.disk.appends, 5);
  assert_int_equal(records(&b), 0);
  b.disk.is_full = 0;
  fixture_ask(&b.f, 2, SYNC);
  assert_int_equal(records(&b), 3);
  end_sync(&b, NULL);
  assert_reply(&b.f, SYNCED ",\"in_reply_to\":2");
  ask(&b, APPEND, "\"type\":\"append_ok\",\"offset\":3");
  assert_int_equal(records(&b), 4);
  bed_close(&b);
}

/* Nobody is told that anything is durable from then on. */
static void a_sync_that_fails(void **state)
{
  (void)state;
  struct bed b;
  bed_open(&b);
  ask(&b, APPEND, "\"type\":\"append_ok\",\"offset\":0");
  fixture_ask(&b.f, 2, SYNC);
  ask(&b, APPEND, "\"type\":\"append_ok\",\"offset\":1");
  fixture_ask(&b.f, 3, SYNC);
  end_sync(&b, "the disk is broken");
  assert_logged(&b.f, "the disk is broken");
  assert_reply(&b.f, "\"type\":\"sync_ok\",\"why\":\"the disk is broken\",\"in_reply_to\":2");
  assert_reply(&b.f, "\"type\":\"sync_ok\",\"why\":\"the disk is broken\",\"in_reply_to\":3");
  ask(&b, SYNC, "\"type\":\"sync_ok\",\"why\":\"the disk is broken\"");
  assert_int_equal(b.disk.syncs, 1);
  bed_close(&b);
}

static void a_sync_that_cannot_begin(void **state)
{
  (void)state;
  struct bed b;
  bed_open(&b);
  ask(&b, APPEND, "\"type\":\"append_ok\",\"offset\":0");
  b.disk.refuses_sync = 1;
  ask(&b, SYNC, "\"type\":\"sync_ok\",\"why\":\"cannot begin a sync\"");
  b.disk.refuses_sync = 0;
  fixture_ask(&b.f, 2, SYNC);
  ask(&b, APPEND, "\"type\":\"append_ok\",\"offset\":1");
  fixture_ask(&b.f, 3, SYNC);
  b.disk.refuses_sync = 1;
  end_sync(&b, NULL);
  assert_logged(&b.f, "cannot begin a sync");
  assert_reply(&b.f, SYNCED ",\"in_reply_to\":2");
  assert_reply(&b.f, "\"type\":\"sync_ok\",\"why\":\"cannot begin a sync\",\"in_reply_to\":3");
  bed_close(&b);
}

static void a_close_during_a_sync(void **state)
{
  (void)state;
  struct bed b;
  bed_open(&b);
  ask(&b, APPEND, "\"type\":\"append_ok\",\"offset\":0");
  fixture_ask(&b.f, 2, SYNC);
  fixture_ask(&b.f, 3, "\"type\":\"close\"");
  assert_reply(&b.f, "\"type\":\"close_ok\",\"in_reply_to\":3");
  fixture_pass(&b.f, 0);
  assert_reply(&b.f, "\"type\":\"sync_ok\",\"why\":\"log is closed\",\"in_reply_to\":2");
  bed_close(&b);
}

/* As at the end of a process, or a kill in the bench. */
static void the_end_during_a_sync(void **state)
{
  (void)state;
  struct bed b;
  bed_open(&b);
  ask(&b, APPEND, "\"type\":\"append_ok\",\"offset\":0");
  fixture_ask(&b.f, 2, SYNC);
  bed_close(&b);
}

/* --- recovery ----------------------------------------------------------- */

#define SEGMENT_BYTES 4096

/* A node that has its id, with this log of version 1. */
static void recovery_bed(struct bed *b, const struct bytes *content)
{
  *b = (struct bed){0};
  fixture_start(&b->f, "");
  give_disk(&b->f.world, &b->disk);
  put_file(&b->disk, "log", bytes_slice(content));
}

static void recovery_end(struct bed *b)
{
  disk_free(&b->disk);
  fixture_drop(&b->f);
}

static void write_records(struct bytes *to, const struct journal_record *records, int count)
{
  struct error e;
  /* The header of version 1 is the first part of that of version 2. */
  static const char first[] = "HEARSAY\n\1\0\0\0\5\0\0\0\0\0\0";
  assert_int_equal(bytes_append(to, first, sizeof first), 0);
  uint32_t crc = crc32c(0, first, sizeof first);
  for (int i = 0; i < 4; i++)
    assert_int_equal(bytes_append_byte(to, (char)(crc >> 8 * i)), 0);
  for (int i = 0; i < count; i++)
    assert_int_equal(journal_write(to, 5, &records[i], &e), 0);
}

static struct durable *try_open(struct bed *b, struct error *e)
{
  return durable_open(b->f.node, SLICE("log"), SEGMENT_BYTES, e);
}

/* Nothing changes, and nothing stays open. */
static void assert_refused(struct bed *b, const char *why)
{
  struct error e;
  struct bytes before = {0};
  assert_int_equal(bytes_append_slice(&before, bytes_slice(content_of(&b->disk, "log"))), 0);
  assert_null(try_open(b, &e));
  if (strstr(e.text, why) == NULL)
    fail_msg("expected \"%s\" in: %s", why, e.text);
  assert_true(slice_equal(bytes_slice(&before), bytes_slice(content_of(&b->disk, "log"))));
  assert_int_equal(open_count(&b->disk), 0);
  bytes_free(&before);
}

static void a_log_of_the_first_version_is_taken_over(void **state)
{
  (void)state;
  struct bed b;
  struct error e;
  struct bytes content = {0};
  const struct journal_record written[] = {
    {JOURNAL_ENTRY, 1, 4, SLICE("a"), SLICE("\"four\""), 0},
    {JOURNAL_ENTRY, 2, 2, SLICE("a"), SLICE("2"), 0},
    {JOURNAL_COMMIT, 3, 9, SLICE("b"), SLICE(""), 0},
    {JOURNAL_COMMIT, 4, 3, SLICE("b"), SLICE(""), 0},
  };
  write_records(&content, written, 4);
  assert_int_equal(bytes_append(&content, "torn", 4), 0);
  recovery_bed(&b, &content);
  for (int round = 0; round < 2; round++) { /* the second time it is one of version 2 */
    struct durable *d = try_open(&b, &e);
    if (d == NULL)
      fail_msg("%s", e.text);
    assert_int_equal(durable_found(d).records, 4 + round);
    assert_int_equal(durable_found(d).cut_bytes, round == 0 ? 4 : 0);
    if (round == 0)
      assert_logged(&b.f, "log: cut off 4 bytes behind byte ");
    assert_int_equal(content_of(&b.disk, "log")->length, JOURNAL_HEADER_BYTES);
    assert_int_equal(log_total(durable_log(d)), 2 + round);
    assert_int_equal(log_last(durable_log(d), SLICE("a")), 4 + round);
    assert_int_equal(log_committed(durable_log(d), SLICE("b")), 9);
    /* It goes on with the next sequence. */
    assert_int_equal(durable_append(d, SLICE("a"), SLICE("5")), 5 + round);
    assert_int_equal(records(&b), 5 + round);
    durable_free(d);
  }
  bytes_free(&content);
  recovery_end(&b);
}

/* The taking over is stopped at each step, and begun again. */
static void a_taking_over_that_fails(void **state)
{
  (void)state;
  struct bed b;
  struct error e;
  struct bytes content = {0};
  const struct journal_record written = {JOURNAL_ENTRY, 1, 4, SLICE("a"), SLICE("1"), 0};
  write_records(&content, &written, 1);
  recovery_bed(&b, &content);
  b.disk.cannot_be_read = 1;
  assert_refused(&b, "cannot read");
  b.disk.cannot_be_read = 0;
  b.disk.cannot_be_listed = 1;
  assert_refused(&b, "cannot list");
  b.disk.cannot_be_listed = 0;
  b.disk.is_full = 1;
  assert_refused(&b, "the disk is full");
  b.disk.is_full = 0;
  b.disk.refuses_sync = 1;
  assert_refused(&b, "cannot flush");
  b.disk.refuses_sync = 0;
  b.disk.refuses_rename = 1;
  assert_refused(&b, "cannot rename");
  b.disk.refuses_truncate = 1; /* of what the last try has left */
  assert_refused(&b, "cannot shorten");
  b.disk.refuses_rename = b.disk.refuses_truncate = 0;
  /* The first segment of the log that it is to be, and one that is of another. */
  struct bytes first = {0};
  const struct journal_header header = {JOURNAL_APPENDED, 1, 5};
  assert_int_equal(journal_write_header(&first, &header, &e), 0);
  assert_int_equal(journal_write(&first, 5, &written, &e), 0);
  put_file(&b.disk, "log+1", (struct slice){first.data, first.length - 1});
  assert_refused(&b, "cannot use log: there are segments of a log, but this is not its mark");
  put_file(&b.disk, "log+1", bytes_slice(&first));
  put_file(&b.disk, "log+2", bytes_slice(&first));
  assert_refused(&b, "this is not its mark");
  assert_int_equal(remove_file(&b.disk, SLICE("log+2"), &e), 0);
  struct durable *d = try_open(&b, &e);
  assert_non_null(d);
  assert_int_equal(log_total(durable_log(d)), 1);
  durable_free(d);
  bytes_free(&first);
  bytes_free(&content);
  recovery_end(&b);
}

static void what_cannot_be_opened(void **state)
{
  (void)state;
  struct bed b;
  struct bytes content = {0};
  const struct journal_record conflict[] = {
    {JOURNAL_ENTRY, 1, 4, SLICE("a"), SLICE("1"), 0},
    {JOURNAL_ENTRY, 2, 4, SLICE("a"), SLICE("2"), 0},
  };
  const struct journal_record too_high = {JOURNAL_ENTRY, 1, INT64_MAX, SLICE("a"), SLICE("1"), 0};
  write_records(&content, conflict, 2);
  recovery_bed(&b, &content);
  assert_refused(&b, "record 2 gives offset 4 of \"a\" a second value");
  content.length = 0;
  write_records(&content, &too_high, 1);
  put_file(&b.disk, "log", bytes_slice(&content));
  assert_refused(&b, "record 1 has an offset that no log has");
  b.f.world.open = NULL;
  struct error e;
  assert_null(try_open(&b, &e));
  assert_string_equal(e.text, "n1 has no file log");
  bytes_free(&content);
  recovery_end(&b);
}

/* --- memory ------------------------------------------------------------- */

/* Where memory runs out nothing has changed, in the logs and in the file. */
static void out_of_memory(void **state)
{
  (void)state;
  struct bed b;
  struct error e;
  struct bytes content = {0};
  const struct journal_record written = {JOURNAL_ENTRY, 1, 0, SLICE("a"), SLICE("1"), 0};
  static char large[70000];
  memset(large, '1', sizeof large);
  write_records(&content, &written, 1);
  recovery_bed(&b, &content);
  struct durable *d;
  for (int round = 0; round < 2; round++) {
    for (long n = 0;; n++) {
      failing_alloc_after(n);
      d = durable_open(b.f.node, SLICE("log"), 1000000, &e);
      failing_alloc_off();
      if (d != NULL)
        break;
      assert_string_equal(e.text, "out of memory");
      assert_int_equal(open_count(&b.disk), 0);
      assert_true(n < 100);
    }
    if (round == 0)
      durable_free(d);
  }
  assert_int_equal(bytes_reserve(content_of(&b.disk, "log+1"), 1000000), 0); /* it needs none */
  struct slice value = {large, sizeof large};
  for (int kind = 0; kind < 4; kind++) {
    for (long n = 0;; n++) {
      int before = records(&b);
      size_t total = log_total(durable_log(d));
      failing_alloc_after(n);
      int64_t result = kind == 0   ? durable_append(d, SLICE("new"), value)
                       : kind == 1 ? durable_insert(d, SLICE("newer"), 100, value)
                       : kind == 2 ? durable_commit(d, SLICE("newest"), 100)
                                   : durable_retain(d, SLICE("last"), 100);
      failing_alloc_off();
      if (result >= 0) {
        assert_int_equal(records(&b), before + 1);
        break;
      }
      assert_int_equal(result, LOG_NO_MEMORY);
      assert_int_equal(records(&b), before);
      assert_int_equal(log_total(durable_log(d)), total);
      assert_int_equal(log_committed(durable_log(d), SLICE("newest")), kind < 3 ? -1 : 100);
      assert_int_equal(log_start(durable_log(d), SLICE("last")), 0);
      assert_true(n < 100);
    }
  }
  durable_free(d);
  durable_free(NULL);
  bytes_free(&content);
  recovery_end(&b);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(changes_are_in_the_file_at_once),
    cmocka_unit_test(a_sync_is_shared),
    cmocka_unit_test(many_wait),
    cmocka_unit_test(a_full_disk),
    cmocka_unit_test(a_sync_that_fails),
    cmocka_unit_test(a_sync_that_cannot_begin),
    cmocka_unit_test(a_close_during_a_sync),
    cmocka_unit_test(the_end_during_a_sync),
    cmocka_unit_test(a_log_of_the_first_version_is_taken_over),
    cmocka_unit_test(a_taking_over_that_fails),
    cmocka_unit_test(what_cannot_be_opened),
    cmocka_unit_test(out_of_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
