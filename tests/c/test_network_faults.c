#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "failing_alloc.h"
#include "network_fixture.h"

#include <stdio.h>
#include <string.h>

static void cut(struct network_fixture *f, char receiver, char sender)
{
  assert_int_equal(network_cut(&f->network, network_of(f, receiver), network_of(f, sender)), 0);
}

static void mend(struct network_fixture *f, char receiver, char sender)
{
  network_mend(network_of(f, receiver), network_of(f, sender));
}

/* --- cuts --------------------------------------------------------------- */

static void a_cut_is_for_one_receiver_and_one_sender(void **state)
{
  (void)state;
  for (int head_of_line = 0; head_of_line <= 1; head_of_line++) {
    struct network_fixture f;
    network_open(&f, head_of_line);
    cut(&f, 'b', 'a');
    network_tell(&f, 'a', 'b', "x", 10);
    network_tell(&f, 'b', 'a', "x", 11);
    network_tell(&f, 'c', 'b', "x", 12);
    network_tell(&f, 'k', 'b', "x", 0);
    network_tell(&f, 's', 'b', "x", 13);
    network_tell(&f, 'a', 'c', "x", 14);
    network_pass(&f, 50);
    assert_arrived(&f, head_of_line ? "a:x@11 b:x@12 b:x@12 b:x@13 c:x@14"
                                    : "b:x@0 a:x@11 b:x@12 b:x@13 c:x@14");
    assert_counts(f.network.servers, 5, 4); /* what is dropped was sent */
    network_heal(&f.network);
    network_tell(&f, 'a', 'b', "y", 10);
    network_pass(&f, 100);
    assert_arrived(&f, "b:y@60");
    network_close(&f);
  }
}

/* With head-of-line blocking that is when the receiver begins to wait for it: it has taken
 * up "first" before the cut, and takes up "second" after it. */
static void a_message_is_dropped_when_it_is_taken_up(void **state)
{
  (void)state;
  struct network_fixture f;
  network_open(&f, 1);
  network_tell(&f, 'a', 'b', "first", 100);
  network_tell(&f, 'a', 'b', "second", 110);
  network_pass(&f, 50);
  cut(&f, 'b', 'a');
  network_pass(&f, 300);
  assert_arrived(&f, "b:first@100");
  /* One that is sent while cut and taken up when healed arrives. */
  network_tell(&f, 'c', 'b', "in front", 100);
  network_tell(&f, 'a', 'b', "behind", 110);
  network_pass(&f, 350);
  network_heal(&f.network);
  network_pass(&f, 500);
  assert_arrived(&f, "b:in front@400 b:behind@410");
  /* Without blocking it is when it is due. */
  network_close(&f);
  network_open(&f, 0);
  network_tell(&f, 'a', 'b', "first", 100);
  network_tell(&f, 'a', 'b', "second", 160);
  network_pass(&f, 50);
  cut(&f, 'b', 'a');
  network_pass(&f, 150);
  network_heal(&f.network);
  network_pass(&f, 300);
  assert_arrived(&f, "b:second@160");
  network_close(&f);
}

static void a_dropped_message_makes_no_other_early(void **state)
{
  (void)state;
  for (int head_of_line = 0; head_of_line <= 1; head_of_line++) {
    struct network_fixture f;
    network_open(&f, head_of_line);
    cut(&f, 'b', 'a');
    network_tell(&f, 'a', 'b', "dropped", 10);
    network_tell(&f, 'c', 'b', "late", 100);
    network_tell(&f, 'a', 'b', "dropped", 100);
    network_tell(&f, 'c', 'b', "later", 200);
    network_pass(&f, 300);
    assert_arrived(&f, "b:late@100 b:later@200");
    network_close(&f);
  }
}

static void cuts_add_up(void **state)
{
  (void)state;
  struct network_fixture f;
  network_open(&f, 1);
  cut(&f, 'b', 'a');
  cut(&f, 'b', 'a');
  mend(&f, 'b', 'a');
  network_tell(&f, 'a', 'b', "1", 0);
  network_pass(&f, 0);
  assert_arrived(&f, "");
  mend(&f, 'b', 'a');
  network_tell(&f, 'a', 'b', "2", 0);
  network_pass(&f, 0);
  assert_arrived(&f, "b:2@0");
  mend(&f, 'b', 'a'); /* of nothing */
  mend(&f, 'a', 'b');
  cut(&f, 'b', 'a');
  network_tell(&f, 'a', 'b', "3", 0);
  network_pass(&f, 0);
  assert_arrived(&f, "");
  for (int i = 2; i <= 255; i++)
    cut(&f, 'b', 'a');
  assert_int_equal(network_cut(&f.network, network_of(&f, 'b'), network_of(&f, 'a')), -1);
  network_tell(&f, 'a', 'b', "4", 0);
  network_pass(&f, 0);
  assert_arrived(&f, "");
  network_heal(&f.network); /* ends them all */
  network_tell(&f, 'a', 'b', "5", 0);
  network_pass(&f, 0);
  assert_arrived(&f, "b:5@0");
  network_close(&f);
}

static void one_that_joins_later_can_be_cut_off(void **state)
{
  (void)state;
  struct network_fixture f;
  network_open(&f, 1);
  cut(&f, 'b', 'a');
  struct endpoint *late = network_add(&f.network, ENDPOINT_NODE, SLICE("late"), NULL, NULL);
  assert_non_null(late);
  assert_int_equal(network_send(&f.network, late, network_of(&f, 'b'), SLICE("1")), 0);
  network_pass(&f, 0);
  assert_arrived(&f, "b:1@0");
  failing_alloc_after(0);
  int result = network_cut(&f.network, network_of(&f, 'c'), late);
  failing_alloc_off();
  assert_int_equal(result, -1);
  assert_int_equal(network_cut(&f.network, network_of(&f, 'b'), late), 0);
  assert_int_equal(network_send(&f.network, late, network_of(&f, 'b'), SLICE("2")), 0);
  assert_int_equal(network_send(&f.network, late, network_of(&f, 'c'), SLICE("3")), 0);
  network_tell(&f, 'a', 'b', "4", 0);
  network_pass(&f, 0);
  assert_arrived(&f, "c:3@0");
  network_close(&f);
}

/* --- pauses ------------------------------------------------------------- */

static void pause_endpoint(struct network_fixture *f, char name, int is_paused)
{
  assert_int_equal(network_pause(network_of(f, name), is_paused), 0);
}

static void a_paused_receiver_takes_up_nothing(void **state)
{
  (void)state;
  for (int head_of_line = 0; head_of_line <= 1; head_of_line++) {
    struct network_fixture f;
    network_open(&f, head_of_line);
    network_tell(&f, 'a', 'b', "1", 10);
    network_tell(&f, 'a', 'b', "2", 90);
    network_tell(&f, 'a', 'c', "other", 20);
    network_pass(&f, 5);
    pause_endpoint(&f, 'b', 1);
    network_tell(&f, 'a', 'b', "3", 10);
    network_tell(&f, 'b', 'a', "sent before", 10);
    network_pass(&f, 50);
    assert_arrived(&f, "a:sent before@15 c:other@20");
    pause_endpoint(&f, 'b', 0);
    network_pass(&f, 100);
    assert_arrived(&f, "b:1@50 b:3@50 b:2@90");
    /* One that waits for nothing when it is paused, too. */
    pause_endpoint(&f, 'b', 1);
    network_tell(&f, 'a', 'b', "4", 10);
    network_pass(&f, 200);
    assert_arrived(&f, "");
    pause_endpoint(&f, 'b', 0);
    pause_endpoint(&f, 'b', 0); /* it runs already */
    network_pass(&f, 300);
    assert_arrived(&f, "b:4@200");
    /* What it has not taken up can still be cut off. */
    pause_endpoint(&f, 'b', 1);
    network_tell(&f, 'a', 'b', "lost", 10);
    network_tell(&f, 'c', 'b', "kept", 10);
    cut(&f, 'b', 'a');
    network_pass(&f, 310);
    pause_endpoint(&f, 'b', 0);
    network_heal(&f.network);
    network_pass(&f, 315);
    assert_arrived(&f, head_of_line ? "b:kept@310" : "b:lost@310 b:kept@310");
    /* And one that goes on before anything is due has missed nothing. */
    network_tell(&f, 'a', 'b', "5", 50);
    pause_endpoint(&f, 'b', 1);
    network_pass(&f, 320);
    pause_endpoint(&f, 'b', 0);
    network_pass(&f, 400);
    assert_arrived(&f, "b:5@365");
    network_close(&f);
  }
}

/* --- loss, duplicates, delays ------------------------------------------- */

/* Sends so many messages from a to b, and lets all arrive. Returns how many did. */
static size_t send_many(struct network_fixture *f, int count, int64_t latency_ms)
{
  uint64_t before = f->network.servers.received;
  for (int i = 0; i < count; i++)
    network_tell(f, 'a', 'b', "x", latency_ms);
  network_pass(f, 1000000);
  f->arrived.length = 0;
  return (size_t)(f->network.servers.received - before);
}

static void messages_are_lost_and_doubled_so_often(void **state)
{
  (void)state;
  enum { COUNT = 10000 };
  static const enum network_fault faults[] = {NETWORK_LOSS, NETWORK_DUPLICATE};
  static const double probabilities[] = {0, 0.01, 0.3, 1};
  for (size_t i = 0; i < 2; i++) {
    for (size_t k = 0; k < 4; k++) {
      struct network_fixture f;
      network_open(&f, 1);
      f.network.faults[faults[i]] = probabilities[k];
      size_t arrived = send_many(&f, COUNT, 1);
      size_t changed = faults[i] == NETWORK_LOSS ? COUNT - arrived : arrived - COUNT;
      double expected = COUNT * probabilities[k];
      assert_true((double)changed >= expected * 0.8 && (double)changed <= expected * 1.2);
      assert_int_equal(f.network.servers.sent, COUNT); /* each counts once */
      network_close(&f);
    }
  }
}

static void clients_see_none_of_it(void **state)
{
  (void)state;
  struct network_fixture f;
  network_open(&f, 1);
  for (int i = 0; i < NETWORK_FAULTS; i++)
    f.network.faults[i] = 1;
  network_tell(&f, 'k', 'a', "1", 10);
  network_tell(&f, 'a', 'k', "2", 10);
  network_pass(&f, 1000);
  assert_arrived(&f, "a:1@0 k:2@0");
  network_close(&f);
}

static void a_duplicate_has_its_own_latency(void **state)
{
  (void)state;
  struct network_fixture f;
  struct rng r;
  char expected[64];
  network_open(&f, 0);
  f.network.faults[NETWORK_DUPLICATE] = 1;
  f.network.options.latency.kind = LATENCY_UNIFORM;
  rng_init(&r, 1, "latency");
  const struct latency l = {LATENCY_UNIFORM, 100000};
  int64_t one_us = latency_draw_us(&l, &r), two_us = latency_draw_us(&l, &r);
  network_tell(&f, 'a', 'b', "x", 100);
  network_pass(&f, 1000);
  (void)snprintf(expected, sizeof expected, "b:x@%dus b:x@%dus",
                 (int)(one_us < two_us ? one_us : two_us),
                 (int)(one_us < two_us ? two_us : one_us));
  assert_arrived(&f, expected);
  network_close(&f);
}

static void a_spike_makes_all_take_longer(void **state)
{
  (void)state;
  struct network_fixture f;
  network_open(&f, 0);
  f.network.faults[NETWORK_SPIKE] = 9;
  network_tell(&f, 'a', 'b', "x", 10);
  f.network.faults[NETWORK_SPIKE] = 0.5;
  network_tell(&f, 'a', 'b', "y", 10);
  f.network.faults[NETWORK_SPIKE] = 0;
  network_tell(&f, 'a', 'b', "z", 10);
  network_pass(&f, 1000);
  assert_arrived(&f, "b:z@10 b:y@15 b:x@100");
  network_close(&f);
}

/* Reordering adds up to ten latencies, and when there is hardly any up to 100 ms. */
static void reordered_messages_take_longer(void **state)
{
  (void)state;
  static const struct {
    int64_t latency_ms, most_ms;
  } cases[] = {{100, 1000}, {20, 200}, {5, 100}, {0, 100}};
  for (size_t i = 0; i < 4; i++) {
    struct network_fixture f;
    int64_t low_us = INT64_MAX, high_us = 0;
    int late = 0;
    network_open(&f, 0);
    f.network.faults[NETWORK_REORDER] = 0.5;
    for (int k = 0; k < 1000; k++) {
      int64_t sent_us = f.schedule.now_us;
      network_tell(&f, 'a', 'b', "x", cases[i].latency_ms);
      assert_int_equal(schedule_step(&f.schedule, INT64_MAX), SCHEDULE_MORE);
      int64_t extra_us = f.schedule.now_us - sent_us - cases[i].latency_ms * 1000;
      late += extra_us > 0;
      low_us = extra_us < low_us ? extra_us : low_us;
      high_us = extra_us > high_us ? extra_us : high_us;
    }
    assert_int_equal(low_us, 0);
    assert_in_range(high_us, cases[i].most_ms * 980, cases[i].most_ms * 1000);
    assert_in_range(late, 420, 580);
    network_close(&f);
  }
}

/* When a fault begins to strike, the latencies of all messages stay what they were. */
static void faults_draw_from_streams_of_their_own(void **state)
{
  (void)state;
  struct bytes plain = {0};
  for (int fault = -1; fault < NETWORK_FAULTS; fault++) {
    struct network_fixture f;
    network_open(&f, 0);
    f.network.options.latency.kind = LATENCY_UNIFORM;
    if (fault >= 0)
      f.network.faults[fault] = 1e-9; /* it draws, and never strikes */
    for (int i = 0; i < 50; i++)
      network_tell(&f, 'a', 'b', "x", 100);
    network_pass(&f, 1000);
    if (fault < 0)
      assert_int_equal(bytes_append_slice(&plain, bytes_slice(&f.arrived)), 0);
    assert_true(slice_equal(bytes_slice(&plain), bytes_slice(&f.arrived)));
    network_close(&f);
  }
  bytes_free(&plain);
  struct network_fixture f;
  network_open(&f, 0);
  for (int i = 0; i < NETWORK_FAULTS; i++)
    for (int k = 0; k < i; k++)
      assert_memory_not_equal(&f.network.fault_random[i], &f.network.fault_random[k],
                              sizeof(struct rng));
  network_close(&f);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_cut_is_for_one_receiver_and_one_sender),
    cmocka_unit_test(a_message_is_dropped_when_it_is_taken_up),
    cmocka_unit_test(a_dropped_message_makes_no_other_early),
    cmocka_unit_test(cuts_add_up),
    cmocka_unit_test(one_that_joins_later_can_be_cut_off),
    cmocka_unit_test(a_paused_receiver_takes_up_nothing),
    cmocka_unit_test(messages_are_lost_and_doubled_so_often),
    cmocka_unit_test(clients_see_none_of_it),
    cmocka_unit_test(a_duplicate_has_its_own_latency),
    cmocka_unit_test(a_spike_makes_all_take_longer),
    cmocka_unit_test(reordered_messages_take_longer),
    cmocka_unit_test(faults_draw_from_streams_of_their_own),
  };
  return cmocka_run_group_tests_name("network_faults", tests, NULL, NULL);
}
