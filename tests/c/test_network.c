#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "failing_alloc.h"
#include "network_fixture.h"
#include "unhash.h"

#include <stdio.h>
#include <string.h>

static void a_message_takes_its_latency(void **state)
{
  (void)state;
  for (int head_of_line = 0; head_of_line <= 1; head_of_line++) {
    struct network_fixture f;
    network_open(&f, head_of_line);
    network_tell(&f, 'a', 'b', "x", 100);
    network_tell(&f, 'b', 'a', "y\n", 70); /* a newline at the end is dropped */
    network_pass(&f, 50);
    network_tell(&f, 'a', 'c', "z", 60);
    network_pass(&f, 69);
    assert_arrived(&f, "");
    network_pass(&f, 1000);
    assert_arrived(&f, "a:y@70 b:x@100 c:z@110");
    network_tell(&f, 'a', 'a', "self", 7);
    network_tell(&f, 'c', 'b', "", 8);
    network_pass(&f, 2000);
    assert_arrived(&f, "a:self@1007 b:@1008");
    network_close(&f);
  }
}

static void clients_have_no_latency(void **state)
{
  (void)state;
  struct network_fixture f;
  network_open(&f, 1);
  network_tell(&f, 'k', 'a', "question", 100);
  network_tell(&f, 'b', 'k', "answer", 100);
  network_tell(&f, 'k', 's', "question", 100);
  network_tell(&f, 'c', 's', "question", 100); /* a service is a server */
  network_pass(&f, 0);
  assert_arrived(&f, "a:question@0 k:answer@0 s:question@0");
  network_pass(&f, 100);
  assert_arrived(&f, "s:question@100");
  network_close(&f);
}

/* The latencies are those that a stream of this seed and name gives, one a message between
 * servers and none for a client's. */
static void latency_is_drawn_for_each_message(void **state)
{
  (void)state;
  struct network_fixture f;
  struct rng r;
  network_open(&f, 0);
  f.network.options.latency.kind = LATENCY_EXPONENTIAL;
  rng_init(&r, 1, "latency");
  const struct latency l = {LATENCY_EXPONENTIAL, 100000};
  for (int i = 0; i < 20; i++) {
    char expected[32];
    int64_t due_us = f.schedule.now_us + latency_draw_us(&l, &r);
    network_tell(&f, 'k', 'c', "client", 100);
    network_tell(&f, 'a', 'b', "x", 100);
    assert_int_equal(schedule_step(&f.schedule, INT64_MAX), SCHEDULE_MORE);
    assert_int_equal(schedule_step(&f.schedule, INT64_MAX), SCHEDULE_MORE);
    assert_true(f.schedule.now_us == due_us);
    (void)snprintf(expected, sizeof expected, "b:x@%dus", (int)(due_us - f.start_us));
    f.arrived.data[f.arrived.length - 1] = '\0';
    assert_string_equal(strrchr(f.arrived.data, ' ') + 1, expected);
    f.arrived.length = 0;
  }
  network_close(&f);
}

/* What a sender has under way is known, until it has arrived or is dropped. */
static void what_is_under_way_is_counted(void **state)
{
  (void)state;
  for (int head_of_line = 0; head_of_line <= 1; head_of_line++) {
    struct network_fixture f;
    network_open(&f, head_of_line);
    const struct endpoint *a = network_of(&f, 'a');
    network_tell(&f, 'a', 'b', "some text", 10);
    size_t one = a->pending_bytes;
    assert_in_range(one, strlen("some text"), 200);
    network_tell(&f, 'a', 'c', "some text", 20);
    network_tell(&f, 'b', 'c', "some text", 30);
    assert_int_equal(a->pending_bytes, 2 * one);
    assert_int_equal(network_of(&f, 'b')->pending_bytes, one);
    network_pass(&f, 15);
    assert_int_equal(a->pending_bytes, one);
    assert_int_equal(network_cut(&f.network, network_of(&f, 'c'), network_of(&f, 'a')), 0);
    network_tell(&f, 'a', 'c', "is dropped", 10);
    network_pass(&f, 100);
    assert_int_equal(a->pending_bytes, 0);
    assert_int_equal(network_of(&f, 'b')->pending_bytes, 0);
    network_close(&f);
  }
}

static void of_equal_time_the_first_sent_comes_first(void **state)
{
  (void)state;
  for (int head_of_line = 0; head_of_line <= 1; head_of_line++) {
    struct network_fixture f;
    network_open(&f, head_of_line);
    network_tell(&f, 'a', 'c', "1", 10);
    network_tell(&f, 'b', 'c', "2", 10);
    network_tell(&f, 'a', 'c', "3", 10);
    network_pass(&f, 5);
    network_tell(&f, 'b', 'c', "4", 5);
    network_pass(&f, 10);
    assert_arrived(&f, "c:1@10 c:2@10 c:3@10 c:4@10");
    network_close(&f);
  }
}

/* What b waits for holds up what is due sooner but came later, a client's too. */
static void what_is_waited_for_blocks_what_comes_meanwhile(void **state)
{
  (void)state;
  for (int head_of_line = 0; head_of_line <= 1; head_of_line++) {
    struct network_fixture f;
    network_open(&f, head_of_line);
    network_tell(&f, 'a', 'b', "slow", 100);
    network_tell(&f, 'a', 'b', "quick", 30);
    network_pass(&f, 10);
    network_tell(&f, 'k', 'b', "client", 0);
    network_tell(&f, 'c', 'b', "last", 110);
    network_tell(&f, 'k', 'a', "other", 0); /* nothing holds up a */
    network_pass(&f, 115);
    network_tell(&f, 'k', 'b', "late", 0);
    network_pass(&f, 200);
    if (head_of_line)
      assert_arrived(&f, "a:other@10 b:slow@100 b:client@100 b:quick@100 b:last@120 b:late@120");
    else
      assert_arrived(&f, "b:client@10 a:other@10 b:quick@30 b:slow@100 b:late@115 b:last@120");
    network_close(&f);
  }
}

static void counts_tell_clients_from_servers(void **state)
{
  (void)state;
  struct network_fixture f;
  network_open(&f, 1);
  network_tell(&f, 'k', 'a', "x", 10);
  network_tell(&f, 'a', 'k', "x", 10);
  network_tell(&f, 'k', 's', "x", 10);
  network_tell(&f, 'a', 'b', "x", 10);
  network_tell(&f, 'a', 's', "x", 10);
  network_tell(&f, 's', 'a', "x", 10);
  network_tell(&f, 'a', 'a', "x", 10);
  assert_counts(f.network.clients, 3, 0);
  assert_counts(f.network.servers, 4, 0);
  network_pass(&f, 9);
  assert_counts(f.network.clients, 3, 3);
  assert_counts(f.network.servers, 4, 0);
  network_pass(&f, 10);
  assert_counts(f.network.servers, 4, 4);
  network_close(&f);
}

/* --- fingerprint and journal -------------------------------------------- */

struct run {
  const char *text;
  int64_t latency_ms;
  char to;
};

static uint64_t fingerprint_of(const struct run *r)
{
  struct network_fixture f;
  network_open(&f, 1);
  network_tell(&f, 'a', r->to, r->text, r->latency_ms);
  network_pass(&f, 1);
  network_tell(&f, 'a', r->to, "second", 5);
  network_pass(&f, 1000);
  uint64_t fingerprint = f.network.fingerprint;
  network_close(&f);
  return fingerprint;
}

static void a_fingerprint_is_of_what_happened_and_when(void **state)
{
  (void)state;
  static const struct run runs[] = {
    {"x", 10, 'b'}, {"y", 10, 'b'}, {"x", 11, 'b'}, {"x", 10, 'c'}, {"xx", 10, 'b'}};
  uint64_t fingerprints[5];
  for (size_t i = 0; i < 5; i++) {
    fingerprints[i] = fingerprint_of(&runs[i]);
    assert_true(fingerprints[i] == fingerprint_of(&runs[i]));
    for (size_t k = 0; k < i; k++)
      assert_true(fingerprints[k] != fingerprints[i]);
  }
}

static void a_message_that_is_lost_has_left_its_print(void **state)
{
  (void)state;
  uint64_t fingerprints[2];
  for (int is_cut = 0; is_cut < 2; is_cut++) {
    struct network_fixture f;
    network_open(&f, 1);
    if (is_cut)
      assert_int_equal(network_cut(&f.network, network_of(&f, 'b'), network_of(&f, 'a')), 0);
    network_tell(&f, 'a', 'b', "x", 10);
    network_pass(&f, 100);
    fingerprints[is_cut] = f.network.fingerprint;
    network_close(&f);
  }
  assert_true(fingerprints[0] != 0 && fingerprints[1] != 0);
  assert_true(fingerprints[0] != fingerprints[1]); /* for it did not arrive */
}

static void the_journal_has_a_line_for_each_event(void **state)
{
  (void)state;
  struct network_fixture f;
  struct bytes journal = {0};
  char expected[512];
  network_open(&f, 1);
  network_tell(&f, 'a', 'b', "{\"not\":\"in it\"}", 0);
  network_pass(&f, 0);
  uint64_t fingerprint = f.network.fingerprint;
  f.network.journal = &journal;
  network_tell(&f, 'a', 'b', "{\"n\":1}", 2);
  network_tell(&f, 'k', 'b', "{\"n\":2}\n", 0);
  network_pass(&f, 2);
  (void)snprintf(expected, sizeof expected,
                 "{\"time\":%d,\"event\":\"send\",\"id\":1,\"message\":{\"n\":1}}\n"
                 "{\"time\":%d,\"event\":\"send\",\"id\":2,\"message\":{\"n\":2}}\n"
                 "{\"time\":%d,\"event\":\"recv\",\"id\":1,\"message\":{\"n\":1}}\n"
                 "{\"time\":%d,\"event\":\"recv\",\"id\":2,\"message\":{\"n\":2}}\n",
                 (int)f.start_us, (int)f.start_us, (int)f.start_us + 2000, (int)f.start_us + 2000);
  assert_int_equal(bytes_append_byte(&journal, '\0'), 0);
  assert_string_equal(journal.data, expected);
  assert_true(f.network.fingerprint != fingerprint);
  bytes_free(&journal);
  network_close(&f);
}

/* --- endpoints ---------------------------------------------------------- */

static void names_are_found(void **state)
{
  (void)state;
  struct network_fixture f;
  char first[16], second[16], name[16];
  network_open(&f, 1);
  unhash_collision('a', first, 'b', second);
  struct endpoint *twins[] = {
    network_add(&f.network, ENDPOINT_NODE, (struct slice){first, 16}, NULL, NULL),
    network_add(&f.network, ENDPOINT_NODE, (struct slice){second, 16}, NULL, NULL)};
  assert_ptr_equal(network_find(&f.network, (struct slice){first, 16}), twins[0]);
  assert_ptr_equal(network_find(&f.network, (struct slice){second, 16}), twins[1]);
  assert_null(network_find(&f.network, (struct slice){first, 15}));
  assert_null(network_find(&f.network, SLICE("")));
  for (int i = 0; i < 100; i++) {
    size_t length = (size_t)snprintf(name, sizeof name, "n%d", i);
    struct endpoint *e =
      network_add(&f.network, ENDPOINT_NODE, (struct slice){name, length}, NULL, NULL);
    assert_non_null(e);
    assert_int_equal(e->index, 7 + i);
  }
  for (int i = 0; i < 100; i++) {
    size_t length = (size_t)snprintf(name, sizeof name, "n%d", i);
    assert_int_equal(network_find(&f.network, (struct slice){name, length})->index, 7 + i);
  }
  network_close(&f);
}

static void what_comes_for_a_closed_one_is_dropped(void **state)
{
  (void)state;
  for (int head_of_line = 0; head_of_line <= 1; head_of_line++) {
    struct network_fixture f;
    network_open(&f, head_of_line);
    network_tell(&f, 'a', 'b', "1", 10);
    network_tell(&f, 'a', 'b', "2", 20);
    network_pass(&f, 5);
    network_of(&f, 'b')->is_closed = 1;
    network_tell(&f, 'a', 'b', "3", 10);
    network_tell(&f, 'b', 'a', "it may still send", 10);
    network_pass(&f, 50);
    assert_arrived(&f, "a:it may still send@15");
    network_of(&f, 'b')->is_closed = 0;
    network_tell(&f, 'a', 'b', "4", 10);
    network_pass(&f, 100);
    assert_arrived(&f, "b:4@60");
    assert_counts(f.network.servers, 5, 2);
    network_close(&f);
  }
}

/* A receiver may send from within its deliver, to itself too. */
static struct network_fixture *echoing;

static void echo(void *ctx, struct slice line)
{
  char c = (char)(line.data[0] + 1);
  (void)ctx;
  assert_int_equal(bytes_append(&echoing->arrived, line.data, 1), 0);
  if (c > 'f')
    return;
  struct endpoint *self = network_of(echoing, 'e');
  assert_int_equal(network_send(&echoing->network, self, self, (struct slice){&c, 1}), 0);
}

static void a_receiver_may_send_to_itself_meanwhile(void **state)
{
  (void)state;
  for (int head_of_line = 0; head_of_line <= 1; head_of_line++) {
    struct network_fixture f;
    echoing = &f;
    network_open(&f, head_of_line);
    assert_non_null(network_add(&f.network, ENDPOINT_NODE, SLICE("e"), echo, NULL));
    network_tell(&f, 'k', 'e', "a", 0);
    network_tell(&f, 'a', 'e', "z", 0);
    network_pass(&f, 0);
    assert_int_equal(bytes_append_byte(&f.arrived, '\0'), 0);
    assert_string_equal(f.arrived.data, "azbcdef");
    network_close(&f);
  }
}

static void what_is_under_way_goes_with_the_network(void **state)
{
  (void)state;
  struct network_fixture f;
  network_open(&f, 1);
  for (int i = 0; i < 5; i++)
    network_tell(&f, 'a', 'b', "x", 10);
  network_pass(&f, 5);
  assert_arrived(&f, "");
  network_close(&f); /* a sanitizer sees what is not freed */
}

/* --- out of memory ------------------------------------------------------ */

static void out_of_memory_in_add(void **state)
{
  (void)state;
  long failures = 0;
  for (;; failures++) {
    struct network_fixture f;
    network_open(&f, 1);
    failing_alloc_after(failures);
    struct endpoint *e = network_add(&f.network, ENDPOINT_NODE, SLICE("new"), NULL, NULL);
    failing_alloc_off();
    assert_ptr_equal(network_find(&f.network, SLICE("new")), e);
    assert_int_equal(f.network.count, e == NULL ? 5 : 6);
    network_close(&f);
    if (e != NULL)
      break;
  }
  assert_true(failures > 0);
}

static size_t count_of(const struct bytes *b, char c)
{
  size_t count = 0;
  for (size_t i = 0; i < b->length; i++)
    count += b->data[i] == c;
  return count;
}

/* Whatever fails, what was sent without an error arrives once, and nothing arrives twice or
 * keeps others from arriving. */
static void out_of_memory_in_send(void **state)
{
  (void)state;
  for (int head_of_line = 0; head_of_line <= 1; head_of_line++) {
    for (long n = 0; n < 8; n++) {
      struct network_fixture f;
      char sent[64] = "";
      size_t sent_count = 0;
      network_open(&f, head_of_line);
      for (int i = 0; i < 26; i++) {
        const char c = (char)('A' + i);
        failing_alloc_after(n % 4 + (c % 3 == 0 ? 4 : 0)); /* some calls have enough */
        int result = network_send(&f.network, network_of(&f, 'a'), network_of(&f, 'b' + c % 2),
                                  (struct slice){&c, 1});
        failing_alloc_off();
        if (result == 0)
          sent[sent_count++] = c;
      }
      network_tell(&f, 'a', 'b', "last", 5);
      network_tell(&f, 'a', 'c', "last", 5);
      network_pass(&f, 5);
      for (size_t i = 0; i < sent_count; i++)
        assert_int_equal(count_of(&f.arrived, sent[i]), 1);
      for (int i = 0; i < 26; i++)
        assert_true(count_of(&f.arrived, (char)('A' + i)) <= 1);
      assert_int_equal(count_of(&f.arrived, 'l'), 2);
      assert_true(f.network.servers.sent == f.network.servers.received);
      network_close(&f);
    }
  }
}

static void assert_longest(const struct network_fixture *f, size_t length, char src, char dest)
{
  const struct network_longest *l = &f->network.longest;
  assert_int_equal(l->length, length);
  assert_int_equal(l->src->name.data[0], src);
  assert_int_equal(l->dest->name.data[0], dest);
}

static void the_longest_line_between_servers_is_known(void **state)
{
  (void)state;
  struct network_fixture f;
  network_open(&f, 1);
  network_tell(&f, 'k', 'a', "a client's does not count", 0);
  network_tell(&f, 'a', 'k', "nor does one to a client", 0);
  assert_null(f.network.longest.src);
  network_tell(&f, 'a', 'b', "four\n", 0); /* without its newline */
  assert_longest(&f, 4, 'a', 'b');
  network_tell(&f, 'b', 'c', "five!", 0);
  network_tell(&f, 'c', 'a', "also5", 0); /* the first of equal ones */
  assert_longest(&f, 5, 'b', 'c');
  network_tell(&f, 's', 'b', "a service's counts", 0);
  network_tell(&f, 'a', 'b', "short", 0);
  assert_longest(&f, 18, 's', 'b');
  network_close(&f);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_message_takes_its_latency),
    cmocka_unit_test(clients_have_no_latency),
    cmocka_unit_test(latency_is_drawn_for_each_message),
    cmocka_unit_test(what_is_under_way_is_counted),
    cmocka_unit_test(of_equal_time_the_first_sent_comes_first),
    cmocka_unit_test(what_is_waited_for_blocks_what_comes_meanwhile),
    cmocka_unit_test(counts_tell_clients_from_servers),
    cmocka_unit_test(the_longest_line_between_servers_is_known),
    cmocka_unit_test(a_fingerprint_is_of_what_happened_and_when),
    cmocka_unit_test(a_message_that_is_lost_has_left_its_print),
    cmocka_unit_test(the_journal_has_a_line_for_each_event),
    cmocka_unit_test(names_are_found),
    cmocka_unit_test(what_comes_for_a_closed_one_is_dropped),
    cmocka_unit_test(a_receiver_may_send_to_itself_meanwhile),
    cmocka_unit_test(what_is_under_way_goes_with_the_network),
    cmocka_unit_test(out_of_memory_in_add),
    cmocka_unit_test(out_of_memory_in_send),
  };
  return cmocka_run_group_tests_name("network", tests, NULL, NULL);
}
