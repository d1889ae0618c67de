#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/rng.h"
#include "failing_alloc.h"
#include "wire/json_read.h"
#include "wire/json_write.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void assert_bytes(const struct bytes *b, struct slice expected)
{
  if (!slice_equal(bytes_slice(b), expected))
    fail_msg("%.*s, expected %.*s", (int)b->length, b->data, (int)expected.length, expected.data);
}

static void writes_strings(void **state)
{
  (void)state;
  const struct {
    struct slice string;
    const char *text;
  } cases[] = {
    {{NULL, 0}, "\"\""},
    {SLICE(""), "\"\""},
    {SLICE("plain"), "\"plain\""},
    {SLICE("\"\\/\b\f\n\r\t"), "\"\\\"\\\\/\\b\\f\\n\\r\\t\""},
    {SLICE("\0"), "\"\\u0000\""},
    {SLICE("a\0\x1f\x7f"), "\"a\\u0000\\u001f\x7f\""},
    {SLICE("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"),
     "\"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\""},
    {SLICE("\xc3\xa9\n\xc3\xa9"), "\"\xc3\xa9\\n\xc3\xa9\""},
    {SLICE("more than sixteen bytes\nand again more than sixteen"),
     "\"more than sixteen bytes\\nand again more than sixteen\""},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct bytes out = {0};
    assert_int_equal(json_write_string(&out, cases[i].string), 0);
    assert_bytes(&out, slice_of(cases[i].text));
    bytes_free(&out);
  }
}

static void appends_to_what_is_there(void **state)
{
  (void)state;
  struct bytes out = {0};
  assert_int_equal(bytes_append_byte(&out, '['), 0);
  assert_int_equal(json_write_string(&out, SLICE("a")), 0);
  assert_int_equal(bytes_append_byte(&out, ','), 0);
  assert_int_equal(json_write_int(&out, INT64_MIN), 0);
  assert_int_equal(bytes_append_byte(&out, ','), 0);
  assert_int_equal(json_write_int(&out, 0), 0);
  assert_int_equal(bytes_append_byte(&out, ','), 0);
  assert_int_equal(json_write_double(&out, 1.0), 0);
  assert_int_equal(bytes_append_byte(&out, ','), 0);
  assert_int_equal(json_write_double(&out, -1.5e300), 0);
  assert_int_equal(bytes_append_byte(&out, ']'), 0);
  assert_bytes(&out, SLICE("[\"a\",-9223372036854775808,0,1.0,-1.5e300]"));
  bytes_free(&out);
}

static void refuses_what_json_cannot_say(void **state)
{
  (void)state;
  const struct slice bad[] = {
    SLICE("\x80"),         SLICE("text\xff"),
    SLICE("caf\xc3"),      SLICE("\xc0\x80"),
    SLICE("\xed\xa0\x80"), SLICE("\n\n\n\xf4\x90\x80\x80"),
    SLICE("\xc3\xa9\xc3"), SLICE("good text of more than sixteen bytes\n\xe2\x82"),
  };
  struct bytes out = {0};
  assert_int_equal(bytes_append_byte(&out, '['), 0);
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    assert_int_equal(json_write_string(&out, bad[i]), JSON_UNENCODABLE);
    assert_bytes(&out, SLICE("["));
  }
  static const double none[] = {INFINITY, -INFINITY, NAN};
  for (size_t i = 0; i < 3; i++) {
    assert_int_equal(json_write_double(&out, none[i]), JSON_UNENCODABLE);
    assert_bytes(&out, SLICE("["));
  }
  bytes_free(&out);
}

static void out_of_memory_changes_nothing(void **state)
{
  (void)state;
  long failures = 0;
  for (long n = 0; n < 8; n++) {
    struct bytes out = {0};
    assert_int_equal(bytes_append_slice(&out, SLICE("0123456789")), 0);
    failing_alloc_after(n);
    /* Grows at the beginning, and then because of the escapes. */
    int status = json_write_string(&out, SLICE("\x01\x02\x03\x04\x05\x06\x07 .................."
                                               "..................................... \x01\x02"
                                               "\x03\x04\x05\x06\x07\x01\x02\x03\x04\x05\x06\x07"));
    failing_alloc_off();
    failures += status == -1;
    assert_true(status == 0 || status == -1);
    if (status != 0)
      assert_bytes(&out, SLICE("0123456789"));
    bytes_free(&out);
  }
  assert_int_equal(failures, 2);
  struct bytes out = {0};
  failing_alloc_after(0);
  int string = json_write_string(&out, SLICE("a"));
  int empty = json_write_string(&out, SLICE(""));
  int integer = json_write_int(&out, 1);
  int number = json_write_double(&out, 1.5);
  failing_alloc_off();
  assert_int_equal(string, -1);
  assert_int_equal(empty, -1);
  assert_int_equal(integer, -1);
  assert_int_equal(number, -1);
  assert_int_equal(out.length, 0);
  bytes_free(&out);
}

/* Any string that is written is one line, and reads back the same. */
static void random_strings_come_back(void **state)
{
  (void)state;
  static const char *const pieces[] = {
    "a",    " \x7f",        "0123456789abcdef0", "\"",       "\\",
    "\x01", "\n",           "\xc3\xa9",          "\xdf\xbf", "/",
    "\x1f", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
  const uint64_t seed = 99;
  print_message("seed %llu\n", (unsigned long long)seed);
  struct rng r;
  rng_init(&r, seed, "strings");
  struct bytes string = {0};
  struct bytes text = {0};
  for (int i = 0; i < 20000; i++) {
    string.length = text.length = 0;
    uint64_t kinds = rng_below(&r, 2) == 0 ? 3 : sizeof pieces / sizeof pieces[0];
    for (uint64_t count = rng_below(&r, 20); count > 0; count--)
      assert_int_equal(bytes_append_slice(&string, slice_of(pieces[rng_below(&r, kinds)])), 0);
    if (i % 2 == 0)
      bytes_free(&text); /* so that it has to grow */
    assert_int_equal(json_write_string(&text, bytes_slice(&string)), 0);
    for (size_t k = 0; k < text.length; k++)
      assert_true((unsigned char)text.data[k] >= 0x20);
    struct json_reader reader;
    struct json_token token;
    json_reader_init(&reader, bytes_slice(&text), JSON_MAX_DEPTH);
    assert_int_equal(json_next(&reader, &token), JSON_STRING);
    assert_true(slice_equal(token.string, bytes_slice(&string)));
    assert_int_equal(json_next(&reader, &token), JSON_END);
    json_reader_free(&reader);
  }
  bytes_free(&string);
  bytes_free(&text);
}

static void numbers_come_back_as_what_they_were(void **state)
{
  (void)state;
  const uint64_t seed = 100;
  print_message("seed %llu\n", (unsigned long long)seed);
  struct rng r;
  rng_init(&r, seed, "numbers");
  struct bytes text = {0};
  for (int i = 0; i < 20000; i++) {
    int64_t integer = (int64_t)rng_next(&r) >> rng_below(&r, 64);
    uint64_t bits = rng_next(&r);
    double number;
    memcpy(&number, &bits, sizeof number);
    if (i % 2 == 0 || !isfinite(number))
      number = (double)(integer >> 11);
    text.length = 0;
    assert_int_equal(bytes_append_byte(&text, '['), 0);
    assert_int_equal(json_write_int(&text, integer), 0);
    assert_int_equal(bytes_append_byte(&text, ','), 0);
    assert_int_equal(json_write_double(&text, number), 0);
    assert_int_equal(bytes_append_byte(&text, ']'), 0);
    struct json_reader reader;
    struct json_token token;
    json_reader_init(&reader, bytes_slice(&text), JSON_MAX_DEPTH);
    assert_int_equal(json_next(&reader, &token), JSON_ARRAY_BEGIN);
    assert_int_equal(json_next(&reader, &token), JSON_INTEGER);
    assert_true(token.integer == integer);
    assert_int_equal(json_next(&reader, &token), JSON_DOUBLE);
    assert_memory_equal(&token.number, &number, sizeof number);
    json_reader_free(&reader);
  }
  bytes_free(&text);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(writes_strings),
    cmocka_unit_test(appends_to_what_is_there),
    cmocka_unit_test(refuses_what_json_cannot_say),
    cmocka_unit_test(out_of_memory_changes_nothing),
    cmocka_unit_test(random_strings_come_back),
    cmocka_unit_test(numbers_come_back_as_what_they_were),
  };
  return cmocka_run_group_tests_name("json_write", tests, NULL, NULL);
}
