/* The functions of scripts for tables beside Lua's own: equal in everything, errors and metamethods
 * too, but that their work has an end. The random cases depend on a seed that a failure prints. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "host/tables.h"
#include "library_fixture.h"

#include <string.h>

/* Arguments of all kinds; ends of ranges at which numbers overflow. */
static const char by_hand[] =
  "local ends = {-1, 0, 1, 2, 3, 4, 5, 1 << 31, math.maxinteger, math.mininteger, '2', 1.5, {}, "
  "false} "
  "local function list() return {10, 20, 30, 40} end "
  "local small = {-1, 0, 1, 2, 3, 4, 5, 6} "
  "for _, name in ipairs({'concat', 'insert', 'move', 'remove', 'sort', 'unpack'}) do "
  "same('table', name, function() end) "
  "for _, it in ipairs({1, 'text', true, type}) do "
  "same('table', name, function() return it end) "
  "same('table', name, function() return it, 1, 2, 3 end) "
  "same('table', name, function() return list(), it end) "
  "same('table', name, function() return list(), 1, it, 2, it end) end "
  "for _, a in ipairs(ends) do "
  "same('table', name, function() return list(), a end) "
  "for _, b in ipairs(ends) do if name ~= 'move' and name ~= 'concat' then "
  "same('table', name, function() return list(), a, b end) end end end "
  "same('table', name, function() return list(), 1, 2, 3, 4, 5 end) end "
  "for _, a in ipairs(small) do for _, b in ipairs(small) do for _, c in ipairs(small) do "
  "same('table', 'move', function() return list(), a, b, c end) "
  "same('table', 'move', function() return list(), a, b, c, {7, 8} end) "
  "same('table', 'move', function() local t = list() return t, a, b, c, t end) end "
  "same('table', 'concat', function() return list(), ', ', a, b end) "
  "same('table', 'concat', function() return list(), nil, a, b end) end end "
  "for _, last in ipairs({math.maxinteger, math.maxinteger - 1, -1}) do "
  "same('table', 'move', function() return {}, math.mininteger, last, 1 end) "
  "same('table', 'move', function() return {}, -2, last, 1 end) "
  "same('table', 'move', function() return {}, last - 1, last, math.maxinteger end) "
  "same('table', 'concat', function() return {[last] = 'a', [last - 1] = 1.5}, 5, last - 1, last "
  "end) "
  "same('table', 'unpack', function() return {[last] = 'a'}, last, last end) "
  "same('table', 'unpack', function() return {}, math.mininteger, last end) end "
  "same('table', 'concat', function() return {1, {}, 3} end) "
  "same('table', 'concat', function() return {1, 'a', 2.5}, {} end) "
  "same('table', 'unpack', function() return 'text' end) "
  "same('table', 'unpack', function() return {1, nil, 3} end) "
  "same('table', 'sort', function() return {3, 1, 'x', 2} end) "
  "same('table', 'sort', function() return {3, 1, {}, 2} end) "
  "same('table', 'sort', function() return {3, 1, 2}, function() error('why', 2) end end) "
  "same('table', 'sort', function() return {3, 1, 2}, coroutine.yield end) "
  "same('table', 'sort', function() return {5, 3, 4, 1, 2}, function() return true end end)";

/* Tables that are not what they seem: each access is noted, and its order is the same too. */
static const char with_metamethods[] =
  "local function proxy(length, reads) return setmetatable({}, {__len = function() return length "
  "end, "
  "__index = function(_, i) reads[#reads + 1] = i return type(i) == 'number' and i * 7 % 5 or nil "
  "end, __newindex = function(t, i, v) reads[#reads + 1] = 'set ' .. i rawset(t, i, v) end}) end "
  "for length = 0, 6 do for at = -1, 8 do "
  "for _, name in ipairs({'concat', 'insert', 'move', 'remove', 'sort', 'unpack'}) do "
  "same('table', name, function() local reads = {} return proxy(length, reads), nil, at, 3, reads "
  "end) "
  "same('table', name, function() local reads = {} return proxy(length, reads), at, 3, 1, reads "
  "end) "
  "same('table', name, function() local reads = {} return proxy(length, reads), at end) "
  "same('table', name, function() local reads = {} return proxy(length, reads) end) end end end "
  "for _, length in ipairs({'7', 2.0, 2.5, {}, math.maxinteger}) do "
  "same('table', 'insert', function() return proxy(length, {}), 1 end) "
  "same('table', 'sort', function() return proxy(length, {}) end) "
  "same('table', 'remove', function() return proxy(length, {}) end) end "
  "same('table', 'sort', function() local reads = {} local t = proxy(5, reads) return t, "
  "function(a, "
  "b) reads[#reads + 1] = a .. '<' .. b return a < b end end)";

/* Elements of which many are equal, with orders that are none: what Lua's own algorithm makes of it. */
static const char random[] =
  "local seed = ... math.randomseed(seed) "
  "local function list(kind) local t = {} for i = 1, math.random(0, 60) do local n = "
  "math.random(20) "
  "t[i] = kind == 1 and n or kind == 2 and ('x'):rep(n * 20) .. math.random(9) or "
  "kind == 3 and n / 2 or kind == 4 and {n = n, i = i} or math.random(3) == 1 and 'a' or n end "
  "return t end "
  "local orders = {function(a, b) return a > b end, function(a, b) return a.n < b.n end, "
  "function(a, b) return a < b or a == b end, math.ult} "
  "for i = 1, 3000 do "
  "local ok, why = pcall(function() "
  "local kept = math.random(1 << 40) "
  "local function make(kind) math.randomseed(kept) return list(kind), i % 3 == 0 and orders[i % 4 "
  "+ "
  "1] or kind == 4 and orders[2] or nil end "
  "same('table', 'sort', function() return make(i % 5 + 1) end) "
  "local a, b, c, d = math.random(-3, 9), math.random(-3, 9), math.random(-3, 9), list(1) "
  "local function copy() return {plain.table.unpack(d)} end "
  "same('table', 'move', function() return copy(), a, b, c end) "
  "same('table', 'insert', function() return copy(), a, b end) "
  "same('table', 'remove', function() return copy(), a end) "
  "same('table', 'concat', function() return copy(), b, 1, a end) "
  "same('table', 'unpack', function() return copy(), a, b end) "
  "end) if not ok then error('seed ' .. seed .. ': ' .. why, 0) end math.randomseed(seed * 10000 + "
  "i) end "
  "local large = {} for i = 1, 5000 do large[i] = {math.random(300)} end "
  "local mine = {plain.table.unpack(large)} "
  "local function order(a, b) return a[1] < b[1] end "
  "table.sort(mine, order) plain.table.sort(large, order) "
  "for i = 1, #large do assert(mine[i] == large[i], 'seed ' .. seed) end";

static void they_do_what_luas_own_do(void **state)
{
  (void)state;
  lua_State *L = library_state(tables_open);
  library_run(L, by_hand, 0);
  library_run(L, with_metamethods, 0);
  lua_close(L);
}

static void random_ones_too(void **state)
{
  (void)state;
  for (lua_Integer seed = 1; seed <= 3; seed++) {
    lua_State *L = library_state(tables_open);
    library_run(L, random, seed);
    lua_close(L);
  }
}

static void what_takes_very_long_is_ended(void **state)
{
  (void)state;
  static const char *const codes[] = {
    "\ntable.move({}, 1, 1 << 53, 2)",
    "\ntable.move({}, 1, 1 << 53, 2, {})",
    "\ntable.concat(setmetatable({}, {__index = rawlen}), '', 1, 1 << 53)",
    "\ntable.concat(setmetatable({}, {__index = {}, __len = function() return 1 << 53 end}), '', "
    "(1 << 53), (1 << 53) - 1) table.insert(setmetatable({}, {__len = function() return 1 << 53 "
    "end}), 1, 2)",
    "\ntable.remove(setmetatable({}, {__len = function() return 1 << 53 end}), 1)",
    "\ntable.sort(setmetatable({}, {__len = function() return (1 << 31) - 2 end, "
    "__index = function() return 1 end, __newindex = rawequal}))",
    "\nlocal t = {} for i = 1, 100000 do t[i] = i end table.sort(t)",
    "\nlocal t = {} for i = 1, 100000 do t[i] = i end table.sort(t, math.ult)",
    "\nlocal t = {} for i = 1, 300 do t[i] = ('x'):rep(10000) .. i end table.sort(t)",
    "\nlocal t = {} for i = 1, 300 do t[i] = ('x'):rep(10000) .. i end table.sort(t, function(a, "
    "b) "
    "return a < b end) table.sort(t)",
    "\nlocal t = {} for i = 1, 1000 do t[i] = i end while true do table.insert(t, 1, 0) t[#t] = "
    "nil "
    "end",
    "\nlocal t = {} for i = 1, 1000 do t[i] = i end while true do table.remove(t, 1) t[1000] = 1 "
    "end",
    "\nlocal t = {} for i = 1, 1000 do t[i] = i end while true do local _ = table.concat(t) end",
    "\nlocal t = {('x'):rep(1000000)} while true do local _ = table.concat(t) end",
    "\nlocal s = ('x'):rep(1000000) while true do local _ = table.concat({1, 2}, s) end",
    "\nlocal t = {} while true do local _ = table.unpack(t, 1, 10000) end",
    "\npcall(table.move, {}, 1, 1 << 53, 2)",
  };
  /* The instructions of each in Lua are few: that they end is what the functions have counted. */
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
    lua_State *L = library_state(tables_open);
    const char *why = library_end(L, codes[i], LIMITS_COUNTED);
    if (why == NULL || strstr(why, "code:2: over 1000000 instructions") == NULL)
      fail_msg("%s: %s", codes[i], why == NULL ? "not ended" : why);
    lua_close(L);
  }
}

static void what_does_not_is_not(void **state)
{
  (void)state;
  lua_State *L = library_state(tables_open);
  assert_null(library_end(
    L,
    "local t = {} for i = 1, 20000 do table.insert(t, (i * 7919) % 20011) end table.sort(t) "
    "for i = 2, #t do assert(t[i - 1] < t[i]) end assert(#table.concat(t, ',') > 90000) "
    "assert(#table.move(t, 1, #t, 2) == 20001) "
    "local words = {} for i = 1, 5000 do words[i] = 'word ' .. i end table.sort(words) "
    "for _ = 1, 20000 do table.remove(t) end assert(select('#', table.unpack(words)) == 5000)",
    LIMITS_COUNTED));
  lua_close(L);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(they_do_what_luas_own_do),
    cmocka_unit_test(random_ones_too),
    cmocka_unit_test(what_takes_very_long_is_ended),
    cmocka_unit_test(what_does_not_is_not),
  };
  return cmocka_run_group_tests_name("tables", tests, NULL, NULL);
}
