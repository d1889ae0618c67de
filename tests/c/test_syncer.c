#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "host/syncer.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <time.h>

/* A disk whose fsync waits at a gate, and fails for some descriptors. */
static struct {
  pthread_mutex_t lock;
  pthread_cond_t change;
  int is_open;
  int waiting;
} gate = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 1, 0};

static atomic_int calls;

static void set_gate(int is_open)
{
  (void)pthread_mutex_lock(&gate.lock);
  gate.is_open = is_open;
  (void)pthread_cond_broadcast(&gate.change);
  (void)pthread_mutex_unlock(&gate.lock);
}

/* Until somebody waits at the gate. */
static void wait_for_waiting(void)
{
  (void)pthread_mutex_lock(&gate.lock);
  while (gate.waiting == 0)
    (void)pthread_cond_wait(&gate.change, &gate.lock);
  (void)pthread_mutex_unlock(&gate.lock);
}

enum { FAILING_FD = 13, INTERRUPTED_FD = 14 };

static int fake_fsync(int fd)
{
  (void)pthread_mutex_lock(&gate.lock);
  gate.waiting++;
  (void)pthread_cond_broadcast(&gate.change);
  while (!gate.is_open)
    (void)pthread_cond_wait(&gate.change, &gate.lock);
  gate.waiting--;
  (void)pthread_mutex_unlock(&gate.lock);
  int call = atomic_fetch_add(&calls, 1);
  errno = fd == FAILING_FD ? EIO : EINTR;
  return fd == FAILING_FD || (fd == INTERRUPTED_FD && call < 3) ? -1 : 0;
}

/* The next job that is done. */
static struct sync_job *wait_for_job(struct syncer *s)
{
  for (;;) {
    struct sync_job *job = syncer_take(s);
    if (job != NULL)
      return job;
    struct pollfd p = {.fd = s->ready_fd, .events = POLLIN};
    assert_int_equal(poll(&p, 1, 10000), 1);
  }
}

static int is_ready(const struct syncer *s)
{
  struct pollfd p = {.fd = s->ready_fd, .events = POLLIN};
  return poll(&p, 1, 0) == 1;
}

static void submit(struct syncer *s, struct sync_job *job)
{
  struct error e;
  if (syncer_submit(s, job, &e) != 0)
    fail_msg("%s", e.text);
}

static void no_thread_without_work(void **state)
{
  (void)state;
  struct syncer s;
  struct sync_job job = {.fd = 1, .folder_fd = -1};
  syncer_init(&s, fake_fsync);
  assert_null(syncer_take(&s));
  syncer_withdraw(&s, &job);
  assert_int_equal(s.ready_fd, -1);
  assert_false(s.is_running);
  syncer_free(&s);
}

static void jobs_are_done_in_order_with_their_results(void **state)
{
  (void)state;
  struct syncer s;
  struct sync_job jobs[] = {
    {.fd = 1, .folder_fd = -1}, {.fd = FAILING_FD, .folder_fd = -1}, {.fd = 2, .folder_fd = -1}};
  static const int errors[] = {0, EIO, 0};
  syncer_init(&s, fake_fsync);
  for (int round = 0; round < 100; round++) {
    for (int i = 0; i < 3; i++)
      submit(&s, &jobs[i]);
    for (int i = 0; i < 3; i++) {
      assert_ptr_equal(wait_for_job(&s), &jobs[i]);
      assert_int_equal(jobs[i].error, errors[i]);
      assert_int_equal(jobs[i].state, SYNC_IDLE);
    }
    assert_null(syncer_take(&s)); /* and the pipe is empty again */
    assert_false(is_ready(&s));
  }
  syncer_free(&s);
}

static void an_interrupted_fsync_is_tried_again(void **state)
{
  (void)state;
  struct syncer s;
  struct sync_job job = {.fd = INTERRUPTED_FD, .folder_fd = -1};
  atomic_store(&calls, 0);
  syncer_init(&s, fake_fsync);
  submit(&s, &job);
  assert_ptr_equal(wait_for_job(&s), &job);
  assert_int_equal(job.error, 0);
  assert_int_equal(atomic_load(&calls), 4);
  syncer_free(&s);
}

/* A file whose name is new: its folder too, behind it, and not where the file has failed. */
static void a_folder_is_synced_behind_its_file(void **state)
{
  (void)state;
  struct syncer s;
  struct sync_job jobs[] = {{.fd = 1, .folder_fd = INTERRUPTED_FD},
                            {.fd = 1, .folder_fd = FAILING_FD},
                            {.fd = FAILING_FD, .folder_fd = 1}};
  static const int errors[] = {0, EIO, EIO}, ends[] = {3, 5, 6};
  atomic_store(&calls, 1);
  syncer_init(&s, fake_fsync);
  for (int i = 0; i < 3; i++) {
    submit(&s, &jobs[i]);
    assert_ptr_equal(wait_for_job(&s), &jobs[i]);
    assert_int_equal(jobs[i].error, errors[i]);
    assert_int_equal(atomic_load(&calls), ends[i] + 1);
  }
  syncer_free(&s);
}

static void *open_gate_later(void *ctx)
{
  struct timespec t = {0, 20000000};
  (void)nanosleep(&t, NULL);
  set_gate(1);
  return ctx;
}

/* In each state: while it is in the fsync, while it is in the queue, and when it is done. */
static void jobs_are_withdrawn(void **state)
{
  (void)state;
  struct syncer s;
  struct sync_job first = {.fd = 1, .folder_fd = -1}, second = {.fd = 2, .folder_fd = -1},
                  third = {.fd = 3, .folder_fd = -1};
  pthread_t opener;
  syncer_init(&s, fake_fsync);
  set_gate(0);
  submit(&s, &first);
  wait_for_waiting();
  submit(&s, &second);
  submit(&s, &third);
  assert_null(syncer_take(&s)); /* which does not wait */
  syncer_withdraw(&s, &second); /* nor does this */
  assert_int_equal(second.state, SYNC_IDLE);
  assert_int_equal(pthread_create(&opener, NULL, open_gate_later, NULL), 0);
  atomic_store(&calls, 0);
  syncer_withdraw(&s, &first);
  assert_true(atomic_load(&calls) > 0); /* it waited for the fsync */
  assert_ptr_equal(wait_for_job(&s), &third);
  assert_int_equal(pthread_join(opener, NULL), 0);

  submit(&s, &first);
  submit(&s, &second);
  while (!is_ready(&s)) { /* until the first is done */
  }
  syncer_withdraw(&s, &first);
  assert_ptr_equal(wait_for_job(&s), &second);
  assert_null(syncer_take(&s));
  syncer_free(&s);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(no_thread_without_work),
    cmocka_unit_test(jobs_are_done_in_order_with_their_results),
    cmocka_unit_test(an_interrupted_fsync_is_tried_again),
    cmocka_unit_test(a_folder_is_synced_behind_its_file),
    cmocka_unit_test(jobs_are_withdrawn),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
