#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "failing_alloc.h"
#include "sim/sweep.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MOST = 3000, WINDOW = 256, PATIENCE_MS = 10000 };

/* What the callbacks saw. cmocka's asserts are for the main thread only, so threads count their
 * failures. */
struct trial {
  uint64_t first;
  atomic_int worked[MOST]; /* how often each number was worked on */
  atomic_int started, done, highest;
  atomic_int opened, closed, failures;
  int can_work; /* so many of the threads */
  pthread_t caller;
  int taken;
  int last; /* number, less the first, at which `take` ends it */
};

struct worker {
  struct trial *trial;
  pthread_t thread;
};

static struct worker workers[64];

static void *open_worker(void *ctx)
{
  struct trial *t = ctx;
  int index = atomic_fetch_add(&t->opened, 1);
  if (index >= t->can_work)
    return NULL;
  workers[index] = (struct worker){t, pthread_self()};
  return &workers[index];
}

static void close_worker(void *worker)
{
  struct worker *w = worker;
  w->trial->failures += !pthread_equal(w->thread, pthread_self());
  w->trial->closed++;
}

/* The result of a number, less the first: its text, so many times as to differ in length. */
static int write_result(char *into, size_t size, int number)
{
  int length = 0;
  for (int i = 0; i < number % 5; i++)
    length += snprintf(into + length, size - (size_t)length, "%d,", number);
  return length;
}

static int begin(struct trial *t, uint64_t number)
{
  int n = (int)(number - t->first);
  t->started++;
  t->worked[n]++;
  int highest = t->highest;
  while (highest < n && !atomic_compare_exchange_weak(&t->highest, &highest, n)) {
  }
  return n;
}

static void finish(struct trial *t, int n, struct bytes *result)
{
  char text[100];
  int length = write_result(text, sizeof text, n);
  t->failures += result->length != 0 || bytes_append(result, text, (size_t)length) != 0;
  t->done++;
}

static void work(void *worker, uint64_t number, struct bytes *result)
{
  struct worker *w = worker;
  w->trial->failures += !pthread_equal(w->thread, pthread_self());
  finish(w->trial, begin(w->trial, number), result);
}

static int take(void *ctx, uint64_t number, struct slice result)
{
  struct trial *t = ctx;
  char text[100];
  int length = write_result(text, sizeof text, t->taken);
  assert_true(pthread_equal(t->caller, pthread_self()));
  assert_true(number == t->first + (uint64_t)t->taken); /* in order */
  assert_int_equal(result.length, length);
  assert_memory_equal(result.data, text, result.length);
  assert_int_equal(t->worked[t->taken], 1);
  return t->taken++ == t->last;
}

static struct trial trial;

static struct sweep prepare(int threads, uint64_t first, uint64_t count)
{
  memset(&trial, 0, sizeof trial);
  trial.first = first;
  trial.can_work = 64;
  trial.caller = pthread_self();
  trial.last = -1;
  return (struct sweep){
    .threads = threads,
    .first = first,
    .count = count,
    .ctx = &trial,
    .open = open_worker,
    .close = close_worker,
    .work = work,
    .take = take,
  };
}

static void assert_closed(int workers_opened)
{
  assert_int_equal(trial.closed, workers_opened);
  assert_int_equal(trial.failures, 0);
}

/* --- the whole of it ---------------------------------------------------- */

static void every_number_comes_once_and_in_order(void **state)
{
  (void)state;
  static const int threads[] = {1, 2, 3, 8};
  static const int counts[] = {1, 2, 7, WINDOW - 1, WINDOW, WINDOW + 1, MOST};
  for (size_t i = 0; i < sizeof threads / sizeof *threads; i++)
    for (size_t j = 0; j < sizeof counts / sizeof *counts; j++) {
      struct sweep s = prepare(threads[i], 1, (uint64_t)counts[j]);
      assert_int_equal(sweep_run(&s), 0);
      assert_int_equal(trial.taken, counts[j]);
      assert_int_equal(trial.done, counts[j]);
      assert_int_equal(trial.opened, threads[i]);
      assert_closed(threads[i]);
    }
}

static void numbers_may_be_large(void **state)
{
  (void)state;
  struct sweep s = prepare(2, UINT64_MAX - 10, 10);
  assert_int_equal(sweep_run(&s), 0);
  assert_int_equal(trial.taken, 10);
  assert_closed(2);
}

static void no_numbers_are_soon_done(void **state)
{
  (void)state;
  struct sweep s = prepare(2, 1, 0);
  assert_int_equal(sweep_run(&s), 0);
  assert_int_equal(trial.taken, 0);
  assert_closed(2);
}

/* --- threads ------------------------------------------------------------ */

static int wait_until(struct trial *t, atomic_int *counter, int value)
{
  for (int i = 0; i < PATIENCE_MS && *counter < value; i++)
    (void)usleep(1000);
  t->failures += *counter < value;
  return *counter;
}

/* Ends only when there are as many at it as there are threads. */
static void work_together(void *worker, uint64_t number, struct bytes *result)
{
  struct worker *w = worker;
  int n = begin(w->trial, number);
  wait_until(w->trial, &w->trial->started, 4);
  finish(w->trial, n, result);
}

static void threads_work_at_the_same_time(void **state)
{
  (void)state;
  struct sweep s = prepare(4, 1, 4);
  s.work = work_together;
  assert_int_equal(sweep_run(&s), 0);
  assert_int_equal(trial.taken, 4);
  assert_closed(4);
}

/* The first number takes until the others can go no further. */
static void work_slow_first(void *worker, uint64_t number, struct bytes *result)
{
  struct worker *w = worker;
  int n = begin(w->trial, number);
  if (n == 0) {
    wait_until(w->trial, &w->trial->done, WINDOW - 1);
    (void)usleep(20000); /* in which no other may begin */
    w->trial->failures += w->trial->highest != WINDOW - 1 || w->trial->done != WINDOW - 1;
  }
  finish(w->trial, n, result);
}

static void no_thread_runs_far_ahead(void **state)
{
  (void)state;
  struct sweep s = prepare(3, 1, 2 * WINDOW + 5);
  s.work = work_slow_first;
  assert_int_equal(sweep_run(&s), 0);
  assert_int_equal(trial.taken, 2 * WINDOW + 5);
  assert_closed(3);
}

static void some_threads_may_not_be_able_to_work(void **state)
{
  (void)state;
  struct sweep s = prepare(8, 1, MOST);
  trial.can_work = 1;
  assert_int_equal(sweep_run(&s), 0);
  assert_int_equal(trial.taken, MOST);
  assert_int_equal(trial.opened, 8);
  assert_closed(1);
}

static void without_a_thread_that_can_work_it_fails(void **state)
{
  (void)state;
  struct sweep s = prepare(3, 1, 10);
  trial.can_work = 0;
  assert_int_equal(sweep_run(&s), -1);
  assert_int_equal(trial.taken, 0);
  assert_int_equal(trial.done, 0);
  assert_closed(0);
}

/* --- an early end ------------------------------------------------------- */

static void take_ends_it(void **state)
{
  (void)state;
  static const int ends[] = {0, 10, WINDOW + 3, MOST - 1};
  for (int threads = 1; threads <= 8; threads *= 2)
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
      struct sweep s = prepare(threads, 1, MOST);
      trial.last = ends[i];
      assert_int_equal(sweep_run(&s), 0);
      assert_int_equal(trial.taken, ends[i] + 1);
      assert_true(trial.done <= ends[i] + 1 + WINDOW);
      assert_closed(threads);
    }
}

static void out_of_memory_nothing_is_run(void **state)
{
  (void)state;
  struct sweep s = prepare(2, 1, 10);
  for (long n = 0; n < 2; n++) {
    failing_alloc_after(n);
    int result = sweep_run(&s);
    failing_alloc_off();
    assert_int_equal(result, -1);
    assert_int_equal(trial.opened, 0);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_number_comes_once_and_in_order),
    cmocka_unit_test(numbers_may_be_large),
    cmocka_unit_test(no_numbers_are_soon_done),
    cmocka_unit_test(threads_work_at_the_same_time),
    cmocka_unit_test(no_thread_runs_far_ahead),
    cmocka_unit_test(some_threads_may_not_be_able_to_work),
    cmocka_unit_test(without_a_thread_that_can_work_it_fails),
    cmocka_unit_test(take_ends_it),
    cmocka_unit_test(out_of_memory_nothing_is_run),
  };
  return cmocka_run_group_tests_name("sweep", tests, NULL, NULL);
}
