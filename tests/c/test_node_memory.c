/* Every allocation that a node makes fails once, in everything it does. Whatever is lost by
 * that, the node must live on, owe nothing, and send nothing but whole messages to those
 * that they are for. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "bind/bind.h"
#include "failing_alloc.h"
#include "host/node_private.h"
#include "node_fixture.h"
#include "wire/envelope.h"

#include <stdio.h>
#include <string.h>

static const char script[] =
  "local ticks = 0 "
  "node.on('echo', function(msg) return {type='echo_ok', echo=msg.body.echo} end) "
  "node.on('rpc', function(msg) local reply, err = node.rpc('n2', {type='q\\n'}, 1) "
  "local again = pcall(node.rpc, 'n2', {type='q'}, 1) "
  "return {type='rpc_ok', reply=reply, again=again} end) "
  "node.on('sleep', function() node.sleep(0.5) return {type='sleep_ok'} end) "
  "node.on('spawn', function() node.spawn(function(a) node.sleep(a) end, 0.1) "
  "node.after(0.2, function() node.log('after') end) return {type='spawn_ok'} end) "
  "local ids = require 'hearsay.ids' "
  "node.on('ids', function() return {type='ids_ok', a=ids.counter(), b=ids.flake(), "
  "c=ids.uuid7()} end) "
  "node.on('raise', function() error(errors.new('abort', 'why')) end) "
  "node.on('crash', function(msg) error('why ' .. msg.src) end) "
  "node.on('bad', function(msg) return {type='x', f=print} end) "
  "node.on('start', function() node.every(1, function() local made = {} "
  "for i = 1, 3 do made[i] = {'tick ' .. ticks .. i} end ticks = ticks + 1 end) "
  "node.sleep(1000) end) " /* so that no coroutine is idle */
  "node.on('ticks', function() return {type='ticks_ok', ticks=ticks} end)";

/* What the node is doing when memory runs out. */
struct scenario {
  const char *name;      /* for messages of failure */
  const char *before[2]; /* bodies of messages that it got in good times; msg_id is 2 */
  int64_t pass_us;       /* and how long ago */
  const char *line;      /* then comes this, or NULL: time alone */
  int closes;            /* or the end of input */
};

#define FROM_C1(body) "{\"src\":\"c\\u0031\",\"dest\":\"n1\",\"body\":{\"msg_id\":2," body "}}"
#define FROM_N2(body) \
  "{\"src\":\"n2\",\"dest\":\"n1\",\"body\":{\"in_reply_to\":" FIRST_TEXT "," body "}}"

static const struct scenario scenarios[] = {
  {.name = "echo", .line = FROM_C1("\"type\":\"echo\",\"echo\":[\"\\u0041\",{\"b\":[1.5]}]")},
  {.name = "ids", .line = FROM_C1("\"type\":\"ids\"")},
  {.name = "raise", .line = FROM_C1("\"type\":\"raise\"")},
  {.name = "crash", .line = FROM_C1("\"type\":\"crash\"")},
  {.name = "bad", .line = FROM_C1("\"type\":\"bad\"")},
  {.name = "unknown", .line = FROM_C1("\"type\":\"unknown \\u0041\"")},
  {.name = "twice", .line = FROM_C1("\"type\":\"echo\",\"echo\":[{\"a\":1,\"a\":2}]")},
  {.name = "broken", .line = FROM_C1("\"type\":\"echo\",\"echo\":nul")},
  {.name = "rpc", .line = FROM_C1("\"type\":\"rpc\"")},
  {.name = "rpc, reply",
   .before = {"\"type\":\"rpc\""},
   .line = FROM_N2("\"type\":\"q_ok\",\"list\":[[1,\"\\n\"],{}]")},
  {.name = "rpc, error", .before = {"\"type\":\"rpc\""}, .line = FROM_N2("\"type\":\"error\"")},
  {.name = "rpc, bad reply",
   .before = {"\"type\":\"rpc\""},
   .line = FROM_N2("\"type\":\"q_ok\",\"a\":1,\"a\":1")},
  {.name = "rpc, time-out", .before = {"\"type\":\"rpc\""}, .pass_us = SECOND},
  {.name = "rpc, end of input", .before = {"\"type\":\"rpc\"", "\"type\":\"rpc\""}, .closes = 1},
  {.name = "sleep", .line = FROM_C1("\"type\":\"sleep\"")},
  {.name = "wake", .before = {"\"type\":\"sleep\""}, .pass_us = SECOND / 2},
  {.name = "spawn", .line = FROM_C1("\"type\":\"spawn\"")},
  {.name = "spawned", .before = {"\"type\":\"spawn\""}, .pass_us = SECOND / 10},
  {.name = "after", .before = {"\"type\":\"spawn\""}, .pass_us = SECOND / 5},
};

/* The line that runs out of memory, or the time. */
static void act(struct node_fixture *f, const struct scenario *s)
{
  if (s->closes)
    node_close_input(f->node);
  else if (s->line != NULL)
    node_receive(f->node, slice_of(s->line));
  node_advance(f->node);
}

/* Each line is a message to whom it is for, and nobody got two replies to message 2. Returns
 * how many there were. */
static int check_sent(struct node_fixture *f)
{
  struct envelope m;
  int replies = 0;
  const char *line = f->world.sent.data, *dest = f->world.dests.data;
  envelope_init(&m);
  for (size_t i = 0; i < f->world.sent_count; i++) {
    const char *newline = strchr(line, '\n');
    assert_int_equal(envelope_parse(&m, (struct slice){line, (size_t)(newline - line)}), 0);
    assert_true(slice_equal(m.src, SLICE("n1")));
    assert_true(slice_equal(m.dest, slice_of(dest)));
    assert_true(slice_equal(m.dest, m.has_in_reply_to ? SLICE("c1") : SLICE("n2")));
    replies += m.has_in_reply_to;
    line = newline + 1;
    dest += strlen(dest) + 1;
  }
  envelope_free(&m);
  return replies;
}

/* The n-th allocation of what the scenario does fails, and all after it; sending takes
 * memory too, or not. Returns 1 when nothing came of that; in `told`, whether somebody was
 * told of it. */
static int play(const struct scenario *s, long n, int sending_fails, int *told)
{
  struct node_fixture f;
  fixture_start(&f, script);
  if (sending_fails)
    fake_platform_close(&f.world);
  else
    assert_int_equal(bytes_reserve(&f.world.sent, 65536) | bytes_reserve(&f.world.dests, 4096), 0);
  f.world.sent_count = 0;
  int owed = s->line != NULL && strncmp(s->line, FROM_N2(""), 12) != 0;
  for (int i = 0; i < 2 && s->before[i] != NULL; i++, owed++)
    fixture_ask(&f, 2, s->before[i]);
  f.world.now_us += s->pass_us;
  f.world.log.length = 0;
  failing_alloc_after(n);
  act(&f, s);
  failing_alloc_off();
  fixture_pass(&f, 10 * SECOND);
  int replies = check_sent(&f);
  if (replies > owed)
    fail_msg("%s: %ld: %d replies: %.*s", s->name, n, replies, (int)f.world.sent.length,
             f.world.sent.data);
  *told = slice_contains(bytes_slice(&f.world.sent), "out of memory");
  int is_clean = replies == owed && !slice_contains(bytes_slice(&f.world.sent), "memory") &&
                 !slice_contains(bytes_slice(&f.world.log), "memory");
  if (node_unfinished(f.node) != 0 || f.node->rpcs.count != 0 ||
      node_next_deadline_us(f.node) != NODE_NEVER)
    fail_msg("%s: %ld: something still waits", s->name, n);
  fake_platform_forget(&f.world);
  fixture_ask(&f, 3, "\"type\":\"echo\",\"echo\":[{}]"); /* it lives on */
  assert_reply(&f, "\"type\":\"echo_ok\",\"in_reply_to\":3,\"echo\":[{}]");
  fixture_stop(&f);
  return is_clean;
}

/* Some failures do no harm, so a few clean runs in a row are the end. */
enum { CLEAN_RUNS = 12 };

static void out_of_memory_in_everything_a_node_does(void **state)
{
  (void)state;
  int told_count = 0;
  for (size_t i = 0; i < 2 * sizeof scenarios / sizeof *scenarios; i++) {
    const struct scenario *s = &scenarios[i / 2];
    long failures = 0;
    int clean = 0, told;
    for (long n = 0; clean < CLEAN_RUNS; n++) {
      int is_clean = play(s, n, i % 2 == 0, &told);
      clean = is_clean ? clean + 1 : 0;
      failures += !is_clean;
      told_count += told;
    }
    assert_true(failures > 0 || s->line == NULL);
    if (i == 1) /* as soon as there is a task, it owes an answer */
      assert_true(told_count > failures / 2);
  }
}

static void a_timer_that_could_not_run_runs_the_next_time(void **state)
{
  (void)state;
  int clean = 0, failures = 0;
  for (long n = 0; clean < CLEAN_RUNS; n++) {
    struct node_fixture f;
    fixture_start(&f, script);
    fixture_ask(&f, 2, "\"type\":\"start\"");
    f.world.now_us += SECOND;
    failing_alloc_after(n);
    node_advance(f.node);
    failing_alloc_off();
    fixture_pass(&f, 3 * SECOND);
    fixture_ask(&f, 3, "\"type\":\"ticks\"");
    struct slice sent = bytes_slice(&f.world.sent);
    int is_clean = slice_contains(sent, "\"ticks\":4");
    assert_true(slice_contains(sent, "\"ticks\":4") || slice_contains(sent, "\"ticks\":3"));
    clean = is_clean ? clean + 1 : 0;
    failures += !is_clean;
    fixture_drop(&f);
  }
  assert_true(failures > 3);
}

static void out_of_memory_while_a_script_loads(void **state)
{
  (void)state;
  struct state_options options = {
    .open_modules = bind_node_modules, .root = ".", .memory = ALLOCATOR_MALLOC};
  struct fake_platform world;
  struct platform platform = fake_platform(&world);
  long n = 0;
  for (int is_done = 0; !is_done; n++) {
    struct error e = {""};
    fake_platform_open(&world);
    failing_alloc_after(n);
    struct node *node = node_new(&platform, &options, &e);
    is_done = node != NULL && node_load(node, "challenges/echo_1.lua", 0, NULL, &e) == 0;
    failing_alloc_off();
    assert_true(is_done || strlen(e.text) > 0);
    node_free(node);
    fake_platform_close(&world);
  }
  assert_true(n > 100);
}

/* An init that fails can be tried again, and is then the first. */
static void out_of_memory_in_init(void **state)
{
  (void)state;
  int clean = 0, failures = 0;
  for (long n = 0; clean < CLEAN_RUNS; n++) {
    struct node_fixture f;
    fixture_load(&f, "node.on_init(function() node.log('init of ' .. #node.peers) end) "
                     "node.on('who', function() return {type='who_ok', id=node.id} end)");
    failing_alloc_after(n);
    fixture_init(&f);
    failing_alloc_off();
    int is_clean = slice_contains(bytes_slice(&f.world.sent), "init_ok");
    clean = is_clean ? clean + 1 : 0;
    failures += !is_clean;
    if (node_id(f.node).length == 0) {
      assert_int_equal(node_count(f.node), 0);
      fake_platform_forget(&f.world);
      fixture_init(&f);
      assert_reply(&f, "\"type\":\"init_ok\",\"in_reply_to\":1");
      assert_log(&f, "init of 2");
    }
    fake_platform_forget(&f.world);
    assert_true(slice_equal(node_id(f.node), SLICE("n1")));
    assert_int_equal(node_count(f.node), 3);
    fixture_ask(&f, 2, "\"type\":\"who\"");
    assert_reply(&f, "\"type\":\"who_ok\",\"in_reply_to\":2,\"id\":\"n1\"");
    fixture_stop(&f);
  }
  assert_true(failures > 3);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(out_of_memory_in_everything_a_node_does),
    cmocka_unit_test(a_timer_that_could_not_run_runs_the_next_time),
    cmocka_unit_test(out_of_memory_while_a_script_loads),
    cmocka_unit_test(out_of_memory_in_init),
  };
  return cmocka_run_group_tests_name("node_memory", tests, NULL, NULL);
}
