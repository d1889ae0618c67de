/* The string functions of scripts beside Lua's own: equal in everything, errors too, but that their
 * work has an end. The random cases depend on a seed that a failure prints. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "failing_alloc.h"
#include "host/allocator.h"
#include "host/strings.h"
#include "library_fixture.h"

#include <lauxlib.h>
#include <lualib.h>

#include <string.h>

/* `plain` has Lua's own functions, and `same` compares a call of both. */
static const char setup[] =
  "local function pack(...) local t = table.pack(...) for i = 1, t.n do "
  "t[i] = math.type(t[i]) == 'float' and 'float' or type(t[i]) .. ' ' .. "
  "('%q'):format(tostring(t[i])):gsub(\"'string%.%w+'\", \"'?'\"):gsub('table: 0x%x+', 'table') "
  "end "
  "return table.concat(t, '|') end "
  "function same(name, ...) "
  "local mine, theirs = pack(pcall(string[name], ...)), pack(pcall(plain[name], ...)) "
  "if mine ~= theirs then error(('%s(%s)\\n  gives %s\\n  not   %s'):format(name, pack(...), mine, "
  "theirs), 0) end return mine end "
  "local function all(iterate, ...) local found = {} "
  "local ok, next = pcall(iterate, ...) if not ok then return next end "
  "for i = 1, 60 do local step = pack(pcall(next)) found[i] = step "
  "if step == 'boolean true' or not step:find('true', 1, true) then break end end "
  "return table.concat(found, ';') end "
  "function same_each(...) local mine, theirs = all(string.gmatch, ...), all(plain.gmatch, ...) "
  "if mine ~= theirs then error(('gmatch(%s)\\n  gives %s\\n  not   %s'):format(pack(...), mine, "
  "theirs), 0) end end ";

static const char by_hand[] =
  "local subjects = {'', 'a', 'aXb', 'hello world from Lua', 'THE (quick) fox', 'a\\0b\\0\\0c', "
  "'key = value, k2=v2', '((a)(b(c)))', '\\xff\\x80\\xfe', '  trim  ', 'x]y^z-', '%d%%', 'aaaaab'} "
  "local patterns = {'', 'a', '.', '^', '$', '^$', '^a', 'a$', '%', '%a', '%%', '[', '[]', '[^]', "
  "'[]]', '[^]]', '[a-', '[a-]', '[-a]', '[%', '[%]', '[%a', '[%a-z]', '[a-%]', '[^%s]+', '%b()', "
  "'%b', '%b(', '%f', '%f[', '%f[%w]%w+', '%f[%z]', '%f[^%z]', '%1', '(a)%1', '(%1)', '()', '(()', "
  "')', '(', '(a', 'a)', '(a)(b)', '(.-)%s', '.-', '.*', '.+', '.?', 'a-b', '(a*)(.-)b', '%s*$', "
  "'^%s*(.-)%s*$', '(%w+)%s*=%s*(%w+)', '%z', '%Z', '[%z]', 'a%0', '%0', '%9', '$a', 'a$b', 'a^', "
  "'(a*(.)%w(%s*))', '[0-9-]', '[+-]', '[a-z-9]', '%g+', '%G', '%x%X', '%p%P', '%c', '%u%l', '%U', "
  "'\\0', '[\\0-\\1]', '[\\x80-\\xff]+', '()%s()', '(.)(.)(.)', '?', '*', '+', '-', 'a?b', 'a**', "
  "'a+-', '[a]?', '(()()())', ('()'):rep(33), ('(a'):rep(33), ('a?'):rep(250), ('(a?)'):rep(33), "
  "'%fa', '%bxx', '%b\\0c', '%-', '[[]', '[^[]', '[%^a]', '[a^]'} "
  "local replacements = {'', 'x', '%0', '%1', '%2', '%%', '%', 'a%', '%a', '<%0>', '%1%0', 7, 1.5, "
  "{a = 'A', X = 1, b = false}, function(...) return (...) end, function() end, "
  "function() return {} end, function() error('why') end, true, nil} "
  "for _, s in ipairs(subjects) do for _, p in ipairs(patterns) do "
  "for _, start in ipairs({1, -1, 30}) do "
  "same('find', s, p, start) same('find', s, p, start, true) same('match', s, p, start) "
  "same_each(s, p, start) end "
  "for i = 1, 20 do for most = i % 3, i % 3 + 1 do same('gsub', s, p, replacements[i], "
  "most) "
  "end same('gsub', s, p, replacements[i]) end end "
  "for i = -1, 4 do same('rep', s, i) same('rep', s, i, ',') same('rep', s, i, '') end end "
  "for _, name in ipairs({'find', 'match', 'gsub', 'rep', 'gmatch'}) do same(name) same(name, {}) "
  "same(name, 'a') same(name, 'a', {}) same(name, 5, 5, {}) same(name, 'a', 'a', 'x', 'y') end "
  "same('rep', 'abc', 1 << 62) same('rep', 'abc', math.maxinteger, 'x') same('find', 'a', 'a', "
  "1.5) "
  "same('find', 12, 2) same('match', 12.5, '%d+') same('gsub', 121, 1, 0) "
  "assert(('x'):rep(3, '-') == 'x-x-x' and ('ab'):find('b') == 2) "
  "assert(string.rep('', 1 << 62) == '')";

static const char random[] =
  "local seed = ... math.randomseed(seed) "
  "local pieces = {'a', 'b', '%', '.', '-', '*', '+', '?', '(', ')', '()', '[', ']', '^', '$', "
  "'%a', "
  "'%d', '%s', '%b()', '%bab', '%f[a]', '%1', '%2', '[ab]', '[^a]', '[%w]', '[a-c]', 'ab', '(a)', "
  "'(.)', '(.-)', '\\0', '1', '%W', '%%'} "
  "local letters = {'a', 'b', 'c', ' ', '(', ')', '1', '\\0', 'A', '%', '\\xe9', ']'} "
  "local repl = {'<%0>', '%1', '%2x', {a = 'Q', ab = 2, b = false}, function(a, b) return b or a "
  "end} "
  "local function draw(from, most) local t = {} for i = 1, math.random(0, most) do "
  "t[i] = from[math.random(#from)] end return table.concat(t) end "
  "for i = 1, 5000 do local s, p = draw(letters, 12), draw(pieces, 6) "
  "local ok, why = pcall(function() same('find', s, p, math.random(-3, 6)) same('match', s, p) "
  "same_each(s, p) same('gsub', s, p, repl[i % 5 + 1]) same('find', s, draw(letters, 2), 1, true) "
  "end) if not ok then error('seed ' .. seed .. ': ' .. why, 0) end end";

static lua_State *open_state(size_t limit_bytes)
{
  lua_State *L = allocator_new_state(limit_bytes, ALLOCATOR_MALLOC, 0);
  assert_non_null(L);
  luaL_openlibs(L);
  assert_int_equal(luaL_dostring(L, "plain = {} for k, v in pairs(string) do plain[k] = v end"), 0);
  strings_open(L);
  assert_int_equal(luaL_dostring(L, setup), LUA_OK);
  return L;
}

static void run(lua_State *L, const char *code, lua_Integer argument)
{
  assert_int_equal(luaL_loadstring(L, code), LUA_OK);
  lua_pushinteger(L, argument);
  if (lua_pcall(L, 1, 0, 0) != LUA_OK)
    fail_msg("%s", lua_tostring(L, -1));
}

static void they_do_what_luas_own_do(void **state)
{
  (void)state;
  lua_State *L = open_state(0);
  run(L, by_hand, 0);
  lua_close(L);
}

static void random_patterns_too(void **state)
{
  (void)state;
  for (lua_Integer seed = 1; seed <= 3; seed++) {
    lua_State *L = open_state(0);
    run(L, random, seed);
    lua_close(L);
  }
}

static void what_tries_for_ever_is_ended(void **state)
{
  (void)state;
  static const char *const codes[] = {
    "\n('a'):rep(5000):find('.-b')",
    "\n('a'):rep(5000):match('.-b')",
    "\n('a'):rep(100):find(('a-'):rep(20) .. 'b')",
    "\n('a'):rep(30):match(('a?'):rep(30) .. ('a'):rep(31))",
    "\n('a'):rep(5000):gsub('.-b', '')",
    "\nfor x in ('a'):rep(5000):gmatch('.-b') do end",
    "\n('('):rep(5000):find('%b()')",
    "\n(('a'):rep(3000)):find('(a*)%1b')",
    "\npcall(string.find, ('a'):rep(5000), '.-b')",
    "\nwhile true do ('a'):rep(100):find('.-b') end",
    "\nwhile true do ('a'):rep(100000) end",
    "\nlocal s = ('a'):rep(100000) while true do s:find('b', 1, true) end",
    "\nlocal s = 'x' while true do s = s:gsub('x', 'x') end",
    "\nfor _ in ('a'):rep(100):gmatch('a') do ('a'):rep(1000):find('.-b') end",
  };
  lua_State *L = open_state(0);
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
    const char *why = library_end(L, codes[i], LIMITS_COUNTED);
    if (why == NULL || strstr(why, "code:2: over 1000000 instructions") == NULL)
      fail_msg("%s: %s", codes[i], why == NULL ? "not ended" : why);
  }
  /* One that is not counted yet is no exception. */
  assert_non_null(library_end(L, "('a'):rep(5000):find('.-b')", LIMITS_TIMED));
  assert_null(library_end(L, "assert(not ('a'):rep(500):find('.-b'))", LIMITS_COUNTED));
  assert_null(library_end(L, "assert(('a'):rep(300000):find('a*$') == 1)", LIMITS_COUNTED));
  lua_close(L);
}

static void out_of_memory(void **state)
{
  (void)state;
  static const char code[] =
    "local text, found = '', {} for w in ('one two three'):gmatch('%a+') do found[#found + 1] = w "
    "end "
    "text = ('a b c'):gsub('%a', {a = ('x'):rep(3000), b = 'y'}):gsub('y', function(y) return "
    "y:rep(9) "
    "end) text = text:gsub('%s()', '%1%0') local a, b = text:match('(x+).-()y') "
    "assert(#a == 3000 and b == 3006 and #found == 3 and text:find('yyy'))";
  lua_State *L = open_state(0);
  long n = 0;
  assert_int_equal(luaL_loadstring(L, code), LUA_OK);
  lua_gc(L, LUA_GCSTOP);
  for (int status = LUA_ERRMEM; status != LUA_OK; n++) {
    lua_pushvalue(L, 1);
    failing_alloc_after(n);
    status = lua_pcall(L, 0, 0, 0);
    failing_alloc_off();
    if (status != LUA_OK)
      assert_string_equal(lua_tostring(L, -1), "not enough memory");
    lua_settop(L, 1);
  }
  assert_true(n > 20);
  lua_close(L);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(they_do_what_luas_own_do),
    cmocka_unit_test(random_patterns_too),
    cmocka_unit_test(what_tries_for_ever_is_ended),
    cmocka_unit_test(out_of_memory),
  };
  return cmocka_run_group_tests_name("strings", tests, NULL, NULL);
}
