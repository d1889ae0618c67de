#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "node_fixture.h"
#include "temp_file.h"

#include <stdio.h>
#include <string.h>

static void init_is_answered_and_published(void **state)
{
  (void)state;
  struct node_fixture f;
  fixture_load(&f, "node.on('who', function() return {type='who_ok', id=node.id, ids=node.ids,"
                   " peers=node.peers} end)");
  assert_int_equal(node_id(f.node).length, 0);
  assert_int_equal(node_index(f.node), 0);
  assert_int_equal(node_count(f.node), 0);
  fixture_receive(&f, "{\"id\":0,\"src\":\"c7\",\"dest\":\"b\",\"body\":{\"type\":\"init\","
                      "\"msg_id\":5,\"node_id\":\"b\",\"node_ids\":[\"a\",\"b\",\"c\"]}}");
  assert_sent(&f, "{\"src\":\"b\",\"dest\":\"c7\",\"body\":{\"type\":\"init_ok\","
                  "\"in_reply_to\":5}}");
  assert_true(slice_equal(node_id(f.node), SLICE("b")));
  assert_int_equal(node_index(f.node), 1);
  assert_int_equal(node_count(f.node), 3);
  fixture_ask(&f, 6, "\"type\":\"who\"");
  assert_sent(&f, "{\"src\":\"b\",\"dest\":\"c1\",\"body\":{\"type\":\"who_ok\",\"in_reply_to\":6,"
                  "\"id\":\"b\",\"ids\":[\"a\",\"b\",\"c\"],\"peers\":[\"a\",\"c\"]}}");
  fixture_stop(&f);
}

static void the_only_node_has_an_empty_array_of_peers(void **state)
{
  (void)state;
  struct node_fixture f;
  fixture_load(&f, "node.on('who', function() return {type='who_ok', peers=node.peers} end)");
  fixture_ask(&f, 1, "\"type\":\"init\",\"node_id\":\"n1\",\"node_ids\":[\"n1\"]");
  assert_reply(&f, "\"type\":\"init_ok\",\"in_reply_to\":1");
  fixture_ask(&f, 2, "\"type\":\"who\"");
  assert_reply(&f, "\"type\":\"who_ok\",\"in_reply_to\":2,\"peers\":[]");
  fixture_stop(&f);
}

static void a_message_before_init(void **state)
{
  (void)state;
  struct node_fixture f;
  fixture_load(&f, "node.on('x', function() return {type='x_ok'} end)");
  fixture_receive(&f, "{\"src\":\"c2\",\"dest\":\"n9\",\"body\":{\"type\":\"x\",\"msg_id\":3}}");
  assert_sent(&f, "{\"src\":\"n9\",\"dest\":\"c2\",\"body\":{\"type\":\"error\",\"in_reply_to\":3,"
                  "\"code\":11,\"text\":\"a message before init: the node has no id yet\"}}");
  assert_log(&f, "line 1, from c2: a message before init: the node has no id yet");
  fixture_init(&f);
  assert_reply(&f, "\"type\":\"init_ok\",\"in_reply_to\":1");
  fixture_ask(&f, 4, "\"type\":\"x\"");
  assert_reply(&f, "\"type\":\"x_ok\",\"in_reply_to\":4");
  fixture_stop(&f);
}

static void a_second_init(void **state)
{
  (void)state;
  struct node_fixture f;
  fixture_start(&f, "local count = 0 node.on_init(function() count = count + 1 end) "
                    "node.on('x', function() return {type='x_ok', count=count, id=node.id} end)");
  fixture_ask(&f, 2, "\"type\":\"init\",\"node_id\":\"n2\",\"node_ids\":[\"n1\",\"n2\"]");
  assert_error_reply(&f, 2, 22, "a second init: this node is n1 already");
  assert_logged(&f, "a second init");
  fixture_ask(&f, 3, "\"type\":\"x\"");
  assert_reply(&f, "\"type\":\"x_ok\",\"in_reply_to\":3,\"count\":1,\"id\":\"n1\"");
  fixture_stop(&f);
}

static void a_malformed_init_changes_nothing(void **state)
{
  (void)state;
  static const char *const bodies[] = {
    "\"type\":\"init\"",
    "\"type\":\"init\",\"node_id\":\"n1\"",
    "\"type\":\"init\",\"node_ids\":[\"n1\"]",
    "\"type\":\"init\",\"node_id\":1,\"node_ids\":[\"n1\"]",
    "\"type\":\"init\",\"node_id\":\"\",\"node_ids\":[\"\"]",
    "\"type\":\"init\",\"node_id\":\"n1\",\"node_ids\":\"n1\"",
    "\"type\":\"init\",\"node_id\":\"n1\",\"node_ids\":{\"n1\":1}",
    "\"type\":\"init\",\"node_id\":\"n1\",\"node_ids\":[]",
    "\"type\":\"init\",\"node_id\":\"n1\",\"node_ids\":[\"n2\",\"n3\"]",
    "\"type\":\"init\",\"node_id\":\"n1\",\"node_ids\":[\"n1\",2]",
    "\"type\":\"init\",\"node_id\":\"n1\",\"node_ids\":[\"n1\",null]",
    "\"type\":\"init\",\"node_id\":\"n1\",\"node_id\":\"n1\",\"node_ids\":[\"n1\"]",
  };
  struct node_fixture f;
  fixture_load(&f, "node.on_init(function() error('it ran') end)");
  for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
    fixture_ask(&f, 9, bodies[i]);
    assert_error_reply(&f, 9, 12, "init: ");
    assert_logged(&f, "init: ");
    assert_int_equal(node_count(f.node), 0);
    assert_int_equal(node_index(f.node), 0);
    assert_int_equal(node_id(f.node).length, 0);
  }
  fixture_stop(&f);
}

static void init_without_msg_id_has_no_reply(void **state)
{
  (void)state;
  struct node_fixture f;
  fixture_load(&f, "node.on_init(function() node.log(node.id) end)");
  fixture_receive(&f, "{\"src\":\"c1\",\"dest\":\"n1\",\"body\":{\"type\":\"init\","
                      "\"node_id\":\"n1\",\"node_ids\":[\"n1\"]}}");
  assert_log(&f, "n1");
  fixture_stop(&f);
}

static void on_init_functions_run_in_order_and_first(void **state)
{
  (void)state;
  struct node_fixture f;
  fixture_load(&f, "for i = 1, 3 do node.on_init(function() node.send('n2', {type='t' .. i}) end) "
                   "end "
                   "node.on_init(function() node.sleep(1) node.send('n2', {type='late'}) end)");
  fixture_init(&f);
  for (int i = 1; i <= 3; i++) {
    char message[64];
    (void)snprintf(message, sizeof message,
                   "{\"src\":\"n1\",\"dest\":\"n2\",\"body\":{\"type\":\"t%d\"}}", i);
    assert_sent(&f, message);
  }
  assert_reply(&f, "\"type\":\"init_ok\",\"in_reply_to\":1");
  fixture_pass(&f, SECOND);
  assert_sent(&f, "{\"src\":\"n1\",\"dest\":\"n2\",\"body\":{\"type\":\"late\"}}");
  fixture_stop(&f);
}

static void an_on_init_function_that_fails(void **state)
{
  (void)state;
  struct node_fixture f;
  fixture_load(&f, "\nnode.on_init(function() error('not today') end) "
                   "node.on_init(function() node.log('the next one') end)");
  fixture_init(&f);
  assert_error_reply(&f, 1, 13, "a function given to on_init failed");
  assert_nothing_sent(&f);
  assert_false(slice_contains(bytes_slice(&f.world.log), "the next one"));
  assert_logged(&f, ":2: not today\nstack traceback:");
  fixture_stop(&f);
}

/* --- loading ------------------------------------------------------------ */

static void assert_load_error(const char *script, int line, const char *text)
{
  struct node_fixture f;
  struct error e;
  char expected[256];
  assert_int_equal(fixture_try(&f, script, &e), -1);
  if (line > 0)
    (void)snprintf(expected, sizeof expected, "%s:%d: %s", f.path, line, text);
  else
    (void)snprintf(expected, sizeof expected, "%s", text);
  if (strstr(e.text, expected) == NULL)
    fail_msg("expected \"%s\" in: %s", expected, e.text);
  assert_null(strchr(e.text, '\n'));
  fixture_stop(&f);
}

static void a_script_that_does_not_load(void **state)
{
  (void)state;
  assert_load_error("\n\nx = = 1", 3, "unexpected symbol near '='");
  assert_load_error("\nerror('why')", 2, "why");
  assert_load_error("\nerror('a\\nb')", 2, "a b");
  assert_load_error("\nlocal x = nothing", 2, "undeclared global 'nothing'");
  assert_load_error("\nnothing = 1", 2, "assignment to undeclared global 'nothing'");
  assert_load_error("\nrequire 'no.such.module'", 2, "module 'no.such.module' not found: ");
  assert_load_error("error(setmetatable({}, {__tostring = function() return 'told' end}))", 0,
                    "told");
  assert_load_error("error(setmetatable({}, {__tostring = function() error('x') end}))", 0,
                    "(an error whose __tostring raises)");
  assert_load_error("error(setmetatable({}, {__tostring = function() return {} end}))", 0,
                    "(an error whose __tostring raises)");
  assert_load_error("error()", 0, "nil");
}

static void wrong_use_is_an_error_where_it_stands(void **state)
{
  (void)state;
  assert_load_error("node.on('x', print)\nnode.on('x', print)", 2,
                    "node.on: \"x\" has a handler already");
  assert_load_error("\nnode.on('init', print)", 2, "node.on: \"init\" is answered by the host");
  assert_load_error("\nnode.on(1, print)", 2, "node.on: expected a message type");
  assert_load_error("\nnode.on('x')", 2, "node.on: expected a function");
  assert_load_error("\nnode.on('x', {a='integr'}, print)", 2, "node.on: field \"a\": expected");
  assert_load_error("\nnode.on_init(1)", 2, "bad argument #1 to 'on_init'");
  assert_load_error("\nnode.send('n2', {type='x'})", 2,
                    "node.send: cannot send before init: the node has no id yet");
  assert_load_error("\nnode.sleep(1)", 2, "node.sleep waits, so it must be called in a handler");
  assert_load_error("\nnode.rpc('n2', {type='x'})", 2, "node.rpc waits, so it must be called in a");
  assert_load_error("\nnode.rpc(5)", 2, "bad argument #1 to 'rpc' (string expected, got number)");
  assert_load_error("\nnode.log('%d', 'x')", 2,
                    "bad argument #2 to 'string.format' (number expected");
  assert_load_error("\nnode.after(-1, print)", 2, "bad argument #1 to 'after'");
  assert_load_error("\nnode.after(0/0, print)", 2, "bad argument #1 to 'after'");
  assert_load_error("\nnode.every(0, print)", 2,
                    "bad argument #1 to 'every' (a period must be at least a microsecond");
  assert_load_error("\nnode.every(1, print, 1)", 2,
                    "bad argument #3 to 'every' (jitter is a part of the period");
  assert_load_error("\nnode.spawn()", 2, "bad argument #1 to 'spawn'");
}

static void precompiled_code_is_refused(void **state)
{
  (void)state;
  struct node_fixture f;
  struct temp_file file;
  struct error e;
  temp_file_write(&file, "\x1bLua and so on", 14);
  fixture_open(&f);
  assert_int_equal(node_load(f.node, file.path, 0, NULL, &e), -1);
  assert_non_null(strstr(e.text, file.path));
  assert_non_null(strstr(e.text, "attempt to load a binary chunk"));
  temp_file_remove(&file);
  assert_int_equal(node_load(f.node, file.path, 0, NULL, &e), -1);
  assert_non_null(strstr(e.text, file.path));
  fixture_stop(&f);
}

static void words_are_the_scripts_arguments(void **state)
{
  (void)state;
  static char first[] = "one", second[] = "2";
  char *const words[] = {first, second};
  struct node_fixture f;
  struct temp_file file;
  struct error e;
  fixture_open(&f);
  temp_file_script(&file, "local a, b = ... assert(a == 'one' and b == '2' and "
                          "select('#', ...) == 2 and #arg == 2 and arg[1] == a and arg[2] == b) "
                          "print(arg[0])");
  if (node_load(f.node, file.path, 2, words, &e) != 0)
    fail_msg("%s", e.text);
  temp_file_remove(&file);
  assert_log(&f, file.path);
  fixture_stop(&f);
}

static void collect(void *ctx, struct slice type)
{
  struct bytes *b = ctx;
  assert_int_equal(bytes_append_slice(b, type), 0);
  assert_int_equal(bytes_append_byte(b, ' '), 0);
}

static void types_come_in_byte_order(void **state)
{
  (void)state;
  struct node_fixture f;
  struct bytes types = {0};
  fixture_load(&f, "for _, t in ipairs{'read', 'add', 'Z', 'broadcast', 'addd'} do "
                   "node.on(t, print) end");
  node_each_type(f.node, collect, &types);
  assert_true(slice_equal(bytes_slice(&types), SLICE("Z add addd broadcast read ")));
  types.length = 0;
  fixture_stop(&f);
  fixture_load(&f, "");
  node_each_type(f.node, collect, &types);
  assert_int_equal(types.length, 0);
  bytes_free(&types);
  fixture_stop(&f);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(init_is_answered_and_published),
    cmocka_unit_test(the_only_node_has_an_empty_array_of_peers),
    cmocka_unit_test(a_message_before_init),
    cmocka_unit_test(a_second_init),
    cmocka_unit_test(a_malformed_init_changes_nothing),
    cmocka_unit_test(init_without_msg_id_has_no_reply),
    cmocka_unit_test(on_init_functions_run_in_order_and_first),
    cmocka_unit_test(an_on_init_function_that_fails),
    cmocka_unit_test(a_script_that_does_not_load),
    cmocka_unit_test(wrong_use_is_an_error_where_it_stands),
    cmocka_unit_test(precompiled_code_is_refused),
    cmocka_unit_test(words_are_the_scripts_arguments),
    cmocka_unit_test(types_come_in_byte_order),
  };
  return cmocka_run_group_tests_name("node_init", tests, NULL, NULL);
}
