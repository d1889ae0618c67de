/* A world whose node is a shell script in a process of its own: what ends a run, and that nothing
 * is lost, left running or left open when calls or allocations fail. Runs end with the reply that
 * they wait for; no test depends on how long that takes. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "failing_alloc.h"
#include "failing_calls.h"
#include "sim/world.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#define SECOND ((int64_t)1000000)
#define REPLY "{\"src\":\"n1\",\"dest\":\"c\",\"body\":{\"type\":\"x_ok\"}}"

/* Says REPLY to each line, and a word on stderr. */
static const char answers[] = "while read -r line; do echo word >&2; echo '" REPLY "'; done";

struct scene {
  struct world *world;
  struct endpoint *client;
  int replies, wanted, enough; /* enough: as many as wanted */
};

static void take(void *ctx, struct slice line)
{
  struct scene *s = ctx;
  assert_true(slice_equal(line, SLICE(REPLY)));
  s->enough = ++s->replies >= s->wanted;
}

/* Returns 0, or -1 with `e` filled. */
static int open_scene(struct scene *s, const char *script, struct error *e)
{
  const struct world_options options = {
    .seed = 1, .is_real_time = 1, .root = ".", .patience_us = 300000};
  char sh[] = "sh", c[] = "-c";
  char *words[] = {sh, c, (char *)(uintptr_t)script};
  *s = (struct scene){.world = world_new(&options, e)};
  if (s->world == NULL)
    return -1;
  s->client = network_add(world_network(s->world), ENDPOINT_CLIENT, SLICE("c"), take, s);
  if (s->client == NULL)
    return error_set(e, "out of memory");
  return world_add_node(s->world, SLICE("n1"), 3, words, e);
}

/* Ends it; no process is left. */
static void close_scene(struct scene *s)
{
  world_free(s->world);
  assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
  assert_int_equal(errno, ECHILD);
}

static int tell(struct scene *s, struct slice line)
{
  struct network *n = world_network(s->world);
  return network_send(n, s->client, network_find(n, SLICE("n1")), line);
}

/* Sends so many messages and runs until they are answered. Returns 0, or -1 with `e` filled. */
static int converse(struct scene *s, int count, struct error *e)
{
  s->replies = s->enough = 0;
  s->wanted = count;
  for (int i = 0; i < count; i++)
    if (tell(s, SLICE("{\"src\":\"c\",\"dest\":\"n1\",\"body\":{\"type\":\"x\"}}")) != 0)
      return error_set(e, "out of memory");
  int result = world_run(s->world, world_schedule(s->world)->now_us + 60 * SECOND, &s->enough, e);
  if (result == 0)
    assert_int_equal(s->replies, count);
  return result;
}

static void a_process_answers(void **state)
{
  (void)state;
  struct scene s;
  struct error e = {""};
  if (open_scene(&s, answers, &e) != 0 || converse(&s, 3, &e) != 0)
    fail_msg("%s", e.text);
  assert_null(world_find_node(s.world, SLICE("n1")));
  assert_null(world_disk(s.world, SLICE("n1")));
  assert_int_equal(world_skew(s.world, SLICE("n1"), SECOND), -1);
  assert_int_equal(world_kill(s.world, SLICE("n1")), 0);
  assert_false(world_is_running(s.world, SLICE("n1")));
  assert_int_equal(world_start(s.world, SLICE("n1"), &e), 0);
  assert_int_equal(world_pause(s.world, SLICE("n1"), 1), 0);
  assert_int_equal(world_pause(s.world, SLICE("n1"), 0), 0);
  assert_int_equal(converse(&s, 2, &e), 0);
  int64_t now_us = world_schedule(s.world)->now_us; /* and time goes on without events */
  assert_int_equal(world_run(s.world, now_us + 20000, NULL, &e), 0);
  assert_true(world_schedule(s.world)->now_us >= now_us + 20000);
  close_scene(&s);
}

static void what_no_node_may_do_ends_the_run(void **state)
{
  (void)state;
  static const struct {
    const char *script, *text;
  } cases[] = {
    {"echo oh >&2; echo junk; sleep 60", "n1 wrote a line that is no message: byte 0: "},
    {"echo '{\"src\":\"n2\",\"dest\":\"c\",\"body\":{\"type\":\"x\"}}'; sleep 60",
     "n1 wrote a message with src \"n2\": {"},
    {"echo '{\"src\":\"n1\",\"dest\":\"d\",\"body\":{\"type\":\"x\"}}'; sleep 60",
     "n1 sent a message to \"d\", which does not exist: {"},
    {"echo oh no >&2; exit 3", "n1 exited with status 3; the end of its stderr: oh no"},
    {"printf 'oh no' >&2; printf junk", "n1 wrote a line that is no message: byte 0: "},
    {"exec >&-; sleep 60", "n1 closed its standard output; the end of its stderr: "},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct scene s;
    struct error e = {""};
    assert_int_equal(open_scene(&s, cases[i].script, &e), 0);
    assert_int_equal(converse(&s, 1, &e), -1);
    if (strncmp(e.text, cases[i].text, strlen(cases[i].text)) != 0)
      fail_msg("expected \"%s\" in front of: %s", cases[i].text, e.text);
    close_scene(&s);
  }
}

static void one_that_does_not_read_loses_patience(void **state)
{
  (void)state;
  enum { LENGTH = 1 << 20 };
  static char line[LENGTH];
  struct scene s;
  struct error e = {""};
  memset(line, 'x', sizeof line);
  assert_int_equal(open_scene(&s, "echo wait >&2; sleep 60", &e), 0);
  assert_int_equal(tell(&s, (struct slice){line, LENGTH}), 0);
  assert_int_equal(converse(&s, 1, &e), -1);
  assert_non_null(strstr(e.text, "n1 does not read its input: "));
  assert_non_null(strstr(e.text, " bytes wait; the end of its stderr: wait"));
  close_scene(&s);
}

static void a_program_that_cannot_start(void **state)
{
  (void)state;
  struct scene s;
  struct error e = {""};
  failing_calls_set(CALL_FORK, 0, EAGAIN);
  assert_int_equal(open_scene(&s, answers, &e), -1);
  assert_int_equal(failing_calls_off(), 1);
  assert_string_equal(e.text, "sh could not be started: Resource temporarily unavailable");
  assert_false(world_is_running(s.world, SLICE("n1")));
  assert_int_equal(world_start(s.world, SLICE("n1"), &e), 0); /* now it can */
  assert_int_equal(converse(&s, 1, &e), 0);
  close_scene(&s);
}

static void calls_that_fail_cost_nothing(void **state)
{
  (void)state;
  static const struct {
    enum failing_call call;
    int error;
  } cases[] = {{CALL_READ, EINTR},   {CALL_READ, EAGAIN}, {CALL_WRITE, EINTR},
               {CALL_WRITE, EAGAIN}, {CALL_POLL, EINTR},  {CALL_POLL, ENOMEM}};
  struct scene s;
  struct error e = {""};
  assert_int_equal(open_scene(&s, answers, &e), 0);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    for (long n = 0; n < 10; n++) {
      failing_calls_shorten((size_t)(5 + n));
      failing_calls_set(cases[i].call, n, cases[i].error);
      int result = converse(&s, 3, &e);
      assert_true(failing_calls_off() > 0);
      if (result != 0)
        fail_msg("%s", e.text);
    }
  }
  close_scene(&s);
}

/* Returns 0 when nothing was in want of memory. */
static int run_without_memory(long n)
{
  struct scene s;
  struct error e = {""};
  failing_alloc_after(n);
  int result = open_scene(&s, answers, &e);
  if (result == 0)
    result = converse(&s, 1, &e);
  failing_alloc_off();
  if (result != 0)
    assert_string_equal(e.text, "out of memory");
  if (s.world != NULL)
    close_scene(&s);
  return result;
}

static void out_of_memory_anywhere(void **state)
{
  (void)state;
  long n = 0;
  while (run_without_memory(n) != 0)
    n++;
  assert_true(n > 10);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_process_answers),
    cmocka_unit_test(what_no_node_may_do_ends_the_run),
    cmocka_unit_test(one_that_does_not_read_loses_patience),
    cmocka_unit_test(a_program_that_cannot_start),
    cmocka_unit_test(calls_that_fail_cost_nothing),
    cmocka_unit_test(out_of_memory_anywhere),
  };
  return cmocka_run_group_tests_name("real_time", tests, NULL, NULL);
}
