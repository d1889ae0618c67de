/* A node on real pipes while the operating system interrupts its calls, does them by halves, or
 * refuses them: nothing is lost and nothing comes twice, or the end is told. One thread: all input
 * is there before the loop begins, and all output is in the pipe when it ends. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "bind/bind.h"
#include "failing_calls.h"
#include "host/loop.h"
#include "temp_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { READ_END, WRITE_END, COUNT = 12 };

static const char script[] =
  "local node = require 'hearsay' "
  "node.on('echo', function(msg) return {type='echo_ok', n=msg.body.n} end) "
  "node.on('late', function(msg) node.sleep(0.001) node.log('late') "
  "return {type='late_ok', n=msg.body.n} end)";

struct run {
  int result;
  struct error error;
  long faults;              /* that there were */
  int replies[COUNT + 1];   /* to each msg_id; the init has 1 */
  struct bytes output, log; /* of the node */
};

static void run_free(struct run *r)
{
  bytes_free(&r->output);
  bytes_free(&r->log);
}

/* The COUNT messages. */
static void write_input(int fd)
{
  char text[4096];
  size_t length = 0;
  for (int i = 1; i <= COUNT; i++) {
    const char *body = i == 1       ? "init\",\"node_id\":\"n1\",\"node_ids\":[\"n1\"],\"n\":\""
                       : i % 3 == 0 ? "late\",\"n\":\""
                                    : "echo\",\"n\":\"";
    length += (size_t)snprintf(
      text + length, sizeof text - length,
      "{\"src\":\"c1\",\"dest\":\"n1\",\"body\":{\"msg_id\":%d,\"type\":\"%s%050d\"}}\n", i, body,
      i);
  }
  assert_true(length < sizeof text);
  assert_int_equal(write(fd, text, length), length);
}

/* All that comes from a pipe whose write end is closed. */
static void drain(int fd, struct bytes *into)
{
  ssize_t n;
  do {
    assert_int_equal(bytes_reserve(into, 65536), 0);
    n = read(fd, into->data + into->length, 65536);
    assert_true(n >= 0);
    into->length += (size_t)n;
  } while (n > 0);
}

/* Counts the replies. Every line is whole, but the last where `is_cut`. */
static void count_replies(struct run *r, int is_cut)
{
  const char *at = r->output.data, *end = at + r->output.length, *newline;
  for (; at < end && (newline = memchr(at, '\n', (size_t)(end - at))) != NULL; at = newline + 1) {
    static const char start[] = "{\"src\":\"n1\",\"dest\":\"c1\",\"body\":{\"in_reply_to\":%d,";
    char line[512];
    int id = 0;
    assert_in_range(newline - at, 1, (long)sizeof line - 1);
    memcpy(line, at, (size_t)(newline - at));
    line[newline - at] = '\0';
    assert_int_equal(sscanf(line, start, &id), 1); // NOLINT(cert-err34-c)
    assert_in_range(id, 1, COUNT);
    assert_string_equal(line + strlen(line) - 2, "}}");
    assert_null(strstr(line, "error"));
    r->replies[id]++;
  }
  assert_true(at == end || is_cut);
}

/* Runs the loop with the faults that are set by `set`, from the beginning to the end of input. */
static void run(struct run *r, void (*set)(long n, int error), long n, int error)
{
  struct posix world;
  struct temp_file file;
  struct state_options options = {.open_modules = bind_node_modules, .root = "."};
  struct loop_options loop = {.max_line_bytes = 64 << 20, .drain_us = 10000000};
  int in[2], out[2], diagnostics[2];
  *r = (struct run){0};
  assert_int_equal(pipe(in) | pipe(out) | pipe(diagnostics), 0);
  write_input(in[WRITE_END]);
  assert_int_equal(close(in[WRITE_END]), 0);
  temp_file_script(&file, script);
  posix_open(&world, in[READ_END], out[WRITE_END], diagnostics[WRITE_END], NULL);
  struct platform platform = posix_platform(&world);
  struct node *node = node_new(&platform, &options, &r->error);
  assert_non_null(node);
  assert_int_equal(node_load(node, file.path, 0, NULL, &r->error), 0);
  temp_file_remove(&file);
  set(n, error);
  r->result = loop_run(node, &world, &loop, &r->error);
  r->faults = failing_calls_off();
  node_free(node);
  posix_close(&world);
  assert_int_equal(close(out[WRITE_END]) | close(diagnostics[WRITE_END]), 0);
  drain(out[READ_END], &r->output);
  drain(diagnostics[READ_END], &r->log);
  assert_int_equal(close(in[READ_END]) | close(out[READ_END]) | close(diagnostics[READ_END]), 0);
}

/* The run has answered everything once and logged everything. */
static void assert_all_answered(struct run *r)
{
  if (r->result != 0)
    fail_msg("%s", r->error.text);
  count_replies(r, 0);
  for (int i = 1; i <= COUNT; i++)
    assert_int_equal(r->replies[i], 1);
  int lines = 0;
  for (size_t i = 0; i < r->log.length; i++)
    lines += r->log.data[i] == '\n';
  assert_int_equal(lines, COUNT / 3);
}

static void set_read(long n, int error)
{
  failing_calls_set(CALL_READ, n, error);
}

static void set_write(long n, int error)
{
  failing_calls_set(CALL_WRITE, n, error);
}

static void set_poll(long n, int error)
{
  failing_calls_set(CALL_POLL, n, error);
}

static void set_short(long n, int error)
{
  (void)error;
  failing_calls_shorten((size_t)n);
}

static void set_nothing(long n, int error)
{
  (void)n;
  (void)error;
}

/* All together, all the time: short, and each call fails every now and then. */
static void set_all(long n, int error)
{
  (void)error;
  failing_calls_shorten(7);
  failing_calls_set(CALL_READ, n, EINTR);
  failing_calls_set(CALL_WRITE, n, EAGAIN);
  failing_calls_set(CALL_POLL, n, EINTR);
}

static void nothing_is_lost_by_an_interruption(void **state)
{
  (void)state;
  static const struct {
    void (*set)(long n, int error);
    int error;
    long least; /* of calls that can fail */
  } cases[] = {
    {set_read, EINTR, 2},   {set_read, EAGAIN, 2}, {set_write, EINTR, 5},
    {set_write, EAGAIN, 5}, {set_poll, EINTR, 2},  {set_poll, ENOMEM, 2},
  };
  struct run r;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    for (long n = 0;; n++) {
      run(&r, cases[i].set, n, cases[i].error);
      assert_all_answered(&r);
      run_free(&r);
      if (r.faults == 0) {
        assert_true(n >= cases[i].least);
        break;
      }
    }
  }
}

static void nothing_is_lost_by_halves(void **state)
{
  (void)state;
  struct run r;
  for (long bytes = 1; bytes < 200; bytes = bytes * 3 / 2 + 1) {
    run(&r, set_short, bytes, 0);
    assert_true(r.faults > 1000 / bytes);
    assert_all_answered(&r);
    run_free(&r);
  }
  for (long n = 0; n < 150; n++) {
    run(&r, set_all, n, 0);
    assert_all_answered(&r);
    run_free(&r);
  }
}

static void what_cannot_go_on_is_told(void **state)
{
  (void)state;
  static const struct {
    void (*set)(long n, int error);
    int error, result;
    const char *text;
  } cases[] = {
    {set_read, EIO, -1, "cannot read standard input: Input/output error"},
    {set_write, EIO, -1, "cannot write to standard output: Input/output error"},
    {set_write, EPIPE, 0, ""},
    {set_write, ECONNRESET, 0, ""},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    int ended_early = 0;
    struct run r;
    for (long n = 0;; n++) {
      run(&r, cases[i].set, n, cases[i].error);
      count_replies(&r, 1);
      for (int k = 1; k <= COUNT; k++)
        assert_in_range(r.replies[k], 0, 1);
      if (r.result != 0)
        assert_string_equal(r.error.text, cases[i].text);
      ended_early += r.result == cases[i].result && r.replies[COUNT] == 0;
      run_free(&r);
      if (r.faults == 0)
        break;
    }
    assert_int_equal(r.result, 0);
    assert_true(ended_early > 0);
  }
}

/* Diagnostics that nobody takes are given up, and the node goes on. */
static void diagnostics_that_cannot_be_written(void **state)
{
  (void)state;
  struct posix world;
  int ends[2];
  struct bytes got = {0};
  assert_int_equal(pipe(ends), 0);
  posix_open(&world, STDIN_FILENO, STDOUT_FILENO, ends[WRITE_END], NULL);
  struct platform p = posix_platform(&world);
  failing_calls_set_all(CALL_WRITE, 0, EAGAIN);
  failing_calls_set_all(CALL_POLL, 0, EINTR); /* as at the end of a wait in vain */
  p.vtable->log(p.ctx, SLICE("lost"));
  assert_int_equal(failing_calls_off(), 2);
  failing_calls_set_all(CALL_WRITE, 0, EIO);
  p.vtable->log(p.ctx, SLICE("lost"));
  assert_int_equal(failing_calls_off(), 1);
  failing_calls_set(CALL_WRITE, 1, EINTR);
  failing_calls_shorten(3);
  p.vtable->log(p.ctx, SLICE("not lost"));
  assert_true(failing_calls_off() > 2);
  posix_close(&world);
  assert_int_equal(close(ends[WRITE_END]), 0);
  drain(ends[READ_END], &got);
  assert_true(slice_equal(bytes_slice(&got), SLICE("not lost\n")));
  assert_int_equal(close(ends[READ_END]), 0);
  bytes_free(&got);
}

static void randomness_comes_after_an_interruption(void **state)
{
  (void)state;
  const struct platform p = posix_platform(NULL);
  uint64_t ones = 0;
  for (int i = 0; i < 8; i++) {
    failing_calls_set(CALL_RANDOM, 0, EINTR);
    ones |= p.vtable->random(p.ctx);
    assert_int_equal(failing_calls_off(), 1);
  }
  assert_true(ones != 0);
}

static void without_faults(void **state)
{
  (void)state;
  struct run r;
  run(&r, set_nothing, 0, 0);
  assert_int_equal(r.faults, 0);
  assert_all_answered(&r);
  run_free(&r);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(without_faults),
    cmocka_unit_test(nothing_is_lost_by_an_interruption),
    cmocka_unit_test(nothing_is_lost_by_halves),
    cmocka_unit_test(what_cannot_go_on_is_told),
    cmocka_unit_test(diagnostics_that_cannot_be_written),
    cmocka_unit_test(randomness_comes_after_an_interruption),
  };
  return cmocka_run_group_tests_name("loop_faults", tests, NULL, NULL);
}
