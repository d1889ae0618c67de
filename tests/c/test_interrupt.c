#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "sim/interrupt.h"
#include "sim/sweep.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a process of its own exits with, or minus the signal that ended it: an interrupt cannot be
 * taken back. */
static int in_child(int (*run)(void))
{
  int status;
  pid_t pid = fork();
  if (pid == 0)
    _exit(run());
  assert_true(pid > 0);
  assert_int_equal(waitpid(pid, &status, 0), pid);
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/* 1 when it was taken note of, and only after it came. */
static int note(int signal_number)
{
  interrupt_watch();
  int before = interrupt_came();
  (void)raise(signal_number);
  return !before && interrupt_came();
}

static int note_interrupt(void)
{
  return note(SIGINT);
}

static int note_request(void)
{
  return note(SIGTERM);
}

/* As timeout(1) sends it: to the process, and to its group. */
static int interrupt_doubly(void)
{
  int noted = note(SIGINT);
  (void)raise(SIGINT);
  (void)raise(SIGTERM);
  return noted;
}

static int interrupt_twice(void)
{
  (void)interrupt_doubly();
  (void)usleep(250 * 1000);
  (void)raise(SIGINT);
  return 0;
}

static int interrupt_unwatched(void)
{
  (void)raise(SIGINT);
  return 0;
}

static void it_is_taken_note_of(void **state)
{
  (void)state;
  assert_int_equal(interrupt_came(), 0);
  assert_int_equal(in_child(note_interrupt), 1);
  assert_int_equal(in_child(note_request), 1);
}

static void a_second_one_ends_the_process(void **state)
{
  (void)state;
  assert_int_equal(in_child(interrupt_doubly), 1);
  assert_int_equal(in_child(interrupt_twice), -SIGINT);
  assert_int_equal(in_child(interrupt_unwatched), -SIGINT);
}

static void *open_worker(void *ctx)
{
  return ctx;
}

static void close_worker(void *worker)
{
  (void)worker;
}

static void work(void *worker, uint64_t number, struct bytes *result)
{
  (void)worker;
  (void)number;
  (void)result;
}

static int take(void *ctx, uint64_t number, struct slice result)
{
  int *taken = ctx;
  (void)result;
  ++*taken;
  if (number == 5)
    (void)raise(SIGINT);
  return 0;
}

static int sweep_interrupted(void)
{
  int taken = 0;
  struct sweep s = {
    .threads = 2,
    .first = 1,
    .count = 1000000,
    .ctx = &taken,
    .open = open_worker,
    .close = close_worker,
    .work = work,
    .take = take,
  };
  interrupt_watch();
  return sweep_run(&s) == 0 ? taken : 100;
}

static void it_ends_a_sweep(void **state)
{
  (void)state;
  assert_int_equal(in_child(sweep_interrupted), 5);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(it_is_taken_note_of),
    cmocka_unit_test(a_second_one_ends_the_process),
    cmocka_unit_test(it_ends_a_sweep),
  };
  return cmocka_run_group_tests_name("interrupt", tests, NULL, NULL);
}
