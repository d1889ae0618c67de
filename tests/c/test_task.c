#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "host/node_private.h"
#include "node_fixture.h"

#include <stdio.h>
#include <string.h>

static void a_result_is_the_reply(void **state)
{
  (void)state;
  struct node_fixture f;
  fixture_start(&f, "node.on('reply', function() return {type='ok', a={}}, {type='more'} end) "
                    "node.on('nil', function() return nil, {type='more'} end) "
                    "node.on('nothing', function() end)");
  fixture_ask(&f, 2, "\"type\":\"reply\"");
  assert_reply(&f, "\"type\":\"ok\",\"in_reply_to\":2,\"a\":{}");
  fixture_ask(&f, 3, "\"type\":\"nil\"");
  fixture_ask(&f, 4, "\"type\":\"nothing\"");
  assert_int_equal(node_unfinished(f.node), 0);
  fixture_stop(&f);
}

static void a_result_that_is_no_body(void **state)
{
  (void)state;
  static const struct {
    const char *result, *text;
  } cases[] = {
    {"5", "a body must be a table, not a number"},
    {"'ok'", "a body must be a table, not a string"},
    {"false", "a body must be a table, not a boolean"},
    {"{}", "a body needs a string field \\\"type\\\""},
    {"{type='x', [1]=2}", "a body must be a table with string keys"},
    {"{type='x', list={{f=print}}}", "list[1].f: cannot encode a function"},
    {"{type='x', in_reply_to=1}", "\\\"in_reply_to\\\" is set by the host"},
  };
  struct node_fixture f;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char script[128];
    (void)snprintf(script, sizeof script, "node.on('x', function() return %s end)",
                   cases[i].result);
    fixture_start(&f, script);
    fixture_ask(&f, 2, "\"type\":\"x\"");
    assert_error_reply(&f, 2, 13, cases[i].text);
    assert_logged(&f, "cannot send the reply to c1: ");
    fixture_stop(&f);
  }
}

static void an_error_object_is_the_reply(void **state)
{
  (void)state;
  static const struct {
    const char *error, *text;
    int code;
  } cases[] = {
    {"errors.new('key_does_not_exist', 'no key 5')", "\"no key 5\"", 20},
    {"errors.new('abort')", "\"the operation was given up and did not happen\"", 14},
    {"errors.new('timeout', 't')", "\"t\"", 0},
    {"errors.new(1234, '\\xff\\xc3\\xa9 cut \\xc3')", "\"?\xc3\xa9 cut ?\"", 1234},
    {"{code=30, text='by hand'}", "\"by hand\"", 30},
  };
  struct node_fixture f;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char script[256];
    (void)snprintf(script, sizeof script,
                   "node.on('x', function() error(%s) end) node.on('late', function() "
                   "node.sleep(1) local function deep(n) if n == 0 then error(%s) end "
                   "deep(n - 1) end deep(20) end)",
                   cases[i].error, cases[i].error);
    fixture_start(&f, script);
    fixture_ask(&f, 2, "\"type\":\"x\"");
    assert_error_reply(&f, 2, cases[i].code, cases[i].text);
    fixture_ask(&f, 3, "\"type\":\"late\"");
    fixture_pass(&f, SECOND);
    assert_error_reply(&f, 3, cases[i].code, cases[i].text);
    fixture_stop(&f);
  }
  fixture_start(&f, "node.on('x', function() error(errors.new(math.maxinteger, 'big')) end)");
  fixture_ask(&f, 2, "\"type\":\"x\"");
  assert_reply(&f, "\"type\":\"error\",\"in_reply_to\":2,\"code\":9223372036854775807,"
                   "\"text\":\"big\"");
  fixture_stop(&f);
}

static void any_other_error_is_a_crash(void **state)
{
  (void)state;
  static const struct {
    const char *statement, *text;
    int has_line;
  } cases[] = {
    {"error('why')", "why", 1},
    {"error('why', 0)", "why", 0},
    {"local x = nil + 1", "attempt to perform arithmetic on a nil value", 1},
    {"local x = undeclared", "undeclared global 'undeclared'", 1},
    {"undeclared = 1", "assignment to undeclared global 'undeclared' (write: local undeclared)", 1},
    {"error()", "nil", 0},
    {"error(5)", "5", 0},
    {"error({code='20', text='t'})", "table: ", 0},
    {"error({code=-1, text='t'})", "table: ", 0},
    {"error({code=20.5, text='t'})", "table: ", 0},
    {"error({code=20})", "table: ", 0},
    {"error(setmetatable({}, {__tostring=function() return 'told' end}))", "told", 0},
    {"error(setmetatable({}, {__tostring=function() error('x') end}))",
     "(an error whose __tostring raises)", 0},
    {"local function f() return 1 + f() end f()", "stack overflow", 1},
    {"string.rep('x', -1)()", "attempt to call a string value", 1},
    {"error('a\\xffb', 0)", "a?b", 0},
    {"coroutine.yield(1)", "a handler may not call coroutine.yield itself", 0},
    {"pcall(coroutine.yield)", "a handler may not call coroutine.yield itself", 0},
  };
  struct node_fixture f;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char script[256], text[256];
    (void)snprintf(script, sizeof script,
                   "\nnode.on('x', function(msg)\n%s\nend) node.on('y', function() "
                   "return {type='y_ok'} end)",
                   cases[i].statement);
    fixture_start(&f, script);
    fixture_ask(&f, 2, "\"type\":\"x\"");
    (void)snprintf(text, sizeof text, "%s%s%s", cases[i].has_line ? f.path : "",
                   cases[i].has_line ? ":3: " : "", cases[i].text);
    assert_error_reply(&f, 2, 13, text);
    assert_logged(&f, "\nstack traceback:\n");
    fixture_ask(&f, 3, "\"type\":\"y\""); /* the node lives on */
    assert_reply(&f, "\"type\":\"y_ok\",\"in_reply_to\":3");
    fixture_stop(&f);
  }
}

static void a_traceback_names_the_lines(void **state)
{
  (void)state;
  struct node_fixture f;
  char line[64];
  fixture_start(&f, "local function inner()\nerror('why')\nend\n"
                    "node.on('x', function()\nnode.sleep(1)\ninner()\nend)");
  fixture_ask(&f, 2, "\"type\":\"x\"");
  fixture_pass(&f, SECOND);
  assert_error_reply(&f, 2, 13, "why");
  for (int i = 2; i <= 6; i += 4) {
    (void)snprintf(line, sizeof line, "\n\t%s:%d: in ", f.path, i);
    assert_true(slice_contains(bytes_slice(&f.world.log), line));
  }
  f.world.log.length = 0;
  fixture_stop(&f);
}

static void what_was_open_is_closed(void **state)
{
  (void)state;
  struct node_fixture f;
  fixture_start(&f, "node.on('x', function(msg) local guard <close> = setmetatable({}, {__close = "
                    "function() node.log('closed') if msg.body.sleeps then node.sleep(1) end end}) "
                    "error('why', 0) end)");
  fixture_ask(&f, 2, "\"type\":\"x\"");
  assert_error_reply(&f, 2, 13, "why");
  assert_logged(&f, "n1 closed\n");
  fixture_ask(&f, 3, "\"type\":\"x\",\"sleeps\":true"); /* which it cannot, there */
  assert_error_reply(&f, 3, 13, "why");
  assert_logged(&f, "n1 closed\n");
  assert_true(node_next_deadline_us(f.node) == NODE_NEVER);
  fixture_stop(&f);
}

static void a_script_may_use_coroutines_of_its_own(void **state)
{
  (void)state;
  struct node_fixture f;
  fixture_start(&f, "node.on('x', function() local sum = 0 for i in coroutine.wrap(function() "
                    "for i = 1, 3 do coroutine.yield(i) end end) do node.sleep(1) sum = sum + i "
                    "end return {type='x_ok', sum=sum} end)");
  fixture_ask(&f, 2, "\"type\":\"x\"");
  fixture_pass(&f, 3 * SECOND);
  assert_reply(&f, "\"type\":\"x_ok\",\"in_reply_to\":2,\"sum\":6");
  fixture_stop(&f);
}

/* Scripts can get at the handler's coroutine. What they do with it must not be harmful. */
static void a_handler_that_another_one_resumes(void **state)
{
  (void)state;
  struct node_fixture f;
  fixture_start(&f, "local co node.on('x', function() co = coroutine.running() node.sleep(1) "
                    "node.log('went on') end) "
                    "node.on('y', function() assert(coroutine.resume(co)) end) "
                    "node.on('z', function() co = coroutine.running() node.sleep(1) node.sleep(1) "
                    "end)");
  fixture_ask(&f, 2, "\"type\":\"x\"");
  fixture_ask(&f, 3, "\"type\":\"y\"");
  assert_log(&f, "went on");
  fixture_pass(&f, 2 * SECOND);
  assert_error_reply(&f, 2, 13, "cannot resume dead coroutine");
  assert_logged(&f, "cannot resume dead coroutine");
  fixture_ask(&f, 4, "\"type\":\"z\"");
  fixture_ask(&f, 5, "\"type\":\"y\"");
  assert_error_reply(&f, 5, 13, "not in one that the script made");
  fixture_pass(&f, 5 * SECOND);
  assert_error_reply(&f, 4, 13, "cannot resume dead coroutine");
  assert_logged(&f, "cannot resume dead coroutine");
  assert_int_equal(node_unfinished(f.node), 0);
  fixture_stop(&f);
}

static void sleepers_wake_in_order(void **state)
{
  (void)state;
  struct node_fixture f;
  fixture_start(&f, "node.on('x', function(msg) node.sleep(msg.body.s) "
                    "node.log('%d at %.1f', msg.body.msg_id, node.now() - 777) end)");
  static const char *const bodies[] = {"\"type\":\"x\",\"s\":3",   "\"type\":\"x\",\"s\":1.5",
                                       "\"type\":\"x\",\"s\":2",   "\"type\":\"x\",\"s\":1.5",
                                       "\"type\":\"x\",\"s\":1e9", "\"type\":\"x\",\"s\":0.5"};
  for (int i = 0; i < 6; i++)
    fixture_ask(&f, i, bodies[i]);
  assert_int_equal(node_unfinished(f.node), 6);
  assert_true(node_next_deadline_us(f.node) == f.world.now_us + SECOND / 2);
  fixture_pass(&f, SECOND / 2 - 1);
  assert_nothing_logged(&f);
  fixture_pass(&f, 3 * SECOND);
  assert_log(&f, "5 at 0.5\n1 at 1.5\n3 at 1.5\n2 at 2.0\n0 at 3.0");
  assert_int_equal(node_unfinished(f.node), 1);
  assert_true(node_next_deadline_us(f.node) == (777 + 1000000000) * SECOND);
  fixture_stop(&f);
}

static void a_sleep_of_no_time_waits_for_the_next_turn(void **state)
{
  (void)state;
  struct node_fixture f;
  fixture_start(&f, "local count, stop = 0, false "
                    "node.on('spin', function() while not stop do count = count + 1 node.sleep(0) "
                    "end return {type='spin_ok', count=count} end) "
                    "node.on('stop', function() stop = true end)");
  fixture_ask(&f, 2, "\"type\":\"spin\"");
  for (int turn = 0; turn < 5; turn++)
    node_advance(f.node);
  assert_nothing_sent(&f);
  fixture_ask(&f, 3, "\"type\":\"stop\""); /* it is still read */
  node_advance(f.node);
  assert_reply(&f, "\"type\":\"spin_ok\",\"in_reply_to\":2,\"count\":7");
  fixture_stop(&f);
}

static void spawned_functions_start_later_and_in_order(void **state)
{
  (void)state;
  struct node_fixture f;
  fixture_load(&f, "node.spawn(function(...) node.log('main %s', table.concat({...}, ' ')) end, 1, "
                   "'b', 3) "
                   "node.on('x', function() for i = 1, 3 do node.spawn(function(a, b) "
                   "assert(b == nil) node.log('spawned ' .. a) node.sleep(1) "
                   "node.log('slept ' .. a) end, i, nil) end node.log('handler ends') end) "
                   "node.on('bad', function() node.spawn(error, 'why', 0) end)");
  assert_nothing_logged(&f);
  node_advance(f.node);
  assert_log(&f, "main 1 b 3"); /* before init too */
  fixture_init(&f);
  assert_reply(&f, "\"type\":\"init_ok\",\"in_reply_to\":1");
  node_receive(f.node,
               SLICE("{\"src\":\"c1\",\"dest\":\"n1\",\"body\":{\"type\":\"x\",\"msg_id\":2}}"));
  assert_log(&f, "handler ends");
  assert_int_equal(node_unfinished(f.node), 0); /* they are not the message's */
  node_advance(f.node);
  assert_log(&f, "spawned 1\nspawned 2\nspawned 3");
  fixture_pass(&f, SECOND);
  assert_log(&f, "slept 1\nslept 2\nslept 3");
  fixture_ask(&f, 3, "\"type\":\"bad\"");
  assert_logged(&f, "why\nstack traceback:");
  fixture_stop(&f);
}

#define IN_HANDLER(statement) "node.on('x', function() " statement " end)"

static void waiting_in_the_wrong_place_is_a_clear_error(void **state)
{
  (void)state;
  static const struct {
    const char *script, *text;
  } cases[] = {
    {IN_HANDLER("coroutine.wrap(function() WAIT end)()"), "not in one that the script made"},
    {IN_HANDLER("table.sort({1, 2, 3}, function() WAIT end)"),
     "inside a C function such as table.sort or string.gsub"},
    {IN_HANDLER("string.gsub('x', 'x', function() WAIT end)"), "inside a C function"},
    {IN_HANDLER("coroutine.wrap(function() table.sort({1, 2, 3}, function() WAIT end) end)()"),
     "not in one that the script made"},
  };
  static const char *const waits[][2] = {{"node.sleep", "node.sleep(1)"},
                                         {"node.rpc", "node.rpc('n2', {type='q'})"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    for (size_t k = 0; k < 2; k++) {
      struct node_fixture f;
      char script[256], text[128];
      const char *at = strstr(cases[i].script, "WAIT");
      (void)snprintf(script, sizeof script, "%.*s%s%s", (int)(at - cases[i].script),
                     cases[i].script, waits[k][1], at + 4);
      fixture_start(&f, script);
      fixture_ask(&f, 2, "\"type\":\"x\"");
      (void)snprintf(text, sizeof text, "%s waits, so it ", waits[k][0]);
      assert_true(slice_contains(bytes_slice(&f.world.sent), text));
      assert_error_reply(&f, 2, 13, cases[i].text);
      assert_logged(&f, "stack traceback:");
      assert_true(node_next_deadline_us(f.node) == NODE_NEVER);
      fixture_stop(&f);
    }
  }
}

static void waiting_is_fine_below_lua_functions(void **state)
{
  (void)state;
  struct node_fixture f;
  fixture_start(&f, "local meta = setmetatable({}, {__index = function(_, k) node.sleep(1) "
                    "return k end}) "
                    "node.on('x', function() local ok, key = pcall(function() return meta.key end) "
                    "assert(ok) for _ in function() node.sleep(1) end do end "
                    "return {type='x_ok', key=key} end)");
  fixture_ask(&f, 2, "\"type\":\"x\"");
  fixture_pass(&f, 2 * SECOND);
  assert_reply(&f, "\"type\":\"x_ok\",\"in_reply_to\":2,\"key\":\"key\"");
  fixture_stop(&f);
}

static int64_t kilobytes(struct node_fixture *f)
{
  for (int i = 0; i < 3; i++)
    lua_gc(f->node->L, LUA_GCCOLLECT);
  return lua_gc(f->node->L, LUA_GCCOUNT);
}

static void a_burst_of_waiting_handlers_gives_its_memory_back(void **state)
{
  (void)state;
  enum { COUNT = 5000 };
  struct node_fixture f;
  fixture_start(&f, "node.on('x', function(msg) node.sleep(1) return {type='x_ok'} end)");
  int64_t before = kilobytes(&f);
  for (int i = 0; i < COUNT; i++)
    fixture_ask(&f, i, "\"type\":\"x\"");
  assert_int_equal(node_unfinished(f.node), COUNT);
  assert_true(kilobytes(&f) > before + COUNT / 2);
  fixture_pass(&f, SECOND);
  assert_int_equal(node_unfinished(f.node), 0);
  assert_int_equal(f.world.sent_count, COUNT + 1);
  assert_true(f.node->idle_count <= 256);
  assert_true(kilobytes(&f) < before + 1024);
  fixture_drop(&f);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_result_is_the_reply),
    cmocka_unit_test(a_result_that_is_no_body),
    cmocka_unit_test(an_error_object_is_the_reply),
    cmocka_unit_test(any_other_error_is_a_crash),
    cmocka_unit_test(a_traceback_names_the_lines),
    cmocka_unit_test(what_was_open_is_closed),
    cmocka_unit_test(a_script_may_use_coroutines_of_its_own),
    cmocka_unit_test(a_handler_that_another_one_resumes),
    cmocka_unit_test(sleepers_wake_in_order),
    cmocka_unit_test(a_sleep_of_no_time_waits_for_the_next_turn),
    cmocka_unit_test(spawned_functions_start_later_and_in_order),
    cmocka_unit_test(waiting_in_the_wrong_place_is_a_clear_error),
    cmocka_unit_test(waiting_is_fine_below_lua_functions),
    cmocka_unit_test(a_burst_of_waiting_handlers_gives_its_memory_back),
  };
  return cmocka_run_group_tests_name("task", tests, NULL, NULL);
}
