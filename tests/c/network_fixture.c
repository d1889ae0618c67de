#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "network_fixture.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { MILLISECOND_US = 1000 };

static struct network_fixture *current;

static void deliver(void *ctx, struct slice line)
{
  const char *name = ctx;
  char text[64];
  int64_t time_us = current->schedule.now_us - current->start_us;
  int length = time_us % MILLISECOND_US == 0
                 ? snprintf(text, sizeof text, "@%" PRId64 " ", time_us / MILLISECOND_US)
                 : snprintf(text, sizeof text, "@%" PRId64 "us ", time_us);
  struct bytes *b = &current->arrived;
  assert_int_equal(bytes_append_byte(b, *name), 0);
  assert_int_equal(bytes_append_byte(b, ':'), 0);
  assert_int_equal(bytes_append_slice(b, line), 0);
  assert_int_equal(bytes_append(b, text, (size_t)length), 0);
}

void network_open(struct network_fixture *f, int head_of_line)
{
  static const char names[] = "abcsk";
  *f = (struct network_fixture){.start_us = 0};
  current = f;
  schedule_init(&f->schedule, NULL);
  f->start_us = f->schedule.now_us;
  struct network_options options = {{LATENCY_CONSTANT, 0}, head_of_line, 1};
  network_init(&f->network, &f->schedule, &options);
  for (const char *name = names; *name != '\0'; name++) {
    enum endpoint_kind kind = *name == 's'   ? ENDPOINT_SERVICE
                              : *name == 'k' ? ENDPOINT_CLIENT
                                             : ENDPOINT_NODE;
    assert_non_null(
      network_add(&f->network, kind, (struct slice){name, 1}, deliver, (void *)(uintptr_t)name));
  }
}

void network_close(struct network_fixture *f)
{
  network_free(&f->network);
  schedule_free(&f->schedule);
  bytes_free(&f->arrived);
}

struct endpoint *network_of(struct network_fixture *f, char name)
{
  struct endpoint *e = network_find(&f->network, (struct slice){&name, 1});
  assert_non_null(e);
  return e;
}

void network_tell(struct network_fixture *f, char from, char to, const char *text,
                  int64_t latency_ms)
{
  f->network.options.latency.mean_us = latency_ms * MILLISECOND_US;
  assert_int_equal(
    network_send(&f->network, network_of(f, from), network_of(f, to), slice_of(text)), 0);
}

void network_pass(struct network_fixture *f, int64_t until_ms)
{
  enum schedule_result result;
  current = f;
  while ((result = schedule_step(&f->schedule, f->start_us + until_ms * MILLISECOND_US)) ==
         SCHEDULE_MORE) {
  }
  assert_int_equal(result, SCHEDULE_IDLE);
}

void assert_arrived(struct network_fixture *f, const char *expected)
{
  assert_int_equal(bytes_append_byte(&f->arrived, '\0'), 0);
  if (f->arrived.length > 1)
    f->arrived.data[f->arrived.length - 2] = '\0'; /* the last space */
  assert_string_equal(f->arrived.data, expected);
  f->arrived.length = 0;
}

void assert_counts(struct network_counts counts, uint64_t sent, uint64_t received)
{
  assert_int_equal(counts.sent, sent);
  assert_int_equal(counts.received, received);
}
