#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "failing_alloc.h"
#include "host/allocator.h"

#include <lauxlib.h>

#include <stdio.h>

enum { LIMIT = 1 << 20 };

static int push_string(lua_State *L)
{
  size_t bytes = (size_t)lua_tointeger(L, 1);
  luaL_Buffer b;
  (void)luaL_buffinitsize(L, &b, bytes);
  luaL_pushresultsize(&b, bytes);
  return 1;
}

static int try_string(lua_State *L, lua_Integer bytes)
{
  lua_settop(L, 0);
  lua_pushcfunction(L, push_string);
  lua_pushinteger(L, bytes);
  return lua_pcall(L, 1, 1, 0);
}

/* The state counts for itself too. */
static void assert_counts(lua_State *L)
{
  size_t bytes = (size_t)lua_gc(L, LUA_GCCOUNT, 0) << 10 | (size_t)lua_gc(L, LUA_GCCOUNTB, 0);
  assert_int_equal(allocator_used(L), bytes);
}

static void what_is_in_use_is_what_lua_counts(void **state)
{
  (void)state;
  for (int malloc_each = 0; malloc_each <= 1; malloc_each++) {
    lua_State *L = allocator_new_state(LIMIT, malloc_each);
    assert_non_null(L);
    assert_counts(L);
    for (lua_Integer bytes = 1; bytes < LIMIT / 4; bytes = bytes * 3 + 1) {
      assert_int_equal(try_string(L, bytes), LUA_OK);
      assert_counts(L);
    }
    lua_gc(L, LUA_GCCOLLECT, 0);
    assert_counts(L);
    lua_close(L);
  }
}

static void assert_limit_is_told(lua_State *L)
{
  char expected[96];
  (void)snprintf(expected, sizeof expected,
                 "over %d bytes of memory (the limit is set by --max-memory)", LIMIT);
  assert_string_equal(allocator_error(L), expected);
}

static void over_the_limit_there_is_no_memory(void **state)
{
  (void)state;
  for (int malloc_each = 0; malloc_each <= 1; malloc_each++) {
    lua_State *L = allocator_new_state(LIMIT, malloc_each);
    for (int i = 0; i < 3; i++) {
      assert_int_equal(try_string(L, LIMIT), LUA_ERRMEM);
      assert_limit_is_told(L);
      assert_in_range(allocator_used(L), 1, LIMIT);
      assert_counts(L);
      assert_int_equal(try_string(L, LIMIT / 4), LUA_OK);
    }
    allocator_set_reserve(L, 2 * LIMIT);
    assert_int_equal(try_string(L, LIMIT), LUA_OK);
    allocator_set_reserve(L, 0);
    assert_int_equal(try_string(L, LIMIT), LUA_ERRMEM);
    assert_int_equal(try_string(L, LIMIT / 4), LUA_OK); /* the large one is collected */
    lua_close(L);
  }
}

static void no_limit_is_none(void **state)
{
  (void)state;
  lua_State *L = allocator_new_state(0, 0);
  assert_int_equal(try_string(L, 64 * LIMIT), LUA_OK);
  lua_close(L);
}

static void want_of_memory_is_not_the_limit(void **state)
{
  (void)state;
  lua_State *L = allocator_new_state(LIMIT, 1);
  assert_int_equal(try_string(L, LIMIT), LUA_ERRMEM);
  size_t used = allocator_used(L);
  failing_alloc_after(0);
  int status = try_string(L, LIMIT / 4);
  failing_alloc_off();
  assert_int_equal(status, LUA_ERRMEM);
  assert_string_equal(allocator_error(L), "out of memory");
  assert_true(allocator_used(L) <= used);
  assert_counts(L);
  lua_close(L);
}

static void no_state_without_memory(void **state)
{
  (void)state;
  for (int malloc_each = 0; malloc_each <= 1; malloc_each++) {
    lua_State *L = NULL;
    long n = 0;
    for (; L == NULL; n++) {
      failing_alloc_after(n);
      L = allocator_new_state(0, malloc_each);
      failing_alloc_off();
    }
    assert_true(n > 2);
    lua_close(L);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(what_is_in_use_is_what_lua_counts),
    cmocka_unit_test(over_the_limit_there_is_no_memory),
    cmocka_unit_test(no_limit_is_none),
    cmocka_unit_test(want_of_memory_is_not_the_limit),
    cmocka_unit_test(no_state_without_memory),
  };
  return cmocka_run_group_tests_name("allocator", tests, NULL, NULL);
}
