#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "failing_alloc.h"
#include "host/durable.h"
#include "node_fixture.h"
#include "store/journal.h"

#include <stdio.h>
#include <string.h>

/* A file whose disk is full when it is told so, and whose syncs end when they are told to. */
struct disk {
  struct file file; /* must be first */
  struct bytes content;
  struct file_sync *request;
  int is_full;
  int refuses_sync;
  int refuses_truncate;
  int cannot_be_read;
  int appends; /* tried */
  int syncs;
  int closes;
};

static struct disk *disk_of(struct file *f)
{
  return (struct disk *)f;
}

static int read_all(struct file *f, struct bytes *into, struct error *e)
{
  if (disk_of(f)->cannot_be_read)
    return error_set(e, "cannot read");
  return bytes_append_slice(into, bytes_slice(&disk_of(f)->content)) == 0
           ? 0
           : error_set(e, "out of memory");
}

static int append(struct file *f, struct slice data, struct error *e)
{
  disk_of(f)->appends++;
  if (disk_of(f)->is_full)
    return error_set(e, "the disk is full");
  return bytes_append_slice(&disk_of(f)->content, data) == 0 ? 0 : error_set(e, "out of memory");
}

static int truncate_file(struct file *f, uint64_t length, struct error *e)
{
  if (disk_of(f)->refuses_truncate)
    return error_set(e, "cannot shorten");
  disk_of(f)->content.length = (size_t)length;
  return 0;
}

static int begin_sync(struct file *f, struct file_sync *request, struct error *e)
{
  assert_null(disk_of(f)->request); /* one at a time */
  if (disk_of(f)->refuses_sync)
    return error_set(e, "cannot begin a sync");
  disk_of(f)->request = request;
  disk_of(f)->syncs++;
  return 0;
}

static void close_file(struct file *f)
{
  disk_of(f)->request = NULL;
  disk_of(f)->closes++;
}

static const struct file_vtable vtable = {
  .read = read_all,
  .append = append,
  .truncate = truncate_file,
  .sync = begin_sync,
  .close = close_file,
};

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
  *b = (struct bed){.disk.file.vtable = &vtable};
  fixture_load(&b->f, script);
  b->f.world.file = &b->disk.file;
  fixture_init(&b->f);
  assert_reply(&b->f, "\"type\":\"init_ok\",\"in_reply_to\":1");
}

static void bed_close(struct bed *b)
{
  fixture_stop(&b->f);
  assert_int_equal(b->disk.closes, 1);
  bytes_free(&b->disk.content);
}

/* Asks something and gets this at once. */
static void ask(struct bed *b, const char *request, const char *reply)
{
  char fields[256];
  fixture_ask(&b->f, 1, request);
  (void)snprintf(fields, sizeof fields, "%s,\"in_reply_to\":1", reply);
  assert_reply(&b->f, fields);
}

/* The sync under way ends. Whoever waited for it is resumed when the node runs next. */
static void end_sync(struct bed *b, const char *why)
{
  struct file_sync *request = b->disk.request;
  assert_non_null(request);
  b->disk.request = NULL;
  request->done(request, why);
  assert_nothing_sent(&b->f);
  assert_true(node_next_deadline_us(b->f.node) <= b->f.world.now_us);
  node_advance(b->f.node);
}

/* The number of whole records in the file. */
static int records(const struct bed *b)
{
  struct journal_reader r;
  struct journal_record record;
  struct error why;
  int count = 0;
  assert_int_equal(journal_open(&r, bytes_slice(&b->disk.content), &why), JOURNAL_RECORD);
  while (journal_next(&r, &record, &why) == JOURNAL_RECORD)
    count++;
  assert_int_equal(r.position, b->disk.content.length);
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
  assert_int_equal(b.disk.content.length, JOURNAL_HEADER_BYTES);
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
  assert_int_equal(b.disk.appends, 4);
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
  assert_null(b.disk.request);
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
  assert_int_equal(b.disk.appends, 2); /* the header, and the first try */
  for (int i = 0; i < 2; i++)
    ask(&b, SYNC, "\"type\":\"sync_ok\",\"why\":\"the disk is full\"");
  assert_int_equal(b.disk.appends, 4);
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

/* A node that has its id, and can open a file with this content. */
static void recovery_bed(struct bed *b, struct slice content)
{
  *b = (struct bed){.disk.file.vtable = &vtable};
  fixture_start(&b->f, "");
  b->f.world.file = &b->disk.file;
  assert_int_equal(bytes_append_slice(&b->disk.content, content), 0);
}

static void recovery_end(struct bed *b)
{
  bytes_free(&b->disk.content);
  fixture_drop(&b->f);
}

static void write_records(struct bytes *to, const struct journal_record *records, int count)
{
  struct error e;
  assert_int_equal(journal_write_header(to, 5, &e), 0);
  for (int i = 0; i < count; i++)
    assert_int_equal(journal_write(to, 5, &records[i], &e), 0);
}

static void assert_refused(struct bed *b, const char *why)
{
  struct error e;
  size_t length = b->disk.content.length;
  int closes = b->disk.closes;
  assert_null(durable_open(b->f.node, SLICE("log"), &e));
  if (strstr(e.text, why) == NULL)
    fail_msg("expected \"%s\" in: %s", why, e.text);
  assert_int_equal(b->disk.content.length, length);
  assert_int_equal(b->disk.closes, closes + 1);
}

static void what_was_written_is_there(void **state)
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
  recovery_bed(&b, bytes_slice(&content));
  struct durable *d = durable_open(b.f.node, SLICE("log"), &e);
  assert_non_null(d);
  assert_int_equal(durable_found(d).records, 4);
  assert_int_equal(durable_found(d).cut_bytes, 4);
  assert_int_equal(b.disk.content.length, content.length - 4);
  assert_logged(&b.f, "log: cut off 4 bytes behind ");
  assert_int_equal(log_total(durable_log(d)), 2);
  assert_int_equal(log_last(durable_log(d), SLICE("a")), 4);
  assert_int_equal(log_committed(durable_log(d), SLICE("b")), 9);
  /* It goes on with the next sequence and the same salt. */
  assert_int_equal(durable_append(d, SLICE("a"), SLICE("5")), 5);
  assert_int_equal(records(&b), 5);
  durable_free(d);
  assert_int_equal(b.disk.closes, 1);
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
  recovery_bed(&b, bytes_slice(&content));
  assert_refused(&b, "record 2 gives offset 4 of \"a\" a second value");
  b.disk.cannot_be_read = 1;
  assert_refused(&b, "cannot read");
  b.disk.cannot_be_read = 0;

  b.disk.content.length = 0;
  write_records(&b.disk.content, &too_high, 1);
  assert_refused(&b, "record 1 has an offset that no log has");

  b.disk.content.length = 0;
  b.disk.is_full = 1; /* there is no room for the header */
  assert_refused(&b, "the disk is full");

  assert_int_equal(bytes_append(&b.disk.content, "HEAR", 4), 0);
  b.disk.refuses_truncate = 1;
  assert_refused(&b, "cannot shorten");
  b.f.world.file = NULL;
  struct error e;
  assert_null(durable_open(b.f.node, SLICE("log"), &e));
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
  recovery_bed(&b, bytes_slice(&content));
  struct durable *d;
  for (long n = 0;; n++) {
    failing_alloc_after(n);
    d = durable_open(b.f.node, SLICE("log"), &e);
    failing_alloc_off();
    if (d != NULL)
      break;
    assert_string_equal(e.text, "out of memory");
    assert_true(n < 100);
  }
  assert_int_equal(bytes_reserve(&b.disk.content, 1000000), 0); /* the file needs none */
  struct slice value = {large, sizeof large};
  for (int kind = 0; kind < 3; kind++) {
    for (long n = 0;; n++) {
      int before = records(&b);
      size_t total = log_total(durable_log(d));
      failing_alloc_after(n);
      int64_t result = kind == 0   ? durable_append(d, SLICE("new"), value)
                       : kind == 1 ? durable_insert(d, SLICE("newer"), 100, value)
                                   : durable_commit(d, SLICE("newest"), 100);
      failing_alloc_off();
      if (result >= 0) {
        assert_int_equal(records(&b), before + 1);
        break;
      }
      assert_int_equal(result, LOG_NO_MEMORY);
      assert_int_equal(records(&b), before);
      assert_int_equal(log_total(durable_log(d)), total);
      assert_int_equal(log_committed(durable_log(d), SLICE("newest")), -1);
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
    cmocka_unit_test(what_was_written_is_there),
    cmocka_unit_test(what_cannot_be_opened),
    cmocka_unit_test(out_of_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
