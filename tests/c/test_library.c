/* Functions of Lua's libraries whose work is counted: they are what they were, and a loop of them that
 * takes very long is ended. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "host/library.h"
#include "library_fixture.h"

#include <stdio.h>
#include <string.h>

static const char all[] =
  "local arguments = {'', 'a', 'text \\u{fc}\\u{20ac}', '\\xff\\x80', ('x'):rep(100), 7, 2.5, -1, "
  "0, "
  "2, 3, 100, math.maxinteger, math.mininteger, '2', true, {}, print, '%s %d', '%q', 'i4s2', '<d'} "
  "local names = {string = {'byte', 'format', 'lower', 'pack', 'reverse', 'sub', 'upper', "
  "'unpack'}, "
  "utf8 = {'char', 'codepoint', 'len', 'offset'}} "
  "for library, list in pairs(names) do for _, name in ipairs(list) do "
  "same(library, name, function() end) same(library, name, function() return nil end) "
  "for _, a in ipairs(arguments) do same(library, name, function() return a end) "
  "for _, b in ipairs(arguments) do same(library, name, function() return a, b end) "
  "same(library, name, function() return a, nil, b end) "
  "same(library, name, function() return a, b, 3, true end) end end end end "
  "for n = -9, 9 do for i = -9, 9 do same('utf8', 'offset', function() return "
  "'\\u{fc}a\\u{20ac}bc', "
  "n, i end) same('utf8', 'len', function() return '\\u{fc}a\\u{20ac}bc', n, i, true end) end end "
  "local text = 'a text' assert(text:upper() == 'A TEXT' and text:sub(3, -2) == 'tex') "
  "local ok, why = pcall(load(\"\\nlocal s = 'x' s:rep(1) s:sub({})\", '=code')) "
  "assert(why == \"code:2: bad argument #1 to 'sub' (number expected, got table)\", why) "
  "local before = collectgarbage('count') assert(math.type(before) == 'float') "
  "assert(collectgarbage() == 0 and collectgarbage('collect') == 0 and "
  "collectgarbage('isrunning')) "
  "assert(not pcall(collectgarbage, 'x') and not pcall(collectgarbage, {})) "
  "assert(collectgarbage('stop') == 0 and not collectgarbage('isrunning')) "
  "assert(collectgarbage('restart') == 0) collectgarbage('step', 1000000)";

static void they_do_what_luas_own_do(void **state)
{
  (void)state;
  lua_State *L = library_state(library_open);
  library_run(L, all, 0);
  lua_close(L);
}

/* In each round there are some instructions of Lua, and work for a thousand times as many. */
static void what_takes_very_long_is_ended(void **state)
{
  (void)state;
  static const char *const rounds[] = {
    "s:byte(1, 10000)",
    "('%s'):format(s)",
    "s:lower()",
    "s:upper()",
    "s:reverse()",
    "s:sub(2)",
    "string.pack('s4', s)",
    "string.unpack('s4', packed)",
    "utf8.codepoint(s, 1, 10000)",
    "utf8.char(s:byte(1, 1000))",
    "utf8.len(s)",
    "utf8.len(s, -100000)",
    "utf8.len(wrong)",
    "utf8.offset(s, 100000)",
    "utf8.offset(s, -100000)",
    "utf8.offset(s, 1000000)",
    "collectgarbage()",
    "collectgarbage('collect')",
  };
  for (size_t i = 0; i < sizeof rounds / sizeof *rounds; i++) {
    char code[400];
    (void)snprintf(code, sizeof code,
                   "\nlocal s, n = ('x'):rep(200000), 0 local packed, wrong = ('s4'):pack(s), s .. "
                   "'\\xff' for i = 1, 2000 do local _ = %s end",
                   rounds[i]);
    lua_State *L = library_state(library_open);
    const char *why = library_end(L, code, LIMITS_COUNTED);
    if (why == NULL || strstr(why, "code:2: over 1000000 instructions") == NULL)
      fail_msg("%s: %s", rounds[i], why == NULL ? "not ended" : why);
    lua_close(L);
  }
}

/* Small steps through a large text are as many as they are. */
static void what_does_not_is_not(void **state)
{
  (void)state;
  lua_State *L = library_state(library_open);
  assert_null(library_end(
    L,
    "local s = ('x'):rep(1000000) for i = 1, 20000 do assert(s:sub(i, i) == 'x' and s:byte(i) == "
    "120 and utf8.offset(s, 2, i) == i + 1 and utf8.len(s, i, i + 1) == 2 and utf8.codepoint(s, "
    "i) == 120 and collectgarbage('count') > 0) end assert(utf8.len('\\xff' .. s) == nil)",
    LIMITS_COUNTED));
  lua_close(L);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(they_do_what_luas_own_do),
    cmocka_unit_test(what_takes_very_long_is_ended),
    cmocka_unit_test(what_does_not_is_not),
  };
  return cmocka_run_group_tests_name("library", tests, NULL, NULL);
}
