#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "host/node_private.h"
#include "node_fixture.h"

#include <stdio.h>
#include <string.h>

/* tell(text) logs the text and the time since the node began, in milliseconds. */
#define TELL \
  "local function tell(text) node.log('%s %.0f', text, (node.now() - 777) * 1000) " \
  "end "

static void after_runs_once(void **state)
{
  (void)state;
  struct node_fixture f;
  fixture_start(&f, TELL "node.after(2, function(...) tell('b' .. select('#', ...)) end) "
                         "node.after(0.001, function() tell('a') end) "
                         "node.after(2, function() tell('c') end)");
  assert_true(node_next_deadline_us(f.node) == f.world.now_us + 1000);
  fixture_pass(&f, 2 * SECOND - 1);
  assert_log(&f, "a 1");
  fixture_pass(&f, 98 * SECOND + 1);
  assert_log(&f, "b0 2000\nc 2000");
  assert_true(node_next_deadline_us(f.node) == NODE_NEVER);
  fixture_stop(&f);
  /* Seconds are rounded to the nearest microsecond: these are 1004999.9999999999. */
  fixture_start(&f, "node.after(1.005, print)");
  assert_true(node_next_deadline_us(f.node) == f.world.now_us + 1005000);
  fixture_stop(&f);
}

static void after_no_time_is_the_next_turn(void **state)
{
  (void)state;
  struct node_fixture f;
  fixture_start(&f, "local function again() node.log('ran') node.after(0, again) end "
                    "node.after(0, again)");
  for (int turn = 0; turn < 3; turn++) {
    assert_log(&f, "ran"); /* once a turn, though the clock stands */
    node_advance(f.node);
  }
  fixture_drop(&f);
}

static void every_runs_again_and_again(void **state)
{
  (void)state;
  struct node_fixture f;
  fixture_start(&f, TELL "node.every(0.5, function() tell('tick') end)");
  fixture_pass(&f, 1750000);
  assert_log(&f, "tick 500\ntick 1000\ntick 1500");
  assert_true(node_next_deadline_us(f.node) == 779 * SECOND);
  fixture_stop(&f);
}

static void a_late_turn_does_not_shift_the_next(void **state)
{
  (void)state;
  struct node_fixture f;
  fixture_start(&f, TELL "node.every(1, function() tell('tick') end)");
  f.world.now_us += 1300000;
  node_advance(f.node);
  fixture_pass(&f, 700000);
  assert_log(&f, "tick 1300\ntick 2000");
  fixture_stop(&f);
}

static void a_stall_skips_the_periods_it_missed(void **state)
{
  (void)state;
  struct node_fixture f;
  fixture_start(&f, TELL "node.every(1, function() tell('tick') end)");
  f.world.now_us += 5300000;
  for (int turn = 0; turn < 4; turn++)
    node_advance(f.node);
  assert_log(&f, "tick 5300"); /* once, not five times */
  fixture_pass(&f, 1999999);
  assert_log(&f, "tick 6300");
  fixture_pass(&f, 1);
  assert_log(&f, "tick 7300");
  fixture_stop(&f);
}

/* The pauses between the first ticks of a timer of 1 s with this jitter. */
static void assert_pauses(const char *jitter, uint64_t random, int64_t low_us, int64_t high_us)
{
  struct node_fixture f;
  char script[128];
  (void)snprintf(script, sizeof script, "node.every(1, function() node.log('tick') end, %s)",
                 jitter);
  fixture_start(&f, script);
  f.world.random = random;
  f.world.random_step = 0;
  fixture_pass(&f, SECOND);
  assert_log(&f, "tick");
  for (int i = 0; i < 3; i++) {
    int64_t pause_us = node_next_deadline_us(f.node) - f.world.now_us;
    assert_in_range(pause_us, low_us, high_us);
    fixture_pass(&f, pause_us);
    assert_log(&f, "tick");
  }
  fixture_drop(&f);
}

static void jitter_is_a_part_of_the_period(void **state)
{
  (void)state;
  assert_pauses("nil", 0, SECOND, SECOND);
  assert_pauses("0", UINT64_MAX, SECOND, SECOND);
  assert_pauses("0.25", 0, 750000, 750000);
  assert_pauses("0.25", UINT64_MAX, 1249999, 1250000);
  assert_pauses("0.25", (uint64_t)1 << 63, SECOND, SECOND);
  assert_pauses("0.999999999", 0, 1, 1); /* never nothing */
}

static void jitter_differs_from_period_to_period(void **state)
{
  (void)state;
  struct node_fixture f;
  int64_t pauses_us[20];
  fixture_start(&f, "node.every(1, function() node.log('tick') end, 0.5)");
  f.world.random_step = 0x9e3779b97f4a7c15;
  for (int i = 0; i < 20; i++) {
    pauses_us[i] = node_next_deadline_us(f.node) - f.world.now_us;
    assert_in_range(pauses_us[i], SECOND / 2, 3 * SECOND / 2);
    fixture_pass(&f, pauses_us[i]);
    for (int k = 0; k < i; k++)
      assert_true(pauses_us[k] != pauses_us[i]);
  }
  fixture_drop(&f);
}

static void a_cancelled_timer_does_not_run(void **state)
{
  (void)state;
  struct node_fixture f;
  fixture_start(&f, "local a = node.after(1, function() node.log('a') end) "
                    "local b = node.every(1, function() node.log('b') end) "
                    "local c = node.after(1, function() node.log('c') end) "
                    "node.on('x', function() a:cancel() b:cancel() a:cancel() end)");
  fixture_ask(&f, 2, "\"type\":\"x\"");
  fixture_pass(&f, 10 * SECOND);
  assert_log(&f, "c");
  fixture_ask(&f, 3, "\"type\":\"x\""); /* long gone */
  assert_true(node_next_deadline_us(f.node) == NODE_NEVER);
  fixture_stop(&f);
}

static void a_timer_may_cancel_itself_and_others(void **state)
{
  (void)state;
  struct node_fixture f;
  fixture_start(&f,
                "local count, every, once, other = 0 "
                "every = node.every(1, function() count = count + 1 node.log('every ' .. count) "
                "if count == 3 then every:cancel() collectgarbage() every:cancel() end end) "
                "once = node.after(1, function() node.log('once') once:cancel() other:cancel() "
                "end) "
                "other = node.after(1, function() node.log('other') end)");
  fixture_pass(&f, 10 * SECOND);
  assert_log(&f, "every 1\nonce\nevery 2\nevery 3");
  assert_true(node_next_deadline_us(f.node) == NODE_NEVER);
  fixture_stop(&f);
}

static void a_function_that_waits_does_not_hold_up_its_timer(void **state)
{
  (void)state;
  struct node_fixture f;
  fixture_start(&f, TELL "local n = 0 node.every(1, function() n = n + 1 local me = n "
                         "node.sleep(1.5) tell('woke ' .. me) end)");
  fixture_pass(&f, 3600000);
  assert_log(&f, "woke 1 2500\nwoke 2 3500");
  fixture_drop(&f);
}

static void an_error_does_not_end_a_timer(void **state)
{
  (void)state;
  struct node_fixture f;
  fixture_start(&f, "\nnode.every(1, function() error('why') end)");
  for (int i = 0; i < 3; i++) {
    char text[64];
    fixture_pass(&f, SECOND);
    (void)snprintf(text, sizeof text, "%s:2: why\nstack traceback:", f.path);
    assert_logged(&f, text);
  }
  fixture_stop(&f);
}

static void a_pending_timer_needs_no_variable(void **state)
{
  (void)state;
  struct node_fixture f;
  fixture_start(&f, "for i = 1, 5 do node.after(i, function() node.log('ran ' .. i) end) end "
                    "node.every(4, function() node.log('every') end)");
  lua_gc(f.node->L, LUA_GCCOLLECT);
  lua_gc(f.node->L, LUA_GCCOLLECT);
  fixture_pass(&f, 5 * SECOND);
  assert_log(&f, "ran 1\nran 2\nran 3\nran 4\nevery\nran 5");
  fixture_stop(&f);
}

/* And one that has run or was cancelled is garbage, with all that its function held. */
static void a_spent_timer_is_collected(void **state)
{
  (void)state;
  struct node_fixture f;
  fixture_start(&f,
                "local weak = setmetatable({}, {__mode = 'k'}) "
                "local function hold() local big = {} weak[big] = true "
                "return function() return big end end "
                "node.after(1, hold()) node.every(1, hold()):cancel() "
                "local t t = node.every(1, (function(h) return function() h() t:cancel() t = nil "
                "end end)(hold())) "
                "node.on('x', function() collectgarbage() collectgarbage() "
                "node.log(next(weak) and 'held' or 'free') end)");
  fixture_ask(&f, 2, "\"type\":\"x\"");
  assert_log(&f, "held");
  fixture_pass(&f, SECOND);
  fixture_ask(&f, 3, "\"type\":\"x\"");
  assert_log(&f, "free");
  fixture_stop(&f);
}

static void only_timers_can_be_cancelled(void **state)
{
  (void)state;
  struct node_fixture f;
  fixture_start(&f, "local cancel = node.after(1, print).cancel "
                    "node.on('x', function(msg) cancel(msg) end)");
  fixture_ask(&f, 2, "\"type\":\"x\"");
  assert_error_reply(&f, 2, 13, "(hearsay.timer expected, got table)");
  fixture_drop(&f);
}

/* Finalizers run when the state closes, after the node has stopped. */
static void a_finalizer_at_the_end_may_touch_timers(void **state)
{
  (void)state;
  struct node_fixture f;
  fixture_start(&f, "local t = node.every(1, print) "
                    "local keep = setmetatable({}, {__gc = function() t:cancel() "
                    "node.after(1, print) node.spawn(print) node.send('n2', {type='bye'}) end}) "
                    "node.on('x', function() return keep end)");
  node_free(f.node);
  f.node = NULL;
  assert_sent(&f, "{\"src\":\"n1\",\"dest\":\"n2\",\"body\":{\"type\":\"bye\"}}");
  fixture_stop(&f);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(after_runs_once),
    cmocka_unit_test(after_no_time_is_the_next_turn),
    cmocka_unit_test(every_runs_again_and_again),
    cmocka_unit_test(a_late_turn_does_not_shift_the_next),
    cmocka_unit_test(a_stall_skips_the_periods_it_missed),
    cmocka_unit_test(jitter_is_a_part_of_the_period),
    cmocka_unit_test(jitter_differs_from_period_to_period),
    cmocka_unit_test(a_cancelled_timer_does_not_run),
    cmocka_unit_test(a_timer_may_cancel_itself_and_others),
    cmocka_unit_test(a_function_that_waits_does_not_hold_up_its_timer),
    cmocka_unit_test(an_error_does_not_end_a_timer),
    cmocka_unit_test(a_pending_timer_needs_no_variable),
    cmocka_unit_test(a_spent_timer_is_collected),
    cmocka_unit_test(only_timers_can_be_cancelled),
    cmocka_unit_test(a_finalizer_at_the_end_may_touch_timers),
  };
  return cmocka_run_group_tests_name("timer", tests, NULL, NULL);
}
