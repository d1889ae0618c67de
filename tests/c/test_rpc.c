#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "host/node_private.h"
#include "node_fixture.h"

#include <stdio.h>
#include <string.h>

/* A handler that asks n2 and tells what came of it. */
#define ASK \
  "node.on('x', function(msg) local reply, err = node.rpc('n2', {type='q'}, msg.body.timeout) " \
  "if reply then return {type='got', reply=reply, err=err} end " \
  "return {type='failed', code=err.code, name=err.name, text=err.text, definite=err.definite} " \
  "end) "

/* The node's request with this number, from 1, has gone to n2. */
static void assert_request(struct node_fixture *f, int number)
{
  char message[128];
  (void)snprintf(message, sizeof message,
                 "{\"src\":\"n1\",\"dest\":\"n2\",\"body\":{\"type\":\"q\",\"msg_id\":%d}}",
                 FIRST_REQUEST - 1 + number);
  assert_sent(f, message);
}

/* n2 replies to it; `fields` is the body without in_reply_to. */
static void answer(struct node_fixture *f, int number, const char *fields)
{
  char line[256];
  int length =
    snprintf(line, sizeof line, "{\"src\":\"n2\",\"dest\":\"n1\",\"body\":{\"in_reply_to\":%d,%s}}",
             FIRST_REQUEST - 1 + number, fields);
  assert_in_range(length, 1, sizeof line - 1);
  fixture_receive(f, line);
}

/* Nothing is left of any rpc. */
static void assert_at_rest(struct node_fixture *f)
{
  assert_int_equal(f->node->rpcs.count, 0);
  assert_int_equal(node_unfinished(f->node), 0);
  assert_true(node_next_deadline_us(f->node) == NODE_NEVER);
}

static void a_reply_is_the_result(void **state)
{
  (void)state;
  struct node_fixture f;
  fixture_start(&f, ASK);
  for (int id = 1; id <= 3; id++) {
    fixture_ask(&f, 10, "\"type\":\"x\"");
    assert_request(&f, id);
    answer(&f, id, "\"type\":\"q_ok\",\"a\":[]");
    char reply[128];
    (void)snprintf(reply, sizeof reply,
                   "\"type\":\"got\",\"in_reply_to\":10,\"reply\":{\"type\":\"q_ok\",\"a\":[],"
                   "\"in_reply_to\":%d}",
                   FIRST_REQUEST - 1 + id);
    assert_reply(&f, reply);
    assert_at_rest(&f);
  }
  fixture_stop(&f);
}

static void replies_find_their_requests_in_any_order(void **state)
{
  (void)state;
  enum { COUNT = 2000 };
  struct node_fixture f;
  fixture_start(&f, "node.on('x', function(msg) local r = assert(node.rpc('n2', {type='q'})) "
                    "assert(r.n == msg.body.msg_id) return {type='x_ok'} end)");
  for (int i = 1; i <= COUNT; i++)
    fixture_ask(&f, i, "\"type\":\"x\"");
  assert_int_equal(f.world.sent_count, COUNT + 1);
  assert_int_equal(f.node->rpcs.count, COUNT);
  fake_platform_forget(&f.world);
  for (int i = 0; i < COUNT; i++) {
    int id = i * 777 % COUNT + 1; /* each once */
    char fields[64];
    (void)snprintf(fields, sizeof fields, "\"type\":\"q_ok\",\"n\":%d", id);
    answer(&f, id, fields);
    (void)snprintf(fields, sizeof fields, "\"type\":\"x_ok\",\"in_reply_to\":%d", id);
    assert_reply(&f, fields);
  }
  assert_at_rest(&f);
  fixture_stop(&f);
}

static void only_the_type_makes_an_error(void **state)
{
  (void)state;
  static const struct {
    const char *answer, *result;
  } cases[] = {
    {"\"type\":\"error\",\"code\":20,\"text\":\"gone\"",
     "\"code\":20,\"name\":\"key_does_not_exist\",\"text\":\"gone\",\"definite\":true"},
    {"\"type\":\"error\",\"code\":0,\"text\":\"t\"",
     "\"code\":0,\"name\":\"timeout\",\"text\":\"t\",\"definite\":false"},
    {"\"type\":\"error\",\"code\":1001",
     "\"code\":1001,\"name\":\"code_1001\",\"text\":\"error code 1001\",\"definite\":false"},
    {"\"type\":\"error\"", "\"code\":13,\"name\":\"crash\",\"definite\":false,"
                           "\"text\":\"an error reply without an integer code\""},
  };
  struct node_fixture f;
  fixture_start(&f, ASK);
  for (int i = 0; i < 4; i++) {
    char reply[256];
    fixture_ask(&f, 10, "\"type\":\"x\"");
    assert_request(&f, i + 1);
    answer(&f, i + 1, cases[i].answer);
    (void)snprintf(reply, sizeof reply, "\"type\":\"failed\",\"in_reply_to\":10,%s",
                   cases[i].result);
    assert_reply(&f, reply);
  }
  fixture_ask(&f, 10, "\"type\":\"x\"");
  assert_request(&f, 5);
  answer(&f, 5, "\"type\":\"fine\",\"code\":20,\"text\":\"x\"");
  assert_reply(&f, "\"type\":\"got\",\"in_reply_to\":10,\"reply\":{\"type\":\"fine\",\"code\":20,"
                   "\"text\":\"x\",\"in_reply_to\":1000005}");
  assert_at_rest(&f);
  fixture_stop(&f);
}

#define TIMED_OUT \
  "\"type\":\"failed\",\"in_reply_to\":10,\"code\":0,\"name\":\"timeout\",\"text\":\"no reply in " \
  "time\",\"definite\":false"

static void a_request_runs_out_of_time(void **state)
{
  (void)state;
  struct node_fixture f;
  fixture_start(&f, ASK);
  fixture_ask(&f, 10, "\"type\":\"x\",\"timeout\":2.5");
  assert_request(&f, 1);
  fixture_pass(&f, 5 * SECOND / 2 - 1);
  assert_nothing_sent(&f);
  assert_int_equal(node_unfinished(f.node), 1);
  fixture_pass(&f, 1);
  assert_reply(&f, TIMED_OUT);
  assert_at_rest(&f);
  answer(&f, 1, "\"type\":\"q_ok\""); /* too late: dropped, and counted */
  assert_int_equal(f.node->late_replies, 1);
  fixture_ask(&f, 10, "\"type\":\"x\""); /* a second, unless it is told */
  assert_request(&f, 2);
  fixture_pass(&f, SECOND - 1);
  assert_nothing_sent(&f);
  fixture_pass(&f, 1);
  assert_reply(&f, TIMED_OUT);
  fixture_ask(&f, 10, "\"type\":\"x\",\"timeout\":0"); /* in the next turn */
  assert_request(&f, 3);
  node_advance(f.node);
  assert_reply(&f, TIMED_OUT);
  fixture_stop(&f);
}

static void a_reply_at_the_last_moment_counts(void **state)
{
  (void)state;
  struct node_fixture f;
  fixture_start(&f, ASK);
  fixture_ask(&f, 10, "\"type\":\"x\"");
  assert_request(&f, 1);
  f.world.now_us += 2 * SECOND; /* the node was busy: it is read before time is looked at */
  answer(&f, 1, "\"type\":\"q_ok\"");
  assert_reply(&f, "\"type\":\"got\",\"in_reply_to\":10,\"reply\":{\"type\":\"q_ok\","
                   "\"in_reply_to\":" FIRST_TEXT "}");
  assert_at_rest(&f);
  fixture_stop(&f);
}

static void a_second_reply_and_one_to_nothing_are_dropped(void **state)
{
  (void)state;
  struct node_fixture f;
  fixture_start(&f, "node.on('x', function() for i = 1, 2 do node.log(node.rpc('n2', "
                    "{type='q'}).type) end end)");
  fixture_ask(&f, 10, "\"type\":\"x\"");
  answer(&f, 1, "\"type\":\"first\"");
  assert_log(&f, "first");
  answer(&f, 1, "\"type\":\"again\"");
  answer(&f, 3, "\"type\":\"future\"");
  answer(&f, 1 - FIRST_REQUEST, "\"type\":\"zero\"");
  answer(&f, -FIRST_REQUEST, "\"type\":\"minus\"");
  assert_nothing_logged(&f);
  assert_int_equal(f.node->late_replies, 4);
  answer(&f, 2, "\"type\":\"second\"");
  assert_log(&f, "second");
  assert_request(&f, 1);
  assert_request(&f, 2);
  assert_at_rest(&f);
  fixture_stop(&f);
}

/* It may be the reply to a write that was done, so the error must not be a definite one. */
static void a_reply_that_cannot_be_read(void **state)
{
  (void)state;
  struct node_fixture f;
  fixture_start(&f, ASK);
  fixture_ask(&f, 10, "\"type\":\"x\"");
  assert_request(&f, 1);
  answer(&f, 1, "\"type\":\"q_ok\",\"a\":1,\"a\":2");
  assert_reply(&f, "\"type\":\"failed\",\"in_reply_to\":10,\"code\":13,\"name\":\"crash\","
                   "\"text\":\"byte 43: the same key twice in one object\",\"definite\":false");
  assert_at_rest(&f);
  fixture_stop(&f);
}

static void requests_from_timers_spawned_functions_and_on_init(void **state)
{
  (void)state;
  struct node_fixture f;
  fixture_load(&f, "local function ask(name) return function() "
                   "node.log(name .. ' ' .. node.rpc('n2', {type='q'}).type) end end "
                   "node.on_init(ask('init')) node.after(1, ask('after')) "
                   "node.on_init(function() node.spawn(ask('spawn')) end)");
  fixture_init(&f);
  assert_request(&f, 1);
  assert_reply(&f, "\"type\":\"init_ok\",\"in_reply_to\":1");
  assert_request(&f, 2);
  answer(&f, 2, "\"type\":\"b\"");
  answer(&f, 1, "\"type\":\"a\"");
  fixture_pass(&f, SECOND);
  assert_request(&f, 3);
  answer(&f, 3, "\"type\":\"c\"");
  assert_log(&f, "spawn b\ninit a\nafter c");
  assert_at_rest(&f);
  fixture_stop(&f);
}

static void a_request_that_is_not_sent_leaves_nothing(void **state)
{
  (void)state;
  struct node_fixture f;
  fixture_start(&f, "node.on('x', function() local ok, why = pcall(node.rpc, 'n2', {type='q', "
                    "f=print}) node.log(why) node.rpc('n2', {type='q'}) end)");
  fixture_ask(&f, 10, "\"type\":\"x\"");
  assert_logged(&f, "node.rpc: f: cannot encode a function");
  assert_request(&f, 1); /* no id was used for the first one */
  assert_int_equal(f.node->rpcs.count, 1);
  answer(&f, 1, "\"type\":\"q_ok\"");
  assert_at_rest(&f);
  fixture_stop(&f);
}

#define ENDED \
  "\"type\":\"failed\",\"in_reply_to\":10,\"code\":0,\"name\":\"timeout\",\"text\":\"the input " \
  "has ended: no reply can come\",\"definite\":false"

static void at_the_end_of_input_all_fail(void **state)
{
  (void)state;
  struct node_fixture f;
  fixture_start(&f, ASK "node.on('sleep', function() node.sleep(1) local _, err = node.rpc('n2', "
                        "{type='q'}) return {type='slept', code=err.code} end)");
  fixture_ask(&f, 10, "\"type\":\"x\"");
  fixture_ask(&f, 10, "\"type\":\"x\"");
  fixture_ask(&f, 11, "\"type\":\"sleep\"");
  assert_request(&f, 1);
  assert_request(&f, 2);
  node_close_input(f.node);
  for (int i = 0; i < 2; i++)
    assert_reply(&f, ENDED);
  assert_int_equal(node_unfinished(f.node), 1);
  fixture_pass(&f, SECOND); /* a sleeper goes on, and asks nobody any more */
  assert_reply(&f, "\"type\":\"slept\",\"in_reply_to\":11,\"code\":0");
  assert_at_rest(&f);
  fixture_stop(&f);
}

static void a_script_that_tries_again_for_ever_lets_the_node_end(void **state)
{
  (void)state;
  struct node_fixture f;
  fixture_start(&f, "local tries = 0 node.spawn(function() repeat local r = node.rpc('n2', "
                    "{type='q'}) tries = tries + 1 until r end) "
                    "node.on('x', function() while tries < 4 do node.sleep(0) end "
                    "return {type='x_ok', tries=tries} end)");
  fixture_ask(&f, 10, "\"type\":\"x\"");
  assert_request(&f, 1);
  node_close_input(f.node); /* it returns */
  for (int turn = 0; turn < 6; turn++)
    node_advance(f.node);
  assert_reply(&f, "\"type\":\"x_ok\",\"in_reply_to\":10,\"tries\":4");
  assert_int_equal(node_unfinished(f.node), 0);
  fixture_stop(&f);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_reply_is_the_result),
    cmocka_unit_test(replies_find_their_requests_in_any_order),
    cmocka_unit_test(only_the_type_makes_an_error),
    cmocka_unit_test(a_request_runs_out_of_time),
    cmocka_unit_test(a_reply_at_the_last_moment_counts),
    cmocka_unit_test(a_second_reply_and_one_to_nothing_are_dropped),
    cmocka_unit_test(a_reply_that_cannot_be_read),
    cmocka_unit_test(requests_from_timers_spawned_functions_and_on_init),
    cmocka_unit_test(a_request_that_is_not_sent_leaves_nothing),
    cmocka_unit_test(at_the_end_of_input_all_fail),
    cmocka_unit_test(a_script_that_tries_again_for_ever_lets_the_node_end),
  };
  return cmocka_run_group_tests_name("rpc", tests, NULL, NULL);
}
