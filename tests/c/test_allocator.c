#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/arena.h"
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
  for (enum allocator_kind kind = 0; kind <= ALLOCATOR_MALLOC; kind++) {
    lua_State *L = allocator_new_state(LIMIT, kind, 0);
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
  for (enum allocator_kind kind = 0; kind <= ALLOCATOR_MALLOC; kind++) {
    lua_State *L = allocator_new_state(LIMIT, kind, 0);
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
  lua_State *L = allocator_new_state(0, ALLOCATOR_ARENA, 0);
  assert_null(allocator_arena(L));
  assert_int_equal(try_string(L, 64 * LIMIT), LUA_OK);
  lua_close(L);
}

static void memory_is_in_an_arena_where_there_are_any(void **state)
{
  (void)state;
  lua_State *L = allocator_new_state(LIMIT, ALLOCATOR_POOL, 0);
  assert_null(allocator_arena(L));
  lua_close(L);
  L = allocator_new_state(LIMIT, ALLOCATOR_ARENA, 0);
  const struct arena *arena = allocator_arena(L);
  assert_true((arena == NULL) == ARENA_IS_OFF);
  if (arena != NULL)
    for (lua_Integer bytes = 1; bytes < LIMIT / 4; bytes = bytes * 3 + 1) {
      assert_int_equal(try_string(L, bytes), LUA_OK);
      assert_int_not_equal(arena_offset(arena, lua_tostring(L, -1)), 0);
    }
  lua_close(L);
  lua_State *another = luaL_newstate();
  assert_null(allocator_arena(another));
  lua_close(another);
}

/* The limit comes first, whatever lies unused between blocks. */
static void an_arena_has_room_for_the_limit(void **state)
{
  (void)state;
  lua_State *L = allocator_new_state(64 * LIMIT, ALLOCATOR_ARENA, 0);
  assert_int_equal(luaL_loadstring(L, "local all, i = {}, 0\n"
                                      "while true do\n"
                                      "  i = i + 1\n"
                                      "  all[i] = (...)(i % 7 * 5003 + i)\n"
                                      "  if i % 3 == 0 then all[i // 2] = false end\n"
                                      "end"),
                   LUA_OK);
  lua_pushcfunction(L, push_string);
  assert_int_equal(lua_pcall(L, 1, 0, 0), LUA_ERRMEM);
  assert_memory_equal(allocator_error(L), "over ", 5);
  assert_in_range(allocator_used(L), 60 * LIMIT, 64 * LIMIT);
  lua_close(L);
}

static void want_of_memory_is_not_the_limit(void **state)
{
  (void)state;
  lua_State *L = allocator_new_state(LIMIT, ALLOCATOR_MALLOC, 0);
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
  for (enum allocator_kind kind = 0; kind <= ALLOCATOR_MALLOC; kind++) {
    lua_State *L = NULL;
    long n = 0;
    for (; L == NULL; n++) {
      failing_alloc_after(n);
      L = allocator_new_state(LIMIT, kind, 0);
      failing_alloc_off();
    }
    assert_true(n > (kind == ALLOCATOR_ARENA && !ARENA_IS_OFF ? 1 : 2));
    lua_close(L);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(what_is_in_use_is_what_lua_counts),
    cmocka_unit_test(over_the_limit_there_is_no_memory),
    cmocka_unit_test(no_limit_is_none),
    cmocka_unit_test(memory_is_in_an_arena_where_there_are_any),
    cmocka_unit_test(an_arena_has_room_for_the_limit),
    cmocka_unit_test(want_of_memory_is_not_the_limit),
    cmocka_unit_test(no_state_without_memory),
  };
  return cmocka_run_group_tests_name("allocator", tests, NULL, NULL);
}
