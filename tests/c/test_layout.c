#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "host/layout.h"

#include <lauxlib.h>

static lua_State *new_state(void)
{
  lua_State *L = luaL_newstate();
  assert_non_null(L);
  return L;
}

/* The build for Debian's Lua is the fast one: this says so, lest all be slow in silence. */
static void it_is_known(void **state)
{
  (void)state;
#if LUA_VERSION_NUM == 504 && !defined(HEARSAY_NO_LAYOUT)
  assert_true(layout_is_known());
  assert_true(layout_is_known());
#else
  assert_false(layout_is_known());
#endif
}

/* Pushes a pattern of two keys, "a" and "b". */
static const struct layout_table *push_pattern(lua_State *L)
{
  lua_createtable(L, 0, 2);
  lua_pushinteger(L, 1);
  lua_setfield(L, -2, "b");
  lua_pushinteger(L, 0);
  lua_setfield(L, -2, "a");
  return layout_table_at(L, -1);
}

static const struct layout_value values[] = {{.as.integer = 17, .tag = LAYOUT_INTEGER},
                                             {.as.number = 0.5, .tag = LAYOUT_FLOAT}};

static void each_field_gets_its_value(void **state)
{
  (void)state;
  if (!layout_is_known())
    skip();
  lua_State *L = new_state();
  const struct layout_table *pattern = push_pattern(L);
  lua_createtable(L, 0, 2);
  assert_true(layout_fill_fields(layout_table_at(L, -1), pattern, values));
  lua_getfield(L, -1, "a");
  assert_int_equal(lua_tointeger(L, -1), 17);
  lua_getfield(L, -2, "b");
  assert_true(lua_tonumber(L, -1) == 0.5);
  lua_close(L);
}

static void tables_of_another_size_are_not_filled(void **state)
{
  (void)state;
  if (!layout_is_known())
    skip();
  lua_State *L = new_state();
  const struct layout_table *pattern = push_pattern(L);
  lua_createtable(L, 1, 3);
  struct layout_table *t = layout_table_at(L, -1);
  assert_false(layout_fill_fields(t, pattern, values));
  assert_false(layout_fill_items(t, values, 2, NULL));
  lua_pushnil(L);
  assert_false(lua_next(L, -2));
  lua_close(L);
}

/* What is written into one that the collector has been through would be lost on it. */
static void black_tables_are_not_filled(void **state)
{
  (void)state;
  if (!layout_is_known())
    skip();
  lua_State *L = new_state();
  const struct layout_table *pattern = push_pattern(L);
  lua_createtable(L, 2, 2);
  struct layout_table *t = layout_table_at(L, -1);
  lua_gc(L, LUA_GCGEN, 0, 0);
  assert_true(layout_is_black(t));
  assert_false(layout_fill_fields(t, pattern, values));
  assert_false(layout_fill_items(t, values, 2, NULL));
  lua_gc(L, LUA_GCINC, 0, 0, 0);
  lua_gc(L, LUA_GCCOLLECT);
  assert_false(layout_is_black(t));
  assert_true(layout_fill_fields(t, pattern, values));
  assert_true(layout_fill_items(t, values, 2, NULL));
  assert_int_equal(lua_rawlen(L, -1), 2);
  lua_close(L);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(it_is_known),
    cmocka_unit_test(each_field_gets_its_value),
    cmocka_unit_test(tables_of_another_size_are_not_filled),
    cmocka_unit_test(black_tables_are_not_filled),
  };
  return cmocka_run_group_tests_name("layout", tests, NULL, NULL);
}
