/* Whatever a table is like, and however it came to be so, to read it in place gives the same bytes
 * as to go through it by lua_next: that is tried with random tables. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/rng.h"
#include "host/extra.h"
#include "host/layout.h"
#include "host/value.h"
#include "host/value_plain.h"

#include <lauxlib.h>
#include <lualib.h>

#include <stdio.h>
#include <string.h>

enum { SEEDS = 20000, DEPTH = 4 };

static int append_seven(const struct value_splice *self, struct bytes *out)
{
  (void)self;
  return bytes_append_byte(out, '7');
}

static void push_splice(lua_State *L)
{
  struct value_splice *s = lua_newuserdatauv(L, sizeof *s, 0);
  s->append = append_seven;
  lua_createtable(L, 0, 1);
  lua_pushboolean(L, 1);
  lua_setfield(L, -2, VALUE_SPLICE_FIELD);
  lua_setmetatable(L, -2);
}

/* What JSON cannot say, and what the quick way leaves to the walk. */
static void push_rarity(lua_State *L, struct rng *r)
{
  switch (rng_below(r, 6)) {
  case 0:
    lua_pushlightuserdata(L, r);
    break;
  case 1:
    lua_pushcfunction(L, luaopen_base);
    break;
  case 2:
    lua_pushnumber(L, rng_below(r, 2) == 0 ? 1e308 * 10 : -(1e308 * 10));
    break;
  case 3:
    lua_pushliteral(L, "not UTF-8: \xff");
    break;
  case 4:
    lua_pushliteral(L, "[1,2]");
    value_make_raw(L);
    if (rng_below(r, 2) == 0) {
      lua_pushnil(L);
      lua_rawseti(L, -2, 1);
    }
    break;
  default:
    push_splice(L);
  }
}

static void push_string(lua_State *L, struct rng *r)
{
  static const char text[] = "type msg_id \"quoted\" \\ \n\x01 \xc3\xa9\xe2\x82\xac and so on, for "
                             "much longer than forty bytes";
  static const char *const names[] = {"type", "msg_id", "in_reply_to", "a", "b", ""};
  enum { NAMES = sizeof names / sizeof *names };
  size_t choice = rng_below(r, 2 * NAMES);
  if (choice < NAMES)
    lua_pushstring(L, names[choice]);
  else
    lua_pushlstring(L, text, (size_t)rng_below(r, sizeof text)); /* now and then half a letter */
}

static void push_value(lua_State *L, struct rng *r, int depth);

/* A table that has been through something: made with room or without, filled in some order, and
 * things taken out of it again. */
static void push_table(lua_State *L, struct rng *r, int depth)
{
  enum { ARRAY, OBJECT, BOTH, KINDS };
  static const int sizes[] = {0, 1, 3, 9, 40};
  int kind = (int)rng_below(r, 20) == 0 ? BOTH : (int)rng_below(r, BOTH);
  lua_createtable(L, (int)rng_below(r, 3) * 4, (int)rng_below(r, 3) * 4);
  lua_Integer count = (lua_Integer)rng_below(r, (uint64_t)sizes[rng_below(r, 5)] + 1);
  int backwards = rng_below(r, 10) == 0;
  for (lua_Integer i = 1; i <= count; i++) {
    if (kind == ARRAY || (kind == BOTH && rng_below(r, 2) == 0))
      lua_pushinteger(L, backwards ? count + 1 - i : i);
    else
      push_string(L, r);
    push_value(L, r, depth + 1);
    lua_rawset(L, -3);
  }
  if (rng_below(r, 4) == 0) {
    lua_Integer length = (lua_Integer)lua_rawlen(L, -1), gone = (lua_Integer)rng_below(r, 9);
    for (; gone > 0 && length > 0; gone--, length--) {
      lua_pushnil(L);
      lua_rawseti(L, -2, length);
    }
    (void)lua_rawlen(L, -1); /* which may note a hint */
    if (rng_below(r, 4) == 0) {
      lua_pushboolean(L, 1);
      lua_rawseti(L, -2, (lua_Integer)rng_below(r, 9));
    }
  }
  if (rng_below(r, 4) == 0) {
    push_string(L, r);
    lua_pushnil(L);
    lua_rawset(L, -3);
  }
  if (kind == ARRAY && rng_below(r, 2) == 0)
    value_mark_array(L);
  else if (rng_below(r, 10) == 0) {
    lua_newtable(L);
    lua_setmetatable(L, -2);
  }
}

static void push_value(lua_State *L, struct rng *r, int depth)
{
  switch (rng_below(r, depth < DEPTH ? 9 : 7)) {
  case 0:
    lua_pushlightuserdata(L, NULL);
    break;
  case 1:
    lua_pushboolean(L, rng_below(r, 2) == 0);
    break;
  case 2:
    lua_pushinteger(L, (lua_Integer)(rng_next(r) >> rng_below(r, 64)));
    break;
  case 3:
    lua_pushnumber(L, (rng_unit(r) - 0.5) * 1e3);
    break;
  case 4:
  case 5:
    push_string(L, r);
    break;
  case 6:
    if (rng_below(r, 30) == 0)
      push_rarity(L, r);
    else
      lua_pushinteger(L, 6);
    break;
  default:
    push_table(L, r, depth);
  }
}

struct outcome {
  int result, fields;
  struct bytes out;
  struct error e;
};

static struct outcome encode(lua_State *L, int is_body)
{
  struct outcome o = {.e = {""}};
  assert_int_equal(bytes_append_byte(&o.out, '>'), 0);
  if (is_body)
    o.result = value_encode_fields(L, 1, &o.out, &o.fields, &o.e);
  else
    o.result = value_encode(L, 1, 0, &o.out, &o.e);
  assert_int_equal(lua_gettop(L), 1);
  return o;
}

static void compare(lua_State *L, uint64_t seed, int is_body)
{
  struct extra *x = extra_of(L);
  int known = x->layout_is_known;
  struct outcome in_place = encode(L, is_body);
  x->layout_is_known = 0;
  struct outcome by_next = encode(L, is_body);
  x->layout_is_known = known;
  if (in_place.result != by_next.result ||
      !slice_equal(bytes_slice(&in_place.out), bytes_slice(&by_next.out)))
    fail_msg("seed %llu: %d %.*s\nby lua_next: %d %.*s", (unsigned long long)seed, in_place.result,
             (int)in_place.out.length, in_place.out.data, by_next.result, (int)by_next.out.length,
             by_next.out.data);
  assert_string_equal(in_place.e.text, by_next.e.text);
  if (in_place.result == 0)
    assert_int_equal(in_place.fields, by_next.fields);
  bytes_free(&in_place.out);
  bytes_free(&by_next.out);
}

static int is_plain(lua_State *L)
{
  struct bytes out = {0};
  struct value_plain p = {.out = &out, .x = extra_of(L)};
  int result = value_plain_write(&p, lua_topointer(L, 1));
  bytes_free(&out);
  return result == 0;
}

static void random_tables_give_the_same_bytes(void **state)
{
  (void)state;
  print_message("random tables: seeds 1 to %d\n", SEEDS);
  lua_State *L = luaL_newstate();
  assert_non_null(L);
  value_open(L);
  int plain = 0;
  for (uint64_t seed = 1; seed <= SEEDS; seed++) {
    struct rng r;
    rng_init(&r, seed, "plain");
    push_table(L, &r, 0);
    compare(L, seed, 0);
    compare(L, seed, 1);
    plain += layout_is_known() && is_plain(L);
    lua_settop(L, 0);
  }
  if (layout_is_known()) {
    /* Both ways have had their share. */
    assert_in_range(plain, SEEDS / 4, SEEDS - SEEDS / 20);
  }
  lua_close(L);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(random_tables_give_the_same_bytes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
