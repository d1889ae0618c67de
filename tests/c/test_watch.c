/* A stamp is another one after each way of saving a file; a wait ends when an interrupt comes. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "sim/interrupt.h"
#include "sim/watch.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char path[] = "/tmp/hearsay-watch-XXXXXX", other[] = "/tmp/hearsay-watch-XXXXXX";

static void write_file(const char *name, const char *text)
{
  FILE *f = fopen(name, "w");
  assert_non_null(f);
  assert_true(fputs(text, f) >= 0);
  assert_int_equal(fclose(f), 0);
}

static void a_stamp_changes_with_the_file(void **state)
{
  (void)state;
  (void)close(mkstemp(path));
  (void)close(mkstemp(other));
  write_file(path, "a");
  uint64_t first = watch_stamp(path);
  assert_int_not_equal(first, 0);
  assert_int_equal(watch_stamp(path), first);
  write_file(path, "ab");
  uint64_t second = watch_stamp(path);
  assert_int_not_equal(second, first);
  write_file(other, "ab");
  assert_int_equal(rename(other, path), 0); /* the same content, another file */
  assert_int_not_equal(watch_stamp(path), second);
  assert_int_equal(unlink(path), 0);
  assert_int_equal(watch_stamp(path), 0);
}

static void a_wait_takes_its_time_unless_an_interrupt_comes(void **state)
{
  (void)state;
  enum { FOREVER_US = 600 * 1000000 };
  interrupt_watch();
  assert_int_equal(watch_wait(1000), 0);
  (void)alarm(60); /* ends a test that hangs */
  pid_t self = getpid();
  assert_int_equal(kill(self, SIGINT), 0);
  assert_int_equal(watch_wait(FOREVER_US), -1);
  assert_int_equal(watch_wait(0), -1);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_stamp_changes_with_the_file),
    cmocka_unit_test(a_wait_takes_its_time_unless_an_interrupt_comes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
