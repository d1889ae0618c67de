#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "host/names.h"

#include <lauxlib.h>

#include <stdio.h>
#include <string.h>

static struct names names;

static lua_State *new_state(void)
{
  lua_State *L = luaL_newstate();
  assert_non_null(L);
  names_open(&names, L);
  return L;
}

/* Pushes it, checks that it is right, and pops it. Returns its address. */
static const char *push(lua_State *L, const char *data, size_t length)
{
  const struct name *name = names_push(&names, L, (struct slice){data, length});
  size_t got;
  const char *text = lua_tolstring(L, -1, &got);
  assert_int_equal(name != NULL, length > 0 && length <= NAMES_MAX_BYTES);
  if (name != NULL) {
    assert_ptr_equal(name->text, text);
  }
  assert_int_equal(got, length);
  assert_memory_equal(text, data, length);
  lua_pop(L, 1);
  return text;
}

/* Strings of all lengths around what the words hold, and each with one byte changed. */
static void one_byte_makes_another_name(void **state)
{
  (void)state;
  lua_State *L = new_state();
  for (size_t length = 0; length <= NAMES_MAX_BYTES + 4; length++)
    for (size_t changed = 0; changed <= length; changed++) {
      char text[NAMES_MAX_BYTES + 5] = "abcdefghijklmnopqrst";
      push(L, text, length);
      text[changed] = 'X';
      push(L, text, length);
      text[changed] = '\0';
      push(L, text, length);
    }
  assert_int_equal(lua_gettop(L), 0);
  lua_close(L);
}

static void equal_names_have_one_address(void **state)
{
  (void)state;
  lua_State *L = new_state();
  const char *known = push(L, "in_reply_to", 11);
  lua_gc(L, LUA_GCCOLLECT, 0); /* it is kept */
  assert_ptr_equal(push(L, "in_reply_to", 11), known);
  lua_pushliteral(L, "in_reply_to");
  assert_ptr_equal(lua_tostring(L, -1), known);
  lua_close(L);
}

/* Many times more names than there are places, twice, with collections in between. */
static void names_take_each_others_places(void **state)
{
  (void)state;
  lua_State *L = new_state();
  for (int round = 0; round < 2; round++)
    for (int i = 0; i < 50 << NAMES_SLOT_BITS; i++) {
      char text[32];
      int length = snprintf(text, sizeof text, "n%d", i);
      push(L, text, (size_t)length);
      if (i % 1000 == 0)
        lua_gc(L, LUA_GCCOLLECT, 0);
    }
  lua_close(L);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(one_byte_makes_another_name),
    cmocka_unit_test(equal_names_have_one_address),
    cmocka_unit_test(names_take_each_others_places),
  };
  return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
