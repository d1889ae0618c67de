/* A log of many short segments, which is filled, trimmed, synced and compacted, on a disk that ends
 * or fails at each single thing that is done to it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "flaky_disk.h"
#include "host/durable.h"
#include "log_helpers.h"
#include "node_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEGMENT_BYTES = 4096, CHANGES = 220, KEYS = 3, NEVER = -1 };

static const char *const keys[KEYS] = {"a", "b", "c"};

/* What is asked is done at once, but for sync and compact; a reply says when those are. */
static const char script[] =
  "local log = require 'hearsay.log' "
  "local l "
  "local function value(m) return m.body.value .. ('0'):rep(m.body.zeroes) end "
  "node.on('open', function() "
  "  local why l, why = log.open('log', {segment = 4096}) return {type = 'open_ok', why = why} "
  "end) "
  "node.on('append', function(m) l:append(m.body.key, value(m)) end) "
  "node.on('insert', function(m) l:insert(m.body.key, m.body.at, value(m)) end) "
  "node.on('commit', function(m) l:commit(m.body.key, m.body.at) end) "
  "node.on('retain', function(m) l:retain(m.body.key, m.body.at) end) "
  "node.on('sync', function() local ok, why = l:sync() "
  "  return {type = 'sync_ok', ok = ok, why = why} end) "
  "node.on('compact', function() local ok, why = l:compact() "
  "  return {type = 'compact_ok', ok = ok, why = why} end)";

/* --- changes ------------------------------------------------------------ */

struct change {
  enum { APPEND, INSERT, COMMIT, RETAIN } kind;
  const char *key;
  int64_t at;
  int zeroes; /* at the end of the value */
};

/* Number `i` of the changes. Most entries of a key are given up some time after they came; some are
 * so long that a segment is full before the next one is made. */
static struct change change(int i)
{
  struct change c = {.key = keys[i % KEYS], .kind = APPEND};
  if (i % 10 == 4) {
    c.kind = INSERT;
    c.at = i;
  } else if (i % 10 == 6) {
    c.kind = COMMIT;
    c.at = i / 2;
  } else if (i % 10 == 9) {
    c.kind = RETAIN;
    c.at = i - 20 > 0 ? i - 20 : 0;
  }
  c.zeroes = i % 17 == 7 ? 3900 : i % 7 * 30 + 1;
  return c;
}

static void change_model(struct log *l, int i)
{
  struct change c = change(i);
  struct log_trimmed trimmed;
  char text[4000];
  int length = snprintf(text, sizeof text, "\"%d%0*d\"", i, c.zeroes, 0);
  struct slice key = slice_of(c.key), value = {text, (size_t)length};
  int64_t result = c.kind == APPEND   ? log_append(l, key, value)
                   : c.kind == INSERT ? log_insert(l, key, c.at, value)
                   : c.kind == COMMIT ? log_commit(l, key, c.at)
                                      : log_trim(l, key, c.at, &trimmed);
  assert_true(result >= 0 || result == LOG_CONFLICT);
}

/* --- a run -------------------------------------------------------------- */

struct run {
  struct node_fixture f;
  struct flaky_disk disk;
  int done;       /* changes that the log was asked for */
  int synced;     /* of them, for sure */
  int is_refused; /* a sync was */
  int compacted;  /* how often it was */
  int uncompacted;
  int covered[2000]; /* by msg_id of a sync: the changes in front of it */
  char why[600];     /* the last that was said */
};

static void ask(struct run *r, int id, const char *fields)
{
  if (!flaky_is_dead(&r->disk))
    fixture_ask(&r->f, id, fields);
}

static void take_reply(struct run *r, const char *line)
{
  const char *id_text = strstr(line, "\"in_reply_to\":");
  const char *why = strstr(line, "\"why\":\"");
  assert_non_null(id_text);
  long id = strtol(id_text + strlen("\"in_reply_to\":"), NULL, 10);
  if (why != NULL)
    (void)snprintf(r->why, sizeof r->why, "%.*s", (int)strcspn(why + 7, "\""), why + 7);
  if (strstr(line, "sync_ok") != NULL) {
    if (why != NULL)
      r->is_refused = 1;
    else if (r->covered[id] > r->synced)
      r->synced = r->covered[id];
  } else if (strstr(line, "compact_ok") != NULL) {
    r->compacted += why == NULL;
    r->uncompacted += why != NULL;
  } else {
    assert_null(strstr(line, "error")); /* nothing else fails but the opening */
  }
}

/* Time passes; the node runs when syncs end, and its replies are taken. */
static void pass(struct run *r, int64_t duration_us)
{
  flaky_pass(&r->disk, duration_us);
  if (flaky_is_dead(&r->disk))
    return;
  node_advance(r->f.node);
  struct bytes *sent = &r->f.world.sent;
  assert_int_equal(bytes_append_byte(sent, '\0'), 0);
  for (char *line = sent->data, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
    *end = '\0';
    take_reply(r, line);
  }
  fake_platform_forget(&r->f.world);
}

static void ask_for(struct run *r, int i)
{
  struct change c = change(i);
  static const char *const kinds[] = {"append", "insert", "commit", "retain"};
  char fields[512];
  (void)snprintf(fields, sizeof fields,
                 "\"type\":\"%s\",\"key\":\"%s\",\"at\":%d,\"value\":\"%d\",\"zeroes\":%d",
                 kinds[c.kind], c.key, (int)c.at, i, c.zeroes);
  ask(r, 2, fields);
}

static void ask_sync(struct run *r, int id)
{
  r->covered[id] = r->done;
  ask(r, id, "\"type\":\"sync\"");
}

/* Opens the log. Returns whether that could be done. */
static int open_log(struct run *r)
{
  r->why[0] = '\0';
  ask(r, 2, "\"type\":\"open\"");
  pass(r, 0);
  return !flaky_is_dead(&r->disk) && r->why[0] == '\0';
}

static void start_node(struct run *r)
{
  fixture_load(&r->f, script);
  flaky_attach(&r->disk, &r->f.world);
  fixture_init(&r->f);
  fake_platform_forget(&r->f.world);
}

/* All changes but those that were asked for already, with syncs and compactions among them. */
static void fill(struct run *r, int upto)
{
  for (int i = r->done; i < upto && !flaky_is_dead(&r->disk); i++) {
    ask_for(r, i);
    r->done = i + 1;
    if (i % 12 == 3)
      ask_sync(r, 10 + i);
    if (i % 30 == 29)
      ask(r, 3, "\"type\":\"compact\"");
    pass(r, i % 50 == 49 ? 20 * FLAKY_SYNC_US : FLAKY_SYNC_US / 3);
  }
  ask_sync(r, 5);
  pass(r, 50 * FLAKY_SYNC_US);
}

static void run_begin(struct run *r, uint64_t seed, enum flaw flaw, long at)
{
  *r = (struct run){.done = 0};
  flaky_open(&r->disk, seed);
  r->disk.flaw = flaw;
  r->disk.at = at;
  start_node(r);
}

/* Ends the node as a kill does; what it has written stays. */
static void kill_node(struct run *r)
{
  fixture_drop(&r->f);
  assert_int_equal(r->disk.open_files, 0);
  r->disk.flaw = FLAW_NONE;
}

/* And the machine loses power. */
static void stop_node(struct run *r)
{
  kill_node(r);
  flaky_crash(&r->disk);
}

static void run_end(struct run *r)
{
  flaky_close(&r->disk);
}

/* The log is, when it is read back, as it was after some of the changes, all that were synced among
 * them. Returns how many. */
static int assert_recovered(struct run *r, const char *what, long at)
{
  struct error e;
  fixture_start(&r->f, "");
  flaky_attach(&r->disk, &r->f.world);
  struct durable *d = durable_open(r->f.node, SLICE("log"), SEGMENT_BYTES, &e);
  if (d == NULL)
    fail_msg("%s at %ld: %s", what, at, e.text);
  struct log *model = log_new(NULL);
  int count = 0;
  for (; count < r->synced; count++)
    change_model(model, count);
  while (!same_logs(model, durable_log(d)) && count <= r->done)
    change_model(model, count++);
  if (count > r->done)
    fail_msg("%s at %ld: not as after any of %d to %d changes", what, at, r->synced, r->done);
  log_free(model);
  durable_free(d);
  kill_node(r);
  return count;
}

/* --- tests -------------------------------------------------------------- */

static int count_files(const struct run *r)
{
  int count = 0;
  for (size_t i = 0; disk_name(&r->disk.disk, i).data != NULL; i++)
    count += disk_name(&r->disk.disk, i).length > 0;
  return count;
}

static void a_healthy_disk(void **state)
{
  (void)state;
  struct run r;
  run_begin(&r, 1, FLAW_NONE, NEVER);
  assert_true(open_log(&r));
  fill(&r, CHANGES);
  assert_int_equal(r.synced, CHANGES);
  assert_int_equal(r.compacted, CHANGES / 30);
  assert_in_range(count_files(&r), 3, 9); /* of 30 */
  assert_true(r.disk.calls > 300);
  stop_node(&r);
  assert_int_equal(assert_recovered(&r, "nothing", 0), CHANGES);
  run_end(&r);
}

/* The machine ends in front of each thing that is done to the disk, and again in the recovery. Then
 * the log goes on as if nothing had been. */
static void a_kill_at_every_step(void **state)
{
  (void)state;
  enum { SEEDS = 12, FULL = 1, FIRST_STEPS = 110 }; /* many a seed for the first segments */
  int partly = 0;
  for (uint64_t seed = 1; seed <= SEEDS; seed++) {
    for (long at = 1; seed <= FULL || at <= FIRST_STEPS; at++) {
      struct run r;
      run_begin(&r, seed * 1000 + (uint64_t)at, FLAW_KILL, at);
      (void)open_log(&r);
      fill(&r, CHANGES);
      int is_dead = flaky_is_dead(&r.disk);
      stop_node(&r);
      /* A recovery that is killed too. */
      r.disk.flaw = FLAW_KILL;
      r.disk.at = r.disk.calls + 1 + at % 12;
      start_node(&r);
      (void)open_log(&r);
      stop_node(&r);
      int count = assert_recovered(&r, "a kill", at);
      partly += count < r.done;
      if (seed > FULL) {
        run_end(&r);
        continue;
      }
      /* It goes on from there. */
      r.done = r.synced = count;
      start_node(&r);
      if (!open_log(&r))
        fail_msg("a kill at %ld: %s", at, r.why);
      fill(&r, CHANGES + 30);
      assert_int_equal(r.synced, CHANGES + 30);
      stop_node(&r);
      (void)assert_recovered(&r, "going on after a kill", at);
      run_end(&r);
      if (!is_dead)
        break;
    }
  }
  assert_true(partly > 200);
}

/* Each thing that is done to the disk fails: once, or from then on. What was synced is there; and
 * the log either goes on, and syncs tell the truth, or they fail from then on. */
static void a_failure_at_every_step(void **state)
{
  (void)state;
  int went_on = 0, refused = 0, not_compacted = 0, not_opened = 0;
  for (enum flaw flaw = FLAW_ONCE; flaw <= FLAW_FOR_GOOD; flaw++) {
    for (long at = 1;; at++) {
      struct run r;
      run_begin(&r, (uint64_t)at, flaw, at);
      if (!open_log(&r)) {
        not_opened++;
        assert_non_null(strstr(r.why, "it is call number"));
        r.disk.flaw = FLAW_NONE;
        assert_true(open_log(&r)); /* nothing is damaged */
      }
      fill(&r, CHANGES);
      if (r.is_refused) {
        refused++;
        if (strstr(r.why, "it is call number") == NULL)
          fail_msg("a failure at %ld: %s", at, r.why);
      }
      went_on += r.synced == CHANGES;
      not_compacted += r.uncompacted;
      const char *failing = r.disk.failing;
      stop_node(&r);
      int count = assert_recovered(&r, failing, at);
      assert_true(r.synced < CHANGES || count == CHANGES);
      run_end(&r);
      if (failing == NULL)
        break;
    }
  }
  assert_true(went_on > 100);
  assert_true(refused > 100);
  assert_true(not_compacted > 20);
  assert_true(not_opened > 10);
}

/* The process ends, and the machine a little later: what the second process has read back and synced
 * is there, though the first one has written it and never synced. */
static void a_kill_and_then_a_loss_of_power(void **state)
{
  (void)state;
  int more = 0;
  for (long at = 1;; at++) {
    struct run r;
    run_begin(&r, (uint64_t)at, FLAW_KILL, at);
    (void)open_log(&r);
    fill(&r, CHANGES);
    int is_dead = flaky_is_dead(&r.disk);
    kill_node(&r);
    int count = assert_recovered(&r, "a kill", at);
    more += count > r.synced;
    start_node(&r);
    assert_true(open_log(&r));
    ask_sync(&r, 5);
    r.covered[5] = count;
    pass(&r, 50 * FLAKY_SYNC_US);
    assert_int_equal(r.synced, count);
    stop_node(&r);
    assert_int_equal(assert_recovered(&r, "a loss of power after a kill", at), count);
    run_end(&r);
    if (!is_dead)
      break;
  }
  assert_true(more > 100);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_healthy_disk),
    cmocka_unit_test(a_kill_at_every_step),
    cmocka_unit_test(a_kill_and_then_a_loss_of_power),
    cmocka_unit_test(a_failure_at_every_step),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
