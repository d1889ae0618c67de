#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/rng.h"
#include "failing_alloc.h"
#include "ids_world.h"
#include "store/ids.h"

#include <stdlib.h>
#include <string.h>

/* -- counter */

static void counter_counts(void **state)
{
  (void)state;
  struct ids_world w;
  ids_world_init(&w, 1);
  w.fixed_random = UINT64_MAX;
  struct ids_source source = ids_world_source(&w);
  struct ids_counter c;
  char id[TEXT_SIZE];
  assert_int_equal(ids_counter_init(&c, &source, SLICE("n3")), 0);
  ids_next_counter(&c, id);
  assert_string_equal(id, "n3-oxyydezgf-1");
  ids_counter_free(&c);
}

static void counter_appends(void **state)
{
  (void)state;
  struct ids_world w;
  ids_world_init(&w, 1);
  w.fixed_random = (uint64_t)35 << 18;
  struct ids_source source = ids_world_source(&w);
  struct ids_counter c;
  struct bytes out = {0};
  assert_int_equal(ids_counter_init(&c, &source, SLICE("a-b")), 0);
  for (int i = 0; i < 11; i++) {
    assert_int_equal(bytes_append_byte(&out, ' '), 0);
    assert_int_equal(ids_counter_next(&c, &out), 0);
  }
  assert_true(
    slice_equal(bytes_slice(&out), SLICE(" a-b-z-1 a-b-z-2 a-b-z-3 a-b-z-4 a-b-z-5 a-b-z-6 a-b-z-7"
                                         " a-b-z-8 a-b-z-9 a-b-z-10 a-b-z-11")));
  bytes_free(&out);
  ids_counter_free(&c);
}

static void counters_of_restarted_nodes_differ(void **state)
{
  (void)state;
  enum { RESTARTS = 1000, EACH = 3 };
  struct ids_world w;
  ids_world_init(&w, 1);
  struct ids_source source = ids_world_source(&w);
  char(*ids)[TEXT_SIZE] = malloc(sizeof *ids * RESTARTS * EACH * 2);
  assert_non_null(ids);
  size_t count = 0;
  for (int i = 0; i < RESTARTS * 2; i++) {
    struct ids_counter c;
    assert_int_equal(ids_counter_init(&c, &source, i % 2 ? SLICE("n1") : SLICE("n11")), 0);
    for (int k = 0; k < EACH; k++)
      ids_next_counter(&c, ids[count++]);
    ids_counter_free(&c);
  }
  assert_distinct_texts(ids, count);
  free(ids);
}

static void counter_without_memory(void **state)
{
  (void)state;
  struct ids_world w;
  ids_world_init(&w, 1);
  w.fixed_random = (uint64_t)1 << 18;
  struct ids_source source = ids_world_source(&w);
  struct ids_counter c;
  char name[128]; /* fills a buffer, so that what follows needs memory again */
  memset(name, 'n', sizeof name);
  struct slice node_id = {name, sizeof name};
  long n = 0;
  for (;; n++) {
    failing_alloc_after(n);
    int result = ids_counter_init(&c, &source, node_id);
    failing_alloc_off();
    if (result == 0)
      break;
    assert_int_equal(result, -1);
  }
  assert_int_equal(n, 2);
  /* There is room for the prefix, but not for the number. */
  struct bytes out = {0};
  assert_int_equal(bytes_reserve(&out, 256), 0);
  while (out.length < out.capacity - c.prefix.length)
    assert_int_equal(bytes_append_byte(&out, '#'), 0);
  size_t length = out.length;
  failing_alloc_after(0);
  assert_int_equal(ids_counter_next(&c, &out), -1);
  failing_alloc_off();
  assert_int_equal(out.length, length);
  assert_int_equal(ids_counter_next(&c, &out), 0);
  assert_int_equal(out.length, length + 132);
  assert_memory_equal(out.data + length, name, sizeof name);
  assert_memory_equal(out.data + length + 128, "-1-1", 4);
  bytes_free(&out);
  ids_counter_free(&c);
}

/* -- flake */

static struct ids_flake flake_of(struct ids_world *w, size_t index, size_t count)
{
  struct ids_source source = ids_world_source(w);
  struct ids_flake f;
  struct error e;
  assert_int_equal(ids_flake_init(&f, &source, index, count, &e), 0);
  return f;
}

static void flake_layout(void **state)
{
  (void)state;
  static const struct {
    size_t index, count;
    uint64_t random, origin;
  } cases[] = {
    {0, 1, UINT64_MAX, 0x7ff}, /* 1 bit of node, 11 of incarnation */
    {0, 2, UINT64_MAX, 0x7ff},
    {1, 2, 5, 0x805},
    {2, 3, 5, 0x805},
    {3, 4, 5, 0xc05},
    {4, 5, 5, 0x805},
    {24, 25, 0x55, 24 << 7 | 0x55},
    {24, 25, UINT64_MAX, 24 << 7 | 0x7f},
    {31, 32, 5, 0xf85},
    {32, 33, 5, 0x805},
    {2047, 2048, UINT64_MAX, 0xfff},
    {2047, 2048, 2, 0xffe},
    {2048, 2049, UINT64_MAX, 0x800},
    {4095, 4096, UINT64_MAX, 0xfff},
    {0, 4096, UINT64_MAX, 0},
  };
  struct ids_world w;
  ids_world_init(&w, 1);
  atomic_store(&w.now_us, EPOCH_2024_US + 123456789 * MILLISECOND + 999);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    w.fixed_random = cases[i].random;
    struct ids_flake f = flake_of(&w, cases[i].index, cases[i].count);
    for (uint64_t sequence = 0; sequence < 3; sequence++)
      assert_true(ids_flake_next(&f) ==
                  (int64_t)((uint64_t)123456789 << 22 | cases[i].origin << 10 | sequence));
  }
}

static void flake_refuses_impossible_clusters(void **state)
{
  (void)state;
  struct ids_world w;
  ids_world_init(&w, 1);
  struct ids_source source = ids_world_source(&w);
  struct ids_flake f;
  struct error e;
  assert_int_equal(ids_flake_init(&f, &source, 0, 4097, &e), -1);
  assert_string_equal(e.text, "flake ids are for 1 to 4096 nodes, not 4097");
  assert_int_equal(ids_flake_init(&f, &source, 0, SIZE_MAX, &e), -1);
  assert_int_equal(ids_flake_init(&f, &source, 0, 0, &e), -1);
  assert_string_equal(e.text, "flake ids are for 1 to 4096 nodes, not 0");
  assert_int_equal(ids_flake_init(&f, &source, 5, 5, &e), -1);
  assert_string_equal(e.text, "flake ids: node number 5 of 5, counted from 0, does not exist");
  assert_int_equal(ids_flake_init(&f, &source, 5, 5, NULL), -1);
}

/* What is left of the clock's 41 bits, and nothing of the sign. */
static void flake_is_positive_from_2024_to_2093(void **state)
{
  (void)state;
  const int64_t last_ms = ((int64_t)1 << 41) - 1;
  struct ids_world w;
  ids_world_init(&w, 1);
  struct ids_flake f = flake_of(&w, 0, 1);
  atomic_store(&w.now_us, INT64_MIN);
  int64_t first = ids_flake_next(&f);
  assert_true(first > 0);
  atomic_store(&w.now_us, 0);
  assert_true(ids_flake_next(&f) == first + 1);
  atomic_store(&w.now_us, EPOCH_2024_US);
  assert_true(ids_flake_next(&f) == first + 2);
  /* A clock gone wild gets no id, and does no harm. */
  atomic_store(&w.now_us, EPOCH_2024_US + (last_ms + 1) * MILLISECOND);
  assert_true(ids_flake_next(&f) == -1);
  atomic_store(&w.now_us, INT64_MAX);
  assert_true(ids_flake_next(&f) == -1);
  atomic_store(&w.now_us, EPOCH_2024_US);
  assert_true(ids_flake_next(&f) == first + 3);
  /* The last millisecond has 1024 ids. */
  atomic_store(&w.now_us, EPOCH_2024_US + last_ms * MILLISECOND + 999);
  int64_t last = 0;
  for (int i = 0; i < 1024; i++) {
    int64_t id = ids_flake_next(&f);
    assert_true(id > last);
    last = id;
  }
  assert_true(last >> 22 == last_ms);
  assert_true(ids_flake_next(&f) == -1);
}

static void flake_sorts_by_time_across_nodes(void **state)
{
  (void)state;
  struct ids_world w;
  ids_world_init(&w, 1);
  struct ids_flake nodes[25];
  for (size_t i = 0; i < 25; i++)
    nodes[i] = flake_of(&w, i, 25);
  int64_t last = 0;
  for (int i = 0; i < 1000; i++) {
    atomic_fetch_add(&w.now_us, MILLISECOND);
    int64_t id = ids_flake_next(&nodes[rng_below(&w.rng, 25)]);
    assert_true(id > last);
    last = id;
  }
}

static void flake_goes_on_when_the_clock_stands(void **state)
{
  (void)state;
  struct ids_world w;
  ids_world_init(&w, 1);
  struct ids_flake f = flake_of(&w, 7, 25);
  int64_t first = ids_flake_next(&f);
  int64_t last = first;
  for (int i = 1; i < 5000; i++) {
    int64_t id = ids_flake_next(&f);
    assert_true(id > last);
    assert_true((id >> 22) - (first >> 22) == i / 1024); /* borrowed milliseconds */
    assert_true((id & 1023) == i % 1024);
    last = id;
  }
  /* While the clock has not caught up, ids go on; then they follow it. */
  atomic_fetch_add(&w.now_us, 3 * MILLISECOND);
  assert_true(ids_flake_next(&f) == last + 1);
  atomic_fetch_add(&w.now_us, 3 * MILLISECOND);
  assert_true((ids_flake_next(&f) >> 22) - (first >> 22) == 6);
}

static void flake_goes_on_when_the_clock_steps_back(void **state)
{
  (void)state;
  struct ids_world w;
  ids_world_init(&w, 1);
  struct ids_flake f = flake_of(&w, 7, 25);
  int64_t last = 0;
  for (int i = 0; i < 10000; i++) {
    atomic_fetch_add(&w.now_us, (int64_t)rng_below(&w.rng, 21 * SECOND) - 10 * SECOND);
    int64_t id = ids_flake_next(&f);
    assert_true(id > last);
    last = id;
  }
  atomic_fetch_sub(&w.now_us, 3600 * SECOND);
  assert_true(ids_flake_next(&f) == last + 1);
}

static void flakes_of_all_nodes_differ(void **state)
{
  (void)state;
  enum { EACH = 2000 };
  static const size_t sizes[] = {1, 2, 3, 5, 25};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    struct ids_world w;
    ids_world_init(&w, 1);
    int64_t *ids = malloc(sizeof *ids * sizes[i] * EACH);
    assert_non_null(ids);
    size_t count = 0;
    for (size_t node = 0; node < sizes[i]; node++) {
      struct ids_flake f = flake_of(&w, node, sizes[i]); /* the clock stands */
      for (int k = 0; k < EACH; k++)
        ids[count++] = ids_flake_next(&f);
    }
    assert_distinct_ids(ids, count);
    free(ids);
  }
}

static void flakes_of_a_restarted_node_differ(void **state)
{
  (void)state;
  enum { RESTARTS = 100, EACH = 100 };
  struct ids_world w;
  ids_world_init(&w, 1);
  w.fixed_random = 99; /* the incarnation is always the same, so only time helps */
  int64_t *ids = malloc(sizeof *ids * RESTARTS * EACH);
  assert_non_null(ids);
  size_t count = 0;
  for (int i = 0; i < RESTARTS; i++) {
    struct ids_flake f = flake_of(&w, 3, 25);
    for (int k = 0; k < EACH; k++)
      ids[count++] = ids_flake_next(&f);
    atomic_fetch_add(&w.now_us, MILLISECOND);
  }
  assert_distinct_ids(ids, count);
  free(ids);
}

/* The incarnation is what keeps them apart, in 127 of 128 cases. */
static void flakes_of_a_node_restarted_in_the_past_mostly_differ(void **state)
{
  (void)state;
  enum { RESTARTS = 10000 };
  struct ids_world w;
  ids_world_init(&w, 1); /* the clock stands */
  struct ids_flake f = flake_of(&w, 3, 25);
  int64_t before = ids_flake_next(&f);
  int repeated = 0;
  for (int i = 0; i < RESTARTS; i++) {
    f = flake_of(&w, 3, 25);
    repeated += ids_flake_next(&f) == before;
  }
  assert_in_range(repeated, RESTARTS / 128 - 40, RESTARTS / 128 + 40);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(counter_counts),
    cmocka_unit_test(counter_appends),
    cmocka_unit_test(counters_of_restarted_nodes_differ),
    cmocka_unit_test(counter_without_memory),
    cmocka_unit_test(flake_layout),
    cmocka_unit_test(flake_refuses_impossible_clusters),
    cmocka_unit_test(flake_is_positive_from_2024_to_2093),
    cmocka_unit_test(flake_sorts_by_time_across_nodes),
    cmocka_unit_test(flake_goes_on_when_the_clock_stands),
    cmocka_unit_test(flake_goes_on_when_the_clock_steps_back),
    cmocka_unit_test(flakes_of_all_nodes_differ),
    cmocka_unit_test(flakes_of_a_restarted_node_differ),
    cmocka_unit_test(flakes_of_a_node_restarted_in_the_past_mostly_differ),
  };
  return cmocka_run_group_tests_name("ids", tests, NULL, NULL);
}
