#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "host/measure.h"

#include <lauxlib.h>
#include <lualib.h>

enum { DEPTH = 100 };

static lua_State *state_of(const char *expression)
{
  lua_State *L = luaL_newstate();
  assert_non_null(L);
  luaL_openlibs(L);
  assert_int_equal(luaL_dostring(L, expression), LUA_OK);
  return L;
}

/* The most bytes that the value is known to exceed. */
static size_t measure(lua_State *L, int depth)
{
  size_t most = 0;
  while (measure_exceeds(L, -1, depth, most + 1))
    most++;
  return most;
}

static void it_is_no_more_than_the_text(void **state)
{
  (void)state;
  static const struct {
    const char *code;
    size_t least, length;
  } cases[] = {
    {"return 7", 1, 2},
    {"return 'some text'", 9, 11},
    {"return {}", 1, 2},
    {"return {'ab', 'cd', 'ef'}", 9, 16},
    {"return {name = 'value', other = {1, 2, 3}}", 20, 32},
    {"return {[1] = 'x', [7] = ('y'):rep(50)}", 51, 65},
    {"return setmetatable({}, {__index = error, __pairs = error})", 1, 2},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    lua_State *L = state_of(cases[i].code);
    int top = lua_gettop(L);
    assert_in_range(measure(L, DEPTH), cases[i].least, cases[i].length);
    assert_int_equal(lua_gettop(L), top);
    lua_close(L);
  }
}

/* A hundred tables and a text of 2^100 bytes; and one that ends nowhere. */
static void what_is_in_there_many_times_counts_as_often(void **state)
{
  (void)state;
  lua_State *L = state_of("local t = {1} for i = 1, 99 do t = {t, t} end return t");
  assert_int_equal(measure_exceeds(L, -1, 1000, 1000000), 1);
  lua_close(L);
  L = state_of("local t = {} t[1] = t return t");
  assert_int_equal(measure_exceeds(L, -1, 1000, 1000000), 0);
  assert_in_range(measure(L, 1000), 1000, 2002);
  assert_in_range(measure(L, 10), 10, 22);
  lua_close(L);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(it_is_no_more_than_the_text),
    cmocka_unit_test(what_is_in_there_many_times_counts_as_often),
  };
  return cmocka_run_group_tests_name("measure", tests, NULL, NULL);
}
