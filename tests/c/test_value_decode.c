#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/rng.h"
#include "failing_alloc.h"
#include "host/extra.h"
#include "host/value.h"

#include <lauxlib.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static lua_State *new_state(void)
{
  lua_State *L = luaL_newstate();
  assert_non_null(L);
  value_open(L);
  return L;
}

/* Pushes the value of a text. */
static void decode(lua_State *L, const char *text)
{
  struct error e;
  int top = lua_gettop(L);
  if (value_decode(L, slice_of(text), VALUE_UNIQUE_KEYS, &e) != 0)
    fail_msg("%s: %s", text, e.text);
  assert_int_equal(lua_gettop(L), top + 1);
}

static void assert_error(lua_State *L, struct slice text, int flags, const char *message)
{
  struct error e;
  int top = lua_gettop(L);
  assert_int_equal(value_decode(L, text, flags, &e), -1);
  assert_string_equal(e.text, message);
  assert_int_equal(lua_gettop(L), top);
}

static void integers_keep_64_bits(void **state)
{
  (void)state;
  static const struct {
    const char *text;
    int64_t value;
  } cases[] = {
    {"0", 0},
    {"-1", -1},
    {"9007199254740993", 9007199254740993}, /* 2^53 + 1 */
    {"100000000000000", 100000000000000},
    {"9223372036854775807", INT64_MAX},
    {"-9223372036854775808", INT64_MIN},
  };
  lua_State *L = new_state();
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    decode(L, cases[i].text);
    assert_true(lua_isinteger(L, -1));
    assert_true(lua_tointeger(L, -1) == cases[i].value);
    lua_pop(L, 1);
  }
  lua_close(L);
}

static void other_numbers_are_floats(void **state)
{
  (void)state;
  static const struct {
    const char *text;
    double value;
  } cases[] = {{"1.0", 1}, {"1e2", 100}, {"0.1", 0.1}, {"-1.5e-300", -1.5e-300}};
  lua_State *L = new_state();
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    decode(L, cases[i].text);
    assert_int_equal(lua_type(L, -1), LUA_TNUMBER);
    assert_false(lua_isinteger(L, -1));
    assert_true(lua_tonumber(L, -1) == cases[i].value);
    lua_pop(L, 1);
  }
  decode(L, "-0");
  assert_false(lua_isinteger(L, -1));
  assert_true(signbit(lua_tonumber(L, -1)));
  lua_close(L);
}

static void words_and_strings(void **state)
{
  (void)state;
  lua_State *L = new_state();
  decode(L, "null");
  assert_int_equal(lua_type(L, -1), LUA_TLIGHTUSERDATA);
  assert_null(lua_touserdata(L, -1));
  decode(L, "true");
  assert_true(lua_isboolean(L, -1) && lua_toboolean(L, -1));
  decode(L, "false");
  assert_true(lua_isboolean(L, -1) && !lua_toboolean(L, -1));
  static const char bytes[] = "a\0\n\"\xc3\xa9\xf0\x9f\x98\x80";
  size_t length;
  decode(L, " \"a\\u0000\\n\\\"\\u00e9\\ud83d\\ude00\" ");
  const char *text = lua_tolstring(L, -1, &length);
  assert_int_equal(length, sizeof bytes - 1);
  assert_memory_equal(text, bytes, sizeof bytes - 1);
  decode(L, "\"\"");
  assert_int_equal(lua_rawlen(L, -1), 0);
  lua_close(L);
}

static void arrays_are_marked_at_every_depth(void **state)
{
  (void)state;
  lua_State *L = new_state();
  decode(L, "[[],{},[{\"a\":[]}],null]");
  assert_true(value_is_array(L, -1));
  assert_int_equal(lua_rawlen(L, -1), 4);
  lua_rawgeti(L, -1, 1); // array element
  assert_true(value_is_array(L, -1));
  assert_int_equal(lua_rawlen(L, -1), 0);
  lua_pop(L, 1);
  lua_rawgeti(L, -1, 2);
  assert_true(lua_istable(L, -1));
  assert_false(value_is_array(L, -1));
  lua_pop(L, 1);
  lua_rawgeti(L, -1, 3); // array inner
  assert_true(value_is_array(L, -1));
  lua_rawgeti(L, -1, 1); // array inner object
  assert_false(value_is_array(L, -1));
  lua_getfield(L, -1, "a"); // array inner object a
  assert_true(value_is_array(L, -1));
  lua_pop(L, 3);
  lua_rawgeti(L, -1, 4); /* null holds its place */
  assert_true(lua_islightuserdata(L, -1));
  lua_close(L);
}

static void a_long_array_is_in_order(void **state)
{
  (void)state;
  enum { COUNT = 5000 };
  struct bytes text = {0};
  lua_State *L = new_state();
  assert_int_equal(bytes_append_byte(&text, '['), 0);
  for (int i = 1; i <= COUNT; i++) {
    char item[16];
    int length = snprintf(item, sizeof item, "%s%d", i == 1 ? "" : ", ", i * 7);
    assert_int_equal(bytes_append(&text, item, (size_t)length), 0);
  }
  assert_int_equal(bytes_append_byte(&text, ']'), 0);
  assert_int_equal(value_decode(L, bytes_slice(&text), 0, NULL), 0);
  assert_int_equal(lua_rawlen(L, -1), COUNT);
  for (int i = 1; i <= COUNT; i++) {
    lua_rawgeti(L, -1, i);
    assert_int_equal(lua_tointeger(L, -1), i * 7);
    lua_pop(L, 1);
  }
  bytes_free(&text);
  lua_close(L);
}

static void a_key_twice(void **state)
{
  (void)state;
  lua_State *L = new_state();
  assert_error(L, SLICE("{\"a\":1,\"a\":2}"), VALUE_UNIQUE_KEYS,
               "byte 7: the same key twice in one object");
  assert_error(L, SLICE("[{\"b\":{\"a\":null,\"c\":{},\"\\u0061\":3}}]"), VALUE_UNIQUE_KEYS,
               "byte 23: the same key twice in one object");
  assert_error(L, SLICE("{\"a\":false,\"a\":1}"), VALUE_UNIQUE_KEYS,
               "byte 11: the same key twice in one object");
  decode(L, "[{\"a\":{\"a\":1}},{\"a\":2}]"); /* in different objects */
  assert_int_equal(value_decode(L, SLICE("{\"a\":1,\"b\":2,\"a\":3}"), 0, NULL), 0);
  lua_getfield(L, -1, "a");
  assert_int_equal(lua_tointeger(L, -1), 3); /* the last one */
  lua_close(L);
}

static void depth_has_a_limit(void **state)
{
  (void)state;
  char text[2 * VALUE_MAX_DEPTH + 3] = "";
  lua_State *L = new_state();
  memset(text, '[', VALUE_MAX_DEPTH);
  memset(text + VALUE_MAX_DEPTH, ']', VALUE_MAX_DEPTH);
  decode(L, text);
  for (int depth = 1; depth < VALUE_MAX_DEPTH; depth++) {
    assert_true(value_is_array(L, -1));
    assert_int_equal(lua_rawgeti(L, -1, 1), LUA_TTABLE);
    lua_remove(L, -2);
  }
  assert_int_equal(lua_rawlen(L, -1), 0);
  struct error e;
  memset(text, '[', VALUE_MAX_DEPTH + 1);
  memset(text + VALUE_MAX_DEPTH + 1, ']', VALUE_MAX_DEPTH + 1);
  assert_int_equal(value_decode(L, slice_of(text), 0, &e), -1);
  assert_non_null(strstr(e.text, "byte 128: "));
  lua_close(L);
}

/* Whether a finalizer that runs in the middle of it disturbs a decode. */
static int decode_in_gc(lua_State *L)
{
  struct error e;
  lua_Integer *count = lua_touserdata(L, lua_upvalueindex(1));
  ++*count;
  if (value_decode(L, SLICE("[\"\\tsomething else, which is longer\\n\"]"), 0, &e) != 0)
    luaL_error(L, "%s", e.text);
  return 0;
}

static void a_finalizer_may_decode_meanwhile(void **state)
{
  (void)state;
  lua_State *L = new_state();
  struct bytes text = {0};
  lua_Integer count = 0;
  assert_int_equal(bytes_append_byte(&text, '['), 0);
  for (int i = 0; i < 2000; i++)
    assert_int_equal(bytes_append_slice(&text, SLICE("\"\\u0041bc\",")), 0);
  text.data[text.length - 1] = ']';
  lua_createtable(L, 0, 1); // metatable
  lua_pushlightuserdata(L, &count);
  lua_pushcclosure(L, decode_in_gc, 1);
  lua_setfield(L, -2, "__gc");
  lua_gc(L, LUA_GCGEN, 0, 0);
  for (int round = 0; round < 20; round++) {
    for (int i = 0; i < 20; i++) {
      lua_newtable(L);
      lua_pushvalue(L, 1);
      lua_setmetatable(L, -2);
      lua_pop(L, 1);
    }
    assert_int_equal(value_decode(L, bytes_slice(&text), 0, NULL), 0);
    for (int i = 1; i <= 2000; i++) {
      lua_rawgeti(L, -1, i);
      assert_string_equal(lua_tostring(L, -1), "Abc");
      lua_pop(L, 1);
    }
    lua_pop(L, 1);
  }
  assert_true(count > 0);
  bytes_free(&text);
  lua_close(L);
}

/* The same in an object with so many keys that it becomes a table before the last of them is there, which
 * allocates: what that is, with its escape, must have been taken by then. */
static void a_finalizer_may_decode_when_there_is_no_more_room(void **state)
{
  (void)state;
  lua_State *L = new_state();
  lua_Integer count = 0;
  struct bytes text = {0};
  assert_int_equal(bytes_append_byte(&text, '{'), 0);
  for (int i = 0; i < 32; i++) {
    char member[32];
    (void)snprintf(member, sizeof member, "\"k%d\":[],", i);
    assert_int_equal(bytes_append_slice(&text, slice_of(member)), 0);
  }
  assert_int_equal(bytes_append_slice(&text, SLICE("\"\\u0041bc\":1}")), 0);
  lua_createtable(L, 0, 1); // metatable
  lua_pushlightuserdata(L, &count);
  lua_pushcclosure(L, decode_in_gc, 1);
  lua_setfield(L, -2, "__gc");
  for (int round = 0; round < 1000; round++) {
    for (int i = 0; i < 20; i++) {
      lua_newtable(L);
      lua_pushvalue(L, 1);
      lua_setmetatable(L, -2);
      lua_pop(L, 1);
    }
    assert_int_equal(value_decode(L, bytes_slice(&text), 0, NULL), 0);
    lua_getfield(L, -1, "Abc");
    assert_int_equal(lua_tointeger(L, -1), 1);
    lua_pop(L, 2);
  }
  assert_true(count > 0);
  bytes_free(&text);
  lua_close(L);
}

static void errors_have_a_position_and_push_nothing(void **state)
{
  (void)state;
  static const struct {
    const char *text, *position;
  } cases[] = {
    {"", "byte 0: "},
    {"[1,2", "byte 4: "},
    {"{\"a\":[{\"b\":1,}]}", "byte 13: "},
    {"[1,2]]", "byte 5: "},
    {"[\"a\",\"\xff\"]", "byte 6: "},
    {"{\"a\":9223372036854775808}", "byte 5: "},
    {"\"\\ud800\"", "byte 1: "},
    {"[nul]", "byte 1: "},
  };
  lua_State *L = new_state();
  lua_pushliteral(L, "below");
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct error e;
    assert_int_equal(value_decode(L, slice_of(cases[i].text), 0, &e), -1);
    if (strncmp(e.text, cases[i].position, strlen(cases[i].position)) != 0)
      fail_msg("%s: %s", cases[i].text, e.text);
    assert_int_equal(value_decode(L, slice_of(cases[i].text), 0, NULL), -1);
    assert_int_equal(lua_gettop(L), 1);
  }
  assert_int_equal(value_decode(L, (struct slice){NULL, 0}, 0, NULL), -1);
  lua_close(L);
}

static int decode_protected(lua_State *L)
{
  const struct slice *text = lua_touserdata(L, 1);
  struct error e;
  if (value_decode(L, *text, VALUE_UNIQUE_KEYS, &e) != 0) {
    assert_non_null(strstr(e.text, "out of memory"));
    return luaL_error(L, "failed");
  }
  return 1;
}

/* --- the keys that are expected, because they came in that order before --- */

static void forget_order(lua_State *L)
{
  struct shapes *s = &extra_of(L)->shapes;
  memset(s->slots, 0, sizeof s->slots);
}

/* What becomes of a text, as text, with the keys in the order that pairs has. The text has its own memory, so that a sanitizer sees who reads
 * behind it. */
static struct bytes outcome(lua_State *L, struct slice text)
{
  struct bytes out = {0};
  struct error e;
  char *copy = malloc(text.length + 1);
  assert_non_null(copy);
  char *begin = copy + 1;
  memcpy(begin, text.data, text.length);
  if (value_decode(L, (struct slice){begin, text.length}, VALUE_UNIQUE_KEYS, &e) == 0) {
    assert_int_equal(value_encode(L, -1, 0, &out, NULL), 0);
    lua_pop(L, 1);
  } else {
    assert_int_equal(bytes_append_slice(&out, slice_of(e.text)), 0);
  }
  free(copy);
  return out;
}

static void append(struct bytes *b, const char *text)
{
  assert_int_equal(bytes_append_slice(b, slice_of(text)), 0);
}

static void random_object(struct rng *r, int depth, struct bytes *out)
{
  static const char *const keys[] = {"a",
                                     "ab",
                                     "abc",
                                     "abcd",
                                     "type",
                                     "msg_id",
                                     "a\"b",
                                     "a\\\"b",
                                     "\xc3\xa9",
                                     "\\u00e9",
                                     "",
                                     "sixteen bytes ok",
                                     "seventeen bytes, no",
                                     "a:",
                                     "type\\n"};
  static const char *const values[] = {"1",       "-20", "\"x\"", "[1,2]", "null",
                                       "\"\\n\"", " 3",  "1.5",   "[]",    "\"abc\""};
  append(out, "{");
  for (size_t i = 0, count = rng_below(r, 5); i < count; i++) {
    append(out, i == 0 ? "\"" : ",\"");
    append(out, keys[rng_below(r, sizeof keys / sizeof *keys)]);
    append(out, rng_below(r, 20) == 0 ? "\" :" : "\":");
    if (depth < 3 && rng_below(r, 4) == 0)
      random_object(r, depth + 1, out);
    else
      append(out, values[rng_below(r, sizeof values / sizeof *values)]);
  }
  append(out, "}");
}

/* Now and then a text is cut or one of its bytes changed. */
static void spoil(struct rng *r, struct bytes *text)
{
  static const char bytes[] = "\"\\,:{}[]a \xff";
  switch (rng_below(r, 6)) {
  case 0:
    text->length = rng_below(r, text->length + 1);
    break;
  case 1:
    text->data[rng_below(r, text->length)] = bytes[rng_below(r, sizeof bytes - 1)];
    break;
  default:
    break;
  }
}

/* Whatever came before, a text gives the same value, or the same error at the same byte. Most
 * are spoiled forms of one that was just there, in which all but one key are as expected. */
static void what_is_expected_changes_nothing(void **state)
{
  (void)state;
  enum { SEEDS = 20000 };
  print_message("expected keys: seeds 1 to %d\n", SEEDS);
  lua_State *L = new_state();
  for (uint64_t seed = 1; seed <= SEEDS; seed++) {
    struct bytes text = {0};
    struct rng r;
    rng_init(&r, seed, "expected");
    random_object(&r, 0, &text);
    struct bytes first = outcome(L, bytes_slice(&text));
    spoil(&r, &text);
    struct bytes after = outcome(L, bytes_slice(&text));
    forget_order(L);
    struct bytes alone = outcome(L, bytes_slice(&text));
    if (!slice_equal(bytes_slice(&after), bytes_slice(&alone)))
      fail_msg("seed %u: %.*s became %.*s and not %.*s", (unsigned)seed, (int)text.length,
               text.data, (int)after.length, after.data, (int)alone.length, alone.data);
    bytes_free(&first);
    bytes_free(&after);
    bytes_free(&alone);
    bytes_free(&text);
  }
  assert_int_equal(lua_gettop(L), 0);
  lua_close(L);
}

/* A key that had an escape is expected as its own bytes, which no text may have as they are. */
static void a_key_with_an_escape_is_not_expected_without(void **state)
{
  (void)state;
  lua_State *L = new_state();
  decode(L, "{\"a\\\"b\":1}");
  decode(L, "{\"a\\\"b\":1}");
  assert_error(L, SLICE("{\"a\"b\":1}"), 0, "byte 4: expected ':' after a key");
  decode(L, "{\"\\n\":1}");
  decode(L, "{\"\\n\":1}");
  assert_error(L, SLICE("{\"\n\":1}"), 0,
               "byte 2: a control character in a string must be escaped");
  lua_close(L);
}

/* And of a key that is expected it is still seen when it comes twice, and where. */
static void an_expected_key_twice(void **state)
{
  (void)state;
  lua_State *L = new_state();
  decode(L, "[{\"ab\":1},{\"ab\":2}]"); /* it follows itself */
  assert_error(L, SLICE("[{\"ab\":1},{\"ab\":2,\"ab\":3}]"), VALUE_UNIQUE_KEYS,
               "byte 18: the same key twice in one object");
  lua_close(L);
}

static void out_of_memory_anywhere(void **state)
{
  (void)state;
  struct slice text = SLICE("{\"k\\n1\":[1,\"\\ta string that is too long to be interned by Lua\","
                            "[[[{}]]],2,3,4,5,6],\"k2\":{\"x\\ny\":1}}");
  long failures = 0;
  for (;; failures++) {
    lua_State *L = new_state();
    lua_pushcfunction(L, decode_protected);
    lua_pushlightuserdata(L, &text);
    failing_alloc_after(failures);
    int status = lua_pcall(L, 1, 1, 0);
    failing_alloc_off();
    if (status != LUA_OK) {
      lua_settop(L, 0);
      decode(L, text.data); /* the state is as good as before */
    }
    assert_int_equal(lua_gettop(L), 1);
    lua_getfield(L, -1, "k\n1");
    assert_int_equal(lua_rawlen(L, -1), 8);
    lua_close(L);
    if (status == LUA_OK)
      break;
  }
  assert_true(failures > 10);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(integers_keep_64_bits),
    cmocka_unit_test(other_numbers_are_floats),
    cmocka_unit_test(words_and_strings),
    cmocka_unit_test(arrays_are_marked_at_every_depth),
    cmocka_unit_test(a_long_array_is_in_order),
    cmocka_unit_test(a_key_twice),
    cmocka_unit_test(depth_has_a_limit),
    cmocka_unit_test(a_finalizer_may_decode_meanwhile),
    cmocka_unit_test(a_finalizer_may_decode_when_there_is_no_more_room),
    cmocka_unit_test(errors_have_a_position_and_push_nothing),
    cmocka_unit_test(what_is_expected_changes_nothing),
    cmocka_unit_test(a_key_with_an_escape_is_not_expected_without),
    cmocka_unit_test(an_expected_key_twice),
    cmocka_unit_test(out_of_memory_anywhere),
  };
  return cmocka_run_group_tests_name("value_decode", tests, NULL, NULL);
}
