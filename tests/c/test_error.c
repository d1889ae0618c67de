#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/error.h"

#include <string.h>

static void formats_and_returns_minus_one(void **state)
{
  (void)state;
  struct error e;
  assert_int_equal(error_set(&e, "line %d: %s", 7, "no '}'"), -1);
  assert_string_equal(e.text, "line 7: no '}'");
}

static void cuts_long_texts(void **state)
{
  (void)state;
  struct error e;
  char text[2000];
  memset(text, 'x', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  assert_int_equal(error_set(&e, "%s", text), -1);
  assert_int_equal(strlen(e.text), sizeof e.text - 1);
  assert_memory_equal(e.text, text, sizeof e.text - 1);
}

static void works_without_a_struct(void **state)
{
  (void)state;
  assert_int_equal(error_set(NULL, "nobody reads %s", "this"), -1);
}

static void becomes_one_line(void **state)
{
  (void)state;
  struct error e;
  error_set(&e, "not found:\n\tno file a\r\n\tno file b\x1b[31m\x7f");
  error_flatten(&e);
  assert_string_equal(e.text, "not found: no file a no file b [31m");
  error_set(&e, "\n");
  error_flatten(&e);
  assert_string_equal(e.text, "");
  error_set(&e, "é in one line");
  error_flatten(&e);
  assert_string_equal(e.text, "é in one line");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(formats_and_returns_minus_one),
    cmocka_unit_test(cuts_long_texts),
    cmocka_unit_test(works_without_a_struct),
    cmocka_unit_test(becomes_one_line),
  };
  return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
