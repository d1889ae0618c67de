#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/rng.h"
#include "failing_alloc.h"
#include "wire/json_read.h"
#include "wire/json_shortcut.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Appends like printf; the tests' own allocations do not fail. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static void
say(struct bytes *out, const char *format, ...)
{
  char text[128];
  va_list args;
  va_start(args, format);
  int length = vsnprintf(text, sizeof text, format, args);
  va_end(args);
  assert_in_range(length, 0, sizeof text - 1);
  assert_int_equal(bytes_append(out, text, (size_t)length), 0);
}

/* A token as a word: { } [ ] null true false 12 2.5 "text" key:"text". */
static void say_token(struct bytes *out, const struct json_token *token)
{
  static const char *const words[] = {
    [JSON_NULL] = "null ",     [JSON_FALSE] = "false ", [JSON_TRUE] = "true ",
    [JSON_ARRAY_BEGIN] = "[ ", [JSON_ARRAY_END] = "] ", [JSON_OBJECT_BEGIN] = "{ ",
    [JSON_OBJECT_END] = "} ",  [JSON_ERROR] = "error ",
  };
  switch (token->kind) {
  case JSON_END:
    break;
  case JSON_INTEGER:
    say(out, "%lld ", (long long)token->integer);
    break;
  case JSON_DOUBLE:
    say(out, "%.17g. ", token->number);
    break;
  case JSON_STRING:
  case JSON_KEY:
    say(out, token->kind == JSON_KEY ? "key:\"" : "\"");
    assert_int_equal(bytes_append_slice(out, token->string), 0);
    say(out, "\" ");
    break;
  default:
    say(out, "%s", words[token->kind]);
  }
}

/* The text in a block of its own size, so that a sanitizer sees a read behind it. */
static struct slice copy_of(struct slice text)
{
  char *copy = malloc(text.length + (text.length == 0));
  assert_non_null(copy);
  memcpy(copy, text.data, text.length);
  return (struct slice){copy, text.length};
}

/* All tokens of a text, up to its end or its error. */
static enum json_kind trace(struct slice text, struct bytes *out)
{
  struct slice copy = copy_of(text);
  struct json_reader r;
  struct json_token token;
  json_reader_init(&r, copy, JSON_MAX_DEPTH);
  size_t before = 0;
  while (json_next(&r, &token) != JSON_END && token.kind != JSON_ERROR) {
    say_token(out, &token);
    assert_true(before <= token.start && token.start < token.end && token.end <= text.length);
    assert_true(token.end <= json_position(&r));
    before = token.end;
  }
  enum json_kind last = token.kind;
  say_token(out, &token);
  assert_int_equal(json_next(&r, &token), last);
  assert_int_equal(token.kind, last);
  json_reader_free(&r);
  free((void *)(uintptr_t)copy.data);
  return last;
}

static void check_trace(const char *text, const char *expected)
{
  struct bytes out = {0};
  assert_int_equal(trace(slice_of(text), &out), JSON_END);
  say(&out, "%c", '\0');
  assert_string_equal(out.data, expected);
  bytes_free(&out);
}

static void gives_one_token_a_call(void **state)
{
  (void)state;
  check_trace("null", "null ");
  check_trace(" [ ] ", "[ ] ");
  check_trace("{}", "{ } ");
  check_trace("[1,-2.5,\"x\",true,false,null]", "[ 1 -2.5. \"x\" true false null ] ");
  check_trace("{\"a\":{\"b\":[]},\"\":[{}]}", "{ key:\"a\" { key:\"b\" [ ] } key:\"\" [ { } ] } ");
  check_trace("\t{ \"a\" :\r\n1 , \"b\" : [ 2 , 3 ] }\n", "{ key:\"a\" 1 key:\"b\" [ 2 3 ] } ");
  check_trace("{\"a\":1,\"a\":2}", "{ key:\"a\" 1 key:\"a\" 2 } ");
  check_trace("-0", "-0. ");
  check_trace("[9223372036854775807,-9223372036854775808,9007199254740993]",
              "[ 9223372036854775807 -9223372036854775808 9007199254740993 ] ");
  check_trace("[1.0,1e2,123456789012345678901.5]", "[ 1. 100. 1.2345678901234568e+20. ] ");
}

static void tokens_know_their_place(void **state)
{
  (void)state;
  struct slice text = SLICE(" { \"key\" : [ -12.5, \"a\\nb\" ] } ");
  static const struct {
    enum json_kind kind;
    size_t start, end;
  } expected[] = {
    {JSON_OBJECT_BEGIN, 1, 2}, {JSON_KEY, 3, 8},      {JSON_ARRAY_BEGIN, 11, 12},
    {JSON_DOUBLE, 13, 18},     {JSON_STRING, 20, 26}, {JSON_ARRAY_END, 27, 28},
    {JSON_OBJECT_END, 29, 30}, {JSON_END, 31, 31},
  };
  struct json_reader r;
  struct json_token token;
  json_reader_init(&r, text, JSON_MAX_DEPTH);
  for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
    assert_int_equal(json_next(&r, &token), expected[i].kind);
    assert_int_equal(token.start, expected[i].start);
    assert_int_equal(token.end, expected[i].end);
  }
  json_reader_free(&r);
}

static void strings_without_escapes_are_views(void **state)
{
  (void)state;
  struct slice text = SLICE("[\"plain\",\"caf\xc3\xa9\",\"\\u0041\"]");
  struct json_reader r;
  struct json_token token;
  json_reader_init(&r, text, JSON_MAX_DEPTH);
  (void)json_next(&r, &token);
  assert_int_equal(json_next(&r, &token), JSON_STRING);
  assert_ptr_equal(token.string.data, text.data + 2);
  assert_int_equal(token.string.length, 5);
  assert_int_equal(json_next(&r, &token), JSON_STRING);
  assert_ptr_equal(token.string.data, text.data + 10);
  assert_int_equal(token.string.length, 5);
  assert_int_equal(json_next(&r, &token), JSON_STRING);
  assert_true(token.string.data < text.data || token.string.data > text.data + text.length);
  assert_true(slice_equal(token.string, SLICE("A")));
  json_reader_free(&r);
}

static void escapes_are_decoded(void **state)
{
  (void)state;
  const struct {
    const char *text;
    struct slice string;
  } cases[] = {
    {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", SLICE("\"\\/\b\f\n\r\t")},
    {"\"\\u0000\"", SLICE("\0")},
    {"\"a\\u0000b\"", SLICE("a\0b")},
    {"\"\\u007f\\u0080\\u07ff\\u0800\"", SLICE("\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80")},
    {"\"\\ud7ff\\ue000\\uFFFF\"", SLICE("\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf")},
    {"\"\\ud800\\udc00\"", SLICE("\xf0\x90\x80\x80")},
    {"\"\\uD83D\\uDE00!\"", SLICE("\xf0\x9f\x98\x80!")},
    {"\"\\udbff\\udfff\"", SLICE("\xf4\x8f\xbf\xbf")},
    {"\"caf\xc3\xa9 \\u00e9 caf\xc3\xa9\"", SLICE("caf\xc3\xa9 \xc3\xa9 caf\xc3\xa9")},
    {"\"more than sixteen bytes, then\\n, and more than sixteen again\"",
     SLICE("more than sixteen bytes, then\n, and more than sixteen again")},
    {"\"\x7f\"", SLICE("\x7f")},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct json_reader r;
    struct json_token token;
    json_reader_init(&r, slice_of(cases[i].text), JSON_MAX_DEPTH);
    assert_int_equal(json_next(&r, &token), JSON_STRING);
    assert_true(slice_equal(token.string, cases[i].string));
    assert_int_equal(json_next(&r, &token), JSON_END);
    json_reader_free(&r);
  }
}

static void skip_passes_one_value(void **state)
{
  (void)state;
  struct slice text = SLICE("{\"a\":[1,{\"b\":[]}],\"c\":{\"d\":\"\\n\"},\"e\":5,\"f\":6}");
  struct json_reader r;
  struct json_token token;
  json_reader_init(&r, text, JSON_MAX_DEPTH);
  (void)json_next(&r, &token);
  (void)json_next(&r, &token); /* key a */
  assert_int_equal(json_next(&r, &token), JSON_ARRAY_BEGIN);
  assert_int_equal(json_skip(&r), 0);
  assert_int_equal(json_position(&r), 17);
  assert_int_equal(json_skip(&r), 0); /* complete: nothing more to pass */
  assert_int_equal(json_position(&r), 17);
  assert_int_equal(json_next(&r, &token), JSON_KEY); /* c */
  assert_true(slice_equal(token.string, SLICE("c")));
  assert_int_equal(json_skip(&r), 0); /* the value that comes next */
  assert_int_equal(json_position(&r), 32);
  (void)json_next(&r, &token); /* key e */
  assert_int_equal(json_next(&r, &token), JSON_INTEGER);
  assert_int_equal(json_skip(&r), 0); /* a scalar is complete */
  assert_int_equal(json_next(&r, &token), JSON_KEY);
  assert_true(slice_equal(token.string, SLICE("f")));
  assert_int_equal(json_skip(&r), 0);
  assert_int_equal(json_next(&r, &token), JSON_OBJECT_END);
  assert_int_equal(json_skip(&r), 0);
  assert_int_equal(json_next(&r, &token), JSON_END);

  json_reader_restart(&r, text); /* all of it, at the beginning and behind its bracket */
  assert_int_equal(json_skip(&r), 0);
  assert_int_equal(json_next(&r, &token), JSON_END);
  json_reader_restart(&r, text);
  assert_int_equal(json_next(&r, &token), JSON_OBJECT_BEGIN);
  assert_int_equal(json_skip(&r), 0);
  assert_int_equal(json_next(&r, &token), JSON_END);

  json_reader_restart(&r, SLICE("[[1,2"));
  (void)json_next(&r, &token);
  (void)json_next(&r, &token);
  assert_int_equal(json_skip(&r), -1);
  assert_int_equal(r.error_position, 5);
  json_reader_free(&r);
}

static void a_reader_is_used_again(void **state)
{
  (void)state;
  struct json_reader r;
  struct json_token token;
  json_reader_init(&r, SLICE("[[["), 2);
  while (json_next(&r, &token) != JSON_ERROR)
    ;
  assert_int_equal(r.error_position, 2);
  json_reader_restart(&r, SLICE("[\"\\n\"]"));
  assert_null(r.error);
  assert_int_equal(json_next(&r, &token), JSON_ARRAY_BEGIN);
  assert_int_equal(json_next(&r, &token), JSON_STRING);
  json_reader_restart(&r, SLICE("\"\\t\""));
  failing_alloc_after(0); /* the memory is still there */
  enum json_kind kind = json_next(&r, &token);
  failing_alloc_off();
  assert_int_equal(kind, JSON_STRING);
  json_reader_restart(&r, SLICE("[[[]]]")); /* and so is the limit */
  assert_int_equal(json_skip(&r), -1);
  json_reader_free(&r);
}

static void one_huge_string_does_not_keep_its_memory(void **state)
{
  (void)state;
  struct bytes text = {0};
  say(&text, "\"\\n");
  for (int i = 0; i < 1000000; i++)
    assert_int_equal(bytes_append_byte(&text, 'x'), 0);
  say(&text, "\"");
  struct json_reader r;
  struct json_token token;
  json_reader_init(&r, bytes_slice(&text), JSON_MAX_DEPTH);
  assert_int_equal(json_next(&r, &token), JSON_STRING);
  assert_int_equal(token.string.length, 1000001);
  json_reader_restart(&r, SLICE("1"));
  assert_in_range(r.scratch.capacity, 0, 65536);
  json_reader_free(&r);
  bytes_free(&text);
}

/* Writes a random value, with random white space, and the trace it must give. */
static void random_space(struct rng *r, struct bytes *text)
{
  static const char spaces[] = " \t\n\r";
  while (rng_below(r, 6) == 0)
    say(text, "%c", spaces[rng_below(r, 4)]);
}

static void random_string(struct rng *r, struct bytes *text, struct bytes *expected)
{
  static const char *const pieces[][2] = {
    {"a", "a"},
    {" ", " "},
    {"0123456789abcdef", "0123456789abcdef"},
    {"\\n", "\n"},
    {"\\\"", "\""},
    {"\xc3\xa9", "\xc3\xa9"},
    {"\\u20AC", "\xe2\x82\xac"},
    {"\\ud83d\\ude00", "\xf0\x9f\x98\x80"},
    {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
    {"\\/", "/"},
  };
  say(text, "\"");
  say(expected, "\"");
  uint64_t plain = rng_below(r, 3);
  for (size_t i = (size_t)rng_below(r, 6); i > 0; i--) {
    const char *const *piece = pieces[rng_below(r, plain != 0 ? 3 : 10)];
    say(text, "%s", piece[0]);
    say(expected, "%s", piece[1]);
  }
  say(text, "\"");
  say(expected, "\" ");
}

static void random_value(struct rng *r, struct bytes *text, struct bytes *expected, int depth)
{
  static const char *const literals[] = {"null", "true", "false"};
  random_space(r, text);
  uint64_t kind = rng_below(r, depth < 5 ? 8 : 5);
  if (kind == 0) {
    const char *word = literals[rng_below(r, 3)];
    say(text, "%s", word);
    say(expected, "%s ", word);
  } else if (kind <= 2) {
    long long integer = (long long)((int64_t)rng_next(r) >> rng_below(r, 64));
    say(text, "%lld", integer);
    say(expected, "%lld ", integer);
  } else if (kind == 3) {
    double number = (rng_unit(r) - 0.5) * 1e6;
    say(text, "%.17g%s", number, rng_below(r, 2) == 0 ? "e0" : "E+00");
    say(expected, "%.17g. ", number);
  } else if (kind == 4) {
    random_string(r, text, expected);
  } else {
    int object = kind == 7;
    say(text, object ? "{" : "[");
    say(expected, object ? "{ " : "[ ");
    random_space(r, text);
    for (size_t i = (size_t)rng_below(r, 5); i > 0; i--) {
      if (object) {
        random_space(r, text);
        say(expected, "key:");
        random_string(r, text, expected);
        random_space(r, text);
        say(text, ":");
      }
      random_value(r, text, expected, depth + 1);
      if (i > 1)
        say(text, ",");
    }
    say(text, object ? "}" : "]");
    say(expected, object ? "} " : "] ");
  }
  random_space(r, text);
}

static void reads_random_texts(void **state)
{
  (void)state;
  const uint64_t seed = 8259;
  print_message("seed %llu\n", (unsigned long long)seed);
  struct rng r;
  rng_init(&r, seed, "texts");
  struct bytes text = {0};
  struct bytes expected = {0};
  struct bytes got = {0};
  for (int i = 0; i < 10000; i++) {
    text.length = expected.length = got.length = 0;
    random_value(&r, &text, &expected, 0);
    assert_int_equal(trace(bytes_slice(&text), &got), JSON_END);
    assert_true(slice_equal(bytes_slice(&got), bytes_slice(&expected)));
    assert_int_equal(json_validate(bytes_slice(&text), JSON_MAX_DEPTH, NULL, NULL), 0);
  }
  bytes_free(&text);
  bytes_free(&expected);
  bytes_free(&got);
}

/* Arrays of all lengths, so that the end is at each place of a vector; and what is not flat. */
static void commas_of_flat_arrays_are_counted(void **state)
{
  (void)state;
  static const struct {
    const char *text;
    int count;
  } cases[] = {
    {"]", 0},   {"1]", 0},         {"1,2]", 1},     {"1,2],3,4", 1},     {"-1.5e3, true ,null]", 2},
    {"1,2", 0}, {"1,\"a,b\"]", 0}, {"1,[2,3]]", 0}, {"1,{\"a\":1}]", 0}, {"", 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct slice copy = copy_of(slice_of(cases[i].text));
    struct json_reader r;
    json_reader_init(&r, copy, JSON_MAX_DEPTH);
    assert_int_equal(json_count_commas(&r), cases[i].count);
    free((void *)(uintptr_t)copy.data);
  }
  for (int count = 1; count < 100; count++)
    for (int stray = 0; stray < 3; stray++) {
      struct bytes text = {0};
      for (int i = 1; i < count; i++)
        say(&text, "%d,", i % 7);
      say(&text, stray == 0 ? "8]" : stray == 1 ? "{]" : "\"]");
      say(&text, "%s", ",1,2,3]");
      struct slice copy = copy_of(bytes_slice(&text));
      struct json_reader r;
      json_reader_init(&r, copy, JSON_MAX_DEPTH);
      assert_int_equal(json_count_commas(&r), stray == 0 ? count - 1 : 0);
      free((void *)(uintptr_t)copy.data);
      bytes_free(&text);
    }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(gives_one_token_a_call),
    cmocka_unit_test(tokens_know_their_place),
    cmocka_unit_test(strings_without_escapes_are_views),
    cmocka_unit_test(escapes_are_decoded),
    cmocka_unit_test(skip_passes_one_value),
    cmocka_unit_test(a_reader_is_used_again),
    cmocka_unit_test(one_huge_string_does_not_keep_its_memory),
    cmocka_unit_test(reads_random_texts),
    cmocka_unit_test(commas_of_flat_arrays_are_counted),
  };
  return cmocka_run_group_tests_name("json_read", tests, NULL, NULL);
}
