/* What one node may use up, and what happens where it would be more: an error that says what the
 * limit is and how it is raised, and the node lives on. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "bind/bind.h"
#include "host/allocator.h"
#include "host/node_private.h"
#include "node_fixture.h"

#include <stdio.h>
#include <string.h>

static void an_option_has_a_range(void **state)
{
  (void)state;
  struct limits l = limits_default;
  struct error e = {""};
  assert_int_equal(limits_take(&l, "--max-rpcs", "7", &e), 1);
  assert_int_equal(l.rpcs, 7);
  assert_int_equal(limits_take(&l, "--max-memory", "1048576", &e), 1);
  assert_int_equal(l.memory_bytes, 1048576);
  assert_int_equal(limits_take(&l, "--data", "7", &e), 0);
  static const char *const wrong[] = {"", "0", "-1", "x", "7x", " 7", "99999999999999999999"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    char expected[128];
    (void)snprintf(expected, sizeof expected,
                   "--max-tasks: expected a number, from 1 to 1000000000, not \"%s\"", wrong[i]);
    assert_int_equal(limits_take(&l, "--max-tasks", wrong[i], &e), -1);
    assert_string_equal(e.text, expected);
  }
  assert_int_equal(limits_take(&l, "--max-line", NULL, &e), -1);
  assert_string_equal(e.text, "--max-line: expected bytes, from 1024 to 2147483648, not \"\"");
  assert_int_equal(l.tasks, limits_default.tasks);
  assert_int_equal(l.line_bytes, limits_default.line_bytes);
}

static void no_more_rpcs_than_the_limit_wait(void **state)
{
  (void)state;
  struct node_fixture f;
  struct limits l = limits_default;
  l.rpcs = 2;
  fixture_start_limited(
    &f, &l,
    "\nnode.on('go', function()\n"
    "for i = 1, 2 do node.spawn(node.rpc, 'n2', {type='q'}, 1) end node.sleep(0.1)\n"
    "local ok, why = pcall(function() node.rpc('n2', {type='q'}, 1) end)\n"
    "node.sleep(2) node.rpc('n2', {type='q'}, 1)\n"
    "return {type='go_ok', why=why:match(':%d+: .*')} end)");
  fixture_ask(&f, 2, "\"type\":\"go\"");
  fixture_pass(&f, 5 * SECOND);
  assert_sent(&f, "{\"src\":\"n1\",\"dest\":\"n2\",\"body\":{\"type\":\"q\",\"msg_id\":1000001}}");
  assert_sent(&f, "{\"src\":\"n1\",\"dest\":\"n2\",\"body\":{\"type\":\"q\",\"msg_id\":1000002}}");
  assert_sent(&f, "{\"src\":\"n1\",\"dest\":\"n2\",\"body\":{\"type\":\"q\",\"msg_id\":1000003}}");
  assert_reply(&f, "\"type\":\"go_ok\",\"in_reply_to\":2,\"why\":\":4: node.rpc: 2 requests wait "
                   "for a reply, and no more may (the limit is set by --max-rpcs)\"");
  fixture_stop(&f);
}

static void no_more_timers_than_the_limit_are_pending(void **state)
{
  (void)state;
  struct node_fixture f;
  struct limits l = limits_default;
  l.timers = 3;
  fixture_start_limited(
    &f, &l,
    "\nnode.on('go', function()\n"
    "local function nothing() end\n"
    "local kept = {node.after(9, nothing), node.every(9, nothing), node.after(1, nothing)}\n"
    "local said = {select(2, pcall(node.after, 1, nothing)):match(':?%d*:? ?(%d timers.*)')}\n"
    "kept[2]:cancel() kept[2]:cancel()\n"
    "kept[2] = node.every(9, nothing)\n"
    "said[2] = pcall(node.every, 1, nothing)\n"
    "node.sleep(2)\n"
    "said[3] = pcall(node.after, 1, nothing)\n"
    "said[4] = pcall(node.after, 1, nothing)\n"
    "kept[2]:cancel() kept[1]:cancel()\n"
    "return {type='go_ok', said=said} end)");
  fixture_ask(&f, 2, "\"type\":\"go\"");
  fixture_pass(&f, 5 * SECOND);
  assert_reply(&f, "\"type\":\"go_ok\",\"in_reply_to\":2,\"said\":[\"3 timers are pending, and no "
                   "more may be (the limit is set by --max-timers)\",false,true,false]");
  assert_int_equal(f.node->timer_count, 0);
  fixture_stop(&f);
}

/* A message is refused as one may be: try again later. A timer's function is left out, and a
 * periodic timer goes on. */
static void no_more_tasks_than_the_limit_are_there(void **state)
{
  (void)state;
  struct node_fixture f;
  struct limits l = limits_default;
  l.tasks = 2;
  fixture_start_limited(
    &f, &l,
    "local ticks = 0 "
    "node.on('start', function() node.every(1, function() ticks = ticks + 1 end) end) "
    "node.on('sleep', function() node.sleep(2.5) return {type='sleep_ok', ticks=ticks} end) "
    "node.on('spawn', function() local ok, why = pcall(function() node.spawn(node.sleep, 1) "
    "node.spawn(node.sleep, 1) end) return {type='spawn_ok', ok=ok, why=why} end)");
  fixture_ask(&f, 2, "\"type\":\"start\"");
  fixture_ask(&f, 3, "\"type\":\"sleep\"");
  fixture_ask(&f, 4, "\"type\":\"sleep\"");
  assert_nothing_logged(&f);
  fixture_ask(&f, 5, "\"type\":\"sleep\"");
  assert_error_reply(&f, 5, 11,
                     "2 coroutines have not ended, and no more may be (the limit is set by "
                     "--max-tasks)");
  assert_logged(&f, "2 coroutines have not ended");
  fixture_pass(&f, 5 * SECOND / 2);
  assert_logged(&f, "a timer's function is not called: 2 coroutines have not ended");
  assert_reply(&f, "\"type\":\"sleep_ok\",\"in_reply_to\":3,\"ticks\":0");
  assert_reply(&f, "\"type\":\"sleep_ok\",\"in_reply_to\":4,\"ticks\":0");
  fixture_pass(&f, SECOND);
  fake_platform_forget(&f.world);
  fixture_ask(&f, 6, "\"type\":\"spawn\"");
  assert_true(
    slice_contains(bytes_slice(&f.world.sent), "\"ok\":false") &&
    slice_contains(bytes_slice(&f.world.sent), "node.spawn: 2 coroutines have not ended"));
  fixture_drop(&f);
}

static void memory_over_the_limit_is_an_error_of_the_script(void **state)
{
  (void)state;
  struct node_fixture f;
  struct limits l = limits_default;
  l.memory_bytes = 4 << 20;
  fixture_start_limited(
    &f, &l,
    "node.on('grow', function() local t = {} while true do t[#t + 1] = {} end end) "
    "node.on('stop', function() collectgarbage('stop') collectgarbage('setpause', 1000) "
    "for i = 1, 1000 do local _ = ('x'):rep(100000) end collectgarbage('restart') "
    "return {type='stop_ok'} end) "
    "node.on('caught', function() local ok, why = pcall(string.rep, 'x', 1 << 24) "
    "return {type='caught_ok', why=why} end)");
  for (int i = 0; i < 3; i++) {
    fixture_ask(&f, 2, "\"type\":\"grow\"");
    assert_error_reply(&f, 2, 13,
                       "over 4194304 bytes of memory (the limit is set by --max-memory)");
    assert_logged(&f, "over 4194304 bytes of memory (the limit is set by --max-memory)");
    fixture_ask(&f, 3, "\"type\":\"stop\"");
    assert_reply(&f, "\"type\":\"stop_ok\",\"in_reply_to\":3");
    fixture_ask(&f, 4, "\"type\":\"caught\"");
    assert_reply(&f, "\"type\":\"caught_ok\",\"in_reply_to\":4,\"why\":\"not enough memory\"");
    assert_in_range(allocator_used(f.node->L), 1, 4 << 20);
  }
  fixture_stop(&f);
}

/* What a script has in C is charged to the same budget: the error is Lua's own, what was in before is
 * still there, and with the object its memory goes. */
static void sets_and_logs_count_as_memory_of_the_script(void **state)
{
  (void)state;
  static const char *const what[] = {"set", "text", "append", "insert", "commit", "retain", "sets"};
  struct node_fixture f;
  struct limits l = limits_default;
  l.memory_bytes = 4 << 20;
  fixture_start_limited(
    &f, &l,
    "local seen, log = require 'hearsay.seen', require 'hearsay.log' "
    "local s, g, i, many, ballast "
    "local what = {set=function() s:add(i) end, text=function() s:add('text ' .. i) end, "
    "append=function() g:append('k', i) end, insert=function() g:insert('k', -i * 7 % 2^40 // 1 | "
    "0, i) end, commit=function() g:commit('k' .. i, i) end, "
    "retain=function() g:retain('k' .. i, i) end, sets=function() many[#many + 1] = seen.new() "
    "end} "
    "for name, fn in pairs(what) do "
    "local function go() s, g, i, many, ballast = seen.new(), log.new(), 0, {}, ('x'):rep(1 << 16) "
    "while true do i = i + 1 fn() end end "
    "node.on(name, go) "
    "node.on('caught ' .. name, function() local ok, why = pcall(go) ballast = nil "
    "return {type='caught_ok', why=why, whole=#s + #g + #many == i - 1 "
    "or (g:committed('k' .. i) or g:start('k' .. i)) == 0 "
    "and (g:committed('k' .. i - 1) or g:start('k' .. i - 1)) == i - 1} end) "
    "end "
    "node.on('drop', function() s, g, many = nil collectgarbage() return {type='drop_ok'} end) "
    "node.on('loop', function() collectgarbage('stop') for i = 1, 100 do local s = seen.new() "
    "for i = 1, 20000 do s:add(i) end end collectgarbage('restart') return {type='loop_ok'} end) "
    "node.on('array', function(msg) local s = seen.new() for i = 1, msg.body.n do s:add(i) end "
    "s = {} for i = 1, 70000 do s[i] = i end return {type='array_ok'} end)");
  size_t before_bytes = allocator_used(f.node->L);
  for (size_t i = 0; i < sizeof what / sizeof *what; i++) {
    char ask[64];
    (void)snprintf(ask, sizeof ask, "\"type\":\"%s\"", what[i]);
    fixture_ask(&f, 2, ask);
    assert_error_reply(&f, 2, 13,
                       "over 4194304 bytes of memory (the limit is set by --max-memory)");
    assert_logged(&f, "over 4194304 bytes of memory (the limit is set by --max-memory)");
    (void)snprintf(ask, sizeof ask, "\"type\":\"caught %s\"", what[i]);
    fixture_ask(&f, 3, ask);
    assert_reply(&f, "\"type\":\"caught_ok\",\"in_reply_to\":3,\"why\":\"not enough memory\","
                     "\"whole\":true");
    assert_in_range(allocator_used(f.node->L), 2 << 20, 4 << 20);
    fixture_ask(&f, 4, "\"type\":\"drop\"");
    assert_reply(&f, "\"type\":\"drop_ok\",\"in_reply_to\":4");
    assert_true(allocator_used(f.node->L) < before_bytes + (1 << 18));
    assert_in_range(allocator_budget(f.node->L)->apart_bytes, 0, 1 << 14);
  }
  fixture_ask(&f, 5, "\"type\":\"loop\""); /* 100 MB in all, of which nothing is kept */
  assert_reply(&f, "\"type\":\"loop_ok\",\"in_reply_to\":5");
  fixture_ask(&f, 6, "\"type\":\"array\",\"n\":60000"); /* Lua has no time for finalizers */
  assert_error_reply(&f, 6, 13, "over 4194304 bytes of memory (the limit is set by --max-memory)");
  assert_logged(&f, "over 4194304 bytes of memory (the limit is set by --max-memory)");
  fixture_ask(&f, 7, "\"type\":\"array\",\"n\":0");
  assert_reply(&f, "\"type\":\"array_ok\",\"in_reply_to\":7");
  fixture_stop(&f);
}

/* Where there is no limit either, what is garbage does not stay: Lua knows how much hangs on it. */
static void large_garbage_is_collected(void **state)
{
  (void)state;
  struct node_fixture f;
  struct limits l = limits_default;
  l.memory_bytes = UINT64_C(1) << 40;
  fixture_start_limited(&f, &l,
                        "local seen = require 'hearsay.seen' "
                        "node.on('loop', function() for i = 1, 200 do local s = seen.new() "
                        "for i = 1, 20000 do s:add(i) end end return {type='loop_ok'} end)");
  fixture_ask(&f, 2, "\"type\":\"loop\"");
  assert_reply(&f, "\"type\":\"loop_ok\",\"in_reply_to\":2");
  assert_true(allocator_used(f.node->L) < 16 << 20); /* each was a megabyte */
  fixture_stop(&f);
}

static void no_more_handlers_than_can_be_looked_through(void **state)
{
  (void)state;
  struct node_fixture f;
  fixture_start(&f,
                "\nnode.on('many', function() local i = 1 local ok, why = pcall(function() "
                "while true do node.on('type ' .. i, function() return {type='ok'} end) "
                "i = i + 1 end end) return {type='many_ok', i=i, why=why:match('%d%d+ types.*')} "
                "end)");
  fixture_ask(&f, 2, "\"type\":\"many\"");
  assert_reply(&f,
               "\"type\":\"many_ok\",\"in_reply_to\":2,\"i\":10000,\"why\":\"10000 types have a "
               "handler, and no more may\"");
  fixture_ask(&f, 3, "\"type\":\"type 9999\"");
  assert_reply(&f, "\"type\":\"ok\",\"in_reply_to\":3");
  fixture_ask(&f, 4, "\"type\":\"type 10000\"");
  assert_true(slice_contains(bytes_slice(&f.world.sent), "this script handles: very many others"));
  assert_logged(&f, "this script handles: very many others");
  fake_platform_forget(&f.world);
  fixture_stop(&f);
}

/* To compile a long text is work. */
static void what_is_loaded_counts_as_instructions(void **state)
{
  (void)state;
  struct node_fixture f;
  struct limits l = limits_default;
  l.instructions = 1000000;
  fixture_start_limited(&f, &l,
                        "\nnode.on('load', function(msg) load(('x=1 '):rep(msg.body.n)) "
                        "return {type='load_ok'} end)");
  fixture_ask(&f, 2, "\"type\":\"load\",\"n\":1000");
  assert_reply(&f, "\"type\":\"load_ok\",\"in_reply_to\":2");
  fixture_ask(&f, 3, "\"type\":\"load\",\"n\":1000000");
  assert_true(slice_contains(bytes_slice(&f.world.sent), ":2: over 1000000 instructions"));
  assert_logged(&f, ":2: over 1000000 instructions");
  fake_platform_forget(&f.world);
  fixture_stop(&f);
}

/* What a node sends and nobody takes is bounded as its memory is. Errors come through. */
static void what_nobody_takes_is_bounded(void **state)
{
  (void)state;
  static const char why[] =
    "4194304 bytes of messages wait to be taken, and no more may (the limit "
    "is set by --max-memory)";
  struct node_fixture f;
  struct limits l = limits_default;
  l.memory_bytes = 4 << 20;
  fixture_start_limited(
    &f, &l,
    "\nnode.on('many', function() for i = 1, 1000 do node.send('n2', {type='x', "
    "text=('x'):rep(100)}) end return {type='many_ok'} end)\n"
    "node.on('long', function() return {type='long_ok', text=('x'):rep(70000)} end)\n"
    "node.on('ask', function() return {type='ask_ok', got=not node.rpc('n2', {type='x', "
    "text=('x'):rep(70000)}, 1)} end)");
  f.world.pending_bytes = 4 << 20;
  char expected[256];
  fixture_ask(&f, 2, "\"type\":\"many\"");
  assert_in_range(f.world.sent_count, 300, 600); /* it is looked at now and then */
  assert_true(slice_contains(bytes_slice(&f.world.sent), why));
  assert_true(slice_contains(bytes_slice(&f.world.sent), "\"code\":13"));
  assert_logged(&f, "node.send: 4194304 bytes of messages wait");
  fake_platform_forget(&f.world);
  fixture_ask(&f, 3, "\"type\":\"long\"");
  assert_error_reply(&f, 3, 13, why);
  assert_logged(&f, "cannot send the reply to c1: 4194304 bytes of messages wait");
  fixture_ask(&f, 4, "\"type\":\"ask\"");
  (void)snprintf(expected, sizeof expected, ":4: node.rpc: %s", why);
  assert_true(slice_contains(bytes_slice(&f.world.sent), expected));
  assert_logged(&f, "node.rpc: 4194304 bytes of messages wait");
  f.world.pending_bytes = 0;
  fake_platform_forget(&f.world);
  fixture_ask(&f, 5, "\"type\":\"many\"");
  assert_int_equal(f.world.sent_count, 1001);
  fake_platform_forget(&f.world);
  fixture_stop(&f);
}

/* What the script keeps stays, and so there is no memory for a handler any more; but each message
 * is answered all the same, and the node says why. */
static void a_node_whose_memory_is_full_answers(void **state)
{
  (void)state;
  struct node_fixture f;
  struct limits l = limits_default;
  l.memory_bytes = 4 << 20;
  fixture_start_limited(&f, &l,
                        "local kept = {} "
                        "node.on('keep', function() while true do kept[#kept + 1] = {} end end)");
  fixture_ask(&f, 2, "\"type\":\"keep\"");
  assert_error_reply(&f, 2, 13, "over 4194304 bytes of memory");
  for (int i = 0; i < 20; i++) {
    fixture_ask(&f, 3, "\"type\":\"keep\"");
    assert_error_reply(&f, 3, 13, "over 4194304 bytes of memory");
  }
  fixture_receive(&f, "{}");
  assert_logged(&f, "over 4194304 bytes of memory (the limit is set by --max-memory)");
  fixture_stop(&f);
}

/* ThreadSanitizer keeps a place on its own stack for each coroutine that has yielded, and has room
 * for 65,536 of them. */
#ifdef __SANITIZE_THREAD__
enum { RPCS = 10000 };
#else
enum { RPCS = 100000 };
#endif

/* Requests that nobody answers: each is told so, and their memory comes back. */
static void very_many_rpcs_time_out(void **state)
{
  (void)state;
  char fields[80];
  struct node_fixture f;
  fixture_start_limited(
    &f, &limits_default,
    "local ended = 0 "
    "node.on('go', function(msg) for i = 1, msg.body.count do node.spawn(function() "
    "local reply, err = node.rpc('n2', {type='q'}, 1) "
    "assert(reply == nil and err.name == 'timeout') ended = ended + 1 end) end end) "
    "node.on('ended', function() collectgarbage() collectgarbage() "
    "return {type='ended_ok', ended=ended} end)");
  fixture_ask(&f, 2, "\"type\":\"ended\"");
  size_t before_bytes = allocator_used(f.node->L);
  (void)snprintf(fields, sizeof fields, "\"type\":\"go\",\"count\":%d", RPCS);
  fixture_ask(&f, 3, fields);
  fixture_pass(&f, SECOND / 2);
  assert_int_equal(f.node->rpcs.count, RPCS);
  assert_int_equal(f.node->busy_count, RPCS);
  assert_true(allocator_used(f.node->L) > before_bytes + (RPCS << 9));
  fixture_pass(&f, 2 * SECOND);
  assert_int_equal(f.node->rpcs.count, 0);
  assert_int_equal(f.node->busy_count, 0);
  fake_platform_forget(&f.world);
  fixture_ask(&f, 4, "\"type\":\"ended\"");
  (void)snprintf(fields, sizeof fields, "\"type\":\"ended_ok\",\"in_reply_to\":4,\"ended\":%d",
                 RPCS);
  assert_reply(&f, fields);
  /* What stays are 256 coroutines for use again, and the registry's room for as many references. */
  assert_true(allocator_used(f.node->L) < before_bytes + (8 << 20));
  assert_nothing_logged(&f);
  fixture_drop(&f);
}

static void a_million_timers_run_and_one_more_is_refused(void **state)
{
  (void)state;
  struct node_fixture f;
  fixture_start_limited(
    &f, &limits_default,
    "local ran = 0 local function run() ran = ran + 1 end "
    "node.on('go', function() for i = 1, 1000000 do node.after(1 + i % 7, run) end "
    "return {type='go_ok', more=pcall(node.after, 1, run)} end) "
    "node.on('ran', function() return {type='ran_ok', ran=ran} end)");
  fixture_ask(&f, 2, "\"type\":\"go\"");
  assert_reply(&f, "\"type\":\"go_ok\",\"in_reply_to\":2,\"more\":false");
  fixture_pass(&f, 8 * SECOND);
  fixture_ask(&f, 3, "\"type\":\"ran\"");
  assert_reply(&f, "\"type\":\"ran_ok\",\"in_reply_to\":3,\"ran\":1000000");
  assert_int_equal(f.node->timer_count, 0);
  fixture_stop(&f);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(an_option_has_a_range),
    cmocka_unit_test(no_more_rpcs_than_the_limit_wait),
    cmocka_unit_test(no_more_timers_than_the_limit_are_pending),
    cmocka_unit_test(no_more_tasks_than_the_limit_are_there),
    cmocka_unit_test(memory_over_the_limit_is_an_error_of_the_script),
    cmocka_unit_test(sets_and_logs_count_as_memory_of_the_script),
    cmocka_unit_test(large_garbage_is_collected),
    cmocka_unit_test(no_more_handlers_than_can_be_looked_through),
    cmocka_unit_test(what_is_loaded_counts_as_instructions),
    cmocka_unit_test(what_nobody_takes_is_bounded),
    cmocka_unit_test(a_node_whose_memory_is_full_answers),
    cmocka_unit_test(very_many_rpcs_time_out),
    cmocka_unit_test(a_million_timers_run_and_one_more_is_refused),
  };
  return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
