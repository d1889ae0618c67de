/* A node with every limit of memory, from less than a Lua state needs to more than the script wants:
 * so the limit is met once in everything that the state does. Each message gets one reply, which is
 * the right one or says what the limit is; what the script keeps stays whole; and the node lives. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "bind/bind.h"
#include "host/allocator.h"
#include "host/node_private.h"
#include "node_fixture.h"
#include "temp_file.h"

#include <stdio.h>
#include <string.h>

/* `keep` counts in two places, which must stay equal. */
static const char script[] =
  "local node = require 'hearsay' local kept, count = {}, 0 "
  "node.on('keep', function(msg) local text = msg.body.text:rep(40) .. count "
  "kept[count + 1] = text count = count + 1 return {type='keep_ok', count=count} end) "
  "node.on('look', function() return {type='look_ok', whole=#kept == count or #kept == count + 1} "
  "end) "
  "node.on('drop', function() kept, count = {}, 0 collectgarbage() return {type='drop_ok'} end) "
  "node.on('make', function() local made = {} for i = 1, 60 do made[i] = {i, tostring(i)} end "
  "return {type='make_ok', made=made} end) "
  "node.on('caught', function() local ok, why = pcall(string.rep, 'x', 1 << 18) "
  "return {type='caught_ok', ok=ok, why=why} end) "
  "node.on('wait', function() node.sleep(0.1) local co = coroutine.wrap(function() "
  "local t = {} for i = 1, 50 do t['k' .. i] = {} end coroutine.yield(1) end) "
  "return {type='wait_ok', n=co()} end) "
  "node.on('spawn', function() local sum = 0 for i = 1, 30 do node.spawn(function() "
  "node.sleep(0.1) sum = sum + i end) end node.sleep(0.2) return {type='spawn_ok', sum=sum} end) "
  "node.on('text', function() error(setmetatable({}, {__tostring = function() "
  "return ('why '):rep(200) end})) end)";

/* In this order; the last must always be answered. */
static const char *const messages[] = {"keep", "make", "look", "spawn", "keep",
                                       "text", "wait", "look", "caught"};

enum { LEAST = 24 << 10, MOST = 140 << 10, STEP = 97 };

struct tally {
  int no_state, not_loaded, refused, all_well;
};

static void expect_limit(const char *text, size_t limit)
{
  char expected[96];
  (void)snprintf(expected, sizeof expected,
                 "over %zu bytes of memory (the limit is set by --max-memory)", limit);
  if (strstr(text, expected) == NULL)
    fail_msg("expected \"%s\" in: %s", expected, text);
}

/* Asks for one thing; there is one reply. Returns whether it was refused for want of memory. */
static int ask(struct node_fixture *f, const char *type, size_t limit)
{
  char line[256];
  fake_platform_forget(&f->world);
  (void)snprintf(line, sizeof line,
                 "{\"src\":\"c1\",\"dest\":\"n1\",\"body\":{\"msg_id\":2,\"type\":\"%s\",\"text\":"
                 "\"some text for it to keep\"}}",
                 type);
  fixture_receive(f, line);
  fixture_pass(f, SECOND);
  if (f->world.sent_count != 1)
    fail_msg("%s: %zu: %zu replies", type, limit, f->world.sent_count);
  assert_int_equal(bytes_append_byte(&f->world.sent, '\0'), 0);
  const char *sent = f->world.sent.data;
  assert_int_equal(node_unfinished(f->node), 0);
  if (strstr(sent, "\"type\":\"error\"") == NULL || strcmp(type, "text") == 0)
    return 0;
  assert_non_null(strstr(sent, "\"code\":13"));
  if (strcmp(type, "wait") != 0 || strstr(sent, "not enough memory") == NULL)
    expect_limit(sent, limit); /* coroutine.wrap raises Lua's own words again */
  return 1;
}

static int load_and_init(struct node_fixture *f, const char *path, struct error *e)
{
  if (node_load(f->node, path, 0, NULL, e) != 0)
    return -1;
  fixture_init(f);
  int is_ready = node_count(f->node) == 3 && f->world.sent_count == 1;
  if (!is_ready) { /* it says why, in its diagnostics */
    assert_int_equal(bytes_append_byte(&f->world.log, '\0'), 0);
    error_set(e, "%s", f->world.log.data);
  }
  return is_ready ? 0 : -1;
}

/* A node with this limit, from its beginning to its end. */
static void live(size_t limit, const char *path, struct tally *t)
{
  struct limits l = limits_default;
  l.memory_bytes = limit;
  struct state_options options = {.open_modules = bind_node_modules,
                                  .root = ".",
                                  .hash_seed = 1,
                                  .random_seed = 1,
                                  .limits = &l,
                                  .memory = ALLOCATOR_MALLOC};
  struct node_fixture f = {.node = NULL};
  struct error e = {""};
  fake_platform_open(&f.world);
  f.platform = fake_platform(&f.world);
  f.node = node_new(&f.platform, &options, &e);
  if (f.node == NULL) {
    assert_non_null(strstr(e.text, "memory"));
    t->no_state++;
  } else if (load_and_init(&f, path, &e) != 0) {
    expect_limit(e.text, limit);
    t->not_loaded++;
  } else {
    int refused = 0;
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
      refused += ask(&f, messages[i], limit);
      if (strcmp(messages[i], "look") == 0)
        assert_true(strstr(f.world.sent.data, "\"whole\":true") != NULL ||
                    strstr(f.world.sent.data, "over ") != NULL);
      assert_true(allocator_used(f.node->L) <= limit);
    }
    t->refused += refused > 0;
    t->all_well += refused == 0;
  }
  fixture_drop(&f);
}

static void every_limit_is_met_somewhere(void **state)
{
  (void)state;
  struct temp_file file;
  struct tally t = {0};
  temp_file_script(&file, script);
  for (size_t limit = LEAST; limit < MOST; limit += STEP)
    live(limit, file.path, &t);
  temp_file_remove(&file);
  print_message("# no state %d, not loaded %d, refused %d, all well %d\n", t.no_state, t.not_loaded,
                t.refused, t.all_well);
  assert_true(t.no_state > 0 && t.not_loaded > 50 && t.refused > 100 && t.all_well > 10);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_limit_is_met_somewhere),
  };
  return cmocka_run_group_tests_name("memory_limit", tests, NULL, NULL);
}
