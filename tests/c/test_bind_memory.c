/* Each module that scripts can require, without memory: the n-th allocation fails, and all after it,
 * in everything that its functions do. What is asked for then fails with an error that says why;
 * what was there before is there still; and asked again, it is done. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "bind/bind.h"
#include "failing_alloc.h"
#include "host/state.h"
#include "temp_file.h"

#include <lauxlib.h>

#include <string.h>

/* Lua code that returns two functions: what is done, whose n-th allocation fails, and what looks at
 * what came of it, with memory; it gets true when it was done. The script of a node is in `path`.
 * `again` is whether it can be done a second time. */
struct scene {
  const char *name, *code;
  long least; /* of allocations, so that the test cannot become empty */
};

static const struct scene scenes[] = {
  {"json",
   "local json = require 'hearsay.json' "
   "local value = {b = {1, 2.5, 'x', json.null, {}}, a = json.raw('[1]')} "
   "local text = '{\"a\":[1],\"b\":[1,2.5,\"x\\\\n\",null,{}]}' "
   "return function() local t = json.encode(value, true) t = json.encode(json.array()) .. t "
   "assert(json.decode(text .. ' ', true).b[3] == 'x\\n') assert(json.decode('[1') == nil) end, "
   "function() assert(json.encode(value, true) == '{\"a\":[1],\"b\":[1,2.5,\"x\",null,{}]}') end",
   20},
  {"seen.add",
   "local s = require 'hearsay.seen'.new() for i = 1, 40, 2 do s:add(i) s:add('v' .. i) end "
   "local before, added = #s, 0 "
   "return function() for i = 0, 60 do s:add(i) s:add({i}) end end, "
   "function(is_done) assert(#s >= before and (not is_done or #s == before + 41 + 61)) "
   "assert(#s == s:version() and #s == #s:values()) "
   "for i = 1, 40, 2 do assert(s:has(i) and s:has('v' .. i)) end "
   "for _, v in ipairs(s:values()) do assert(s:has(v)) end end",
   5},
  {"seen",
   "local seen = require 'hearsay.seen' local s, t = seen.new(), seen.new() "
   "s:merge({1, 2, 5, 'x', {1}}) t:merge({1, 7}) "
   "return function() local u = seen.new() u:merge(s:values()) "
   "assert(tostring(u) == 'seen: 5 values') local _, n = u:since(3) assert(n == 2) "
   "_, n = u:difference(t:digest()) assert(n >= 4) end, "
   "function() assert(#s == 5 and #t == 2 and s:has({1})) end",
   20},
  {"log",
   "local json = require 'hearsay.json' local l = require 'hearsay.log'.new() l:append('a', 1) "
   "l:commit('a', 0) local function text(key) return json.encode((l:read(key))) end "
   "return function() for i = 1, 40 do assert(l:insert('b' .. i % 3, 100 - i, {i}) ~= nil) end "
   "l:append('a', 'x') l:commit('c', 7) l:entries('b1') l:keys() tostring(l) l:read('b2', 3) end, "
   "function(is_done) local a = text('a') "
   "assert(a == '[[0,1]]' or a:match('^%[%[0,1%],%[1,\"x\"%]')) "
   "assert(l:committed('a') == 0) local sum = 0 for _, key in ipairs(l:keys()) do "
   "assert(#l:entries(key) == l:count(key)) sum = sum + l:count(key) end assert(sum == #l) "
   "assert(not is_done or l:count('b1') == 14 and l:committed('c') == 7) end",
   30},
  {"random",
   "local random = require 'hearsay.random' "
   "local s = random.stream(1, 'x') "
   "return function() random.stream(2, 'y'):shuffle({1, 2, 3}) s:upto(7) end, "
   "function() assert(s:unit() < 1) end",
   2},
  {"world.new",
   "local world = require 'hearsay.world' "
   "return function() local w = world.new({seed = 1, latency = 0.01, latency_dist = 'uniform', "
   "limits = {'--max-rpcs', '7'}}) assert(w:add_node('n1', {path})) w:types('n1') w:counts() "
   "w:fingerprint() end, function() end",
   30},
  {"world",
   "local w = require 'hearsay.world'.new({seed = 1}) assert(w:add_node('n1', {path})) "
   "assert(w:add_node('n2', {path})) local got, ticks = 0, 0 "
   "w:add('c', 'client', function(body, src) got = got + 1 "
   "assert(body.type and #src > 0) end) "
   "w:send('c', 'n1', {type = 'init', msg_id = 1, node_id = 'n1', node_ids = {'n1', 'n2'}}) "
   "w:send('c', 'n2', {type = 'init', msg_id = 1, node_id = 'n2', node_ids = {'n1', 'n2'}}) "
   "w:run(1) assert(got == 2) w:journal() local names, more = {'d', 'e', 'f'}, 0 "
   "return function() w:after(0.01, function() ticks = ticks + 1 end) "
   "w:after(0.02, function() end):cancel() more = more + 1 "
   "w:add('d' .. more, 'service', function() end) "
   "w:send('c', 'n1', {type = 'echo', msg_id = 2, echo = {1, {x = 'y'}}}) "
   "w:send('c', 'n2', {type = 'ask', msg_id = 2}) w:cut('n1', 'n2') "
   "local ok, why = w:run(1) w:heal() assert(ok, why) w:journal() w:log('n1') w:types('n1') "
   "w:counts() w:kill('n2') assert(w:start('n2')) w:pause('n1') w:resume('n1') w:skew('n1', 3) "
   "w:file('n1', 'f') w:run(0.1) end, "
   "function(is_done) assert(not is_done or ticks > 0 and got >= 3) w:heal() "
   "if not w:is_running('n2') then assert(w:start('n2')) end "
   "w:send('c', 'n2', {type = 'init', msg_id = 1, node_id = 'n2', node_ids = {'n1', 'n2'}}) "
   "local before, n = got, ticks assert(w:run(2)) assert(got > before) end",
   60}, /* and many in the nodes' states, which test_node_memory makes fail */
  {"sweep",
   "local sweep = require 'hearsay.sweep' "
   "local function run(take) sweep.run({module = 'tests.lua.fixtures.sweep_module', argument = "
   "'x', first = 5, "
   "count = 20, threads = 2}, take) end "
   "return function() local next = 5 run(function(n, text) assert(n == next and text == 'x' .. n, "
   "text) next = next + 1 end) assert(next == 25) end, function() end",
   5},
};

static const char node_script[] =
  "local node = require 'hearsay' "
  "node.on('echo', function(msg) return {type='echo_ok', echo=msg.body.echo} end) "
  "node.on('ask', function() node.rpc('n1', {type='echo', echo=1}, 0.5) node.log('asked') "
  "return {type='ask_ok'} end)";

static void take_function(lua_State *L, const char *name)
{
  lua_getfield(L, LUA_REGISTRYINDEX, name);
}

/* Calls the function that the scene calls so, with a traceback in its error. */
static int call(lua_State *L, const char *name, int is_done)
{
  lua_pushcfunction(L, state_traceback);
  take_function(L, name);
  lua_pushboolean(L, is_done);
  int status = lua_pcall(L, 1, 0, 1);
  lua_remove(L, 1);
  return status;
}

static lua_State *open_scene(const struct scene *s, const char *path)
{
  struct state_options o = {
    .root = ".", .open_modules = bind_all_modules, .memory = ALLOCATOR_MALLOC};
  struct error e;
  lua_State *L = state_new(&o, &e);
  assert_non_null(L);
  lua_pushstring(L, path);
  lua_setglobal(L, "path");
  if (luaL_dostring(L, s->code) != LUA_OK)
    fail_msg("%s: %s", s->name, lua_tostring(L, -1));
  lua_setfield(L, LUA_REGISTRYINDEX, "look");
  lua_setfield(L, LUA_REGISTRYINDEX, "act");
  lua_settop(L, 0);
  return L;
}

static void look(lua_State *L, const struct scene *s, long n, int is_done)
{
  if (call(L, "look", is_done) != LUA_OK)
    fail_msg("%s: %ld: %s", s->name, n, lua_tostring(L, -1));
}

/* Returns whether nothing failed for want of memory. */
static int play(const struct scene *s, const char *path, long n)
{
  lua_State *L = open_scene(s, path);
  lua_gc(L, LUA_GCCOLLECT);
  lua_gc(L, LUA_GCSTOP); /* so that each run allocates the same */
  failing_alloc_after(n);
  take_function(L, "act");
  int status = lua_pcall(L, 0, 0, 0);
  failing_alloc_off();
  lua_gc(L, LUA_GCRESTART);
  if (status != LUA_OK) {
    const char *why = lua_tostring(L, -1);
    if (why == NULL || (strstr(why, "memory") == NULL && strstr(why, "a thread") == NULL))
      fail_msg("%s: %ld: expected to be told of memory: %s", s->name, n, why == NULL ? "?" : why);
    lua_settop(L, 0);
    look(L, s, n, 0);
    lua_gc(L, LUA_GCCOLLECT);
    if (call(L, "act", 0) != LUA_OK)
      fail_msg("%s: %ld: again: %s", s->name, n, lua_tostring(L, -1));
  }
  look(L, s, n, 1);
  lua_close(L);
  return status == LUA_OK;
}

static void out_of_memory_in_what_scripts_require(void **state)
{
  (void)state;
  enum { CLEAN_RUNS = 6 };
  struct temp_file file;
  temp_file_script(&file, node_script);
  for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++) {
    const struct scene *s = &scenes[i];
    long failures = 0;
    int clean = 0;
    for (long n = 0; clean < CLEAN_RUNS; n++) {
      int is_clean = play(s, file.path, n);
      clean = is_clean ? clean + 1 : 0;
      failures += !is_clean;
    }
    print_message("# %s: %ld\n", s->name, failures);
    if (failures < s->least)
      fail_msg("%s: only %ld allocations", s->name, failures);
  }
  temp_file_remove(&file);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(out_of_memory_in_what_scripts_require),
  };
  return cmocka_run_group_tests_name("bind_memory", tests, NULL, NULL);
}
