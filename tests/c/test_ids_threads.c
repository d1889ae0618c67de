#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "ids_world.h"
#include "store/ids.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The clock as eight threads may see it: it goes forward, but every 16th look
 * at it shows a time up to 100 ms ago. */
static int64_t jumping_wall_us(void *ctx)
{
  struct ids_world *w = ctx;
  int64_t now = atomic_fetch_add(&w->now_us, w->step_us);
  int64_t look = now / w->step_us;
  return look % 16 == 0 ? now - look % 100 * MILLISECOND : now;
}

enum { THREADS = 8, PER_THREAD = 20000 };

struct job {
  struct ids_counter *counter;
  struct ids_flake *flake;
  struct ids_uuid7 *uuid7;
  int64_t *numbers;
  char (*texts)[TEXT_SIZE];
  int failures; /* cmocka's asserts are for the main thread only */
  pthread_t thread;
};

static void *run_counter(void *argument)
{
  struct job *job = argument;
  struct bytes out = {0};
  for (size_t i = 0; i < PER_THREAD; i++) {
    out.length = 0;
    job->failures += ids_counter_next(job->counter, &out) != 0 || out.length >= TEXT_SIZE ||
                     bytes_append_byte(&out, '\0') != 0;
    memcpy(job->texts[i], out.data, out.length);
  }
  bytes_free(&out);
  return NULL;
}

static void *run_flake(void *argument)
{
  struct job *job = argument;
  for (size_t i = 0; i < PER_THREAD; i++) {
    job->numbers[i] = ids_flake_next(job->flake);
    job->failures += job->numbers[i] <= (i == 0 ? 0 : job->numbers[i - 1]);
  }
  return NULL;
}

static void *run_uuid7(void *argument)
{
  struct job *job = argument;
  for (size_t i = 0; i < PER_THREAD; i++) {
    job->failures += ids_uuid7_next(job->uuid7, job->texts[i]) != 0;
    job->texts[i][IDS_UUID7_LENGTH] = '\0';
    job->failures += i > 0 && strcmp(job->texts[i - 1], job->texts[i]) >= 0;
  }
  return NULL;
}

static void run_threads(void *(*run)(void *), struct job *jobs)
{
  for (size_t i = 0; i < THREADS; i++)
    assert_int_equal(pthread_create(&jobs[i].thread, NULL, run, &jobs[i]), 0);
  for (size_t i = 0; i < THREADS; i++)
    assert_int_equal(pthread_join(jobs[i].thread, NULL), 0);
  for (size_t i = 0; i < THREADS; i++)
    assert_int_equal(jobs[i].failures, 0);
}

static void counter_is_unique_across_threads(void **state)
{
  (void)state;
  struct ids_world w;
  ids_world_init(&w, 1);
  struct ids_source source = ids_world_source(&w);
  struct ids_counter c;
  assert_int_equal(ids_counter_init(&c, &source, SLICE("n1")), 0);
  char(*ids)[TEXT_SIZE] = malloc(sizeof *ids * THREADS * PER_THREAD);
  assert_non_null(ids);
  struct job jobs[THREADS] = {{0}};
  for (size_t i = 0; i < THREADS; i++) {
    jobs[i].counter = &c;
    jobs[i].texts = ids + i * PER_THREAD;
  }
  run_threads(run_counter, jobs);
  assert_distinct_texts(ids, (size_t)THREADS * PER_THREAD);
  char expected[TEXT_SIZE], next[TEXT_SIZE];
  ids_next_counter(&c, next);
  (void)snprintf(expected, sizeof expected, "%.*s%d", (int)c.prefix.length, c.prefix.data,
                 THREADS * PER_THREAD + 1); /* so none was left out either */
  assert_string_equal(next, expected);
  free(ids);
  ids_counter_free(&c);
}

/* Clocks of three kinds: one that stands, one that runs, one that jumps. */
static void set_clock(struct ids_world *w, struct ids_source *source, int kind)
{
  ids_world_init(w, (uint64_t)kind + 1);
  atomic_store(&w->step_us, kind == 0 ? 0 : 7);
  *source = ids_world_source(w);
  if (kind == 2)
    source->wall_us = jumping_wall_us;
}

static void flake_is_unique_across_threads(void **state)
{
  (void)state;
  int64_t *ids = malloc(sizeof *ids * THREADS * PER_THREAD);
  assert_non_null(ids);
  for (int kind = 0; kind < 3; kind++) {
    struct ids_world w;
    struct ids_source source;
    set_clock(&w, &source, kind);
    struct ids_flake f;
    assert_int_equal(ids_flake_init(&f, &source, 24, 25, NULL), 0);
    struct job jobs[THREADS] = {{0}};
    for (size_t i = 0; i < THREADS; i++) {
      jobs[i].flake = &f;
      jobs[i].numbers = ids + i * PER_THREAD;
    }
    run_threads(run_flake, jobs);
    assert_distinct_ids(ids, (size_t)THREADS * PER_THREAD);
  }
  free(ids);
}

static void uuid7_is_unique_across_threads(void **state)
{
  (void)state;
  char(*ids)[TEXT_SIZE] = malloc(sizeof *ids * THREADS * PER_THREAD);
  assert_non_null(ids);
  for (int kind = 0; kind < 3; kind++) {
    struct ids_world w;
    struct ids_source source;
    set_clock(&w, &source, kind);
    struct ids_uuid7 u;
    ids_uuid7_init(&u, &source);
    struct job jobs[THREADS] = {{0}};
    for (size_t i = 0; i < THREADS; i++) {
      jobs[i].uuid7 = &u;
      jobs[i].texts = ids + i * PER_THREAD;
    }
    run_threads(run_uuid7, jobs);
    /* Without the random part too. */
    for (size_t i = 0; i < (size_t)THREADS * PER_THREAD; i++)
      ids[i][18] = '\0';
    assert_distinct_texts(ids, (size_t)THREADS * PER_THREAD);
  }
  free(ids);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(counter_is_unique_across_threads),
    cmocka_unit_test(flake_is_unique_across_threads),
    cmocka_unit_test(uuid7_is_unique_across_threads),
  };
  return cmocka_run_group_tests_name("ids in threads", tests, NULL, NULL);
}
