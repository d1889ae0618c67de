#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/map.h"
#include "base/rng.h"
#include "failing_alloc.h"

#include <stdlib.h>

/* Values are places in this array: the map only keeps the pointers. */
static char values[1000];

static void an_empty_map_has_nothing(void **state)
{
  (void)state;
  struct map m = {0};
  assert_null(map_get(&m, 0));
  assert_null(map_remove(&m, 0));
  assert_int_equal(m.count, 0);
  map_free(&m);
  map_free(&m);
}

static void sets_replaces_and_removes(void **state)
{
  (void)state;
  struct map m = {0};
  static const uint64_t keys[] = {0, 1, UINT64_MAX, (uint64_t)1 << 63, 42};
  for (size_t i = 0; i < 5; i++)
    assert_int_equal(map_set(&m, keys[i], &values[i]), 0);
  assert_int_equal(m.count, 5);
  for (size_t i = 0; i < 5; i++)
    assert_ptr_equal(map_get(&m, keys[i]), &values[i]);
  assert_null(map_get(&m, 2));
  assert_int_equal(map_set(&m, 42, &values[9]), 0);
  assert_int_equal(m.count, 5);
  assert_ptr_equal(map_get(&m, 42), &values[9]);
  assert_ptr_equal(map_remove(&m, 0), &values[0]);
  assert_null(map_remove(&m, 0));
  assert_null(map_get(&m, 0));
  assert_int_equal(m.count, 4);
  map_free(&m);
  assert_null(map_get(&m, 42));
  assert_int_equal(map_set(&m, 42, &values[1]), 0);
  assert_ptr_equal(map_get(&m, 42), &values[1]);
  map_free(&m);
}

/* The first keys whose home is the given slot of a map of 16 slots. */
static void keys_with_home(size_t home, uint64_t *keys, size_t count)
{
  uint64_t key = 0;
  for (size_t i = 0; i < count; key++)
    if ((hash_u64(key) & 15) == home)
      keys[i++] = key;
}

/* Two homes at the end of the table, so that their entries continue at its
 * front: each subset of them is removed, and the rest must still be found. */
static void removal_leaves_no_gaps(void **state)
{
  (void)state;
  enum { COUNT = 9 };
  uint64_t keys[COUNT];
  keys_with_home(14, keys, 4);
  keys_with_home(15, keys + 4, 3);
  keys_with_home(0, keys + 7, 2);
  for (size_t rotation = 0; rotation < COUNT; rotation++) {
    for (unsigned removed = 0; removed < 1u << COUNT; removed++) {
      struct map m = {0};
      for (size_t i = 0; i < COUNT; i++) {
        size_t k = (i + rotation) % COUNT;
        assert_int_equal(map_set(&m, keys[k], &values[k]), 0);
      }
      assert_int_equal(m.capacity, 16);
      for (size_t i = 0; i < COUNT; i++)
        if (removed >> i & 1)
          assert_ptr_equal(map_remove(&m, keys[i]), &values[i]);
      for (size_t i = 0; i < COUNT; i++)
        assert_ptr_equal(map_get(&m, keys[i]), removed >> i & 1 ? NULL : &values[i]);
      map_free(&m);
    }
  }
}

static void a_map_of_steady_size_does_not_grow(void **state)
{
  (void)state;
  struct map m = {0};
  for (uint64_t key = 0; key < 100000; key++) {
    assert_int_equal(map_set(&m, key, &values[key % 1000]), 0);
    if (key >= 10)
      assert_ptr_equal(map_remove(&m, key - 10), &values[(key - 10) % 1000]);
  }
  assert_int_equal(m.count, 10);
  assert_int_equal(m.capacity, 16);
  map_free(&m);
}

static void out_of_memory_changes_nothing(void **state)
{
  (void)state;
  struct map m = {0};
  size_t failures = 0;
  for (uint64_t key = 0; key < 100; key++) {
    failing_alloc_after(0);
    int result = map_set(&m, key, &values[key]);
    failing_alloc_off();
    if (result == 0)
      continue;
    failures++;
    assert_int_equal(m.count, key);
    assert_null(map_get(&m, key));
    for (uint64_t k = 0; k < key; k++)
      assert_ptr_equal(map_get(&m, k), &values[k]);
    assert_int_equal(map_set(&m, key, &values[key]), 0);
  }
  assert_int_equal(failures, 5); /* 16, 32, 64, 128, 256 slots, of which 3/4 are used */
  for (uint64_t key = 0; key < 100; key++)
    assert_ptr_equal(map_get(&m, key), &values[key]);
  map_free(&m);
}

/* Random operations on a map and on an array that has a place for each key. */
static void model(uint64_t seed)
{
  enum { KEYS = 1000 };
  uint64_t keys[KEYS];
  char *expected[KEYS] = {0};
  size_t count = 0;
  struct rng r;
  rng_init(&r, seed, "map");
  int dense = (int)rng_below(&r, 2);
  for (size_t i = 0; i < KEYS; i++)
    keys[i] = dense ? i : rng_next(&r);
  struct map m = {0};
  /* It fills up and empties in turns. */
  for (int step = 0; step < 30000; step++) {
    uint64_t adding = step / 3000 % 2 == 0 ? 80 : 20;
    size_t i = (size_t)rng_below(&r, KEYS);
    if (rng_below(&r, 100) < adding) {
      count += expected[i] == NULL;
      expected[i] = &values[rng_below(&r, sizeof values)];
      assert_int_equal(map_set(&m, keys[i], expected[i]), 0);
    } else {
      count -= expected[i] != NULL;
      assert_ptr_equal(map_remove(&m, keys[i]), expected[i]);
      expected[i] = NULL;
    }
    assert_int_equal(m.count, count);
    i = (size_t)rng_below(&r, KEYS);
    assert_ptr_equal(map_get(&m, keys[i]), expected[i]);
    if (step % 1000 == 0)
      for (i = 0; i < KEYS; i++)
        assert_ptr_equal(map_get(&m, keys[i]), expected[i]);
  }
  map_free(&m);
}

static void behaves_like_an_array(void **state)
{
  (void)state;
  for (uint64_t seed = 1; seed <= 10; seed++) {
    print_message("map model: seed %u\n", (unsigned)seed);
    model(seed);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(an_empty_map_has_nothing),
    cmocka_unit_test(sets_replaces_and_removes),
    cmocka_unit_test(removal_leaves_no_gaps),
    cmocka_unit_test(a_map_of_steady_size_does_not_grow),
    cmocka_unit_test(out_of_memory_changes_nothing),
    cmocka_unit_test(behaves_like_an_array),
  };
  return cmocka_run_group_tests_name("map", tests, NULL, NULL);
}
