#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "host/node_private.h"
#include "node_fixture.h"

#include <stdio.h>
#include <string.h>

static void a_handler_gets_the_message(void **state)
{
  (void)state;
  struct node_fixture f;
  fixture_start(&f, "node.on('x', function(msg, more) assert(more == nil) "
                    "return {type='x_ok', src=msg.src, dest=msg.dest, body=msg.body} end)");
  fixture_ask(&f, 7, "\"type\":\"x\",\"a\":[1,{\"b\":null}]");
  assert_reply(&f, "\"type\":\"x_ok\",\"in_reply_to\":7,\"src\":\"c1\",\"dest\":\"n1\","
                   "\"body\":{\"msg_id\":7,\"type\":\"x\",\"a\":[1,{\"b\":null}]}");
  /* Names with escapes are decoded, and encoded again. */
  fixture_receive(&f, "{\"src\":\"c\\u0031\\n\",\"dest\":\"n1\",\"body\":{\"msg_id\":8,"
                      "\"t\\u0079pe\":\"\\u0078\"}}");
  assert_sent(&f, "{\"src\":\"n1\",\"dest\":\"c1\\n\",\"body\":{\"type\":\"x_ok\","
                  "\"in_reply_to\":8,\"src\":\"c1\\n\",\"dest\":\"n1\","
                  "\"body\":{\"msg_id\":8,\"type\":\"x\"}}}");
  fixture_stop(&f);
}

static void ids_of_messages_have_64_bits(void **state)
{
  (void)state;
  struct node_fixture f;
  fixture_start(&f, "node.on('x', function(msg) return {type='x_ok', n=msg.body.msg_id} end)");
  static const char *const ids[] = {"0", "-1", "9223372036854775807", "-9223372036854775808"};
  for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
    char line[128];
    (void)snprintf(line, sizeof line,
                   "{\"src\":\"c1\",\"dest\":\"n1\",\"body\":{\"type\":\"x\",\"msg_id\":%s}}",
                   ids[i]);
    fixture_receive(&f, line);
    (void)snprintf(line, sizeof line, "\"type\":\"x_ok\",\"in_reply_to\":%s,\"n\":%s", ids[i],
                   ids[i]);
    assert_reply(&f, line);
  }
  fixture_stop(&f);
}

static void an_unknown_type(void **state)
{
  (void)state;
  struct node_fixture f;
  fixture_start(&f, "for _, t in ipairs{'read', 'add', 'echo'} do node.on(t, print) end");
  fixture_ask(&f, 2, "\"type\":\"write\"");
  assert_error_reply(&f, 2, 10,
                     "no handler for message type \\\"write\\\"; this script handles: add, echo, "
                     "read");
  assert_log(&f, "line 2, from c1: no handler for message type \"write\"; this script handles: "
                 "add, echo, read");
  fixture_stop(&f);
  fixture_start(&f, "");
  fixture_ask(&f, 2, "\"type\":\"write\"");
  assert_error_reply(&f, 2, 10, "this script handles: none");
  assert_logged(&f, "none");
  fixture_stop(&f);
}

/* A type so long that the text about it is cut, within a character. */
static void an_unknown_type_of_any_length(void **state)
{
  (void)state;
  struct node_fixture f;
  fixture_start(&f, "");
  for (size_t length = 200; length < 600; length++) {
    char line[2048];
    size_t at = (size_t)sprintf(line, "{\"src\":\"c1\",\"dest\":\"n1\",\"body\":{\"msg_id\":3,"
                                      "\"type\":\"");
    for (size_t i = 0; i < length; i++, at += 2)
      memcpy(line + at, "\xc3\xa9", 2);
    (void)snprintf(line + at, sizeof line - at, "\"}}");
    fixture_receive(&f, line);
    assert_error_reply(&f, 3, 10, "no handler for message type \\\"\xc3\xa9\xc3\xa9");
    assert_logged(&f, "no handler");
  }
  fixture_stop(&f);
}

#define DELTA \
  "node.on('add', {delta='integer', note='string?', tags='array?', o='object?', " \
  "x='any?', n='number?', b='boolean?'}, function(msg) return {type='add_ok'} end)"

static void a_body_without_the_declared_fields(void **state)
{
  (void)state;
  static const struct {
    const char *fields, *text;
  } cases[] = {
    {"\"type\":\"add\"", "add: expected a field \\\"delta\\\" (integer)"},
    {"\"type\":\"add\",\"delta\":1.0",
     "add: expected \\\"delta\\\" to be of type integer, got 1.0"},
    {"\"type\":\"add\",\"delta\":\"1\"", "of type integer, got \\\"1\\\""},
    {"\"type\":\"add\",\"delta\":null", "of type integer, got null"},
    {"\"type\":\"add\",\"delta\":1,\"note\":2", "\\\"note\\\" to be of type string, got 2"},
    {"\"type\":\"add\",\"delta\":1,\"tags\":{}", "\\\"tags\\\" to be of type array, got {}"},
    {"\"type\":\"add\",\"delta\":1,\"o\":[]", "\\\"o\\\" to be of type object, got []"},
    {"\"type\":\"add\",\"delta\":1,\"n\":\"1\"", "\\\"n\\\" to be of type number"},
    {"\"type\":\"add\",\"delta\":1,\"b\":0", "\\\"b\\\" to be of type boolean"},
  };
  struct node_fixture f;
  fixture_start(&f, DELTA);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    fixture_ask(&f, 4, cases[i].fields);
    assert_error_reply(&f, 4, 12, cases[i].text);
  }
  fixture_ask(&f, 5, "\"type\":\"add\",\"delta\":-1,\"more\":true");
  assert_reply(&f, "\"type\":\"add_ok\",\"in_reply_to\":5");
  fixture_ask(&f, 6,
              "\"type\":\"add\",\"delta\":-1,\"note\":\"\",\"tags\":[],\"o\":{},\"x\":null,"
              "\"n\":1.5,\"b\":false");
  assert_reply(&f, "\"type\":\"add_ok\",\"in_reply_to\":6");
  fixture_stop(&f);
}

static void a_key_twice_in_a_body(void **state)
{
  (void)state;
  struct node_fixture f;
  fixture_start(&f, "node.on('x', function() node.log('ran') end)");
  fixture_ask(&f, 2, "\"type\":\"x\",\"a\":{\"b\":1,\"b\":2}");
  assert_error_reply(&f, 2, 12, "body: byte 34: the same key twice in one object");
  assert_log(&f, "line 2, from c1: body: byte 34: the same key twice in one object");
  fixture_ask(&f, 3, "\"type\":\"x\",\"type\":\"y\"");
  assert_error_reply(&f, 3, 12, "\\\"type\\\": given twice");
  assert_logged(&f, "given twice");
  assert_int_equal(node_unfinished(f.node), 0);
  fixture_stop(&f);
}

/* It is told by what stands in a line first; what the line says in the end is what counts. */
static void a_handler_without_parameters_needs_no_message(void **state)
{
  (void)state;
  struct node_fixture f;
  fixture_start(&f, "local node = require 'hearsay'; "
                    "node.on('all', function(...) return {type='all_ok', n=select('#', ...)} end) "
                    "node.on('one', function(m) return {type='one_ok', b=m.body.b} end) "
                    "node.on('none', function() return {type='none_ok'} end)");
  fixture_ask(&f, 2, "\"type\":\"none\"");
  assert_reply(&f, "\"type\":\"none_ok\",\"in_reply_to\":2");
  fixture_ask(&f, 3, "\"type\":\"all\"");
  assert_reply(&f, "\"type\":\"all_ok\",\"in_reply_to\":3,\"n\":1");
  fixture_ask(&f, 4, "\"b\":{\"type\":\"none\"},\"type\":\"one\"");
  assert_reply(&f, "\"type\":\"one_ok\",\"in_reply_to\":4,\"b\":{\"type\":\"none\"}");
  fixture_ask(&f, 5, "\"b\":{\"type\":\"one\"},\"type\":\"none\"");
  assert_reply(&f, "\"type\":\"none_ok\",\"in_reply_to\":5");
  fixture_ask(&f, 6, "\"type\" : \"none\"");
  assert_reply(&f, "\"type\":\"none_ok\",\"in_reply_to\":6");
  fixture_ask(&f, 7, "\"type\":\"none\",\"a\":1,\"a\":2"); /* all the same it must be right */
  assert_error_reply(&f, 7, 12, "the same key twice");
  assert_logged(&f, "the same key twice");
  fixture_ask(&f, 8, "\"type\":\"none\",\"a\":[{\"a\":1,\"a\":2}]");
  assert_error_reply(&f, 8, 12, "the same key twice");
  assert_logged(&f, "the same key twice");
  fixture_ask(&f, 9, "\"type\":\"none\",\"in_reply_to\":1");
  assert_reply(&f, "\"type\":\"none_ok\",\"in_reply_to\":9");
  fixture_receive(&f, "{\"src\":\"c1\",\"dest\":\"n1\",\"body\":{\"type\":\"none\"");
  assert_logged(&f, "expected ',' or '}' after a value");
  fixture_stop(&f);
}

/* White space, escapes, fields in any order: the one scan and the careful one agree. */
static void lines_in_unusual_forms(void **state)
{
  (void)state;
  struct node_fixture f;
  fixture_start(&f, "local node = require 'hearsay'; "
                    "node.on('e', function(m) return {type='e_ok', e=m.body.e, s=m.src} end)");
  fixture_receive(&f, " { \"body\" : { \"e\" : [ 1 , 2.5 , { } , null ] , \"msg_id\" : 2 , "
                      "\"type\" : \"e\" } , \"dest\" : \"n1\" , \"src\" : \"c1\" } ");
  assert_reply(&f, "\"type\":\"e_ok\",\"in_reply_to\":2,\"e\":[1,2.5,{},null],\"s\":\"c1\"");
  fixture_receive(&f, "{\"src\":\"\\u00631\",\"dest\":\"n1\",\"x\":[{}],\"body\":{\"\\u0074ype\":"
                      "\"\\u0065\",\"msg_i\\u0064\":3,\"e\":\"\\n\\u00e9\"}}");
  assert_reply(&f, "\"type\":\"e_ok\",\"in_reply_to\":3,\"e\":\"\\n\u00e9\",\"s\":\"c1\"");
  fixture_ask(&f, 4, "\"type\":\"e\",\"e\":{\"type\":1,\"msg_id\":\"x\",\"in_reply_to\":[]}");
  assert_reply(&f, "\"type\":\"e_ok\",\"in_reply_to\":4,"
                   "\"e\":{\"type\":1,\"msg_id\":\"x\",\"in_reply_to\":[]},\"s\":\"c1\"");
  fixture_receive(&f, "{\"src\":\"c1\",\"dest\":\"n1\",\"body\":{\"type\":\"e\",\"msg_id\":5}} x");
  assert_error_reply(&f, 5, 12, "expected nothing after the value");
  assert_logged(&f, "expected nothing");
  fixture_receive(&f,
                  "{\"src\":\"c1\",\"dest\":\"n1\",\"body\":{\"type\":\"e\",\"msg_id\":\"6\"}}");
  assert_logged(&f, "\"msg_id\": expected an integer");
  fixture_ask(&f, 7, "\"type\":\"e\",\"in_reply_to\":1.5");
  assert_error_reply(&f, 7, 12, "expected an integer");
  assert_logged(&f, "expected an integer");
  fixture_stop(&f);
}

static void a_line_that_is_no_message(void **state)
{
  (void)state;
  static const char *const lines[] = {
    "",
    "   ",
    "hello",
    "[]",
    "1",
    "{}",
    "{\"src\":\"c1\",\"dest\":\"n1\"}",
    "{\"src\":\"c1\",\"dest\":\"n1\",\"body\":[]}",
    "{\"src\":\"c1\",\"dest\":\"n1\",\"body\":{}}",
    "{\"src\":\"c1\",\"dest\":\"n1\",\"body\":{\"type\":\"x\",\"msg_id\":\"1\"}}",
    "{\"dest\":\"n1\",\"body\":{\"type\":\"x\",\"msg_id\":1}}",
    "{\"src\":1,\"dest\":\"n1\",\"body\":{\"type\":\"x\",\"msg_id\":1}}",
    "{\"src\":\"c1\",\"dest\":\"n1\",\"body\":{\"type\":\"x\",\"a\":nul}}",
  };
  struct node_fixture f;
  fixture_start(&f, "node.on('x', function() return {type='x_ok'} end)");
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
    char start[32];
    fixture_receive(&f, lines[i]);
    (void)snprintf(start, sizeof start, "line %zu", i + 2);
    assert_logged(&f, start);
    assert_nothing_sent(&f);
  }
  fixture_ask(&f, 2, "\"type\":\"x\""); /* the next one is served */
  assert_reply(&f, "\"type\":\"x_ok\",\"in_reply_to\":2");
  fixture_stop(&f);
}

static void broken_lines_are_answered_where_it_is_known_whom(void **state)
{
  (void)state;
  struct node_fixture f;
  fixture_start(&f, "node.on('x', print)");
  fixture_ask(&f, 2, "\"type\":\"x\",\"a\":nul");
  assert_error_reply(&f, 2, 12, "byte 58: expected a value");
  assert_log(&f, "line 2, from c1: byte 58: expected a value");
  fixture_ask(&f, 3, "\"a\":1"); /* no type */
  assert_error_reply(&f, 3, 12, "missing \\\"body\\\".\\\"type\\\"");
  assert_logged(&f, "missing");
  fixture_receive(&f, "{\"src\":\"c1\",\"dest\":\"n1\",\"body\":{\"type\":\"x\",\"msg_id\":4");
  assert_error_reply(&f, 4, 12, "");
  assert_logged(&f, "line 4");
  fixture_ask(&f, 5, "\"type\":\"x\",\"a\":\"\xff\"");
  assert_error_reply(&f, 5, 12, "UTF-8");
  assert_logged(&f, "UTF-8");
  fixture_stop(&f);
}

static void without_msg_id_there_is_no_reply(void **state)
{
  (void)state;
  static const char *const bodies[] = {"{\"type\":\"reply\"}",
                                       "{\"type\":\"raise\"}",
                                       "{\"type\":\"answer\"}",
                                       "{\"type\":\"unknown\"}",
                                       "{\"type\":\"reply\",\"a\":1,\"a\":2}",
                                       "{\"type\":\"bad\"}"};
  struct node_fixture f;
  fixture_start(&f, "node.on('reply', function(msg) node.reply(msg, {type='r'}) return {type='r'} "
                    "end) "
                    "node.on('raise', function() error('x') end) "
                    "node.on('bad', function() return 1 end) "
                    "node.on('answer', function() error(errors.new('abort', 'a reason')) end)");
  for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
    char line[128];
    (void)snprintf(line, sizeof line, "{\"src\":\"c1\",\"dest\":\"n1\",\"body\":%s}", bodies[i]);
    fixture_receive(&f, line);
    assert_nothing_sent(&f);
    if (i == 0)
      assert_nothing_logged(&f); /* it need not know */
  }
  assert_logged(&f, "n1 error with nobody to reply to: a reason\n");
  fixture_stop(&f);
}

static void a_line_that_is_too_long(void **state)
{
  (void)state;
  struct node_fixture f;
  fixture_start(&f, "node.on('x', function() return {type='x_ok'} end)");
  node_refuse_long_line(f.node,
                        SLICE("{\"src\":\"c1\",\"dest\":\"n1\",\"body\":{\"type\":\"x\","
                              "\"msg_id\":2,\"a\":\"aaaa"),
                        1000);
  assert_error_reply(&f, 2, 12, "longer than 1000 bytes; the limit is set by --max-line");
  assert_log(&f, "line 2, from c1: longer than 1000 bytes; the limit is set by --max-line");
  node_refuse_long_line(f.node, SLICE("{\"src\":\"c1\",\"dest\":\"n1\",\"body\":{\"a\":\"aa"), 9);
  assert_log(&f, "line 3, from c1: longer than 9 bytes; the limit is set by --max-line");
  node_refuse_long_line(f.node, SLICE("xxxxxxx"), 9);
  assert_log(&f, "line 4: longer than 9 bytes; the limit is set by --max-line");
  /* Even when the start, by chance, is a whole message. */
  node_refuse_long_line(f.node,
                        SLICE("{\"src\":\"c1\",\"dest\":\"n1\",\"body\":{\"type\":\"x\","
                              "\"msg_id\":3}}"),
                        9);
  assert_error_reply(&f, 3, 12, "longer than 9 bytes");
  assert_logged(&f, "line 5");
  fixture_ask(&f, 4, "\"type\":\"x\"");
  assert_reply(&f, "\"type\":\"x_ok\",\"in_reply_to\":4");
  fixture_stop(&f);
}

static void a_reply_nobody_waits_for(void **state)
{
  (void)state;
  struct node_fixture f;
  fixture_start(&f, "node.on('told', function(msg) node.log('told ' .. msg.body.in_reply_to) end)");
  fixture_receive(&f, "{\"src\":\"n2\",\"dest\":\"n1\",\"body\":{\"type\":\"told\","
                      "\"in_reply_to\":99}}");
  assert_log(&f, "told 99"); /* a handler takes it */
  assert_int_equal(f.node->late_replies, 0);
  fixture_receive(&f, "{\"src\":\"n2\",\"dest\":\"n1\",\"body\":{\"type\":\"other\","
                      "\"in_reply_to\":99,\"msg_id\":5}}");
  assert_int_equal(f.node->late_replies, 1); /* nobody does */
  fixture_stop(&f);
}

static void send_and_reply_by_hand(void **state)
{
  (void)state;
  struct node_fixture f;
  fixture_start(&f, "node.on('x', function(msg) node.send('n2', {type='tell', msg_id=77, "
                    "in_reply_to=78}) node.reply(msg, {type='x_ok', a=json.array()}) end)");
  fixture_ask(&f, 2, "\"type\":\"x\"");
  assert_sent(&f, "{\"src\":\"n1\",\"dest\":\"n2\",\"body\":{\"type\":\"tell\",\"msg_id\":77,"
                  "\"in_reply_to\":78}}");
  assert_reply(&f, "\"type\":\"x_ok\",\"in_reply_to\":2,\"a\":[]");
  fixture_stop(&f);
}

static void what_cannot_be_sent_raises(void **state)
{
  (void)state;
  static const struct {
    const char *call, *text;
  } cases[] = {
    {"node.send('n2', {})", "node.send: a body needs a string field \\\"type\\\""},
    {"node.send('n2', {type=1})", "a body needs a string field \\\"type\\\""},
    {"node.send('n2', {type='a', x=print})", "node.send: x: cannot encode a function"},
    {"node.send('n2', {type='a', l={1, 2, 0/0}})", "node.send: l[3]: JSON has no number for"},
    {"node.send('n2', {type='a', 1})", "node.send: a body must be a table with string keys"},
    {"node.send('n2', 'a')", "bad argument #2 to 'send' (table expected, got string)"},
    {"node.send(2, {type='a'})", "bad argument #1 to 'send' (string expected, got number)"},
    {"node.send('n\\xff', {type='a'})", "node.send: "},
    {"node.reply(msg, {type='a', in_reply_to=1})", "\\\"in_reply_to\\\" is set by the host"},
    {"node.reply({}, {type='a'})", "expected a message: it has no src"},
    {"node.reply({src='a'}, {type='a'})", "expected a message: it has no body"},
    {"node.rpc('n2', {type='a', msg_id=1})", "\\\"msg_id\\\" is set by the host"},
    {"node.rpc('n2', {type='a', x=print})", "node.rpc: x: cannot encode a function"},
  };
  struct node_fixture f;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char script[256];
    (void)snprintf(script, sizeof script, "node.on('x', function(msg) %s end)", cases[i].call);
    fixture_start(&f, script);
    fixture_ask(&f, 2, "\"type\":\"x\"");
    assert_error_reply(&f, 2, 13, cases[i].text);
    assert_logged(&f, "stack traceback:");
    assert_true(node_next_deadline_us(f.node) == NODE_NEVER);
    fixture_stop(&f);
  }
}

static void diagnostics_have_time_and_name(void **state)
{
  (void)state;
  struct node_fixture f;
  fixture_load(&f, "print('a', 1, nil, true) "
                   "node.on('x', function() node.log('%s-%d', 'b', 2) node.log('100%') "
                   "print(setmetatable({}, {__tostring = function() return 'told' end})) "
                   "node.log(tostring(node.now())) end)");
  assert_true(slice_equal(bytes_slice(&f.world.log), SLICE("    0.000 node a\t1\tnil\ttrue\n")));
  f.world.log.length = 0;
  fixture_init(&f);
  assert_reply(&f, "\"type\":\"init_ok\",\"in_reply_to\":1");
  fixture_pass(&f, 12345678);
  fixture_ask(&f, 2, "\"type\":\"x\"");
  assert_true(slice_contains(bytes_slice(&f.world.log), "   12.345 n1 b-2\n"));
  assert_log(&f, "b-2\n100%\ntold\n789.345678");
  fixture_stop(&f);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_handler_gets_the_message),
    cmocka_unit_test(ids_of_messages_have_64_bits),
    cmocka_unit_test(an_unknown_type),
    cmocka_unit_test(an_unknown_type_of_any_length),
    cmocka_unit_test(a_body_without_the_declared_fields),
    cmocka_unit_test(a_key_twice_in_a_body),
    cmocka_unit_test(a_handler_without_parameters_needs_no_message),
    cmocka_unit_test(lines_in_unusual_forms),
    cmocka_unit_test(a_line_that_is_no_message),
    cmocka_unit_test(broken_lines_are_answered_where_it_is_known_whom),
    cmocka_unit_test(without_msg_id_there_is_no_reply),
    cmocka_unit_test(a_line_that_is_too_long),
    cmocka_unit_test(a_reply_nobody_waits_for),
    cmocka_unit_test(send_and_reply_by_hand),
    cmocka_unit_test(what_cannot_be_sent_raises),
    cmocka_unit_test(diagnostics_have_time_and_name),
  };
  return cmocka_run_group_tests_name("node", tests, NULL, NULL);
}
