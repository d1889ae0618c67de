#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/rng.h"
#include "unhash.h"

#include <stdlib.h>
#include <string.h>

static int by_value(const void *a, const void *b)
{
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return x < y ? -1 : x > y;
}

static size_t count_duplicates(uint64_t *hashes, size_t count)
{
  qsort(hashes, count, sizeof *hashes, by_value);
  size_t duplicates = 0;
  for (size_t i = 1; i < count; i++)
    duplicates += hashes[i] == hashes[i - 1];
  return duplicates;
}

/* The published output of splitmix64 from state 1234567. */
static void u64_is_the_finaliser_of_splitmix64(void **state)
{
  (void)state;
  static const uint64_t expected[] = {
    6457827717110365317u, 3203168211198807973u,  9817491932198370423u,
    4593380528125082431u, 16408922859458223821u,
  };
  uint64_t x = 1234567;
  for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
    assert_true(hash_u64(x += 0x9e3779b97f4a7c15u) == expected[i]);
}

static void u64_is_a_bijection(void **state)
{
  (void)state;
  struct rng r;
  rng_init(&r, 1, "hash");
  for (int i = 0; i < 100000; i++) {
    uint64_t value = rng_next(&r) >> rng_below(&r, 64);
    assert_true(unhash_u64(hash_u64(value)) == value);
    assert_true(hash_u64(unhash_u64(value)) == value);
  }
}

/* Nodes compare hashes over the network: they must not change, nor depend on
 * the machine. */
static void bytes_hash_to_the_same_everywhere(void **state)
{
  (void)state;
  static const struct {
    const char *text;
    uint64_t seed, hash;
  } known[] = {
    {"", 0, 0x0000000000000000u},
    {"", 1, 0x5692161d100b05e5u},
    {"a", 0, 0x343e69370ad4a4eeu},
    {"hearsay", 0, 0x61313d9087a2d532u},
    {"12345678", 0, 0xf052076205ad7c9eu},
    {"123456789", 0, 0x484c45c0c29c9a00u},
    {"The quick brown fox jumps over the lazy dog", 7, 0xa020863974a08193u},
  };
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    uint64_t hash = hash_bytes(known[i].text, strlen(known[i].text), known[i].seed);
    assert_true(hash == known[i].hash);
  }
}

static void length_counts(void **state)
{
  (void)state;
  static const char zeroes[300];
  uint64_t hashes[300];
  for (size_t length = 0; length < 300; length++)
    hashes[length] = hash_bytes(zeroes, length, 0);
  assert_int_equal(count_duplicates(hashes, 300), 0);
  assert_true(hash_bytes(NULL, 0, 5) == hash_bytes("x", 0, 5));
}

static void seed_counts(void **state)
{
  (void)state;
  uint64_t hashes[1000];
  for (uint64_t seed = 0; seed < 1000; seed++)
    hashes[seed] = hash_bytes("n1", 2, seed);
  assert_int_equal(count_duplicates(hashes, 1000), 0);
}

static void only_the_content_counts(void **state)
{
  (void)state;
  char buffer[100];
  for (size_t length = 0; length < 40; length++) {
    uint64_t expected = 0;
    for (size_t offset = 0; offset < 16; offset++) {
      memset(buffer, (int)offset, sizeof buffer);
      memset(buffer + offset, 'x', length);
      uint64_t hash = hash_bytes(buffer + offset, length, 3);
      if (offset == 0)
        expected = hash;
      assert_true(hash == expected);
    }
  }
}

static int bits_set(uint64_t value)
{
  int count = 0;
  for (; value != 0; value &= value - 1)
    count++;
  return count;
}

/* Any one bit of the input changes about half of the output. */
static void each_bit_counts(void **state)
{
  (void)state;
  unsigned char text[20] = "twenty bytes of text";
  for (size_t length = 1; length <= 20; length++) {
    uint64_t hash = hash_bytes(text, length, 0);
    for (size_t bit = 0; bit < length * 8; bit++) {
      text[bit / 8] ^= (unsigned char)(1u << bit % 8);
      assert_in_range(bits_set(hash ^ hash_bytes(text, length, 0)), 12, 52);
      text[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
  }
}

/* Texts that differ in a few places, as ids and keys do. With one multiply per
 * eight bytes there are thousands of collisions of all 64 bits here. */
static void similar_texts_do_not_collide(void **state)
{
  (void)state;
  static const char letters[] = "0123456789ABCDEFabcdef-_";
  enum { LETTERS = sizeof letters - 1 };
  size_t count = 0;
  uint64_t *hashes = malloc(sizeof *hashes * LETTERS * LETTERS * LETTERS * LETTERS);
  assert_non_null(hashes);
  char text[] = "\"key-000000000\"x";
  for (size_t a = 0; a < LETTERS; a++)
    for (size_t b = 0; b < LETTERS; b++)
      for (size_t c = 0; c < LETTERS; c++)
        for (size_t d = 0; d < LETTERS; d++) {
          text[7] = letters[a];
          text[11] = letters[b];
          text[12] = letters[c];
          text[15] = letters[d];
          hashes[count++] = hash_bytes(text, 16, 0);
        }
  assert_int_equal(count_duplicates(hashes, count), 0);
  free(hashes);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(u64_is_the_finaliser_of_splitmix64),
    cmocka_unit_test(u64_is_a_bijection),
    cmocka_unit_test(bytes_hash_to_the_same_everywhere),
    cmocka_unit_test(length_counts),
    cmocka_unit_test(seed_counts),
    cmocka_unit_test(only_the_content_counts),
    cmocka_unit_test(each_bit_counts),
    cmocka_unit_test(similar_texts_do_not_collide),
  };
  return cmocka_run_group_tests_name("hash", tests, NULL, NULL);
}
