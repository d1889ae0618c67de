/* Clusters in virtual time. What a world does with processes in real time, and what the
 * bench does with worlds, is tested where those are. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "bind/bind.h"
#include "failing_alloc.h"
#include "sim/world.h"
#include "temp_file.h"
#include "world_fixture.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* The run fails, now and whenever it is tried again. */
static void assert_run_fails(struct world_fixture *b, const char *text)
{
  for (int i = 0; i < 2; i++) {
    struct error e;
    assert_int_equal(world_run(b->world, world_schedule(b->world)->now_us + 10 * SECOND, NULL, &e),
                     -1);
    if (strstr(e.text, text) == NULL)
      fail_msg("expected \"%s\" in: %s", text, e.text);
    assert_null(strchr(e.text, '\n'));
  }
  assert_int_equal(world_run(b->world, world_schedule(b->world)->now_us, NULL, NULL), -1);
}

static void nodes_talk_to_each_other(void **state)
{
  (void)state;
  struct world_fixture b;
  world_fixture_open(&b, 1,
                     NODE
                     "node.on('ask', function() local sum = 0 for _, peer in ipairs(node.peers) "
                     "do sum = sum + assert(node.rpc(peer, {type='give'})).n end "
                     "return {type='ask_ok', sum=sum} end) "
                     "node.on('give', function() return {type='give_ok', n=21} end)");
  world_fixture_add(&b, "n1");
  world_fixture_add(&b, "n2");
  world_fixture_add(&b, "n3");
  world_fixture_init(&b, "n1");
  world_fixture_init(&b, "n2");
  world_fixture_init(&b, "n3");
  world_fixture_pass(&b, 0);
  assert_got(&b, "init_ok");
  world_fixture_tell(&b, "n1", "\"type\":\"ask\"");
  world_fixture_pass(&b, SECOND);
  assert_got(&b, "\"sum\":42");
  assert_int_equal(world_network(b.world)->servers.sent, 4);
  assert_int_equal(world_network(b.world)->servers.received, 4);
  assert_int_equal(world_network(b.world)->clients.sent, 8);
  world_fixture_close(&b);
}

static void each_node_has_its_own_zero_of_time(void **state)
{
  (void)state;
  enum { COUNT = 10 };
  struct world_fixture b;
  int64_t monotonic_us[COUNT], wall_us = 0;
  world_fixture_open(&b, 1, NODE);
  for (int i = 0; i < COUNT; i++) {
    char id[] = {'n', (char)('0' + i), '\0'};
    world_fixture_add(&b, id);
    const struct platform *p = node_platform(world_find_node(b.world, slice_of(id)));
    monotonic_us[i] = p->vtable->monotonic_us(p->ctx);
    for (int k = 0; k < i; k++)
      assert_true(monotonic_us[k] - monotonic_us[i] > 1000 ||
                  monotonic_us[i] - monotonic_us[k] > 1000);
    if (i > 0) /* but all show the same time of day, unless one is set off */
      assert_true(p->vtable->wall_us(p->ctx) == wall_us);
    wall_us = p->vtable->wall_us(p->ctx);
  }
  assert_true(wall_us / SECOND == 1767225601); /* the start of 2026, and of the schedule */
  world_fixture_pass(&b, 5 * SECOND);
  const struct platform *p = node_platform(world_find_node(b.world, SLICE("n0")));
  assert_true(p->vtable->monotonic_us(p->ctx) == monotonic_us[0] + 5 * SECOND);
  assert_true(p->vtable->wall_us(p->ctx) == wall_us + 5 * SECOND);
  assert_int_equal(world_skew(b.world, SLICE("n0"), -3 * SECOND), 0);
  assert_true(p->vtable->wall_us(p->ctx) == wall_us + 2 * SECOND);
  assert_true(p->vtable->monotonic_us(p->ctx) == monotonic_us[0] + 5 * SECOND);
  assert_int_equal(world_skew(b.world, SLICE("nobody"), 0), -1);
  world_fixture_close(&b);
}

static void each_node_has_randomness_of_its_own(void **state)
{
  (void)state;
  struct bytes draws[4] = {{0}};
  for (uint64_t seed = 1; seed <= 2; seed++) {
    struct world_fixture b;
    world_fixture_open(&b, seed, "print(math.random(0))");
    world_fixture_add(&b, "n1");
    world_fixture_add(&b, "n2");
    for (size_t i = 0; i < 2; i++)
      assert_int_equal(bytes_append_slice(&draws[2 * (seed - 1) + i],
                                          world_log(b.world, i == 0 ? SLICE("n1") : SLICE("n2"))),
                       0);
    world_fixture_close(&b);
  }
  for (size_t i = 0; i < 4; i++)
    for (size_t k = 0; k < i; k++)
      assert_false(slice_equal(bytes_slice(&draws[i]), bytes_slice(&draws[k])));
  for (size_t i = 0; i < 4; i++)
    bytes_free(&draws[i]);
}

/* One who says too much does not fill the memory of all. */
static void of_very_many_diagnostics_the_first_are_kept(void **state)
{
  (void)state;
  static const char no_more[] = "over 32 MiB of diagnostics: what follows is not kept\n";
  struct world_fixture b;
  world_fixture_open(&b, 1, "local text = ('x'):rep(1 << 20) for i = 1, 40 do print(text) end");
  world_fixture_add(&b, "n1");
  struct slice log = world_log(b.world, SLICE("n1"));
  assert_in_range(log.length, 32 << 20, (32 << 20) + 1000);
  log.data += log.length - (sizeof no_more - 1);
  assert_memory_equal(log.data, no_more, sizeof no_more - 1);
  world_fixture_close(&b);
}

/* All that could differ from run to run: randomness, time, the order of pairs. */
static const char chance[] =
  NODE "local function say() local t, order = {}, {} for i = 1, 20 do t['k' .. i] = i end "
       "for k in pairs(t) do order[#order + 1] = k end "
       "node.log('%s %.6f %s', math.random(0), node.now(), table.concat(order)) end "
       "node.every(0.1, function() say() for _, p in ipairs(node.peers) do "
       "node.send(p, {type='x', n=node.random(1000000)}) end end, 0.5) "
       "node.on('x', say)";

/* A run's fingerprint; its logs are added to `log`. */
static uint64_t run_chance(uint64_t seed, struct bytes *log)
{
  static const char *const ids[] = {"n1", "n2", "n3"};
  struct world_fixture b;
  world_fixture_open(&b, seed, chance);
  for (int i = 0; i < 3; i++) {
    world_fixture_add(&b, ids[i]);
    world_fixture_init(&b, ids[i]);
  }
  world_fixture_pass(&b, 2 * SECOND);
  for (int i = 0; i < 3; i++)
    assert_int_equal(bytes_append_slice(log, world_log(b.world, slice_of(ids[i]))), 0);
  uint64_t fingerprint = world_network(b.world)->fingerprint;
  world_fixture_close(&b);
  return fingerprint;
}

static void one_seed_is_one_run(void **state)
{
  (void)state;
  struct bytes logs[3] = {{0}};
  uint64_t fingerprints[3];
  for (size_t i = 0; i < 3; i++)
    fingerprints[i] = run_chance(i < 2 ? 7 : 8, &logs[i]);
  assert_true(fingerprints[0] == fingerprints[1]);
  assert_true(logs[0].length > 1000);
  assert_true(slice_equal(bytes_slice(&logs[0]), bytes_slice(&logs[1])));
  assert_true(fingerprints[0] != fingerprints[2]);
  assert_false(slice_equal(bytes_slice(&logs[0]), bytes_slice(&logs[2])));
  for (size_t i = 0; i < 3; i++)
    bytes_free(&logs[i]);
}

static void *run_chance_in_thread(void *log)
{
  (void)run_chance(7, log);
  return NULL;
}

static void worlds_in_threads_share_nothing(void **state)
{
  (void)state;
  enum { COUNT = 4 };
  pthread_t threads[COUNT];
  struct bytes logs[COUNT] = {{0}};
  for (size_t i = 0; i < COUNT; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, run_chance_in_thread, &logs[i]), 0);
  for (size_t i = 0; i < COUNT; i++)
    assert_int_equal(pthread_join(threads[i], NULL), 0);
  assert_true(logs[0].length > 1000);
  for (size_t i = 1; i < COUNT; i++)
    assert_true(slice_equal(bytes_slice(&logs[i]), bytes_slice(&logs[0])));
  for (size_t i = 0; i < COUNT; i++)
    bytes_free(&logs[i]);
}

static void a_message_to_nobody_ends_the_run(void **state)
{
  (void)state;
  struct world_fixture b;
  world_fixture_open(&b, 1,
                     NODE "node.on_init(function() node.after(1, function() "
                          "node.send('nobody', {type='x'}) node.send('nowhere', {type='y'}) end) "
                          "node.after(5, function() node.log('too late') end) end)");
  world_fixture_add(&b, "n1");
  world_fixture_init(&b, "n1");
  assert_run_fails(&b, "n1 sent a message to \"nobody\", which does not exist: "
                       "{\"src\":\"n1\",\"dest\":\"nobody\",\"body\":{\"type\":\"x\"}}");
  assert_int_equal(world_log(b.world, SLICE("n1")).length, 0);
  world_fixture_close(&b);
}

static void time_that_stands_still_ends_the_run(void **state)
{
  (void)state;
  struct world_fixture b;
  world_fixture_open(&b, 1, NODE "local function again() node.after(0, again) end again()");
  world_fixture_add(&b, "n1");
  assert_run_fails(&b, "time stands still: a million events at one instant (a node that sleeps "
                       "for no time, or messages that answer each other without latency?)");
  world_fixture_close(&b);
}

static void names_are_taken_once(void **state)
{
  (void)state;
  struct world_fixture b;
  struct error e;
  world_fixture_open(&b, 1, NODE);
  world_fixture_add(&b, "n1");
  assert_int_equal(world_fixture_try_add(&b, "n1", &e), -1);
  assert_string_equal(e.text, "there is a \"n1\" already");
  assert_int_equal(world_fixture_try_add(&b, "c", &e), -1);
  assert_string_equal(e.text, "there is a \"c\" already");
  assert_null(world_find_node(b.world, SLICE("c")));
  assert_null(world_find_node(b.world, SLICE("n2")));
  assert_int_equal(world_log(b.world, SLICE("c")).length, 0);
  assert_false(world_is_running(b.world, SLICE("c")));
  assert_true(world_is_running(b.world, SLICE("n1")));
  world_fixture_close(&b);
}

static void a_script_that_fails_says_why(void **state)
{
  (void)state;
  struct world_fixture b;
  struct error e;
  char expected[64];
  world_fixture_open(&b, 1, "\nlocal f = io.open('x')");
  assert_int_equal(world_fixture_try_add(&b, "n1", &e), -1);
  (void)snprintf(expected, sizeof expected, "%s:2: io.open is not available", b.script.path);
  if (strstr(e.text, expected) == NULL)
    fail_msg("expected \"%s\" in: %s", expected, e.text);
  assert_false(world_is_running(b.world, SLICE("n1")));
  world_fixture_tell(&b, "n1", "\"type\":\"x\"");
  world_fixture_pass(&b, SECOND);
  world_fixture_close(&b);
}

static void words_reach_the_script(void **state)
{
  (void)state;
  struct world_fixture b;
  struct error e;
  char one[] = "one";
  world_fixture_open(&b, 1, NODE "node.log(table.concat({...}, ' '))");
  char *words[] = {b.script.path, one, one};
  assert_int_equal(world_add_node(b.world, SLICE("n1"), 3, words, &e), 0);
  one[0] = '?';
  assert_true(slice_equal(world_log(b.world, SLICE("n1")), SLICE("    0.000 node one one\n")));
  assert_int_equal(world_kill(b.world, SLICE("n1")), 0);
  assert_int_equal(world_start(b.world, SLICE("n1"), &e), 0); /* with the same words */
  assert_true(slice_equal(world_log(b.world, SLICE("n1")),
                          SLICE("    0.000 node one one\n    0.000 node one one\n")));
  world_fixture_close(&b);
}

static void a_run_can_be_stopped(void **state)
{
  (void)state;
  struct world_fixture b;
  struct error e;
  int stop = 0;
  world_fixture_open(&b, 1, NODE "node.on('x', function() return {type='x_ok'} end)");
  world_fixture_add(&b, "n1");
  world_fixture_init(&b, "n1");
  stop = 1;
  assert_int_equal(world_run(b.world, 100 * SECOND, &stop, &e), 0);
  assert_got(&b, NULL);
  assert_int_equal(world_schedule(b.world)->now_us, SECOND);
  stop = 0;
  assert_int_equal(world_run(b.world, 100 * SECOND, &stop, &e), 0);
  assert_got(&b, "init_ok");
  assert_int_equal(world_schedule(b.world)->now_us, 100 * SECOND);
  world_fixture_close(&b);
}

/* Returns 1 when nothing failed. */
static int run_without_memory(const struct temp_file *script, long n)
{
  struct error e = {""};
  char *words[] = {(char *)(uintptr_t)script->path};
  struct world_options options = {
    .seed = 1, .head_of_line = 1, .root = ".", .open_modules = bind_node_modules};
  failing_alloc_after(n);
  struct world *w = world_new(&options, &e);
  int result = w == NULL ? -1 : world_add_node(w, SLICE("n1"), 1, words, &e);
  if (result == 0)
    result = world_kill(w, SLICE("n1"));
  if (result == 0)
    result = world_start(w, SLICE("n1"), &e);
  failing_alloc_off();
  assert_true(result == 0 || strlen(e.text) > 0);
  if (w != NULL) {
    assert_int_equal(world_run(w, 100 * SECOND, NULL, &e), 0);
    assert_int_equal(world_is_running(w, SLICE("n1")), result == 0);
  }
  world_free(w);
  return result == 0;
}

static void out_of_memory_anywhere(void **state)
{
  (void)state;
  struct temp_file script;
  long n = 0;
  temp_file_script(&script, "");
  while (!run_without_memory(&script, n))
    n++;
  assert_true(n > 12); /* what is in a Lua state is not malloc's */
  temp_file_remove(&script);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(nodes_talk_to_each_other),
    cmocka_unit_test(each_node_has_its_own_zero_of_time),
    cmocka_unit_test(each_node_has_randomness_of_its_own),
    cmocka_unit_test(of_very_many_diagnostics_the_first_are_kept),
    cmocka_unit_test(one_seed_is_one_run),
    cmocka_unit_test(worlds_in_threads_share_nothing),
    cmocka_unit_test(a_message_to_nobody_ends_the_run),
    cmocka_unit_test(time_that_stands_still_ends_the_run),
    cmocka_unit_test(names_are_taken_once),
    cmocka_unit_test(a_script_that_fails_says_why),
    cmocka_unit_test(words_reach_the_script),
    cmocka_unit_test(a_run_can_be_stopped),
    cmocka_unit_test(out_of_memory_anywhere),
  };
  return cmocka_run_group_tests_name("world", tests, NULL, NULL);
}
