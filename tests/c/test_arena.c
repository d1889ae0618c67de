#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/rng.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

enum { BLOCKS = 200 };

#define MB ((size_t)1 << 20)
#define GB ((size_t)1 << 30)

static struct arena *make_colored(size_t most_bytes, unsigned color)
{
  if (ARENA_IS_OFF)
    skip();
  struct arena *a = arena_new(most_bytes, color);
  assert_non_null(a);
  return a;
}

static struct arena *make(size_t most_bytes)
{
  return make_colored(most_bytes, 0);
}

struct block {
  unsigned char *data;
  size_t bytes;
  unsigned char mark;
};

static void fill(struct block *b, unsigned char mark)
{
  b->mark = mark;
  memset(b->data, mark, b->bytes);
}

static void check(const struct block *b, size_t bytes)
{
  assert_int_equal((uintptr_t)b->data % ARENA_STEP_BYTES, 0);
  for (size_t i = 0; i < bytes; i++)
    if (b->data[i] != b->mark)
      fail_msg("byte %zu of %zu is another's", i, b->bytes);
}

static size_t draw_size(struct rng *r)
{
  static const size_t most[] = {64, 600, 5000, 100000, 3000000};
  return 1 + (size_t)rng_below(r, most[rng_below(r, rng_below(r, 50) == 0 ? 5 : 4)]);
}

static uint32_t low_bits(const void *address)
{
  return (uint32_t)(uintptr_t)address;
}

/* Takes, resizes and gives back at random. The sum of all places that blocks have had. */
static uint64_t live(struct arena *a, uint64_t seed, int steps, size_t *most_offset)
{
  static struct block blocks[BLOCKS];
  struct rng r;
  uint64_t sum = 0;
  *most_offset = 0;
  rng_init(&r, seed, "arena");
  memset(blocks, 0, sizeof blocks);
  for (int step = 0; step < steps; step++) {
    struct block *b = &blocks[rng_below(&r, BLOCKS)];
    size_t bytes = draw_size(&r);
    if (b->data == NULL) {
      *b = (struct block){.data = arena_take(a, bytes), .bytes = bytes};
    } else if (rng_below(&r, 2) == 0) {
      check(b, b->bytes);
      arena_give(a, b->data);
      b->data = NULL;
      continue;
    } else {
      size_t kept = b->bytes < bytes ? b->bytes : bytes;
      b->data = arena_resize(a, b->data, bytes);
      b->bytes = bytes;
      check(b, kept);
    }
    assert_non_null(b->data);
    fill(b, (unsigned char)step);
    size_t offset = arena_offset(a, b->data);
    assert_int_not_equal(offset, 0);
    sum = (sum * 31 + offset) * 31 + low_bits(b->data);
    if (offset + bytes > *most_offset)
      *most_offset = offset + bytes;
  }
  for (size_t i = 0; i < BLOCKS; i++)
    if (blocks[i].data != NULL) {
      check(&blocks[i], blocks[i].bytes);
      arena_give(a, blocks[i].data);
    }
  return sum;
}

static void no_block_touches_another(void **state)
{
  (void)state;
  struct arena *a = make(GB);
  size_t most_offset;
  (void)live(a, 1, 40000, &most_offset);
  arena_free(a);
}

static void what_is_given_back_is_one_again(void **state)
{
  (void)state;
  struct arena *a = make(GB);
  void *first = arena_take(a, 700);
  size_t offset = arena_offset(a, first), most_offset, again;
  arena_give(a, first);
  (void)live(a, 2, 20000, &most_offset);
  void *all = arena_take(a, 100 * MB);
  assert_int_equal(arena_offset(a, all), offset);
  arena_give(a, all);
  for (int i = 0; i < 3; i++) { /* no part of it is lost */
    (void)live(a, 2, 20000, &again);
    assert_int_equal(again, most_offset);
  }
  arena_free(a);
}

/* Half of it may lie idle at most; here a fourth does not. */
static void gaps_are_used(void **state)
{
  (void)state;
  struct arena *a = make(GB);
  void *blocks[1000];
  for (size_t i = 0; i < 1000; i++)
    blocks[i] = arena_take(a, 1000);
  void *behind = arena_take(a, 1);
  for (size_t i = 0; i < 1000; i += 2)
    arena_give(a, blocks[i]);
  for (size_t i = 0; i < 1000; i += 2) { /* of the same size, which need not be that of its list */
    blocks[i] = arena_take(a, 1000);
    assert_true((char *)blocks[i] < (char *)behind);
  }
  for (size_t i = 0; i < 1000; i++)
    arena_give(a, blocks[i]);
  void *large = arena_take(a, 1000000); /* they have become one */
  assert_true((char *)large < (char *)behind);
  arena_free(a);
}

static void a_block_stays_where_it_can(void **state)
{
  (void)state;
  struct arena *a = make(GB);
  char *first = arena_take(a, 1000), *second = arena_take(a, 1000), *third = arena_take(a, 1000);
  assert_ptr_equal(arena_resize(a, third, 5000000), third); /* there is room behind the last */
  arena_give(a, second);
  assert_ptr_equal(arena_resize(a, first, 1900), first);
  memset(first, 7, 1900);
  assert_true(arena_take(a, 1000) != (void *)second); /* it is gone */
  char *moved = arena_resize(a, first, 3000);
  assert_ptr_not_equal(moved, first);
  for (int i = 0; i < 1900; i++)
    assert_int_equal(moved[i], 7);
  assert_ptr_equal(arena_resize(a, third, 10), third);
  assert_true((char *)arena_take(a, 4000) > third);
  assert_true((char *)arena_take(a, 4000) < third + 10000);
  arena_free(a);
}

static void addresses_repeat(void **state)
{
  (void)state;
  for (unsigned color = 3; color < 3000000000u; color = color * 7 + 1) {
    struct arena *first = make_colored(GB, color), *other = make(GB);
    size_t most, most_again;
    uint64_t sum = live(first, 3, 2000, &most);
    free(malloc(12345));
    (void)live(other, 4, 2000, &most_again);
    arena_free(other); /* and is used again, not empty */
    for (int i = 0; i < 2; i++) {
      struct arena *again = make_colored(GB, color);
      assert_ptr_not_equal(again, first);
      assert_true(sum == live(again, 3, 2000, &most_again));
      assert_int_equal(most, most_again);
      arena_free(again);
    }
    assert_true(sum != live(first, 5, 2000, &most_again));
    arena_free(first);
  }
}

/* Of any 64 in a row no two have their first block at the same place in their pages, or at the same
 * page of those that a table of pages has (2 MiB); and tables of pages have more than one place. */
static void colors_are_apart(void **state)
{
  (void)state;
  enum { COLORS = 64 };
  uint32_t bits[2 * COLORS];
  struct arena *arenas[2 * COLORS];
  for (unsigned i = 0; i < 2 * COLORS; i++) {
    arenas[i] = make_colored(GB, i);
    bits[i] = low_bits(arena_take(arenas[i], 1000));
    for (unsigned k = i < COLORS ? 0 : COLORS; k < i; k++) {
      assert_int_not_equal(bits[i] >> 6 & 63, bits[k] >> 6 & 63);
      assert_int_not_equal(bits[i] >> 12 & 511, bits[k] >> 12 & 511);
    }
  }
  for (unsigned i = 0; i < COLORS; i++)
    assert_int_not_equal(bits[i] >> 24, bits[i + COLORS] >> 24);
  for (unsigned i = 0; i < 2 * COLORS; i++)
    arena_free(arenas[i]);
}

static void what_is_elsewhere_has_no_offset(void **state)
{
  (void)state;
  struct arena *a = make(1), *other = make(1);
  assert_int_equal(arena_offset(a, NULL), 0);
  assert_int_equal(arena_offset(a, state), 0);
  assert_int_equal(arena_offset(a, arena_take(other, 10)), 0);
  assert_int_equal(arena_offset(a, (char *)a + 4 * GB), 0);
  assert_int_equal(arena_offset(a, (char *)a + 4 * GB - 1), 4 * GB - 1);
  arena_free(a);
  arena_free(other);
}

/* How many of the bytes' pages are in memory; -1: the addresses are nobody's. */
static long resident(void *from, size_t bytes)
{
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  static unsigned char pages[1 << 16];
  char *start = (char *)((uintptr_t)from / page * page);
  size_t count = (bytes + page - 1) / page;
  assert_true(count <= sizeof pages);
  if (mincore(start, count * page, pages) != 0)
    return -1;
  long sum = 0;
  for (size_t i = 0; i < count; i++)
    sum += pages[i] & 1;
  return sum * (long)page;
}

static void memory_goes_back(void **state)
{
  (void)state;
  struct arena *a = make(GB);
  char *large = arena_take(a, 20 * MB), *small = arena_take(a, 1000);
  assert_in_range(resident(large, 20 * MB), 0, MB);
  memset(large, 1, 20 * MB);
  memset(small, 2, 1000);
  assert_in_range(resident(large, 20 * MB), 20 * MB, 21 * MB);
  arena_give(a, large);
  assert_in_range(resident(large, 20 * MB), 0, 200000);
  assert_int_equal(small[0] + small[999], 4);
  large = arena_take(a, ARENA_RETURN_BYTES / 2); /* the same place, and it stays in memory */
  memset(large, 1, ARENA_RETURN_BYTES / 2);
  arena_give(a, large);
  assert_in_range(resident(large, 20 * MB), ARENA_RETURN_BYTES / 2, 20 * MB);
  arena_free(a);
}

static void few_arenas_stay_and_are_small(void **state)
{
  (void)state;
  enum { ARENAS = 100 };
  struct arena *arenas[ARENAS];
  for (size_t i = 0; i < ARENAS; i++) {
    arenas[i] = make(GB);
    size_t bytes = i % 3 == 0 ? 2 * MB : MB / 2;
    memset(arena_take(arenas[i], bytes), 1, bytes);
    assert_in_range(resident(arenas[i], 2 * MB), bytes, 2 * MB);
  }
  for (size_t i = 0; i < ARENAS; i++)
    arena_free(arenas[i]);
  int stay = 0;
  for (size_t i = 0; i < ARENAS; i++) {
    long bytes = resident(arenas[i], 2 * MB);
    assert_true(i % 3 == 0 ? bytes == -1 : bytes <= (long)MB);
    stay += bytes > 0;
  }
  assert_in_range(stay, 50, 64);
}

static void out_of_memory_leaves_a_block_as_it_was(void **state)
{
  (void)state;
  struct arena *a = make(1); /* with room for 4 GiB */
  struct block b = {.data = arena_take(a, 1000), .bytes = 1000};
  fill(&b, 9);
  assert_null(arena_take(a, 4 * GB));
  assert_null(arena_take(a, SIZE_MAX));
  assert_null(arena_take(a, SIZE_MAX - 100));
  assert_null(arena_resize(a, b.data, 4 * GB));
  assert_null(arena_resize(a, b.data, SIZE_MAX));
  void *next = arena_take(a, 1000);
  assert_null(arena_resize(a, b.data, 4 * GB));
  check(&b, 1000);
  arena_give(a, next);
  arena_give(a, b.data);
  void *most = arena_take(a, 4 * GB - MB);
  assert_non_null(most);
  assert_null(arena_take(a, MB));
  arena_free(a);
}

static void limit_addresses(rlim_t bytes)
{
  struct rlimit limit = {bytes, RLIM_INFINITY};
  assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
}

static void limit_memory(rlim_t bytes)
{
  struct rlimit limit = {bytes, RLIM_INFINITY};
  assert_int_equal(setrlimit(RLIMIT_DATA, &limit), 0);
}

static void without_memory_a_block_is_as_it_was(void **state)
{
  (void)state;
  struct arena *a = make(2 * GB);
  struct block b = {.data = arena_take(a, 1000), .bytes = 1000};
  fill(&b, 9);
  limit_memory(1);
  void *more = arena_take(a, 100 * MB), *larger = arena_resize(a, b.data, 100 * MB);
  limit_memory(RLIM_INFINITY);
  assert_null(more);
  assert_null(larger);
  check(&b, 1000);
  assert_ptr_equal(arena_resize(a, b.data, 100 * MB), b.data);
  arena_free(a);
}

static void there_may_be_no_room(void **state)
{
  (void)state;
  if (ARENA_IS_OFF)
    skip();
  assert_false(arena_was_refused());
  limit_addresses(GB); /* nor is one of this size left */
  struct arena *a = arena_new(3 * GB, 0);
  limit_addresses(RLIM_INFINITY);
  assert_null(a);
  assert_true(arena_was_refused());
  limit_memory(1); /* addresses there are, but no memory */
  a = arena_new(3 * GB, 0);
  limit_memory(RLIM_INFINITY);
  assert_null(a);
  assert_null(arena_new(SIZE_MAX, 0));
  assert_null(arena_new((size_t)1 << 46, 0));
  arena_free(NULL);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(no_block_touches_another),
    cmocka_unit_test(what_is_given_back_is_one_again),
    cmocka_unit_test(gaps_are_used),
    cmocka_unit_test(a_block_stays_where_it_can),
    cmocka_unit_test(addresses_repeat),
    cmocka_unit_test(colors_are_apart),
    cmocka_unit_test(what_is_elsewhere_has_no_offset),
    cmocka_unit_test(memory_goes_back),
    cmocka_unit_test(few_arenas_stay_and_are_small),
    cmocka_unit_test(out_of_memory_leaves_a_block_as_it_was),
    cmocka_unit_test(without_memory_a_block_is_as_it_was),
    cmocka_unit_test(there_may_be_no_room),
  };
  return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
