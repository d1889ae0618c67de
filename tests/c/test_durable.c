/* Changes and syncs of a durable log: on a healthy disk, on a full one, on one that fails. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "durable_fixture.h"
#include "host/allocator.h"
#include "host/node_private.h"

#include <stdio.h>

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
  "node.on('fill', function() local ok, why = pcall(function() while true do "
  "  l:append('k', ('x'):rep(1000)) end end) return {type = 'fill_ok', why = why} end) "
  "node.on('close', function() l:close() return {type = 'close_ok'} end)";

/* Asks something and gets this at once. */
static void ask(struct durable_fixture *b, const char *request, const char *reply)
{
  char fields[256];
  fixture_ask(&b->f, 1, request);
  (void)snprintf(fields, sizeof fields, "%s,\"in_reply_to\":1", reply);
  assert_reply(&b->f, fields);
}

/* A sync of segment 1 is under way. */
static int is_syncing(struct durable_fixture *b)
{
  return fake_disk_file(&b->disk, "log+1")->request != NULL;
}

/* It ends. Whoever waited for it is resumed when the node runs next. */
static void end_sync(struct durable_fixture *b, const char *why)
{
  struct fake_file *f = fake_disk_file(&b->disk, "log+1");
  struct file_sync *request = f->request;
  assert_non_null(request);
  f->request = NULL;
  request->done(request, why);
  assert_nothing_sent(&b->f);
  assert_true(node_next_deadline_us(b->f.node) <= b->f.world.now_us);
  node_advance(b->f.node);
}

#define APPEND "\"type\":\"append\",\"v\":1"
#define SYNC "\"type\":\"sync\""
#define SYNCED "\"type\":\"sync_ok\",\"ok\":true"

static void changes_are_in_the_file_at_once(void **state)
{
  (void)state;
  struct durable_fixture b;
  durable_fixture_open(&b, script);
  assert_int_equal(durable_fixture_records(&b), 0);
  ask(&b, APPEND, "\"type\":\"append_ok\",\"offset\":0");
  assert_int_equal(durable_fixture_records(&b), 1);
  ask(&b, "\"type\":\"insert\",\"at\":7", "\"type\":\"insert_ok\",\"ok\":true");
  ask(&b, "\"type\":\"commit\",\"at\":3", "\"type\":\"commit_ok\",\"at\":3");
  assert_int_equal(durable_fixture_records(&b), 3);
  /* What changes nothing is not written. */
  ask(&b, "\"type\":\"insert\",\"at\":7", "\"type\":\"insert_ok\",\"ok\":false");
  ask(&b, "\"type\":\"insert\",\"at\":0",
      "\"type\":\"insert_ok\",\"why\":\"offset 0 of k holds another value\"");
  ask(&b, "\"type\":\"commit\",\"at\":2", "\"type\":\"commit_ok\",\"at\":3");
  ask(&b, "\"type\":\"commit\",\"at\":3", "\"type\":\"commit_ok\",\"at\":3");
  assert_int_equal(durable_fixture_records(&b), 3);
  assert_int_equal(b.disk.appends, 5); /* two of them headers */
  ask(&b, "\"type\":\"insert\",\"at\":9223372036854775806", "\"type\":\"insert_ok\",\"ok\":true");
  ask(&b, APPEND, "\"type\":\"append_ok\"");
  assert_int_equal(durable_fixture_records(&b), 4);
  durable_fixture_close(&b);
}

static void a_sync_is_shared(void **state)
{
  (void)state;
  struct durable_fixture b;
  durable_fixture_open(&b, script);
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
  durable_fixture_close(&b);
}

/* More tasks than there was room for at first. */
static void many_wait(void **state)
{
  (void)state;
  enum { MANY = 100 };
  struct durable_fixture b;
  char reply[64];
  durable_fixture_open(&b, script);
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
  durable_fixture_close(&b);
}

/* The file takes nothing for a while: it is told once, each sync tries again, and nothing is lost. */
static void a_full_disk(void **state)
{
  (void)state;
  struct durable_fixture b;
  durable_fixture_open(&b, script);
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
  assert_int_equal(durable_fixture_records(&b), 0);
  b.disk.is_full = 0;
  fixture_ask(&b.f, 2, SYNC);
  assert_int_equal(durable_fixture_records(&b), 3);
  end_sync(&b, NULL);
  assert_reply(&b.f, SYNCED ",\"in_reply_to\":2");
  ask(&b, APPEND, "\"type\":\"append_ok\",\"offset\":3");
  assert_int_equal(durable_fixture_records(&b), 4);
  durable_fixture_close(&b);
}

/* What waits for the disk is memory of the script's, as what is in the log is: it ends with an error,
 * and what was taken before is written later. */
static void a_disk_that_stays_full(void **state)
{
  (void)state;
  struct durable_fixture b;
  durable_fixture_open(&b, script);
  b.disk.is_full = 1;
  struct budget *budget = allocator_budget(b.f.node->L);
  size_t most_bytes = budget->most_bytes;
  budget->most_bytes = budget->used_bytes + (1 << 20);
  fixture_ask(&b.f, 1, "\"type\":\"fill\"");
  assert_reply(&b.f, "\"type\":\"fill_ok\",\"in_reply_to\":1,\"why\":\"not enough memory\"");
  assert_logged(&b.f, "the disk is full");
  size_t apart_bytes = budget->apart_bytes;
  assert_in_range(apart_bytes, 1 << 19, (1 << 20) + (1 << 16));
  budget->most_bytes = most_bytes;
  b.disk.is_full = 0;
  fixture_ask(&b.f, 2, SYNC);
  end_sync(&b, NULL);
  assert_reply(&b.f, SYNCED ",\"in_reply_to\":2");
  int records = (int)durable_fixture_records(&b);
  assert_in_range(records, 100, 1000);
  assert_true(budget->apart_bytes < apart_bytes - 100000); /* it waits no longer */
  char reply[64];
  (void)snprintf(reply, sizeof reply, "\"type\":\"append_ok\",\"offset\":%d", records);
  ask(&b, APPEND, reply);
  durable_fixture_close(&b);
}

/* Nobody is told that anything is durable from then on. */
static void a_sync_that_fails(void **state)
{
  (void)state;
  struct durable_fixture b;
  durable_fixture_open(&b, script);
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
  durable_fixture_close(&b);
}

static void a_sync_that_cannot_begin(void **state)
{
  (void)state;
  struct durable_fixture b;
  durable_fixture_open(&b, script);
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
  durable_fixture_close(&b);
}

static void a_close_during_a_sync(void **state)
{
  (void)state;
  struct durable_fixture b;
  durable_fixture_open(&b, script);
  ask(&b, APPEND, "\"type\":\"append_ok\",\"offset\":0");
  fixture_ask(&b.f, 2, SYNC);
  fixture_ask(&b.f, 3, "\"type\":\"close\"");
  assert_reply(&b.f, "\"type\":\"close_ok\",\"in_reply_to\":3");
  fixture_pass(&b.f, 0);
  assert_reply(&b.f, "\"type\":\"sync_ok\",\"why\":\"log is closed\",\"in_reply_to\":2");
  durable_fixture_close(&b);
}

/* As at the end of a process, or a kill in the bench. */
static void the_end_during_a_sync(void **state)
{
  (void)state;
  struct durable_fixture b;
  durable_fixture_open(&b, script);
  ask(&b, APPEND, "\"type\":\"append_ok\",\"offset\":0");
  fixture_ask(&b.f, 2, SYNC);
  durable_fixture_close(&b);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(changes_are_in_the_file_at_once),
    cmocka_unit_test(a_sync_is_shared),
    cmocka_unit_test(many_wait),
    cmocka_unit_test(a_full_disk),
    cmocka_unit_test(a_disk_that_stays_full),
    cmocka_unit_test(a_sync_that_fails),
    cmocka_unit_test(a_sync_that_cannot_begin),
    cmocka_unit_test(a_close_during_a_sync),
    cmocka_unit_test(the_end_during_a_sync),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
