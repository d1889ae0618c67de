#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "failing_alloc.h"
#include "sim/schedule.h"

#include <string.h>

/* What ran, in order: the names of the events. The owner of the schedule. */
struct record {
  struct schedule s;
  char text[256];
  size_t length;
};

struct named {
  struct event event; /* must be first */
  char name;
  int64_t again_us; /* runs again after this time, unless negative */
  int64_t ran_us;
};

static void note(void *owner, struct event *self)
{
  struct record *r = owner;
  struct named *e = (struct named *)self;
  assert_int_equal(self->item.position, 0); /* it may be put in again */
  if (r->length < sizeof r->text - 1)
    r->text[r->length++] = e->name;
  e->ran_us = r->s.now_us;
  if (e->again_us >= 0)
    assert_int_equal(schedule_at(&r->s, self, r->s.now_us + e->again_us), 0);
}

static struct named named(char name)
{
  return (struct named){.event = {.run = note}, .name = name, .again_us = -1};
}

static void begin(struct record *r)
{
  memset(r, 0, sizeof *r);
  schedule_init(&r->s, r);
}

/* Runs all that is due by then, and checks what that was. */
static void assert_runs(struct record *r, int64_t until_us, const char *names)
{
  enum schedule_result result;
  r->length = 0;
  while ((result = schedule_step(&r->s, until_us)) == SCHEDULE_MORE) {
  }
  assert_int_equal(result, SCHEDULE_IDLE);
  r->text[r->length] = '\0';
  assert_string_equal(r->text, names);
}

static void events_run_in_order_of_time(void **state)
{
  (void)state;
  struct record r;
  struct named a = named('a'), b = named('b'), c = named('c');
  begin(&r);
  assert_true(r.s.now_us > 0);
  int64_t start_us = r.s.now_us;
  assert_int_equal(schedule_at(&r.s, &a.event, start_us + 30), 0);
  assert_int_equal(schedule_at(&r.s, &b.event, start_us + 10), 0);
  assert_int_equal(schedule_at(&r.s, &c.event, start_us + 20), 0);
  assert_runs(&r, start_us + 9, "");
  assert_int_equal(r.s.now_us, start_us + 9);
  assert_runs(&r, start_us + 20, "bc");
  assert_int_equal(b.ran_us, start_us + 10);
  assert_int_equal(c.ran_us, start_us + 20);
  assert_runs(&r, start_us + 1000, "a");
  assert_int_equal(a.ran_us, start_us + 30);
  assert_int_equal(r.s.now_us, start_us + 1000); /* the clock shows that time */
  assert_runs(&r, start_us, "");
  assert_int_equal(r.s.now_us, start_us + 1000); /* and does not go back */
  assert_int_equal(r.s.events, 3);
  schedule_free(&r.s);
}

static void at_one_time_the_first_comes_first(void **state)
{
  (void)state;
  struct record r;
  struct named e[26];
  begin(&r);
  for (int i = 25; i >= 0; i--) {
    e[i] = named((char)('a' + i));
    assert_int_equal(schedule_at(&r.s, &e[i].event, r.s.now_us + 5), 0);
  }
  assert_runs(&r, r.s.now_us + 5, "zyxwvutsrqponmlkjihgfedcba");
  schedule_free(&r.s);
}

static void the_past_is_now(void **state)
{
  (void)state;
  struct record r;
  struct named a = named('a'), b = named('b');
  begin(&r);
  int64_t now_us = r.s.now_us;
  assert_int_equal(schedule_at(&r.s, &a.event, now_us), 0);
  assert_int_equal(schedule_at(&r.s, &b.event, INT64_MIN), 0);
  assert_runs(&r, now_us, "ab"); /* not in front of what is due now */
  assert_int_equal(r.s.now_us, now_us);
  schedule_free(&r.s);
}

static void an_event_moves_and_goes(void **state)
{
  (void)state;
  struct record r;
  struct named a = named('a'), b = named('b'), c = named('c');
  begin(&r);
  int64_t now_us = r.s.now_us;
  assert_int_equal(schedule_at(&r.s, &a.event, now_us + 10), 0);
  assert_int_equal(schedule_at(&r.s, &b.event, now_us + 20), 0);
  assert_int_equal(schedule_at(&r.s, &a.event, now_us + 20), 0); /* later, and behind b */
  assert_int_equal(schedule_at(&r.s, &c.event, now_us + 90), 0);
  assert_int_equal(schedule_at(&r.s, &c.event, now_us + 5), 0); /* sooner */
  assert_runs(&r, now_us + 100, "cba");
  assert_int_equal(schedule_at(&r.s, &a.event, now_us + 200), 0);
  assert_int_equal(schedule_at(&r.s, &b.event, now_us + 200), 0);
  schedule_cancel(&r.s, &a.event);
  schedule_cancel(&r.s, &a.event);
  schedule_cancel(&r.s, &c.event); /* it has run */
  assert_runs(&r, now_us + 300, "b");
  assert_int_equal(schedule_at(&r.s, &a.event, now_us + 400), 0); /* and may come back */
  assert_runs(&r, now_us + 400, "a");
  schedule_free(&r.s);
}

static void an_event_may_put_itself_in_again(void **state)
{
  (void)state;
  struct record r;
  struct named a = named('a'), b = named('b');
  begin(&r);
  a.again_us = 10;
  b.again_us = 15;
  assert_int_equal(schedule_at(&r.s, &a.event, r.s.now_us), 0);
  assert_int_equal(schedule_at(&r.s, &b.event, r.s.now_us), 0);
  /* 0: ab, 10: a, 15: b, 20: a, 30: b, which was put in before a */
  assert_runs(&r, r.s.now_us + 30, "abababa");
  schedule_free(&r.s);
}

/* Returns how many events ran before that was noticed. */
static uint64_t run_to_livelock(struct record *r)
{
  enum schedule_result result;
  uint64_t before = r->s.events;
  while ((result = schedule_step(&r->s, INT64_MAX)) == SCHEDULE_MORE) {
  }
  assert_int_equal(result, SCHEDULE_LIVELOCK);
  return r->s.events - before;
}

static void time_that_stands_still_is_noticed(void **state)
{
  (void)state;
  struct record r;
  struct named a = named('a'), b = named('b');
  begin(&r);
  a.again_us = 0;
  assert_int_equal(schedule_at(&r.s, &a.event, r.s.now_us + 7), 0);
  uint64_t count = run_to_livelock(&r);
  assert_in_range(count, 1000000, 1000001);
  assert_int_equal(schedule_step(&r.s, INT64_MAX), SCHEDULE_LIVELOCK); /* and stays so */
  schedule_free(&r.s);
  /* As soon as time moves, be it by a microsecond, the count is new. */
  begin(&r);
  a = named('a');
  assert_int_equal(schedule_at(&r.s, &a.event, r.s.now_us), 0);
  for (int instant = 0; instant < 3; instant++) {
    a.again_us = 0;
    for (int i = 0; i < 600000; i++)
      assert_int_equal(schedule_step(&r.s, INT64_MAX), SCHEDULE_MORE);
    a.again_us = 1;
    assert_int_equal(schedule_step(&r.s, INT64_MAX), SCHEDULE_MORE);
  }
  /* Also when it moves because nothing is due. */
  schedule_cancel(&r.s, &a.event);
  b.again_us = 0;
  for (int instant = 0; instant < 3; instant++) {
    assert_int_equal(schedule_step(&r.s, r.s.now_us + 1), SCHEDULE_IDLE);
    assert_int_equal(schedule_at(&r.s, &b.event, r.s.now_us), 0);
    for (int i = 0; i < 600000; i++)
      assert_int_equal(schedule_step(&r.s, INT64_MAX), SCHEDULE_MORE);
    schedule_cancel(&r.s, &b.event);
  }
  schedule_free(&r.s);
}

static void out_of_memory_changes_nothing(void **state)
{
  (void)state;
  enum { COUNT = 40 };
  struct record r;
  struct named e[COUNT];
  size_t failures = 0;
  begin(&r);
  for (int i = 0; i < COUNT; i++) {
    e[i] = named('.');
    failing_alloc_after(0);
    int result = schedule_at(&r.s, &e[i].event, r.s.now_us + i);
    failing_alloc_off();
    failures += result != 0;
    if (result != 0)
      assert_int_equal(schedule_at(&r.s, &e[i].event, r.s.now_us + i), 0);
    /* One that is in there moves without memory. */
    failing_alloc_after(0);
    assert_int_equal(schedule_at(&r.s, &e[i].event, r.s.now_us + i), 0);
    failing_alloc_off();
  }
  assert_true(failures > 0);
  assert_runs(&r, r.s.now_us + COUNT, "........................................");
  schedule_free(&r.s);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(events_run_in_order_of_time),
    cmocka_unit_test(at_one_time_the_first_comes_first),
    cmocka_unit_test(the_past_is_now),
    cmocka_unit_test(an_event_moves_and_goes),
    cmocka_unit_test(an_event_may_put_itself_in_again),
    cmocka_unit_test(time_that_stands_still_is_noticed),
    cmocka_unit_test(out_of_memory_changes_nothing),
  };
  return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
