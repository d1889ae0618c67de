#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/rng.h"
#include "failing_alloc.h"

#include <stdlib.h>
#include <string.h>

static void assert_content(const struct bytes *b, struct slice expected)
{
  assert_int_equal(b->length, expected.length);
  assert_true(b->capacity >= b->length);
  assert_true(slice_equal(bytes_slice(b), expected));
}

static void slices_compare_by_content(void **state)
{
  (void)state;
  char copy[] = "hearsay";
  assert_true(slice_equal(SLICE("hearsay"), slice_of(copy)));
  assert_false(slice_equal(SLICE("hearsay"), SLICE("hearsat")));
  assert_false(slice_equal(SLICE("hearsay"), SLICE("hears")));
  assert_false(slice_equal(SLICE("hears"), SLICE("hearsay")));
  assert_false(slice_equal(SLICE("a\0b"), SLICE("a\0c")));
  assert_true(slice_equal(SLICE(""), (struct slice){NULL, 0}));
  assert_int_equal(slice_of("").length, 0);
}

static void all_zeroes_is_empty(void **state)
{
  (void)state;
  struct bytes b = {0};
  assert_content(&b, SLICE(""));
  bytes_consume(&b, 10);
  bytes_trim(&b, 0);
  assert_int_equal(bytes_append(&b, NULL, 0), 0);
  assert_int_equal(bytes_append_slice(&b, (struct slice){NULL, 0}), 0);
  assert_content(&b, SLICE(""));
  bytes_free(&b);
  bytes_free(&b);
}

static void appends_in_order(void **state)
{
  (void)state;
  struct bytes b = {0};
  assert_int_equal(bytes_append(&b, "ab\0c", 4), 0);
  assert_int_equal(bytes_append_slice(&b, SLICE("def")), 0);
  assert_int_equal(bytes_append_byte(&b, '\0'), 0);
  assert_int_equal(bytes_append_byte(&b, 'g'), 0);
  assert_content(&b, SLICE("ab\0cdef\0g"));
  bytes_free(&b);
  assert_int_equal(b.capacity, 0);
  assert_content(&b, SLICE(""));
}

static void growth_keeps_the_content(void **state)
{
  (void)state;
  struct bytes b = {0};
  size_t moves = 0;
  for (size_t i = 0; i < 100000; i++) {
    size_t capacity = b.capacity;
    assert_int_equal(bytes_append_byte(&b, (char)(i * 7)), 0);
    moves += b.capacity != capacity;
  }
  assert_true(moves <= 12); /* 64 * 2^11 > 100000 */
  for (size_t i = 0; i < 100000; i++)
    assert_int_equal(b.data[i], (char)(i * 7));
  bytes_free(&b);
}

static void reserve_makes_room_at_once(void **state)
{
  (void)state;
  struct bytes b = {0};
  assert_int_equal(bytes_append_slice(&b, SLICE("abc")), 0);
  assert_int_equal(bytes_reserve(&b, 5000), 0);
  assert_true(b.capacity >= 5003);
  const char *data = b.data;
  size_t capacity = b.capacity;
  assert_int_equal(bytes_reserve(&b, capacity - 3), 0);
  assert_int_equal(bytes_reserve(&b, 0), 0);
  assert_ptr_equal(b.data, data);
  assert_int_equal(b.capacity, capacity);
  assert_content(&b, SLICE("abc"));
  bytes_free(&b);
}

static void reserve_refuses_what_no_machine_has(void **state)
{
  (void)state;
  struct bytes b = {0};
  assert_int_equal(bytes_reserve(&b, SIZE_MAX), -1);
  assert_int_equal(bytes_append_slice(&b, SLICE("abc")), 0);
  assert_int_equal(bytes_reserve(&b, SIZE_MAX), -1);
  assert_int_equal(bytes_reserve(&b, SIZE_MAX - 3), -1);
  assert_int_equal(bytes_reserve(&b, SIZE_MAX / 2), -1);
  assert_content(&b, SLICE("abc"));
  bytes_free(&b);
}

static void consume_drops_the_front(void **state)
{
  (void)state;
  struct bytes b = {0};
  assert_int_equal(bytes_append_slice(&b, SLICE("0123456789")), 0);
  bytes_consume(&b, 0);
  assert_content(&b, SLICE("0123456789"));
  bytes_consume(&b, 3);
  assert_content(&b, SLICE("3456789"));
  bytes_consume(&b, 6);
  assert_content(&b, SLICE("9"));
  bytes_consume(&b, 1);
  assert_content(&b, SLICE(""));
  assert_int_equal(bytes_append_slice(&b, SLICE("ab")), 0);
  bytes_consume(&b, 3);
  assert_content(&b, SLICE(""));
  assert_int_equal(bytes_append_slice(&b, SLICE("ab")), 0);
  bytes_consume(&b, SIZE_MAX);
  assert_content(&b, SLICE(""));
  bytes_free(&b);
}

static void trim_gives_back_only_what_is_not_needed(void **state)
{
  (void)state;
  struct bytes b = {0};
  assert_int_equal(bytes_append_slice(&b, SLICE("0123456789")), 0);
  assert_int_equal(bytes_reserve(&b, 100000), 0);
  size_t capacity = b.capacity;
  bytes_trim(&b, capacity);
  assert_int_equal(b.capacity, capacity);
  bytes_trim(&b, 9); /* the content does not fit */
  assert_int_equal(b.capacity, capacity);
  bytes_trim(&b, 10);
  assert_int_equal(b.capacity, 10);
  assert_content(&b, SLICE("0123456789"));
  assert_int_equal(bytes_append_slice(&b, SLICE("ab")), 0);
  assert_content(&b, SLICE("0123456789ab"));
  bytes_free(&b);
}

static void trim_to_nothing_leaves_a_usable_buffer(void **state)
{
  (void)state;
  struct bytes b = {0};
  assert_int_equal(bytes_append_slice(&b, SLICE("gone")), 0);
  bytes_consume(&b, 4);
  bytes_trim(&b, 0);
  assert_int_equal(b.capacity, 0);
  assert_int_equal(bytes_append_slice(&b, SLICE("back")), 0);
  assert_content(&b, SLICE("back"));
  bytes_free(&b);
}

static void out_of_memory_changes_nothing(void **state)
{
  (void)state;
  struct bytes b = {0};
  failing_alloc_after(0);
  assert_int_equal(bytes_append_byte(&b, 'x'), -1);
  assert_int_equal(bytes_append_slice(&b, SLICE("x")), -1);
  assert_int_equal(bytes_reserve(&b, 1), -1);
  failing_alloc_off();
  assert_ptr_equal(b.data, NULL);
  while (b.length < 64)
    assert_int_equal(bytes_append_byte(&b, 'a'), 0);
  assert_int_equal(b.capacity, 64);
  struct bytes before = b;
  failing_alloc_after(0);
  assert_int_equal(bytes_append_byte(&b, 'x'), -1);
  assert_int_equal(bytes_append(&b, "xy", 2), -1);
  assert_int_equal(bytes_reserve(&b, 1), -1);
  failing_alloc_off();
  assert_memory_equal(&b, &before, sizeof b);
  for (size_t i = 0; i < 64; i++)
    assert_int_equal(b.data[i], 'a');
  /* Nor does giving back fail. */
  bytes_consume(&b, 60);
  failing_alloc_after(0);
  bytes_trim(&b, 10);
  failing_alloc_off();
  assert_content(&b, SLICE("aaaa"));
  bytes_free(&b);
}

/* Random operations on a buffer and on an array that is large enough. */
static void model(uint64_t seed)
{
  static char array[100000];
  size_t length = 0;
  struct rng r;
  rng_init(&r, seed, "bytes");
  struct bytes b = {0};
  for (int step = 0; step < 1000; step++) {
    char piece[300];
    size_t size = (size_t)rng_below(&r, sizeof piece);
    for (size_t i = 0; i < sizeof piece; i++)
      piece[i] = (char)rng_next(&r);
    switch (rng_below(&r, 6)) {
    case 0:
    case 1:
      if (length + size > sizeof array)
        break;
      assert_int_equal(bytes_append(&b, piece, size), 0);
      memcpy(array + length, piece, size);
      length += size;
      break;
    case 2:
      if (length == sizeof array)
        break;
      assert_int_equal(bytes_append_byte(&b, piece[0]), 0);
      array[length++] = piece[0];
      break;
    case 3:
      bytes_consume(&b, size);
      size = size < length ? size : length;
      memmove(array, array + size, length - size);
      length -= size;
      break;
    case 4:
      assert_int_equal(bytes_reserve(&b, size), 0);
      assert_true(b.capacity - b.length >= size);
      break;
    default:
      bytes_trim(&b, size);
      break;
    }
    assert_content(&b, (struct slice){array, length});
  }
  bytes_free(&b);
}

static void behaves_like_an_array(void **state)
{
  (void)state;
  for (uint64_t seed = 1; seed <= 10; seed++) {
    print_message("bytes model: seed %u\n", (unsigned)seed);
    model(seed);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(slices_compare_by_content),
    cmocka_unit_test(all_zeroes_is_empty),
    cmocka_unit_test(appends_in_order),
    cmocka_unit_test(growth_keeps_the_content),
    cmocka_unit_test(reserve_makes_room_at_once),
    cmocka_unit_test(reserve_refuses_what_no_machine_has),
    cmocka_unit_test(consume_drops_the_front),
    cmocka_unit_test(trim_gives_back_only_what_is_not_needed),
    cmocka_unit_test(trim_to_nothing_leaves_a_usable_buffer),
    cmocka_unit_test(out_of_memory_changes_nothing),
    cmocka_unit_test(behaves_like_an_array),
  };
  return cmocka_run_group_tests_name("bytes", tests, NULL, NULL);
}
