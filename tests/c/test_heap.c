#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/heap.h"
#include "base/rng.h"
#include "failing_alloc.h"

#include <stdlib.h>

static void an_empty_heap_has_no_first(void **state)
{
  (void)state;
  struct heap h = {0};
  struct heap_item item = {0};
  assert_null(heap_first(&h));
  heap_remove(&h, &item);
  assert_int_equal(h.count, 0);
  heap_free(&h);
}

static void orders_by_deadline(void **state)
{
  (void)state;
  static const int64_t deadlines[] = {5, INT64_MAX, -3, 0, INT64_MIN, 7, 1};
  static const size_t order[] = {4, 2, 3, 6, 0, 5, 1};
  enum { COUNT = sizeof deadlines / sizeof *deadlines };
  struct heap h = {0};
  struct heap_item items[COUNT] = {0};
  for (size_t i = 0; i < COUNT; i++)
    assert_int_equal(heap_insert(&h, &items[i], deadlines[i]), 0);
  for (size_t i = 0; i < COUNT; i++) {
    struct heap_item *first = heap_first(&h);
    assert_ptr_equal(first, &items[order[i]]);
    assert_true(first->deadline_us == deadlines[order[i]]);
    heap_remove(&h, first);
  }
  assert_null(heap_first(&h));
  heap_free(&h);
}

static void equal_deadlines_come_out_as_they_went_in(void **state)
{
  (void)state;
  enum { COUNT = 1000 };
  struct heap h = {0};
  static struct heap_item items[COUNT];
  /* From the highest address to the lowest, so that addresses do not help. */
  for (size_t i = COUNT; i-- > 0;)
    assert_int_equal(heap_insert(&h, &items[i], (int64_t)(i % 3)), 0);
  for (size_t deadline = 0; deadline < 3; deadline++) {
    for (size_t i = COUNT; i-- > 0;) {
      if (i % 3 != deadline)
        continue;
      assert_ptr_equal(heap_first(&h), &items[i]);
      heap_remove(&h, &items[i]);
    }
  }
  assert_null(heap_first(&h));
  heap_free(&h);
}

static void an_item_can_go_and_come_back(void **state)
{
  (void)state;
  struct heap h = {0};
  struct heap_item a = {0}, b = {0};
  assert_int_equal(heap_insert(&h, &a, 10), 0);
  assert_int_equal(heap_insert(&h, &b, 10), 0);
  heap_remove(&h, &a);
  assert_int_equal(a.position, 0);
  heap_remove(&h, &a); /* it is in no heap now */
  assert_int_equal(h.count, 1);
  assert_ptr_equal(heap_first(&h), &b);
  assert_int_equal(heap_insert(&h, &a, 10), 0);
  assert_ptr_equal(heap_first(&h), &b); /* a is the younger one now */
  heap_remove(&h, &b);
  assert_ptr_equal(heap_first(&h), &a);
  heap_free(&h);
}

static void out_of_memory_changes_nothing(void **state)
{
  (void)state;
  enum { COUNT = 100 };
  struct heap h = {0};
  struct heap_item items[COUNT] = {0};
  size_t failures = 0;
  for (size_t i = 0; i < COUNT; i++) {
    failing_alloc_after(0);
    int result = heap_insert(&h, &items[i], -(int64_t)i);
    failing_alloc_off();
    if (result == 0)
      continue;
    failures++;
    assert_int_equal(h.count, i);
    assert_int_equal(items[i].position, 0);
    assert_int_equal(items[i].deadline_us, 0);
    if (i > 0)
      assert_ptr_equal(heap_first(&h), &items[i - 1]);
    assert_int_equal(heap_insert(&h, &items[i], -(int64_t)i), 0);
  }
  assert_int_equal(failures, 4); /* 16, 32, 64, 128 */
  for (size_t i = COUNT; i-- > 0;) {
    assert_ptr_equal(heap_first(&h), &items[i]);
    heap_remove(&h, &items[i]);
  }
  heap_free(&h);
}

struct timer {
  struct heap_item item;
  int64_t deadline_us;
  uint64_t inserted; /* when, in steps of the model; 0: not in the heap */
};

/* Random insertions and removals, compared with a search through all timers. */
static void model(uint64_t seed)
{
  enum { COUNT = 200 };
  struct timer timers[COUNT] = {0};
  struct heap h = {0};
  struct rng r;
  rng_init(&r, seed, "heap");
  size_t count = 0;
  for (uint64_t step = 1; step <= 10000; step++) {
    struct timer *t = &timers[rng_below(&r, COUNT)];
    if (t->inserted == 0) {
      t->deadline_us = (int64_t)rng_below(&r, 50) - 25;
      t->inserted = step;
      count++;
      assert_int_equal(heap_insert(&h, &t->item, t->deadline_us), 0);
    } else if (rng_below(&r, 100) < 70) {
      t->inserted = 0;
      count--;
      heap_remove(&h, &t->item);
      assert_int_equal(t->item.position, 0);
    }
    struct timer *first = NULL;
    for (size_t i = 0; i < COUNT; i++)
      if (timers[i].inserted != 0 &&
          (first == NULL || timers[i].deadline_us < first->deadline_us ||
           (timers[i].deadline_us == first->deadline_us && timers[i].inserted < first->inserted)))
        first = &timers[i];
    assert_int_equal(h.count, count);
    assert_ptr_equal(heap_first(&h), first == NULL ? NULL : &first->item);
  }
  heap_free(&h);
}

static void behaves_like_a_search(void **state)
{
  (void)state;
  for (uint64_t seed = 1; seed <= 10; seed++) {
    print_message("heap model: seed %u\n", (unsigned)seed);
    model(seed);
  }
}

static int by_deadline_then_insertion(const void *a, const void *b)
{
  const struct timer *x = a, *y = b;
  if (x->deadline_us != y->deadline_us)
    return x->deadline_us < y->deadline_us ? -1 : 1;
  return x->inserted < y->inserted ? -1 : 1;
}

static void sorts_as_a_stable_sort_does(void **state)
{
  (void)state;
  enum { COUNT = 20000 };
  struct timer *timers = calloc(COUNT, sizeof *timers);
  struct timer *sorted = calloc(COUNT, sizeof *sorted);
  assert_non_null(timers);
  assert_non_null(sorted);
  struct heap h = {0};
  struct rng r;
  print_message("heap sort: seed 1\n");
  rng_init(&r, 1, "heap sort");
  for (size_t i = 0; i < COUNT; i++) {
    timers[i].deadline_us = (int64_t)rng_below(&r, COUNT / 4);
    timers[i].inserted = i;
    sorted[i] = timers[i];
    assert_int_equal(heap_insert(&h, &timers[i].item, timers[i].deadline_us), 0);
  }
  qsort(sorted, COUNT, sizeof *sorted, by_deadline_then_insertion);
  for (size_t i = 0; i < COUNT; i++) {
    assert_ptr_equal(heap_first(&h), &timers[sorted[i].inserted].item);
    heap_remove(&h, heap_first(&h));
  }
  heap_free(&h);
  free(sorted);
  free(timers);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(an_empty_heap_has_no_first),
    cmocka_unit_test(orders_by_deadline),
    cmocka_unit_test(equal_deadlines_come_out_as_they_went_in),
    cmocka_unit_test(an_item_can_go_and_come_back),
    cmocka_unit_test(out_of_memory_changes_nothing),
    cmocka_unit_test(behaves_like_a_search),
    cmocka_unit_test(sorts_as_a_stable_sort_does),
  };
  return cmocka_run_group_tests_name("heap", tests, NULL, NULL);
}
