#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/nearest.h"

#include <string.h>

/* The place of the nearest of some words, or -1. */
static int place(const char *word, const char *const *candidates)
{
  struct nearest n;
  int best = -1;
  nearest_begin(&n, slice_of(word));
  for (int i = 0; candidates[i] != NULL; i++)
    if (nearest_is(&n, slice_of(candidates[i])))
      best = i;
  return best;
}

/* Whether a word is near another when that is all there is. */
static int is_near(const char *word, const char *other)
{
  const char *const only[] = {other, NULL};
  return place(word, only) == 0;
}

static void one_edit_of_each_kind_is_near(void **state)
{
  (void)state;
  assert_true(is_near("echo", "echo"));
  assert_true(is_near("eho", "echo"));   /* one was left out */
  assert_true(is_near("ecxho", "echo")); /* one is too many */
  assert_true(is_near("exho", "echo"));  /* one is another */
  assert_true(is_near("ehco", "echo"));  /* two have changed places */
  assert_true(is_near("a", "b"));
}

static void a_third_of_the_letters_may_be_wrong(void **state)
{
  (void)state;
  assert_false(is_near("exyo", "echo"));
  assert_true(is_near("broedcest", "broadcast"));
  assert_true(is_near("brxydcest", "broadcast"));
  assert_false(is_near("brxydcesx", "broadcast"));
  assert_false(is_near("", "echo"));
}

static void a_beginning_of_three_letters_is_near(void **state)
{
  (void)state;
  assert_true(is_near("--t", "--time-limit"));
  assert_false(is_near("--", "--time-limit"));
  assert_true(
    is_near("part", "partition-of-a-very-long-name-that-has-far-more-letters-than-others"));
}

static void the_least_counts_and_then_the_first(void **state)
{
  (void)state;
  const char *const trees[] = {"tree2", "tree3", "tree", NULL};
  assert_int_equal(place("treee", trees), 0);
  assert_int_equal(place("tree", trees), 2);
  assert_int_equal(place("tree3", trees), 1);
}

static void very_long_words_are_near_nothing(void **state)
{
  (void)state;
  char word[200], other[200];
  memset(word, 'a', sizeof word);
  memset(other, 'a', sizeof other);
  for (size_t length = 60; length < 70; length++) {
    word[length] = '\0';
    other[0] = 'b';
    other[length] = '\0';
    assert_int_equal(is_near(word, other), length <= 63);
    word[length] = other[length] = 'a';
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(one_edit_of_each_kind_is_near),
    cmocka_unit_test(a_third_of_the_letters_may_be_wrong),
    cmocka_unit_test(a_beginning_of_three_letters_is_near),
    cmocka_unit_test(the_least_counts_and_then_the_first),
    cmocka_unit_test(very_long_words_are_near_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
