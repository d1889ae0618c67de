/* What the JSON reader refuses, where, and what it says: bad texts, deep ones, no memory. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "failing_alloc.h"
#include "wire/json_read.h"

static void errors_have_a_position_and_say_what_was_expected(void **state)
{
  (void)state;
#define SURROGATE "a surrogate escape without its other half"
#define HEXADECIMAL "expected four hexadecimal digits after \\u"
#define ESCAPE "expected one of \"\\/bfnrtu after a backslash"
#define UTF8 "expected valid UTF-8"
#define CONTROL "a control character in a string must be escaped"
  const struct {
    struct slice text;
    size_t position;
    const char *why;
  } cases[] = {
    {{NULL, 0}, 0, "expected a value"},
    {SLICE(""), 0, "expected a value"},
    {SLICE("  "), 2, "expected a value"},
    {SLICE("\0"), 0, "expected a value"},
    {SLICE("\xef\xbb\xbf[]"), 0, "expected a value"},
    {SLICE("nul"), 0, "expected a value"},
    {SLICE("True"), 0, "expected a value"},
    {SLICE("NaN"), 0, "expected a value"},
    {SLICE("'a'"), 0, "expected a value"},
    {SLICE("]"), 0, "expected a value"},
    {SLICE("[,1]"), 1, "expected a value"},
    {SLICE("[1,]"), 3, "expected a value"},
    {SLICE("[1,,2]"), 3, "expected a value"},
    {SLICE("[1,\v2]"), 3, "expected a value"},
    {SLICE("{\"a\":}"), 5, "expected a value"},
    {SLICE("{\"a\":,"), 5, "expected a value"},
    {SLICE("["), 1, "expected a value"},
    {SLICE("[1"), 2, "expected ',' or ']' after an item"},
    {SLICE("[1}"), 2, "expected ',' or ']' after an item"},
    {SLICE("[1 2]"), 3, "expected ',' or ']' after an item"},
    {SLICE("[1:2]"), 2, "expected ',' or ']' after an item"},
    {SLICE("[truefalse]"), 5, "expected ',' or ']' after an item"},
    {SLICE("[1\0]"), 2, "expected ',' or ']' after an item"},
    {SLICE("{"), 1, "expected a key"},
    {SLICE("{a:1}"), 1, "expected a key"},
    {SLICE("{1:1}"), 1, "expected a key"},
    {SLICE("{]"), 1, "expected a key"},
    {SLICE("{\"a\":1,}"), 7, "expected a key"},
    {SLICE("{\"a\":1,,"), 7, "expected a key"},
    {SLICE("{\"a\""), 4, "expected ':' after a key"},
    {SLICE("{\"a\" 1}"), 5, "expected ':' after a key"},
    {SLICE("{\"a\",1}"), 4, "expected ':' after a key"},
    {SLICE("{\"a\":1"), 6, "expected ',' or '}' after a value"},
    {SLICE("{\"a\":1]"), 6, "expected ',' or '}' after a value"},
    {SLICE("{\"a\":1 \"b\":2}"), 7, "expected ',' or '}' after a value"},
    {SLICE("1 2"), 2, "expected nothing after the value"},
    {SLICE("[]]"), 2, "expected nothing after the value"},
    {SLICE("{}\0"), 2, "expected nothing after the value"},
    {SLICE("\"a\"b"), 3, "expected nothing after the value"},
    {SLICE("\""), 1, "expected '\"' at the end of a string"},
    {SLICE("[\"abc"), 5, "expected '\"' at the end of a string"},
    {SLICE("\"abc\\n"), 6, "expected '\"' at the end of a string"},
    {SLICE("\"a\nb\""), 2, CONTROL},
    {SLICE("\"\\n\x1f\""), 3, CONTROL},
    {SLICE("\"\0\""), 1, CONTROL},
    {SLICE("\"a\x80\""), 2, UTF8},
    {SLICE("\"\xc3\""), 1, UTF8},
    {SLICE("\"\xc0\xaf\""), 1, UTF8},
    {SLICE("\"\\n\xed\xa0\x80\""), 3, UTF8},
    {SLICE("\"\xf4\x90\x80\x80\""), 1, UTF8},
    {SLICE("{\"\xff\":1}"), 2, UTF8},
    {SLICE("\"\\"), 1, ESCAPE},
    {SLICE("\"\\x41\""), 1, ESCAPE},
    {SLICE("\"ab\\\0\""), 3, ESCAPE},
    {SLICE("\"\\N\""), 1, ESCAPE},
    {SLICE("\"\\u"), 1, HEXADECIMAL},
    {SLICE("\"\\u12"), 1, HEXADECIMAL},
    {SLICE("\"\\u123\""), 1, HEXADECIMAL},
    {SLICE("\"\\u12g4\""), 1, HEXADECIMAL},
    {SLICE("\"\\u 123\""), 1, HEXADECIMAL},
    {SLICE("\"a\\ud800\""), 2, SURROGATE},
    {SLICE("\"\\ud800x\\udc00\""), 1, SURROGATE},
    {SLICE("\"\\ud800\\n\""), 1, SURROGATE},
    {SLICE("\"\\ud800\\ud800\""), 1, SURROGATE},
    {SLICE("\"\\ud800\\ue000\""), 1, SURROGATE},
    {SLICE("\"\\udc00\\ud800\""), 1, SURROGATE},
    {SLICE("\"\\udc00\\udc00\""), 1, SURROGATE},
    {SLICE("\"\\udfff\""), 1, SURROGATE},
    {SLICE("\"\\ud800\\udc0\""), 1, SURROGATE},
    {SLICE("[-]"), 2, "expected a digit"},
    {SLICE("[01]"), 1, "a number does not begin with 0"},
    {SLICE("[1.]"), 3, "expected a digit after '.'"},
    {SLICE("[1e+]"), 4, "expected a digit in the exponent"},
    {SLICE("[0,9223372036854775808]"), 3, "integer does not fit in 64 bits"},
    {SLICE("[0,1e400]"), 3, "number is too large for a double"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct json_reader r;
    struct json_token token;
    json_reader_init(&r, cases[i].text, JSON_MAX_DEPTH);
    while (json_next(&r, &token) != JSON_END && token.kind != JSON_ERROR)
      ;
    if (token.kind != JSON_ERROR)
      fail_msg("case %zu is read", i);
    assert_string_equal(r.error, cases[i].why);
    if (r.error_position != cases[i].position)
      fail_msg("case %zu: position %zu", i, r.error_position);
    assert_int_equal(json_next(&r, &token), JSON_ERROR);
    assert_int_equal(json_skip(&r), -1);
    json_reader_free(&r);
    size_t position = 99;
    const char *why = NULL;
    assert_int_equal(json_validate(cases[i].text, JSON_MAX_DEPTH, &position, &why), -1);
    assert_int_equal(position, cases[i].position);
    assert_string_equal(why, cases[i].why);
    assert_int_equal(json_validate(cases[i].text, JSON_MAX_DEPTH, NULL, NULL), -1);
  }
}

/* Appends a zero-terminated text. */
static void add(struct bytes *out, const char *text)
{
  assert_int_equal(bytes_append_slice(out, slice_of(text)), 0);
}

/* `depth` times "[" or "{"a":", and as many closed. */
static void nest(struct bytes *out, size_t depth, int objects)
{
  out->length = 0;
  for (size_t i = 0; i < depth; i++)
    add(out, objects && i % 2 == 0 ? "{\"a\":" : "[");
  add(out, "1");
  for (size_t i = depth; i > 0; i--)
    add(out, objects && (i - 1) % 2 == 0 ? "}" : "]");
}

static void depth_has_a_limit(void **state)
{
  (void)state;
  struct bytes text = {0};
  static const size_t limits[] = {1, 2, 7, JSON_MAX_DEPTH, JSON_DEPTH_LIMIT};
  for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
    for (int objects = 0; objects < 2; objects++) {
      size_t position;
      const char *why;
      nest(&text, limits[i], objects);
      assert_int_equal(json_validate(bytes_slice(&text), limits[i], NULL, NULL), 0);
      nest(&text, limits[i] + 1, objects);
      assert_int_equal(json_validate(bytes_slice(&text), limits[i], &position, &why), -1);
      assert_string_equal(why, "nested too deeply");
      assert_int_equal(text.data[position], objects && limits[i] % 2 == 0 ? '{' : '[');
      assert_int_equal(position, objects ? (limits[i] + 1) / 2 * 5 + limits[i] / 2 : limits[i]);
    }
  }
  assert_int_equal(json_validate(SLICE("1"), 0, NULL, NULL), 0);
  assert_int_equal(json_validate(SLICE("[]"), 0, NULL, NULL), -1);
  nest(&text, JSON_DEPTH_LIMIT + 1, 0); /* a higher limit is cut to the highest */
  assert_int_equal(json_validate(bytes_slice(&text), SIZE_MAX, NULL, NULL), -1);
  text.length = 0;
  for (int i = 0; i < 100000; i++)
    assert_int_equal(bytes_append_byte(&text, '['), 0);
  size_t position;
  assert_int_equal(json_validate(bytes_slice(&text), JSON_MAX_DEPTH, &position, NULL), -1);
  assert_int_equal(position, JSON_MAX_DEPTH);
  bytes_free(&text);
}

static void out_of_memory_is_an_error(void **state)
{
  (void)state;
  struct slice text = SLICE("[\"plain\",\"\\n a text that is longer than the first room for it, "
                            "\\u00e9, so that it has to grow once more\\n\"]");
  long n = 0;
  for (;; n++) {
    struct json_reader r;
    struct json_token token;
    json_reader_init(&r, text, JSON_MAX_DEPTH);
    failing_alloc_after(n);
    while (json_next(&r, &token) != JSON_END && token.kind != JSON_ERROR)
      ;
    failing_alloc_off();
    if (token.kind == JSON_END) {
      json_reader_free(&r);
      break;
    }
    assert_string_equal(r.error, "out of memory");
    json_reader_free(&r);
  }
  assert_int_equal(n, 2);
  failing_alloc_after(0); /* checking alone needs no memory */
  int status = json_validate(text, JSON_MAX_DEPTH, NULL, NULL);
  failing_alloc_off();
  assert_int_equal(status, 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(errors_have_a_position_and_say_what_was_expected),
    cmocka_unit_test(depth_has_a_limit),
    cmocka_unit_test(out_of_memory_is_an_error),
  };
  return cmocka_run_group_tests_name("json_errors", tests, NULL, NULL);
}
