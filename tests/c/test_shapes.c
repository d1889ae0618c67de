#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "host/shapes.h"

#include <lauxlib.h>

#include <stdio.h>
#include <string.h>

static struct shapes shapes;

static lua_State *new_state(void)
{
  lua_State *L = luaL_newstate();
  assert_non_null(L);
  shapes_open(&shapes, L);
  return L;
}

static struct shape *find(const struct shape *at, const char *key)
{
  return shapes_find(&shapes, at, slice_of(key));
}

static struct shape *learn(lua_State *L, const struct shape *at, const char *key)
{
  struct shape *shape = shapes_learn(&shapes, L, at, slice_of(key));
  assert_int_equal(lua_gettop(L), 0);
  return shape;
}

/* What is expected at a text, which ends where its memory does. */
static int is_expected(const struct shape *at, struct shape *shape, const char *text)
{
  const struct shape *found = shapes_expected(&shapes, at, shape, text, text + strlen(text));
  assert_true(found == NULL || found == shape);
  return found != NULL;
}

static void what_is_learnt_is_found(void **state)
{
  (void)state;
  lua_State *L = new_state();
  assert_true(shapes_begin(&shapes));
  struct shape *none = &shapes.none;
  assert_null(find(none, "type"));
  struct shape *type = learn(L, none, "type"), *id = learn(L, type, "msg_id");
  assert_ptr_equal(find(none, "type"), type);
  assert_ptr_equal(find(type, "msg_id"), id);
  assert_null(find(none, "msg_id"));
  assert_null(find(type, "type"));
  assert_null(find(type, "msg_id2"));
  assert_null(find(type, "msg_ix"));
  assert_int_equal(none->count, 0);
  assert_int_equal(type->count, 1);
  assert_int_equal(id->count, 2);
  assert_string_equal(id->text, "msg_id");
  assert_true(is_expected(none, type, "type\":"));
  assert_true(is_expected(type, id, "msg_id\":1"));
  assert_false(is_expected(none, id, "msg_id\":"));
  assert_false(is_expected(none, type, "typ"));
  assert_false(is_expected(none, type, "type\""));
  assert_false(is_expected(none, type, "type\" :"));
  assert_false(is_expected(none, type, "tyqe\":"));
  shapes_end(&shapes);
  lua_close(L);
}

static void not_every_key_is_learnt(void **state)
{
  (void)state;
  lua_State *L = new_state();
  shapes_begin(&shapes);
  assert_null(learn(L, &shapes.none, ""));
  assert_null(learn(L, &shapes.none, "more than 16 bytes"));
  assert_null(learn(L, &shapes.none, "a\"b"));
  assert_null(learn(L, &shapes.none, "a\\b"));
  assert_null(learn(L, &shapes.none, "a\nb"));
  assert_non_null(learn(L, &shapes.none, "sixteen bytes ok"));
  assert_non_null(learn(L, &shapes.none, "\xc3\xa9"));
  shapes_end(&shapes);
  lua_close(L);
}

/* Tries to learn more keys than there are places for. Returns how many have been. */
static int learn_many(lua_State *L, char first)
{
  int count = 0;
  for (int i = 0; i < 40 * SHAPES_COUNT; i++) {
    char key[32];
    (void)snprintf(key, sizeof key, "%c%d", first, i);
    count += learn(L, &shapes.none, key) != NULL;
    if (i % 500 == 0)
      lua_gc(L, LUA_GCCOLLECT);
  }
  return count;
}

static void what_is_used_in_a_turn_stays(void **state)
{
  (void)state;
  lua_State *L = new_state();
  shapes_begin(&shapes);
  struct shape *type = learn(L, &shapes.none, "type");
  shapes_end(&shapes);
  shapes_begin(&shapes);
  assert_false(shapes_begin(&shapes)); /* not before this one ends */
  assert_ptr_equal(find(&shapes.none, "type"), type);
  assert_int_equal(learn_many(L, 'k'), SHAPES_COUNT - 1); /* then all are of this turn */
  assert_ptr_equal(find(&shapes.none, "type"), type);
  assert_string_equal(type->text, "type");
  shapes_end(&shapes);
  assert_true(shapes_begin(&shapes));
  assert_true(learn_many(L, 'm') <= SHAPES_COUNT); /* it is in nobody's way any more */
  assert_null(find(&shapes.none, "type"));
  shapes_end(&shapes);
  lua_close(L);
}

/* The one of which the last use is longer ago goes; and of those that are no use, not each comes. */
static void what_is_used_more_often_stays(void **state)
{
  (void)state;
  lua_State *L = new_state();
  shapes_begin(&shapes);
  assert_non_null(learn(L, &shapes.none, "type"));
  shapes_end(&shapes);
  int count = 0;
  for (int i = 0; i < 4000; i++) {
    char key[32];
    (void)snprintf(key, sizeof key, "k%d", i);
    shapes_begin(&shapes);
    if (i % 10 == 0)
      assert_non_null(find(&shapes.none, "type"));
    count += learn(L, &shapes.none, key) != NULL;
    shapes_end(&shapes);
  }
  assert_in_range(count, 900, 1200);
  lua_close(L);
}

static void what_led_on_from_one_that_is_gone_is_not_found(void **state)
{
  (void)state;
  lua_State *L = new_state();
  shapes_begin(&shapes);
  struct shape *a = learn(L, &shapes.none, "a"), *b = learn(L, a, "b");
  shapes_end(&shapes);
  struct shape old = *a;
  for (int i = 0; a->serial == old.serial; i++) {
    char key[32];
    (void)snprintf(key, sizeof key, "k%d", i);
    shapes_begin(&shapes);
    (void)find(&old, "b"); /* this one stays */
    (void)learn(L, &shapes.none, key);
    shapes_end(&shapes);
  }
  assert_ptr_equal(find(&old, "b"), b);
  assert_null(find(a, "b"));
  assert_false(is_expected(a, b, "b\":"));
  lua_close(L);
}

static void a_pattern_has_the_keys_and_their_places(void **state)
{
  (void)state;
  lua_State *L = new_state();
  shapes_begin(&shapes);
  const struct slice keys[] = {SLICE("type"), SLICE("msg_id")};
  struct shape *type = learn(L, &shapes.none, "type"), *id = learn(L, type, "msg_id");
  shapes_end_at(&shapes, L, &shapes.none, keys);
  shapes_end_at(&shapes, L, id, keys);
  assert_null(id->pattern); /* it may not come again */
  shapes_end_at(&shapes, L, id, keys);
  const struct layout_table *pattern = id->pattern;
  assert_non_null(pattern);
  assert_null(type->pattern);
  assert_null(shapes.none.pattern);
  shapes_end_at(&shapes, L, id, keys);
  assert_ptr_equal(id->pattern, pattern);
  assert_int_equal(lua_gettop(L), 0);
  lua_gc(L, LUA_GCCOLLECT);
  lua_rawgeti(L, LUA_REGISTRYINDEX, shapes.reference); // kept
  for (int i = 1; lua_topointer(L, -1) != pattern; i++) {
    lua_settop(L, 1);
    lua_rawgeti(L, 1, i); // kept pattern
    assert_true(i <= 2 * SHAPES_COUNT);
  }
  for (int i = 0; i < 2; i++) {
    lua_pushlstring(L, keys[i].data, keys[i].length);
    assert_int_equal(lua_rawget(L, -2), LUA_TNUMBER);
    assert_int_equal(lua_tointeger(L, -1), i);
    lua_pop(L, 1);
  }
  shapes_end(&shapes);
  lua_close(L);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(what_is_learnt_is_found),
    cmocka_unit_test(not_every_key_is_learnt),
    cmocka_unit_test(what_is_used_in_a_turn_stays),
    cmocka_unit_test(what_is_used_more_often_stays),
    cmocka_unit_test(what_led_on_from_one_that_is_gone_is_not_found),
    cmocka_unit_test(a_pattern_has_the_keys_and_their_places),
  };
  return cmocka_run_group_tests_name("shapes", tests, NULL, NULL);
}
