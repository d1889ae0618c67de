#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/rng.h"
#include "failing_alloc.h"
#include "host/extra.h"
#include "host/value.h"
#include "wire/json_write.h"

#include <lauxlib.h>
#include <lualib.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int make_array(lua_State *L)
{
  lua_settop(L, 1);
  value_mark_array(L);
  return 1;
}

static int make_raw(lua_State *L)
{
  lua_settop(L, 1);
  value_make_raw(L);
  return 1;
}

static int append_seven(const struct value_splice *self, struct bytes *out)
{
  (void)self;
  return bytes_append(out, "[7]", 3);
}

static int make_splice(lua_State *L)
{
  struct value_splice *s = lua_newuserdatauv(L, sizeof *s, 0);
  s->append = append_seven;
  lua_createtable(L, 0, 1);
  lua_pushboolean(L, 1);
  lua_setfield(L, -2, VALUE_SPLICE_FIELD);
  lua_setmetatable(L, -2);
  return 1;
}

/* How tables are gone through: where they lie, if that is known here, or by lua_next. */
enum { IN_PLACE, BY_NEXT, WAYS };

/* A state whose scripts have array, raw, splice, null, pointer and block. */
static lua_State *new_state(int way)
{
  lua_State *L = luaL_newstate();
  assert_non_null(L);
  luaL_openlibs(L);
  value_open(L);
  extra_of(L)->layout_is_known &= way == IN_PLACE;
  lua_register(L, "array", make_array);
  lua_register(L, "raw", make_raw);
  lua_register(L, "splice", make_splice);
  lua_pushlightuserdata(L, NULL);
  lua_setglobal(L, "null");
  lua_pushlightuserdata(L, L);
  lua_setglobal(L, "pointer");
  (void)lua_newuserdatauv(L, 8, 0);
  lua_setglobal(L, "block");
  return L;
}

/* Pushes the value of a Lua expression, or what a chunk returns. */
static void push(lua_State *L, const char *expression)
{
  lua_pushfstring(L, strstr(expression, "return") != NULL ? "%s" : "return %s", expression);
  if (luaL_loadstring(L, lua_tostring(L, -1)) != LUA_OK || lua_pcall(L, 0, 1, 0) != LUA_OK)
    fail_msg("%s", lua_tostring(L, -1));
  lua_remove(L, -2);
}

static void assert_text_by(int way, const char *expression, int flags, const char *text)
{
  lua_State *L = new_state(way);
  struct bytes out = {0};
  struct error e;
  assert_int_equal(bytes_append(&out, "front ", 6), 0);
  lua_pushliteral(L, "below");
  push(L, expression);
  if (value_encode(L, -1, flags, &out, &e) != 0)
    fail_msg("%s: %s", expression, e.text);
  assert_int_equal(lua_gettop(L), 2);
  assert_int_equal(bytes_append_byte(&out, '\0'), 0);
  assert_memory_equal(out.data, "front ", 6);
  assert_string_equal(out.data + 6, text);
  bytes_free(&out);
  lua_close(L);
}

/* Texts in front of what is appended, and values below what is encoded, stay. */
static void assert_text(const char *expression, int flags, const char *text)
{
  for (int way = IN_PLACE; way < WAYS; way++)
    assert_text_by(way, expression, flags, text);
}

static void assert_error_by(int way, const char *expression, int flags, const char *message)
{
  lua_State *L = new_state(way);
  struct bytes out = {0};
  struct error e;
  assert_int_equal(bytes_append(&out, "front", 5), 0);
  lua_pushliteral(L, "below");
  push(L, expression);
  assert_int_equal(value_encode(L, 2, flags, &out, &e), -1);
  assert_string_equal(e.text, message);
  assert_int_equal(value_encode(L, 2, flags, &out, NULL), -1);
  assert_true(slice_equal(bytes_slice(&out), SLICE("front")));
  assert_int_equal(lua_gettop(L), 2);
  bytes_free(&out);
  lua_close(L);
}

static void assert_error(const char *expression, int flags, const char *message)
{
  for (int way = IN_PLACE; way < WAYS; way++)
    assert_error_by(way, expression, flags, message);
}

static void scalars(void **state)
{
  (void)state;
  static const struct {
    const char *value, *text;
  } cases[] = {
    {"null", "null"},
    {"true", "true"},
    {"false", "false"},
    {"0", "0"},
    {"math.maxinteger", "9223372036854775807"},
    {"math.mininteger", "-9223372036854775808"},
    {"1.0", "1.0"},
    {"-0.0", "-0.0"},
    {"0.1", "0.1"},
    {"2^53", "9007199254740992.0"},
    {"''", "\"\""},
    {"'a\\0\\n\\\"\\\\\\xc3\\xa9'", "\"a\\u0000\\n\\\"\\\\\xc3\xa9\""},
    {"'10'", "\"10\""},
    {"{}", "{}"},
    {"array{}", "[]"},
    {"{1,'2',3.5,null,false}", "[1,\"2\",3.5,null,false]"},
    {"array{1,2}", "[1,2]"},
    {"{{},array{},{array{}},{{}}}", "[{},[],[[]],[{}]]"},
    {"{a={b={array{},{}}}}", "{\"a\":{\"b\":[[],{}]}}"},
    {"setmetatable({x=1},{__index={y=2}})", "{\"x\":1}"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_text(cases[i].value, 0, cases[i].text);
}

static void keys_can_be_sorted(void **state)
{
  (void)state;
  assert_text("{b=1,a=2,['']=3,aa=4,B=5,['\\xc3\\xa9']=6,['a\\0']=7}", VALUE_SORTED_KEYS,
              "{\"\":3,\"B\":5,\"a\":2,\"a\\u0000\":7,\"aa\":4,\"b\":1,\"\xc3\xa9\":6}");
  assert_text("{z={{y=1,x={w=2,v=3}}},a=array{}}", VALUE_SORTED_KEYS,
              "{\"a\":[],\"z\":[{\"x\":{\"v\":3,\"w\":2},\"y\":1}]}");
  assert_text("{}", VALUE_SORTED_KEYS, "{}");
}

static void text_can_be_spliced_in(void **state)
{
  (void)state;
  assert_text("raw'[1, 2]'", 0, "[1, 2]");
  assert_text("{raw'1',{a=raw'{}'}}", 0, "[1,{\"a\":{}}]");
  assert_text("splice()", 0, "[7]");
  assert_text("{messages=splice()}", VALUE_SORTED_KEYS, "{\"messages\":[7]}");
  assert_error("local r = raw'1' r[1] = nil return {r}", 0,
               "[1]: a json.raw value whose text was taken away");
}

#define BAD_KEYS "object keys must be strings, and arrays must be 1..n without holes"
#define MIXED "an array that also has other keys, or holes (nil)"

static void what_is_no_json_is_named_with_its_path(void **state)
{
  (void)state;
  static const struct {
    const char *value, *message;
  } cases[] = {
    {"print", "cannot encode a function"},
    {"nil", "cannot encode a nil"},
    {"coroutine.create(print)", "cannot encode a thread"},
    {"pointer", "cannot encode a userdata"},
    {"block", "cannot encode this userdata"},
    {"io.stdout", "cannot encode this userdata"},
    {"1/0", "JSON has no number for infinity or nan"},
    {"-1/0", "JSON has no number for infinity or nan"},
    {"0/0", "JSON has no number for infinity or nan"},
    {"'a\\xff'", "a string that is not valid UTF-8"},
    {"{x=print}", "x: cannot encode a function"},
    {"{1,print}", "[2]: cannot encode a function"},
    {"{messages={1,2,{x=print}}}", "messages[3].x: cannot encode a function"},
    {"{{{a={0/0}}}}", "[1][1].a[1]: JSON has no number for infinity or nan"},
    {"{a={['\\xff']=1}}", "a: a string that is not valid UTF-8"},
    {"{a={[true]=1}}", "a: " BAD_KEYS},
    {"{[1.5]=1}", BAD_KEYS},
    {"{[0]=1}", BAD_KEYS},
    {"{[-1]=1}", BAD_KEYS},
    {"{x={[2]=1}}", "x: " BAD_KEYS},
    {"{1,[3]=3}", MIXED},
    {"{1,2,x=1}", MIXED},
    {"{1,[true]=1}", MIXED},
    {"array{1,x=2}", MIXED},
    {"array{x=1}", MIXED},
    {"array{[2]=2}", MIXED},
    {"{1,[1.5]=1}", MIXED},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_error(cases[i].value, 0, cases[i].message);
    assert_error(cases[i].value, VALUE_SORTED_KEYS, cases[i].message);
  }
}

/* Where Lua keeps the elements of an array, among other keys or by themselves, depends
 * on how they came there. None may be lost in silence. */
static void another_key_is_found_wherever_it_is(void **state)
{
  (void)state;
  static const char *const makers[] = {
    "local t = {KEY=1,b=2,c=3} t.b = nil t.c = nil t[1] = 'a' return t",
    "local t = {} t[1] = 'a' t.KEY = 1 return t",
    "local t = {} t.KEY = 1 t[1] = 'a' t[2] = 'b' return t",
    "local t = {} t[2] = 'b' t[1] = 'a' t.KEY = 1 return t",
    "local t = {} t.KEY = 1 t[2] = 'b' t[1] = 'a' return t",
    "local t = {} for i = 9, 1, -1 do t[i] = i end t.KEY = 1 return t",
    "local t = {} t.KEY = 1 for i = 9, 1, -1 do t[i] = i end return t",
  };
  for (size_t i = 0; i < sizeof makers / sizeof *makers; i++) {
    for (int name = 'd'; name <= 'w'; name++) {
      char maker[128];
      const char *key = strstr(makers[i], "KEY");
      (void)snprintf(maker, sizeof maker, "%.*s%c%s", (int)(key - makers[i]), makers[i], name,
                     key + 3);
      assert_error(maker, 0, MIXED);
    }
  }
  /* And alone they are an array, however they came there. */
  assert_text("local t = {} for i = 5, 1, -1 do t[i] = i end return t", 0, "[1,2,3,4,5]");
  assert_text("local t = {a=1,b=2,c=3} t.a = nil t.b = nil t.c = nil t[1] = 1 return t", 0, "[1]");
  assert_text("local t = {1,2,3,4,5} t[4] = nil t[5] = nil return t", 0, "[1,2,3]");
}

static void depth_has_a_limit_by(int way)
{
  char text[2 * VALUE_MAX_DEPTH + 1] = "";
  memset(text, '[', VALUE_MAX_DEPTH);
  memset(text + VALUE_MAX_DEPTH, ']', VALUE_MAX_DEPTH);
  assert_text("local t = array{} for i = 2, 128 do t = {t} end return t", 0, text);
  lua_State *L = new_state(way);
  struct bytes out = {0};
  struct error e;
  push(L, "local t = {} for i = 1, 1000 do t[i] = {} end return t"); /* side by side */
  assert_int_equal(value_encode(L, -1, 0, &out, &e), 0);
  out.length = 0;
  push(L, "local t = {} for i = 2, 129 do t = {t} end return t");
  assert_int_equal(value_encode(L, -1, 0, &out, &e), -1);
  assert_non_null(strstr(e.text, "[1][1]"));
  assert_non_null(strstr(e.text, "nested too deeply"));
  push(L, "local t = {} t.again = {t} return t");
  assert_int_equal(value_encode(L, -1, VALUE_SORTED_KEYS, &out, &e), -1);
  assert_non_null(strstr(e.text, "again[1].again[1]"));
  /* The path is too long for the text: its end is cut, and the reason stays. */
  push(L, "local k = ('k'):rep(1000) local t = print for i = 1, 100 do t = {[k]=t} end return t");
  memset(&e, 'x', sizeof e);
  assert_int_equal(value_encode(L, -1, 0, &out, &e), -1);
  assert_true(strnlen(e.text, sizeof e.text) < sizeof e.text);
  assert_memory_equal(e.text, "kkkkk", 5);
  assert_non_null(strstr(e.text, ": cannot encode a function"));
  assert_int_equal(out.length, 0);
  bytes_free(&out);
  lua_close(L);
}

static void depth_has_a_limit(void **state)
{
  (void)state;
  for (int way = IN_PLACE; way < WAYS; way++)
    depth_has_a_limit_by(way);
}

static void the_fields_of_a_body_by(int way)
{
  static const char *const bodies[] = {"{1,2}", "array{}", "raw'{}'", "'text'", "nil", "splice()"};
  lua_State *L = new_state(way);
  struct bytes out = {0};
  int found;
  struct error e;
  push(L, "{type={array{}}}");
  assert_int_equal(value_encode_fields(L, -1, &out, &found, &e), 0);
  assert_true(slice_equal(bytes_slice(&out), SLICE("\"type\":[[]]")));
  push(L, "{}");
  assert_int_equal(value_encode_fields(L, -1, &out, &found, &e), 0);
  assert_int_equal(out.length, 11);
  push(L, "{a={b=print}}");
  assert_int_equal(value_encode_fields(L, -1, &out, &found, &e), -1);
  assert_string_equal(e.text, "a.b: cannot encode a function");
  assert_int_equal(out.length, 11);
  for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
    push(L, bodies[i]);
    assert_int_equal(value_encode_fields(L, -1, &out, &found, &e), -1);
    assert_string_equal(e.text, "a body must be a table with string keys");
  }
  assert_int_equal(lua_gettop(L), 3 + 6);
  /* In its message a value is two deeper, and that counts. */
  for (int depth = 126; depth <= 127; depth++) {
    lua_pushinteger(L, depth);
    lua_setglobal(L, "depth");
    push(L, "local t = {} for i = 2, depth do t = {t} end return {x=t}");
    assert_int_equal(value_encode_fields(L, -1, &out, &found, &e), depth == 126 ? 0 : -1);
  }
  bytes_free(&out);
  lua_close(L);
}

static void the_fields_of_a_body(void **state)
{
  (void)state;
  for (int way = IN_PLACE; way < WAYS; way++)
    the_fields_of_a_body_by(way);
}

struct job {
  struct bytes out;
  struct error e;
  int flags;
  int result;
};

static int encode_protected(lua_State *L)
{
  struct job *job = lua_touserdata(L, 1);
  job->result = value_encode(L, 2, job->flags, &job->out, &job->e);
  return 0;
}

static void out_of_memory_anywhere(void **state)
{
  (void)state;
  const char *value = "{b={1,{x='a\\nlong string, so that the buffer grows',y=1.5}},a=raw'[1]',"
                      "c=splice(),d='a long string, so that the buffer grows once more'}";
  for (int i = 0; i < WAYS * 2; i++) {
    int flags = i / WAYS * VALUE_SORTED_KEYS;
    long failures = 0;
    lua_State *L = new_state(i % WAYS);
    push(L, value);
    for (;; failures++) {
      struct job job = {.flags = flags};
      lua_pushcfunction(L, encode_protected);
      lua_pushlightuserdata(L, &job);
      lua_pushvalue(L, 1);
      failing_alloc_after(failures);
      int status = lua_pcall(L, 2, 0, 0);
      failing_alloc_off();
      lua_settop(L, 1);
      if (status == LUA_OK && job.result != 0) {
        assert_non_null(strstr(job.e.text, "out of memory"));
        assert_int_equal(job.out.length, 0);
      }
      bytes_free(&job.out);
      if (status == LUA_OK && job.result == 0)
        break;
      assert_true(flags == VALUE_SORTED_KEYS || status == LUA_OK); /* as the header says */
    }
    assert_true(failures >= 2);
    lua_close(L);
  }
}

static void append(struct bytes *b, const char *text)
{
  assert_int_equal(bytes_append_slice(b, slice_of(text)), 0);
}

static void random_value(struct rng *r, int depth, struct bytes *out)
{
  char text[32];
  switch (rng_below(r, depth < 6 ? 8 : 6)) {
  case 0:
    append(out, "null");
    break;
  case 1:
    append(out, rng_below(r, 2) == 0 ? "true" : "false");
    break;
  case 2:
    (void)snprintf(text, sizeof text, "%" PRId64, (int64_t)(rng_next(r) >> rng_below(r, 64)));
    append(out, text);
    break;
  case 3:
    assert_int_equal(json_write_double(out, (rng_unit(r) - 0.5) * 1e3), 0);
    break;
  case 4:
  case 5:
    (void)snprintf(text, sizeof text, "%" PRIx64 "\n\xc3\xa9", rng_next(r) >> rng_below(r, 64));
    assert_int_equal(json_write_string(out, slice_of(text)), 0);
    break;
  default: {
    int is_array = rng_below(r, 2) == 0;
    int count = (int)rng_below(r, 9);
    append(out, is_array ? "[" : "{");
    for (int i = 0; i < count; i++) {
      (void)snprintf(text, sizeof text, "%s\"k%d\":", i == 0 ? "" : ",", i);
      append(out, is_array ? (i == 0 ? "" : ",") : text);
      random_value(r, depth + 1, out);
    }
    append(out, is_array ? "]" : "}");
  }
  }
}

/* A text that is canonical already comes back byte for byte; and the keys of an object in
 * any other order are the same value. */
static void random_values_come_back(void **state)
{
  (void)state;
  print_message("random values: seeds 1 to 2000\n");
  lua_State *L = new_state(IN_PLACE);
  for (uint64_t seed = 1; seed <= 2000; seed++) {
    struct bytes text = {0}, out = {0}, unsorted = {0};
    struct rng r;
    rng_init(&r, seed, "value");
    random_value(&r, 0, &text);
    assert_int_equal(value_decode(L, bytes_slice(&text), VALUE_UNIQUE_KEYS, NULL), 0);
    assert_int_equal(value_encode(L, -1, 0, &unsorted, NULL), 0);
    assert_int_equal(value_decode(L, bytes_slice(&unsorted), VALUE_UNIQUE_KEYS, NULL), 0);
    assert_int_equal(value_encode(L, -1, VALUE_SORTED_KEYS, &out, NULL), 0);
    if (!slice_equal(bytes_slice(&out), bytes_slice(&text)))
      fail_msg("seed %u: %.*s became %.*s", (unsigned)seed, (int)text.length, text.data,
               (int)out.length, out.data);
    lua_settop(L, 0);
    bytes_free(&text);
    bytes_free(&out);
    bytes_free(&unsorted);
  }
  lua_close(L);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(scalars),
    cmocka_unit_test(keys_can_be_sorted),
    cmocka_unit_test(text_can_be_spliced_in),
    cmocka_unit_test(what_is_no_json_is_named_with_its_path),
    cmocka_unit_test(another_key_is_found_wherever_it_is),
    cmocka_unit_test(depth_has_a_limit),
    cmocka_unit_test(the_fields_of_a_body),
    cmocka_unit_test(out_of_memory_anywhere),
    cmocka_unit_test(random_values_come_back),
  };
  return cmocka_run_group_tests_name("value_encode", tests, NULL, NULL);
}
