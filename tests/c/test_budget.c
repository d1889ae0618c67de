#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/budget.h"
#include "base/bytes.h"
#include "base/map.h"
#include "base/rng.h"
#include "failing_alloc.h"
#include "log_helpers.h"
#include "store/seen.h"

#include <stdio.h>
#include <string.h>

static struct budget budget_of(size_t most_bytes)
{
  return (struct budget){.most_bytes = most_bytes};
}

static void assert_used(const struct budget *b, size_t bytes)
{
  assert_int_equal(b->used_bytes, bytes);
  assert_int_equal(b->apart_bytes, bytes);
}

static void what_is_made_is_charged_and_given_back(void **state)
{
  (void)state;
  struct budget b = budget_of(1000);
  void *block = budget_resize(&b, NULL, 0, 600);
  assert_used(&b, 600);
  char *zeroes = budget_zeroed(&b, 400);
  assert_used(&b, 1000);
  for (int i = 0; i < 400; i++)
    assert_int_equal(zeroes[i], 0);
  assert_null(budget_zeroed(&b, 1));
  assert_int_equal(b.was_refused, 1);
  block = budget_resize(&b, block, 600, 100);
  assert_used(&b, 500);
  assert_null(budget_resize(&b, block, 100, 601));
  block = budget_resize(&b, block, 100, 600);
  assert_used(&b, 1000);
  budget_free(&b, zeroes, 400);
  budget_free(&b, block, 600);
  budget_free(&b, NULL, 600);
  assert_used(&b, 0);
}

/* As that of a state, whose reserve was taken away while it was in use. */
static void more_than_there_is_may_be_in_use(void **state)
{
  (void)state;
  struct budget b = budget_of(1000);
  void *block = budget_resize(&b, NULL, 0, 1000);
  b.most_bytes = 500;
  assert_null(budget_zeroed(&b, 1));
  block = budget_resize(&b, block, 1000, 900);
  assert_non_null(block);
  assert_null(budget_zeroed(&b, 1));
  budget_free(&b, block, 900);
  assert_used(&b, 0);
}

static void want_of_memory_is_not_the_budget(void **state)
{
  (void)state;
  struct budget b = budget_of(1000);
  assert_null(budget_zeroed(&b, 1001));
  assert_int_equal(b.was_refused, 1);
  failing_alloc_after(0);
  void *block = budget_zeroed(&b, 10);
  failing_alloc_off();
  assert_null(block);
  assert_int_equal(b.was_refused, 0);
  assert_used(&b, 0);
}

static void a_buffer_is_charged(void **state)
{
  (void)state;
  struct budget b = budget_of(300);
  struct bytes buffer = {.budget = &b};
  int is_full = 0;
  for (size_t i = 0; i < 300 && !is_full; i++) {
    size_t length = buffer.length;
    is_full = bytes_append_byte(&buffer, 'x') != 0;
    assert_int_equal(buffer.length, length + !is_full);
    assert_used(&b, buffer.capacity);
  }
  assert_int_equal(is_full, 1);
  assert_int_equal(buffer.length, 256);
  buffer.length = 10;
  bytes_trim(&buffer, 20);
  assert_used(&b, 20);
  bytes_free(&buffer);
  assert_used(&b, 0);
  assert_int_equal(bytes_append(&buffer, "again", 5), 0);
  assert_used(&b, buffer.capacity);
  bytes_free(&buffer);
}

static void a_map_is_charged(void **state)
{
  (void)state;
  struct budget b = budget_of(2000);
  struct map m = {.budget = &b};
  uint64_t key = 1;
  while (map_set(&m, key, &m) == 0)
    key++;
  assert_int_equal(b.was_refused, 1);
  assert_int_equal(m.count, key - 1);
  assert_null(map_get(&m, key));
  assert_ptr_equal(map_get(&m, key - 1), &m);
  assert_used(&b, 16 * m.capacity);
  map_free(&m);
  assert_used(&b, 0);
}

/* Fills a set up to its budget; what it refuses is not in it. */
static void fill_set(struct seen *s)
{
  int64_t value = 0;
  char text[64];
  for (int result = 1; result == 1; value++) {
    (void)snprintf(text, sizeof text, value % 2 == 0 ? "%d" : "\"the text %d\"", (int)value);
    result = seen_add_text(s, slice_of(text));
  }
  assert_int_equal(seen_count(s), value - 1);
  assert_int_equal(seen_has_text(s, slice_of(text)), 0);
}

static void a_set_ends_at_its_budget(void **state)
{
  (void)state;
  for (size_t most = 0; most < 100000; most = most * 3 / 2 + 500) {
    struct budget b = budget_of(most);
    struct seen *s = seen_new(&b);
    if (s != NULL) {
      fill_set(s);
      assert_in_range(b.used_bytes, seen_text(s).length + 1, most);
      assert_true(most < 20000 || b.used_bytes > most / 4);
    }
    assert_int_equal(b.was_refused, 1);
    seen_free(s);
    assert_used(&b, 0);
  }
}

/* What is charged is, to the byte, what the log says that it costs; whatever is done. */
static void a_log_ends_at_its_budget(void **state)
{
  (void)state;
  size_t refused = 0;
  for (uint64_t seed = 1; seed <= 60; seed++) {
    struct rng r;
    struct budget b = budget_of(3000 + (size_t)seed * 700);
    rng_init(&r, seed, "budget");
    struct log *l = log_new(&b);
    assert_non_null(l);
    for (int step = 0; step < 3000; step++) {
      struct log_trimmed trimmed;
      char name[16], value[300];
      (void)snprintf(name, sizeof name, "k%d", (int)rng_below(&r, 5));
      int length = snprintf(value, sizeof value, "%0*d", (int)rng_below(&r, 200) + 1, 0);
      struct slice key = slice_of(name), text = {value, (size_t)length};
      int64_t offset = (int64_t)rng_below(&r, 5000);
      size_t total = log_total(l);
      int result = 0;
      if (rng_below(&r, 20) == 0)
        result = log_trim(l, key, offset / 4, &trimmed) == LOG_NO_MEMORY ? -1 : 0;
      else if (rng_below(&r, 3) == 0)
        result = log_commit(l, key, offset) == LOG_NO_MEMORY ? -1 : 0;
      else
        result = log_insert(l, key, offset, text);
      if (result == LOG_NO_MEMORY) {
        assert_int_equal(b.was_refused, 1);
        assert_int_equal(log_total(l), total);
        refused++;
      }
      assert_used(&b, log_cost(l).bytes);
      assert_true(b.used_bytes <= b.most_bytes);
    }
    log_free(l);
    assert_used(&b, 0);
  }
  assert_true(refused > 1000);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(what_is_made_is_charged_and_given_back),
    cmocka_unit_test(more_than_there_is_may_be_in_use),
    cmocka_unit_test(want_of_memory_is_not_the_budget),
    cmocka_unit_test(a_buffer_is_charged),
    cmocka_unit_test(a_map_is_charged),
    cmocka_unit_test(a_set_ends_at_its_budget),
    cmocka_unit_test(a_log_ends_at_its_budget),
  };
  return cmocka_run_group_tests_name("budget", tests, NULL, NULL);
}
