#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/rng.h"
#include "wire/utf8.h"

#include <stdlib.h>
#include <string.h>

/* What the standard says, the long way: the bytes' pattern gives a length and a code
 * point, and the shortest form of an allowed code point is the only one. */
static size_t reference(const unsigned char *p, size_t left)
{
  size_t length = p[0] >> 5 == 6 ? 2 : p[0] >> 4 == 14 ? 3 : p[0] >> 3 == 30 ? 4 : 0;
  if (length == 0 || length > left)
    return 0;
  uint32_t c = p[0] & (0xffu >> (length + 1));
  for (size_t i = 1; i < length; i++) {
    if (p[i] >> 6 != 2)
      return 0;
    c = c << 6 | (p[i] & 0x3f);
  }
  size_t shortest = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
  int allowed = c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
  return allowed && shortest == length ? length : 0;
}

/* In a block of its own size, so that a sanitizer sees a read behind the end. */
static size_t sequence(const unsigned char *bytes, size_t length)
{
  char *copy = malloc(length);
  assert_non_null(copy);
  memcpy(copy, bytes, length);
  size_t result = utf8_sequence(copy, copy + length);
  free(copy);
  return result;
}

static void knows_every_sequence_of_up_to_three_bytes(void **state)
{
  (void)state;
  unsigned valid[5] = {0};
  for (uint32_t i = 0; i < 1 << 24; i++) {
    const unsigned char p[3] = {(unsigned char)(i >> 16), (unsigned char)(i >> 8),
                                (unsigned char)i};
    size_t length = utf8_sequence((const char *)p, (const char *)p + 3);
    if (length != reference(p, 3))
      fail_msg("%02x %02x %02x: %zu", p[0], p[1], p[2], length);
    valid[length]++;
  }
  assert_int_equal(valid[2], (0x800 - 0x80) * 256);
  assert_int_equal(valid[3], 0x10000 - 0x800 - 0x800); /* all but two-byte ones and surrogates */
}

static void knows_sequences_of_four_bytes(void **state)
{
  (void)state;
  static const unsigned char some[] = {0x00, 0x22, 0x7f, 0x80, 0x81, 0x8f, 0x90,
                                       0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xf4, 0xff};
  for (unsigned lead = 0xf0; lead < 0x100; lead++)
    for (unsigned second = 0; second < 256; second++)
      for (size_t i = 0; i < sizeof some; i++)
        for (size_t k = 0; k < sizeof some; k++) {
          const unsigned char p[4] = {(unsigned char)lead, (unsigned char)second, some[i], some[k]};
          assert_int_equal(utf8_sequence((const char *)p, (const char *)p + 4), reference(p, 4));
        }
}

static void a_sequence_that_is_cut_off_is_none(void **state)
{
  (void)state;
  static const char *const whole[] = {"\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
  for (size_t i = 0; i < 3; i++) {
    size_t length = strlen(whole[i]);
    assert_int_equal(sequence((const unsigned char *)whole[i], length), length);
    for (size_t cut = 1; cut < length; cut++)
      assert_int_equal(sequence((const unsigned char *)whole[i], cut), 0);
  }
}

/* Every byte at every place of texts of every length around the steps of 8 and 16. */
static void finds_the_first_byte_that_is_not_plain(void **state)
{
  (void)state;
  for (size_t length = 0; length <= 50; length++) {
    char *text = malloc(length + 1);
    assert_non_null(text);
    char *end = text + length;
    memset(text, 'x', length);
    assert_ptr_equal(utf8_plain_end(text, end), end);
    assert_ptr_equal(utf8_plain_end_portable(text, end), end);
    for (size_t place = 0; place < length; place++) {
      for (unsigned byte = 0; byte < 256; byte++) {
        int plain = byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
        text[place] = (char)byte;
        assert_int_equal(utf8_is_plain(text[place]), plain);
        const char *expected = plain ? end : text + place;
        assert_ptr_equal(utf8_plain_end(text, end), expected);
        assert_ptr_equal(utf8_plain_end_portable(text, end), expected);
      }
      text[place] = 'x';
    }
    free(text);
  }
}

static void the_first_of_several_counts(void **state)
{
  (void)state;
  struct rng r;
  rng_init(&r, 1, "plain");
  for (int i = 0; i < 100000; i++) {
    char text[64] = {0};
    size_t length = (size_t)rng_below(&r, sizeof text + 1);
    for (size_t k = 0; k < length; k++)
      text[k] = rng_below(&r, 16) != 0 ? (char)(0x20 + rng_below(&r, 0x60)) : (char)rng_next(&r);
    const char *expected = text;
    while (expected < text + length && utf8_is_plain(*expected))
      expected++;
    assert_ptr_equal(utf8_plain_end(text, text + length), expected);
    assert_ptr_equal(utf8_plain_end_portable(text, text + length), expected);
  }
}

static void text_goes_on_over_good_sequences_only(void **state)
{
  (void)state;
  static const struct {
    const char *text;
    size_t end;
  } cases[] = {
    {"", 0},
    {"plain", 5},
    {"\xc3\xa9t\xc3\xa9", 5},
    {"\xe4\xbd\xa0\xe5\xa5\xbd\"", 6},
    {"a\xf0\x9f\x98\x80\\n", 5},
    {"a\xc3\xa9\n", 3},
    {"a\xc3\xa9\xc3", 3},
    {"\x80", 0},
    {"ok\xed\xa0\x80", 2},
    {"ok\xc0\x80", 2},
    {"\xc3\xa9 sixteen and more plain \xc3\xa9 bytes\x7f\xff", 35},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const char *text = cases[i].text;
    assert_int_equal(utf8_text_end(text, text + strlen(text)) - text, cases[i].end);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(knows_every_sequence_of_up_to_three_bytes),
    cmocka_unit_test(knows_sequences_of_four_bytes),
    cmocka_unit_test(a_sequence_that_is_cut_off_is_none),
    cmocka_unit_test(finds_the_first_byte_that_is_not_plain),
    cmocka_unit_test(the_first_of_several_counts),
    cmocka_unit_test(text_goes_on_over_good_sequences_only),
  };
  return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
