#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/rng.h"
#include "host/builder.h"

#include <lauxlib.h>
#include <lualib.h>

#include <stdio.h>
#include <string.h>

/* --- texts with all there is ------------------------------------------- */

static void append(struct bytes *b, const char *text)
{
  assert_int_equal(bytes_append_slice(b, slice_of(text)), 0);
}

static void append_key(struct rng *r, struct bytes *out)
{
  static const char *const usual[] = {"type",   "msg_id", "in_reply_to",           "key",
                                      "value",  "at",     "sixteen bytes ok",      "from",
                                      "to",     "term",   "\xc3\xa9t\xc3\xa9",     "index",
                                      "prev_x", "__gc",   "more than 16 bytes it", "\\u0061t"};
  char key[32];
  append(out, "\"");
  if (rng_below(r, 4) == 0)
    (void)snprintf(key, sizeof key, "k%d", (int)rng_below(r, 300));
  else
    (void)snprintf(key, sizeof key, "%s", usual[rng_below(r, sizeof usual / sizeof *usual)]);
  append(out, key);
  append(out, rng_below(r, 30) == 0 ? "\" : " : "\":");
}

static void append_scalar(struct rng *r, struct bytes *out)
{
  static const char *const values[] = {
    "1",
    "-20",
    "\"x\"",
    "null",
    "true",
    "1.5",
    "false",
    "9007199254740993",
    "\"\\n\"",
    "-1e9",
    "\"a\\u0062c\"",
    "\"longer than the strings of which there is only one each\""};
  char text[32];
  if (rng_below(r, 2) == 0)
    append(out, values[rng_below(r, sizeof values / sizeof *values)]);
  else if (snprintf(text, sizeof text, "\"v%d\"", (int)rng_below(r, 100000)) > 0)
    append(out, text);
}

/* Mostly small, now and then with more values than may wait. */
static size_t random_count(struct rng *r)
{
  static const size_t most[] = {4, 6, 8, 40, 100};
  return rng_below(r, most[rng_below(r, rng_below(r, 8) == 0 ? 5 : 3)]);
}

static void append_value(struct rng *r, int depth, struct bytes *out);

static void append_container(struct rng *r, int depth, struct bytes *out)
{
  int is_array = rng_below(r, 2) == 0, is_flat = rng_below(r, 3) == 0;
  append(out, is_array ? "[" : "{");
  for (size_t i = 0, count = random_count(r); i < count; i++) {
    append(out, i == 0 ? "" : rng_below(r, 30) == 0 ? " ," : ",");
    if (!is_array)
      append_key(r, out);
    if (is_flat)
      append(out, "17");
    else
      append_value(r, depth + 1, out);
  }
  append(out, is_array ? "]" : "}");
}

static void append_value(struct rng *r, int depth, struct bytes *out)
{
  if (depth == 0 || (depth < 12 && out->length < 4000 && rng_below(r, 3) == 0))
    append_container(r, depth, out);
  else
    append_scalar(r, out);
}

/* --- what they become ---------------------------------------------------- */

static lua_State *new_state(int layout_is_used)
{
  lua_State *L = luaL_newstate();
  assert_non_null(L);
  value_open(L);
  extra_of(L)->layout_is_known &= layout_is_used;
  return L;
}

/* Pushes the value, or nothing when a key is there twice; and its text, with the keys in the order of
 * pairs. */
static int outcome(lua_State *L, struct slice text, int flags, struct bytes *out)
{
  struct error e;
  int top = lua_gettop(L);
  if (value_decode(L, text, flags, &e) != 0) {
    assert_int_equal(lua_gettop(L), top);
    append(out, e.text);
    return 0;
  }
  assert_int_equal(lua_gettop(L), top + 1);
  assert_int_equal(value_encode(L, -1, 0, out, NULL), 0);
  return 1;
}

enum mode { USUAL, EVERY_STEP, GENERATIONS, MODES };

static void set_collector(lua_State *L, enum mode mode)
{
  if (mode == EVERY_STEP) /* a step for each block, and no pause */
    lua_gc(L, LUA_GCINC, 100, 100, 1);
  else if (mode == GENERATIONS)
    lua_gc(L, LUA_GCGEN, 1, 1);
}

/* Writing into Lua's tables, and storing one value after the other, give the same: under each way of
 * collecting, and when the value has been through a whole cycle. */
static void all_at_once_is_one_by_one(void **state)
{
  (void)state;
  enum { SEEDS = 6000 };
  print_message("builder: seeds 1 to %d\n", SEEDS);
  for (enum mode mode = USUAL; mode < MODES; mode++) {
    lua_State *at_once = new_state(1), *one_by_one = new_state(0);
    set_collector(at_once, mode);
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
      struct bytes text = {0}, got = {0}, expected = {0}, later = {0};
      struct rng r;
      rng_init(&r, seed, "builder");
      append_value(&r, 0, &text);
      int flags = seed % 4 == 0 ? VALUE_UNIQUE_KEYS : 0;
      int is_value = outcome(at_once, bytes_slice(&text), flags, &got);
      assert_int_equal(outcome(one_by_one, bytes_slice(&text), flags, &expected), is_value);
      if (!slice_equal(bytes_slice(&got), bytes_slice(&expected)))
        fail_msg("seed %u, mode %d: %.*s gives\n%.*s\nand not\n%.*s", (unsigned)seed, mode,
                 (int)text.length, text.data, (int)got.length, got.data, (int)expected.length,
                 expected.data);
      if (is_value && seed % 8 == 0) {
        lua_gc(at_once, LUA_GCCOLLECT, 0);
        assert_int_equal(value_encode(at_once, -1, 0, &later, NULL), 0);
        assert_true(slice_equal(bytes_slice(&later), bytes_slice(&got)));
      }
      lua_settop(at_once, 0);
      lua_settop(one_by_one, 0);
      bytes_free(&text);
      bytes_free(&got);
      bytes_free(&expected);
      bytes_free(&later);
    }
    lua_close(at_once);
    lua_close(one_by_one);
  }
}

/* What is decoded can be changed like any other table. */
static void tables_can_be_changed(void **state)
{
  (void)state;
  lua_State *L = new_state(1);
  luaL_requiref(L, "_G", luaopen_base, 1);
  lua_settop(L, 0);
  for (int i = 0; i < 10; i++)
    assert_int_equal(
      value_decode(L, SLICE("{\"__index\":{\"x\":1},\"b\":2,\"list\":[1,2,3]}"), 0, NULL), 0);
  static const char script[] =
    "for i = 1, select('#', ...) do\n"
    "  local t = select(i, ...)\n"
    "  assert(t.b == 2 and setmetatable({}, t).x == 1)\n"
    "  for k = 1, 40 do t['k' .. k] = k t.list[k] = k end\n"
    "  t.b = nil\n"
    "  local n = 0\n"
    "  for k, v in pairs(t) do n = n + 1 end\n"
    "  assert(n == 42 and #t.list == 40 and t.b == nil and t.k40 == 40)\n"
    "end\n";
  assert_int_equal(luaL_loadstring(L, script), LUA_OK);
  lua_insert(L, 1);
  if (lua_pcall(L, lua_gettop(L) - 1, 0, 0) != LUA_OK)
    fail_msg("%s", lua_tostring(L, -1));
  lua_close(L);
}

/* A table that is made when it is closed has just the size that it needs. */
static void tables_have_the_size_they_need(void **state)
{
  (void)state;
  if (!layout_is_known())
    skip();
  lua_State *L = new_state(1);
  for (int i = 0; i < 4; i++) {
    assert_int_equal(value_decode(L, SLICE("{\"a\":[1,2,3],\"b\":{},\"c\":0}"), 0, NULL), 0);
    assert_int_equal(layout_node_count(layout_table_at(L, -1)), 4);
    lua_getfield(L, -1, "a");
    assert_int_equal(layout_array_size(layout_table_at(L, -1)), 3);
  }
  struct bytes text = {0};
  append(&text, "[0");
  for (int i = 1; i < 1000; i++)
    append(&text, ",7");
  append(&text, "]");
  assert_int_equal(value_decode(L, bytes_slice(&text), 0, NULL), 0);
  assert_int_equal(layout_array_size(layout_table_at(L, -1)), 1000);
  bytes_free(&text);
  lua_close(L);
}

/* --- a finalizer that decodes in the middle of it ------------------------ */

/* Objects with other keys each time, more than there are places for shapes. */
static int decode_others(lua_State *L)
{
  lua_Integer *count = lua_touserdata(L, lua_upvalueindex(1));
  for (int i = 0; i < 4 * SHAPES_COUNT; i++) {
    char text[64];
    int length = snprintf(text, sizeof text, "{\"o%lld\":1,\"p%d\":2}", (long long)++*count, i);
    if (value_decode(L, (struct slice){text, (size_t)length}, 0, NULL) != 0)
      luaL_error(L, "not decoded");
    lua_pop(L, 1);
  }
  return 0;
}

static void add_garbage(lua_State *L)
{
  for (int i = 0; i < 20; i++) {
    lua_newtable(L);
    lua_pushvalue(L, 1);
    lua_setmetatable(L, -2);
    lua_pop(L, 1);
  }
}

/* While this object is open so much is made that the collector goes round several times. */
static void append_long_object(struct bytes *out)
{
  append(out, "{\"q\":\"a\",\"r\":[");
  for (int i = 0; i < 60000; i++)
    append(out, i % 2000 == 0 ? (i == 0 ? "\"" : "\",\"") : "x");
  append(out, "\"],\"t\":{\"q\":1}}");
}

static void assert_field_is(lua_State *L, const char *name, int type)
{
  lua_pushstring(L, name);
  assert_int_equal(lua_rawget(L, -2), type);
  lua_pop(L, 1);
}

/* The keys of an object that is open stay where they are. */
static void a_finalizer_pushes_out_no_keys(void **state)
{
  (void)state;
  lua_State *L = new_state(1);
  lua_Integer count = 0, meanwhile = 0;
  struct bytes text = {0};
  append_long_object(&text);
  lua_createtable(L, 0, 1); // metatable
  lua_pushlightuserdata(L, &count);
  lua_pushcclosure(L, decode_others, 1);
  lua_setfield(L, -2, "__gc");
  for (int round = 0; round < 20; round++) {
    for (int i = 0; i < 40; i++) { /* it becomes known again */
      assert_int_equal(value_decode(L, SLICE("{\"q\":1,\"r\":1,\"t\":1}"), 0, NULL), 0);
      lua_pop(L, 1);
    }
    lua_gc(L, LUA_GCSTOP);
    add_garbage(L);
    lua_gc(L, LUA_GCRESTART);
    meanwhile -= count;
    assert_int_equal(value_decode(L, bytes_slice(&text), 0, NULL), 0);
    meanwhile += count;
    assert_field_is(L, "q", LUA_TSTRING);
    assert_field_is(L, "r", LUA_TTABLE);
    assert_field_is(L, "t", LUA_TTABLE);
    lua_settop(L, 1);
  }
  assert_true(meanwhile >= 20 * SHAPES_COUNT);
  bytes_free(&text);
  lua_close(L);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(all_at_once_is_one_by_one),
    cmocka_unit_test(tables_can_be_changed),
    cmocka_unit_test(tables_have_the_size_they_need),
    cmocka_unit_test(a_finalizer_pushes_out_no_keys),
  };
  return cmocka_run_group_tests_name("builder", tests, NULL, NULL);
}
