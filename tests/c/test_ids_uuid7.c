#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/rng.h"
#include "ids_world.h"
#include "store/ids.h"

#include <stdlib.h>
#include <string.h>

static void next_uuid7(struct ids_uuid7 *u, char *out)
{
  memset(out, '#', TEXT_SIZE);
  assert_int_equal(ids_uuid7_next(u, out), 0);
  assert_int_equal(out[IDS_UUID7_LENGTH], '#');
  out[IDS_UUID7_LENGTH] = '\0';
}

static struct ids_uuid7 uuid7_of(struct ids_world *w)
{
  struct ids_source source = ids_world_source(w);
  struct ids_uuid7 u;
  ids_uuid7_init(&u, &source);
  return u;
}

/* The time is that of the example in RFC 9562, appendix A.6. */
static void uuid7_layout(void **state)
{
  (void)state;
  struct ids_world w;
  ids_world_init(&w, 1);
  atomic_store(&w.now_us, 0x017f22e279b0 * MILLISECOND + 999);
  struct ids_uuid7 u = uuid7_of(&w);
  char id[TEXT_SIZE];
  next_uuid7(&u, id);
  assert_memory_equal(id, "017f22e2-79b0-7000-", 19);
  next_uuid7(&u, id);
  assert_memory_equal(id, "017f22e2-79b0-7001-", 19);
  for (int i = 2; i < 4096; i++) {
    next_uuid7(&u, id);
    assert_int_equal(strspn(id, "0123456789abcdef-"), IDS_UUID7_LENGTH);
    assert_int_equal(id[14], '7');
    assert_true(strchr("89ab", id[19]) != NULL);
    for (int k = 0; k < IDS_UUID7_LENGTH; k++)
      assert_int_equal(id[k] == '-', k == 8 || k == 13 || k == 18 || k == 23);
  }
  assert_memory_equal(id, "017f22e2-79b0-7fff-", 19);
  next_uuid7(&u, id); /* a borrowed millisecond */
  assert_memory_equal(id, "017f22e2-79b1-7000-", 19);
}

static uint64_t random_part(const char *id)
{
  char digits[17];
  memcpy(digits, id + 19, 4);
  memcpy(digits + 4, id + 24, 12);
  digits[16] = '\0';
  return strtoull(digits, NULL, 16);
}

static void uuid7_random_part_is_even(void **state)
{
  (void)state;
  enum { DRAWS = 10000 };
  struct ids_world w;
  ids_world_init(&w, 1);
  struct ids_uuid7 u = uuid7_of(&w);
  int ones[64] = {0}, changes[64] = {0};
  uint64_t last = 0;
  for (int i = 0; i < DRAWS; i++) {
    char id[TEXT_SIZE];
    next_uuid7(&u, id);
    uint64_t bits = random_part(id);
    for (int bit = 0; bit < 64; bit++) {
      ones[bit] += (int)(bits >> bit & 1);
      changes[bit] += (int)((bits ^ last) >> bit & 1);
    }
    last = bits;
  }
  for (int bit = 0; bit < 62; bit++) {
    assert_in_range(ones[bit], DRAWS / 2 - 300, DRAWS / 2 + 300);
    assert_in_range(changes[bit], DRAWS / 2 - 300, DRAWS / 2 + 300);
  }
  assert_int_equal(ones[62], 0);
  assert_int_equal(ones[63], DRAWS);
}

static void uuid7_sorts_whatever_the_clock_does(void **state)
{
  (void)state;
  struct ids_world w;
  ids_world_init(&w, 1);
  struct ids_uuid7 u = uuid7_of(&w);
  char last[TEXT_SIZE] = "", id[TEXT_SIZE];
  for (int i = 0; i < 20000; i++) {
    if (i < 10000) /* then it stands */
      atomic_fetch_add(&w.now_us, (int64_t)rng_below(&w.rng, 21 * SECOND) - 10 * SECOND);
    next_uuid7(&u, id);
    assert_true(strcmp(last, id) < 0);
    memcpy(last, id, sizeof id);
  }
}

static void uuid7_at_the_ends_of_time(void **state)
{
  (void)state;
  struct ids_world w;
  ids_world_init(&w, 1);
  struct ids_uuid7 u = uuid7_of(&w);
  char id[TEXT_SIZE];
  atomic_store(&w.now_us, INT64_MIN);
  next_uuid7(&u, id);
  assert_memory_equal(id, "00000000-0000-7001-", 19);
  atomic_store(&w.now_us, INT64_MAX);
  assert_int_equal(ids_uuid7_next(&u, id), -1);
  atomic_store(&w.now_us, ((int64_t)1 << 48) * MILLISECOND);
  assert_int_equal(ids_uuid7_next(&u, id), -1);
  atomic_store(&w.now_us, ((int64_t)1 << 48) * MILLISECOND - 1);
  next_uuid7(&u, id);
  assert_memory_equal(id, "ffffffff-ffff-7000-", 19);
}

/* Generators that have one clock, and of which each has one secret word in common
 * with another one, so that neither word may be without effect. */
static void uuid7s_of_all_generators_differ(void **state)
{
  (void)state;
  enum { GENERATORS = 25, EACH = 1000 };
  struct ids_world w;
  ids_world_init(&w, 1);
  uint64_t *parts = malloc(sizeof *parts * GENERATORS * EACH);
  char(*ids)[TEXT_SIZE] = malloc(sizeof *ids * GENERATORS * EACH);
  assert_non_null(parts);
  assert_non_null(ids);
  size_t count = 0;
  uint64_t words[2] = {1, 2};
  for (size_t i = 0; i < GENERATORS; i++) {
    struct ids_uuid7 u = uuid7_of(&w); /* also: one node, restarted while the clock stands */
    words[i % 2] = rng_next(&w.rng);
    memcpy(u.secret, words, sizeof words);
    for (int k = 0; k < EACH; k++, count++) {
      next_uuid7(&u, ids[count]);
      parts[count] = random_part(ids[count]);
    }
  }
  assert_distinct_texts(ids, count);
  assert_distinct_ids((int64_t *)parts, count);
  free(ids);
  free(parts);
}

static void uuid7_secrets_are_drawn(void **state)
{
  (void)state;
  struct ids_world w;
  ids_world_init(&w, 1);
  struct ids_uuid7 a = uuid7_of(&w), b = uuid7_of(&w);
  assert_true(a.secret[0] != a.secret[1]);
  assert_true(a.secret[0] != b.secret[0]);
  assert_true(a.secret[1] != b.secret[1]);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(uuid7_layout),
    cmocka_unit_test(uuid7_random_part_is_even),
    cmocka_unit_test(uuid7_sorts_whatever_the_clock_does),
    cmocka_unit_test(uuid7_at_the_ends_of_time),
    cmocka_unit_test(uuid7s_of_all_generators_differ),
    cmocka_unit_test(uuid7_secrets_are_drawn),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
