/* The node runs in a thread of its own, between real pipes; the test is its only peer. What
 * takes real time here takes some hundredths of a second, and nothing depends on how long. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "bind/bind.h"
#include "failing_alloc.h"
#include "host/loop.h"
#include "temp_file.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ_END, WRITE_END };

struct peer {
  struct posix world;
  struct node *node;
  struct loop_options options;
  int in[2], out[2], diagnostics;
  pthread_t thread;
  int result;
  struct error error;
  struct bytes got; /* of the node's output, and not yet looked at */
};

static void *run(void *argument)
{
  struct peer *p = argument;
  p->result = loop_run(p->node, &p->world, &p->options, &p->error);
  return NULL;
}

/* Makes the node; `in` and `out` replace the pipes unless they are -1. */
static void prepare(struct peer *p, const char *script, int in, int out)
{
  struct temp_file file;
  *p = (struct peer){.options = {.max_line_bytes = 64 << 20, .drain_us = 10000000}};
  assert_int_equal(pipe(p->in), 0);
  assert_int_equal(pipe(p->out), 0);
  p->diagnostics = open("/dev/null", O_WRONLY);
  assert_true(p->diagnostics >= 0);
  posix_open(&p->world, in >= 0 ? in : p->in[READ_END], out >= 0 ? out : p->out[WRITE_END],
             p->diagnostics, NULL);
  struct platform platform = posix_platform(&p->world);
  struct state_options options = {.open_modules = bind_node_modules, .root = "."};
  p->node = node_new(&platform, &options, &p->error);
  assert_non_null(p->node);
  temp_file_script(&file, script);
  if (node_load(p->node, file.path, 0, NULL, &p->error) != 0)
    fail_msg("%s", p->error.text);
  temp_file_remove(&file);
}

static void start(struct peer *p, const char *script)
{
  prepare(p, script, -1, -1);
  assert_int_equal(pthread_create(&p->thread, NULL, run, p), 0);
}

static void tell(struct peer *p, const char *text)
{
  for (size_t left = strlen(text); left > 0;) {
    ssize_t n = write(p->in[WRITE_END], text, left);
    assert_true(n > 0);
    text += n;
    left -= (size_t)n;
  }
}

static void ask(struct peer *p, int msg_id, const char *fields)
{
  char line[512];
  int length =
    snprintf(line, sizeof line, "{\"src\":\"c1\",\"dest\":\"n1\",\"body\":{\"msg_id\":%d,%s}}\n",
             msg_id, fields);
  assert_in_range(length, 1, sizeof line - 1);
  tell(p, line);
}

/* The next line of output, without newline, zero-terminated; NULL at the end. */
static const char *next_line(struct peer *p, struct bytes *line)
{
  const char *newline;
  while (p->got.length == 0 || (newline = memchr(p->got.data, '\n', p->got.length)) == NULL) {
    assert_int_equal(bytes_reserve(&p->got, 65536), 0);
    ssize_t n = read(p->out[READ_END], p->got.data + p->got.length, 65536);
    assert_true(n >= 0);
    if (n == 0) {
      assert_int_equal(p->got.length, 0); /* no half lines */
      return NULL;
    }
    p->got.length += (size_t)n;
  }
  size_t length = (size_t)(newline - p->got.data);
  line->length = 0;
  assert_int_equal(bytes_append(line, p->got.data, length), 0);
  assert_int_equal(bytes_append_byte(line, '\0'), 0);
  bytes_consume(&p->got, length + 1);
  return line->data;
}

/* The next line is the node's message to c1 with this text in it. */
static void expect(struct peer *p, const char *text)
{
  static const char start_of_line[] = "{\"src\":\"n1\",\"dest\":\"c1\",\"body\":{\"in_reply_to\":";
  struct bytes line = {0};
  const char *got = next_line(p, &line);
  assert_non_null(got);
  assert_memory_equal(got, start_of_line, sizeof start_of_line - 1);
  if (strstr(got, text) == NULL)
    fail_msg("expected \"%s\" in %s", text, got);
  bytes_free(&line);
}

static void init(struct peer *p)
{
  ask(p, 1, "\"type\":\"init\",\"node_id\":\"n1\",\"node_ids\":[\"n1\",\"n2\"]");
  expect(p, "1,\"type\":\"init_ok\"");
}

static void end_input(struct peer *p)
{
  assert_int_equal(close(p->in[WRITE_END]), 0);
  p->in[WRITE_END] = -1;
}

static void end_output(struct peer *p)
{
  assert_int_equal(close(p->out[READ_END]), 0);
  p->out[READ_END] = -1;
}

static void finish(struct peer *p)
{
  int fds[] = {p->in[0], p->in[1], p->out[0], p->out[1], p->diagnostics};
  node_free(p->node);
  posix_close(&p->world);
  for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
    if (fds[i] >= 0)
      assert_int_equal(close(fds[i]), 0);
  bytes_free(&p->got);
}

/* Ends the input, waits for the loop to return 0, and checks that the output ends too. */
static void stop(struct peer *p)
{
  struct bytes line = {0};
  if (p->in[WRITE_END] >= 0)
    end_input(p);
  assert_int_equal(pthread_join(p->thread, NULL), 0);
  if (p->result != 0)
    fail_msg("%s", p->error.text);
  assert_int_equal(posix_pending(&p->world), 0);
  assert_int_equal(close(p->out[WRITE_END]), 0);
  p->out[WRITE_END] = -1;
  assert_null(next_line(p, &line));
  bytes_free(&line);
  finish(p);
}

#define NODE "local node = require 'hearsay' "
#define ECHO NODE "node.on('echo', function(msg) return {type='echo_ok', n=msg.body.n} end) "

static void serves_until_the_input_ends(void **state)
{
  (void)state;
  struct peer p;
  start(&p, ECHO);
  init(&p);
  for (int i = 2; i < 200; i++) { /* one by one */
    char text[32];
    ask(&p, i, "\"type\":\"echo\"");
    (void)snprintf(text, sizeof text, ":%d,\"type\":\"echo_ok\"", i);
    expect(&p, text);
  }
  for (int i = 2; i < 200; i++) /* and many at once */
    ask(&p, i, "\"type\":\"echo\"");
  for (int i = 2; i < 200; i++) {
    char text[32];
    (void)snprintf(text, sizeof text, ":%d,", i);
    expect(&p, text);
  }
  stop(&p);
}

static void an_empty_input(void **state)
{
  (void)state;
  struct peer p;
  start(&p, ECHO);
  stop(&p);
}

static void a_last_line_needs_no_newline(void **state)
{
  (void)state;
  struct peer p;
  start(&p, ECHO);
  init(&p);
  tell(&p, "{\"src\":\"c1\",\"dest\":\"n1\",\"body\":{\"type\":\"echo\",\"msg_id\":2}}");
  end_input(&p);
  expect(&p, ":2,");
  stop(&p);
}

static void a_line_too_long_is_refused_and_the_next_served(void **state)
{
  (void)state;
  struct peer p;
  char *padding = malloc(300001);
  assert_non_null(padding);
  memset(padding, 'x', 300000);
  padding[300000] = '\0';
  prepare(&p, ECHO, -1, -1);
  p.options.max_line_bytes = 1000;
  assert_int_equal(pthread_create(&p.thread, NULL, run, &p), 0);
  init(&p);
  tell(&p, "{\"src\":\"c1\",\"dest\":\"n1\",\"body\":{\"type\":\"echo\",\"msg_id\":2,\"n\":\"");
  tell(&p, padding);
  expect(&p, ":2,\"type\":\"error\",\"code\":12,\"text\":\"longer than 1000 bytes"); /* already */
  tell(&p, padding);
  tell(&p, "\"}}\n");
  ask(&p, 3, "\"type\":\"echo\"");
  expect(&p, ":3,\"type\":\"echo_ok\"");
  free(padding);
  stop(&p);
}

static void handlers_that_sleep_finish_after_the_end(void **state)
{
  (void)state;
  struct peer p;
  start(&p, ECHO "node.on('late', function(msg) node.sleep(msg.body.s) return {type='late_ok'} "
                 "end) node.spawn(function() node.sleep(1000) end)");
  init(&p);
  ask(&p, 2, "\"type\":\"late\",\"s\":0.02");
  ask(&p, 3, "\"type\":\"late\",\"s\":0.01");
  ask(&p, 4, "\"type\":\"echo\"");
  end_input(&p);
  expect(&p, ":4,");
  expect(&p, ":3,");
  expect(&p, ":2,");
  stop(&p); /* what is not a message's is not waited for */
}

static void requests_fail_at_the_end(void **state)
{
  (void)state;
  struct peer p;
  struct bytes line = {0};
  start(&p, NODE "node.on('x', function() local _, err = node.rpc('n2', {type='q'}, 1000) "
                 "return {type='x_ok', code=err.code} end)");
  init(&p);
  ask(&p, 2, "\"type\":\"x\"");
  assert_non_null(strstr(next_line(&p, &line), "\"dest\":\"n2\""));
  end_input(&p);
  expect(&p, "\"code\":0");
  bytes_free(&line);
  stop(&p);
}

static void the_drain_has_an_end(void **state)
{
  (void)state;
  static const char *const scripts[] = {
    NODE "node.on('x', function() node.sleep(1000) end)",
    NODE "node.on('x', function() while true do node.sleep(0) end end)",
    NODE "node.on('x', function() while true do node.rpc('c1', {type='q'}) end end)",
  };
  for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
    struct peer p;
    prepare(&p, scripts[i], -1, -1);
    p.options.drain_us = 20000;
    assert_int_equal(pthread_create(&p.thread, NULL, run, &p), 0);
    init(&p);
    ask(&p, 2, "\"type\":\"x\"");
    end_input(&p);
    if (i == 2) {
      struct bytes line = {0};
      assert_non_null(next_line(&p, &line)); /* the one request */
      bytes_free(&line);
    }
    stop(&p);
  }
}

static void timers_run_without_input(void **state)
{
  (void)state;
  struct peer p;
  struct bytes line = {0};
  start(&p, NODE "node.on_init(function() node.every(0.005, function() "
                 "node.send('c1', {type='tick'}) end) end)");
  ask(&p, 1, "\"type\":\"init\",\"node_id\":\"n1\",\"node_ids\":[\"n1\"]");
  expect(&p, "init_ok");
  for (int i = 0; i < 3; i++)
    assert_string_equal(next_line(&p, &line),
                        "{\"src\":\"n1\",\"dest\":\"c1\",\"body\":{\"type\":\"tick\"}}");
  end_input(&p);
  assert_int_equal(pthread_join(p.thread, NULL), 0);
  assert_int_equal(p.result, 0);
  bytes_free(&line);
  finish(&p);
}

static void a_handler_that_spins_does_not_keep_it_from_reading(void **state)
{
  (void)state;
  struct peer p;
  start(&p, NODE "local stop = false node.on('spin', function() while not stop do node.sleep(0) "
                 "end return {type='spin_ok'} end) node.on('stop', function() stop = true "
                 "return {type='stop_ok'} end)");
  init(&p);
  ask(&p, 2, "\"type\":\"spin\"");
  ask(&p, 3, "\"type\":\"stop\"");
  expect(&p, ":3,");
  expect(&p, ":2,");
  stop(&p);
}

static void a_reader_that_goes_away_ends_it_quietly(void **state)
{
  (void)state;
  struct peer p;
  start(&p, ECHO);
  init(&p);
  end_output(&p);
  ask(&p, 2, "\"type\":\"echo\"");
  assert_int_equal(pthread_join(p.thread, NULL), 0); /* though the input is open */
  assert_int_equal(p.result, 0);
  finish(&p);
}

static void a_reader_that_goes_away_at_the_end(void **state)
{
  (void)state;
  struct peer p;
  start(&p, NODE "node.on('x', function() node.sleep(0.01) return {type='x_ok'} end)");
  init(&p);
  ask(&p, 2, "\"type\":\"x\"");
  end_output(&p);
  end_input(&p);
  assert_int_equal(pthread_join(p.thread, NULL), 0);
  assert_int_equal(p.result, 0);
  finish(&p);
}

/* Nobody reads until all is written: more than both pipes hold, so it has to be in the
 * node's memory. Nothing is lost, and no end of input is too early. */
static void a_slow_reader_loses_nothing(void **state)
{
  (void)state;
  enum { COUNT = 6000 };
  struct peer p;
  char fields[450], text[64];
  start(&p, NODE "node.on('echo', function(msg) return {type='echo_ok', n=msg.body.n} end)");
  init(&p);
  for (int i = 2; i < COUNT; i++) {
    (void)snprintf(fields, sizeof fields, "\"type\":\"echo\",\"n\":\"%0400d\"", i);
    ask(&p, i, fields);
  }
  end_input(&p);
  for (int i = 2; i < COUNT; i++) {
    (void)snprintf(text, sizeof text, "%d\"", i);
    expect(&p, text);
  }
  stop(&p);
}

struct asker {
  struct peer *p;
  int count;
  atomic_int is_done;
};

static void *ask_all(void *argument)
{
  struct asker *a = argument;
  char line[10100];
  for (int i = 2; i < a->count; i++) {
    (void)snprintf(line, sizeof line,
                   "{\"src\":\"c1\",\"dest\":\"n1\",\"body\":{\"type\":\"x\",\"msg_id\":%d,"
                   "\"n\":\"%010000d\"}}\n",
                   i, i);
    tell(a->p, line);
  }
  a->is_done = 1;
  end_input(a->p);
  return NULL;
}

/* With 64 MB of output waiting the node stops reading, and goes on when there is room. These
 * requests are for 1 MB each, and it must not take more than 64, and what fills its buffer
 * and the pipe, which is some 32. */
static void pressure_reaches_whoever_writes(void **state)
{
  (void)state;
  enum { COUNT = 120 };
  struct peer p;
  pthread_t thread;
  char text[64];
  start(&p, NODE "local text = ('x'):rep(1000000) "
                 "node.on('x', function() return {type=text} end)");
  init(&p);
  struct asker asker = {&p, COUNT, 0};
  assert_int_equal(pthread_create(&thread, NULL, ask_all, &asker), 0);
  (void)usleep(300000);
  assert_false(asker.is_done);
  for (int i = 2; i < COUNT; i++) {
    (void)snprintf(text, sizeof text, ":%d,\"type\":\"xxx", i);
    expect(&p, text);
  }
  assert_int_equal(pthread_join(thread, NULL), 0);
  stop(&p);
}

static void reading_and_writing_that_fail(void **state)
{
  (void)state;
  struct peer p;
  int folder = open(".", O_RDONLY), full = open("/dev/full", O_WRONLY);
  assert_true(folder >= 0);
  prepare(&p, ECHO, folder, -1);
  (void)run(&p);
  assert_int_equal(p.result, -1);
  assert_string_equal(p.error.text, "cannot read standard input: Is a directory");
  finish(&p);
  assert_int_equal(close(folder), 0);
  prepare(&p, ECHO, -1, -1);
  tell(&p, "x\n");
  failing_alloc_after(0);
  (void)run(&p);
  failing_alloc_off();
  assert_int_equal(p.result, -1);
  assert_string_equal(p.error.text, "out of memory for a line");
  finish(&p);
  if (full < 0)
    skip();
  prepare(&p, ECHO, -1, full);
  ask(&p, 1, "\"type\":\"init\",\"node_id\":\"n1\",\"node_ids\":[\"n1\"]");
  (void)run(&p);
  assert_int_equal(p.result, -1);
  assert_string_equal(p.error.text, "cannot write to standard output: No space left on device");
  finish(&p);
  assert_int_equal(close(full), 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(serves_until_the_input_ends),
    cmocka_unit_test(an_empty_input),
    cmocka_unit_test(a_last_line_needs_no_newline),
    cmocka_unit_test(a_line_too_long_is_refused_and_the_next_served),
    cmocka_unit_test(handlers_that_sleep_finish_after_the_end),
    cmocka_unit_test(requests_fail_at_the_end),
    cmocka_unit_test(the_drain_has_an_end),
    cmocka_unit_test(timers_run_without_input),
    cmocka_unit_test(a_handler_that_spins_does_not_keep_it_from_reading),
    cmocka_unit_test(a_reader_that_goes_away_ends_it_quietly),
    cmocka_unit_test(a_reader_that_goes_away_at_the_end),
    cmocka_unit_test(a_slow_reader_loses_nothing),
    cmocka_unit_test(pressure_reaches_whoever_writes),
    cmocka_unit_test(reading_and_writing_that_fail),
  };
  return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
