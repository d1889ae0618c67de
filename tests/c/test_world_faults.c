#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "world_fixture.h"

#include <string.h>

#define COUNTER \
  NODE "local count = 0 node.on('add', function() count = count + 1 return {type='add_ok', " \
       "count=count} end) " \
       "node.on('late', function() node.sleep(1) return {type='late_ok'} end) " \
       "node.every(1, function() node.log('tick') end)"

static void a_killed_node_forgets_all(void **state)
{
  (void)state;
  struct world_fixture b;
  struct error e;
  world_fixture_open(&b, 1, COUNTER);
  world_fixture_add(&b, "n1");
  world_fixture_init(&b, "n1");
  world_fixture_tell(&b, "n1", "\"type\":\"add\"");
  world_fixture_tell(&b, "n1", "\"type\":\"late\"");
  world_fixture_pass(&b, SECOND / 2);
  assert_got(&b, "\"count\":1");
  assert_int_equal(world_start(b.world, SLICE("n1"), &e), -1);
  assert_string_equal(e.text, "\"n1\" is no node that was killed");
  assert_int_equal(world_kill(b.world, SLICE("n1")), 0);
  assert_int_equal(world_kill(b.world, SLICE("n1")), -1);
  assert_int_equal(world_kill(b.world, SLICE("c")), -1);
  assert_int_equal(world_pause(b.world, SLICE("n1"), 1), -1);
  assert_false(world_is_running(b.world, SLICE("n1")));
  assert_null(world_find_node(b.world, SLICE("n1")));
  world_fixture_tell(&b, "n1", "\"type\":\"add\""); /* nobody is there */
  world_fixture_pass(&b, 3 * SECOND);
  assert_got(&b, NULL);
  assert_int_equal(world_log(b.world, SLICE("n1")).length, 0); /* not a tick */
  assert_int_equal(world_start(b.world, SLICE("n1"), &e), 0);
  assert_int_equal(world_start(b.world, SLICE("c"), &e), -1);
  world_fixture_pass(&b, 0);
  world_fixture_tell(&b, "n1", "\"type\":\"add\"");
  world_fixture_pass(&b, 0);
  assert_got(&b, "\"code\":11"); /* it needs an init */
  world_fixture_init(&b, "n1");
  world_fixture_tell(&b, "n1", "\"type\":\"add\"");
  world_fixture_pass(&b, 0);
  assert_got(&b, "\"count\":1");
  world_fixture_close(&b);
}

static void a_paused_node_does_nothing_and_then_goes_on(void **state)
{
  (void)state;
  struct world_fixture b;
  world_fixture_open(&b, 1, COUNTER);
  world_fixture_add(&b, "n1");
  world_fixture_init(&b, "n1");
  world_fixture_tell(&b, "n1", "\"type\":\"late\"");
  world_fixture_pass(&b, SECOND / 2);
  assert_got(&b, "init_ok");
  assert_int_equal(world_pause(b.world, SLICE("n1"), 1), 0);
  world_fixture_tell(&b, "n1", "\"type\":\"add\"");
  world_fixture_pass(&b, 5 * SECOND);
  assert_got(&b, NULL);
  assert_int_equal(world_log(b.world, SLICE("n1")).length, 0);
  assert_true(world_is_running(b.world, SLICE("n1")));
  assert_int_equal(world_pause(b.world, SLICE("n1"), 0), 0);
  world_fixture_pass(&b, 0); /* all that has waited happens at once, and its clock has gone on */
  assert_int_equal(bytes_append_byte(&b.got, '\0'), 0);
  assert_non_null(strstr(b.got.data, "late_ok"));
  assert_non_null(strstr(b.got.data, "add_ok"));
  assert_true(slice_equal(world_log(b.world, SLICE("n1")), SLICE("    5.500 n1 tick\n")));
  assert_int_equal(world_pause(b.world, SLICE("nobody"), 1), -1);
  world_fixture_close(&b);
}

static void a_node_killed_while_paused_starts_unpaused(void **state)
{
  (void)state;
  struct world_fixture b;
  struct error e;
  world_fixture_open(&b, 1, COUNTER);
  world_fixture_add(&b, "n1");
  assert_int_equal(world_pause(b.world, SLICE("n1"), 1), 0);
  world_fixture_init(&b, "n1");
  world_fixture_pass(&b, SECOND);
  assert_int_equal(world_kill(b.world, SLICE("n1")), 0);
  world_fixture_pass(&b, SECOND);
  assert_int_equal(world_start(b.world, SLICE("n1"), &e), 0);
  world_fixture_pass(&b, 0);
  assert_got(&b, NULL); /* the init came for the one that is dead */
  world_fixture_init(&b, "n1");
  world_fixture_pass(&b, 2 * SECOND);
  assert_got(&b, "init_ok");
  assert_true(world_log(b.world, SLICE("n1")).length > 0);
  world_fixture_close(&b);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_killed_node_forgets_all),
    cmocka_unit_test(a_paused_node_does_nothing_and_then_goes_on),
    cmocka_unit_test(a_node_killed_while_paused_starts_unpaused),
  };
  return cmocka_run_group_tests_name("world_faults", tests, NULL, NULL);
}
