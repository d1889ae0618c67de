#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/crc32c.h"
#include "base/rng.h"

#include <string.h>

/* RFC 3720, appendix B.4: the bytes on the wire are the checksum's, lowest first. */
static void examples_of_the_rfc(void **state)
{
  (void)state;
  unsigned char data[32];
  memset(data, 0, sizeof data);
  assert_int_equal(crc32c(0, data, sizeof data), 0x8a9136aa);
  memset(data, 0xff, sizeof data);
  assert_int_equal(crc32c(0, data, sizeof data), 0x62a8ab43);
  for (unsigned char i = 0; i < 32; i++)
    data[i] = i;
  assert_int_equal(crc32c(0, data, sizeof data), 0x46dd794e);
  for (unsigned char i = 0; i < 32; i++)
    data[i] = (unsigned char)(31 - i);
  assert_int_equal(crc32c(0, data, sizeof data), 0x113fdb5c);
  static const unsigned char read_command[48] = {
    0x01, 0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x14, 0x00, 0x00, 0x00, 0x00, 0x00, 0x04, 0x00, 0x00, 0x00, 0x00, 0x14, 0x00, 0x00, 0x00, 0x18,
    0x28, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00};
  assert_int_equal(crc32c(0, read_command, sizeof read_command), 0xd9963a56);
}

static void nothing_and_the_usual_check(void **state)
{
  (void)state;
  assert_int_equal(crc32c(0, "", 0), 0);
  assert_int_equal(crc32c(0, NULL, 0), 0);
  assert_int_equal(crc32c(0, "123456789", 9), 0xe3069283);
}

/* One bit at a time, by the definition. */
static uint32_t by_definition(const unsigned char *data, size_t length)
{
  uint32_t crc = UINT32_MAX;
  for (size_t i = 0; i < length; i++) {
    crc ^= data[i];
    for (int bit = 0; bit < 8; bit++)
      crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc;
}

static void random_bytes_in_pieces(void **state)
{
  (void)state;
  struct rng rng;
  unsigned char data[600];
  rng_init(&rng, 1, "crc32c");
  for (int round = 0; round < 200; round++) {
    size_t length = (size_t)rng_below(&rng, sizeof data + 1);
    for (size_t i = 0; i < length; i++)
      data[i] = (unsigned char)rng_next(&rng);
    uint32_t whole = crc32c(0, data, length);
    assert_int_equal(whole, by_definition(data, length));
    size_t cut = (size_t)rng_below(&rng, length + 1);
    assert_int_equal(crc32c(crc32c(0, data, cut), data + cut, length - cut), whole);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(examples_of_the_rfc),
    cmocka_unit_test(nothing_and_the_usual_check),
    cmocka_unit_test(random_bytes_in_pieces),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
