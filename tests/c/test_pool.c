#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/pool.h"
#include "base/rng.h"
#include "failing_alloc.h"

#include <string.h>

static void blocks_are_used_again(void **state)
{
  (void)state;
  if (POOL_IS_MALLOC)
    skip();
  struct pool p = {0};
  void *a = pool_take(&p, 40);
  void *b = pool_take(&p, 48);
  assert_ptr_not_equal(a, b);
  pool_give(&p, a, 40);
  pool_give(&p, b, 48);
  assert_ptr_equal(pool_take(&p, 33), b); /* all of one size in steps; the last one first */
  assert_ptr_equal(pool_take(&p, 48), a);
  assert_ptr_not_equal(pool_take(&p, 32), a);
  pool_free(&p);
  assert_null(p.chunks);
}

static void a_block_of_the_same_steps_stays_where_it_is(void **state)
{
  (void)state;
  if (POOL_IS_MALLOC)
    skip();
  struct pool p = {0};
  void *a = pool_take(&p, 33);
  assert_ptr_equal(pool_resize(&p, a, 33, 48), a);
  void *b = pool_resize(&p, a, 48, 49);
  assert_ptr_not_equal(b, a);
  assert_ptr_equal(pool_take(&p, 48), a); /* it was given back */
  pool_free(&p);
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
  assert_int_equal((uintptr_t)b->data % POOL_STEP_BYTES, 0);
  for (size_t i = 0; i < bytes; i++)
    assert_int_equal(b->data[i], b->mark);
}

/* Blocks of all sizes come, change their size and go, and each keeps what is in it. */
static void live(struct pool p)
{
  enum { BLOCKS = 300, STEPS = 60000, SIZE_MOST = 2 * POOL_SMALL_BYTES };
  static struct block blocks[BLOCKS];
  struct rng r;
  rng_init(&r, 1, "pool");
  memset(blocks, 0, sizeof blocks);
  for (int step = 0; step < STEPS; step++) {
    struct block *b = &blocks[rng_below(&r, BLOCKS)];
    size_t bytes = 1 + (size_t)rng_below(&r, SIZE_MOST);
    if (b->data == NULL) {
      *b = (struct block){.data = pool_take(&p, bytes), .bytes = bytes};
    } else if (rng_below(&r, 2) == 0) {
      check(b, b->bytes);
      pool_give(&p, b->data, b->bytes);
      b->data = NULL;
      continue;
    } else {
      size_t kept = b->bytes < bytes ? b->bytes : bytes;
      b->data = pool_resize(&p, b->data, b->bytes, bytes);
      b->bytes = bytes;
      check(b, kept);
    }
    assert_non_null(b->data);
    fill(b, (unsigned char)step);
  }
  for (size_t i = 0; i < BLOCKS; i++)
    if (blocks[i].data != NULL) {
      check(&blocks[i], blocks[i].bytes);
      pool_give(&p, blocks[i].data, blocks[i].bytes);
    }
  pool_free(&p);
}

static void no_block_touches_another(void **state)
{
  (void)state;
  live((struct pool){0});
}

static void nor_in_an_arena(void **state)
{
  (void)state;
  struct pool p = {.arena = arena_new(1, 0)};
  if (ARENA_IS_OFF)
    skip();
  void *small = pool_take(&p, 16), *large = pool_take(&p, 100000);
  assert_int_not_equal(arena_offset(p.arena, small), 0);
  assert_int_not_equal(arena_offset(p.arena, large), 0);
  large = pool_resize(&p, large, 100000, 1000000);
  assert_int_not_equal(arena_offset(p.arena, large), 0);
  pool_give(&p, large, 1000000);
  live(p);
  arena_free(p.arena);
}

static void out_of_memory_leaves_a_block_as_it_was(void **state)
{
  (void)state;
  struct pool p = {0};
  failing_alloc_after(0);
  assert_null(pool_take(&p, 16));
  assert_null(pool_take(&p, POOL_SMALL_BYTES + 1));
  failing_alloc_off();
  static const size_t sizes[] = {16, POOL_SMALL_BYTES, POOL_SMALL_BYTES + 1, 4096};
  for (size_t i = 0; i < 4; i++)
    for (size_t k = 0; k < 4; k++) {
      struct block b = {.data = pool_take(&p, sizes[i]), .bytes = sizes[i]};
      assert_non_null(b.data);
      fill(&b, 7);
      p.left = 0; /* a new chunk is wanted */
      p.free[pool_steps(16)] = p.free[pool_steps(POOL_SMALL_BYTES)] = NULL;
      failing_alloc_after(0);
      void *moved = pool_resize(&p, b.data, b.bytes, sizes[k]);
      failing_alloc_off();
      if (moved == NULL)
        check(&b, b.bytes);
      else
        assert_true(i == k || (!POOL_IS_MALLOC && moved == b.data));
      pool_give(&p, b.data, b.bytes);
    }
  pool_free(&p);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(blocks_are_used_again),
    cmocka_unit_test(a_block_of_the_same_steps_stays_where_it_is),
    cmocka_unit_test(no_block_touches_another),
    cmocka_unit_test(nor_in_an_arena),
    cmocka_unit_test(out_of_memory_leaves_a_block_as_it_was),
  };
  return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
