/* What of a child process is left when the operating system refuses a call that starts it, talks to
 * it or ends it: no child, no descriptor, no lost byte. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "failing_alloc.h"
#include "failing_calls.h"
#include "sim/process.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE_MS = 10000 };

static int count_descriptors(void)
{
  DIR *folder = opendir("/proc/self/fd");
  int count = 0;
  assert_non_null(folder);
  while (readdir(folder) != NULL) // NOLINT(concurrency-mt-unsafe)
    count++;
  assert_int_equal(closedir(folder), 0);
  return count;
}

static void assert_no_child(void)
{
  assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
  assert_int_equal(errno, ECHILD);
}

static int start_cat(struct process *p, struct error *e)
{
  char cat[] = "cat";
  char *const words[] = {cat, NULL};
  return process_start(p, words, e);
}

/* Sends a line through the child, and takes it back, byte for byte. Returns 0, or -1 when the
 * child's input or output was given up. */
static int through_cat(struct process *p, const char *text)
{
  struct slice line;
  assert_int_equal(process_feed(p, slice_of(text)), 0);
  while (lines_next(&p->lines[PROCESS_OUT], &line) == LINES_MORE) {
    struct pollfd look = {.fd = p->from[PROCESS_OUT], .events = POLLIN};
    if (process_flush(p) != 0)
      return -1;
    if (process_backlog(p) == 0 && poll(&look, 1, PATIENCE_MS) <= 0)
      continue; /* interrupted */
    if (process_read(p, PROCESS_OUT) < 0)
      return -1;
  }
  assert_true(slice_equal(line, slice_of(text)));
  return 0;
}

static void a_start_that_is_refused_leaves_nothing(void **state)
{
  (void)state;
  static const struct {
    enum failing_call call;
    int error, calls;
    const char *text;
  } cases[] = {
    {CALL_PIPE, EMFILE, 4, "cat could not be started: Too many open files"},
    {CALL_FCNTL, EINVAL, 6, "cat could not be started: Invalid argument"},
    {CALL_FORK, EAGAIN, 1, "cat could not be started: Resource temporarily unavailable"},
  };
  int descriptors = count_descriptors();
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct process p;
    struct error e;
    int result = -1;
    for (long n = 0; result != 0; n++) {
      e.text[0] = '\0';
      failing_calls_set(cases[i].call, n, cases[i].error);
      result = start_cat(&p, &e);
      (void)failing_calls_off();
      assert_int_equal(result, n < cases[i].calls ? -1 : 0);
      if (result == 0)
        break;
      assert_string_equal(e.text, cases[i].text);
      assert_int_equal(p.pid, 0);
      assert_int_equal(process_flush(&p), 0);
      assert_int_equal(process_read(&p, PROCESS_OUT), -1);
      process_kill(&p); /* allowed */
      assert_no_child();
      assert_int_equal(count_descriptors(), descriptors);
    }
    assert_int_equal(through_cat(&p, "hello"), 0);
    process_kill(&p);
    assert_no_child();
    assert_int_equal(count_descriptors(), descriptors);
  }
}

static void an_interruption_is_no_start(void **state)
{
  (void)state;
  char none[] = "./no-such-program";
  char *const words[] = {none, NULL};
  struct process p;
  struct error e;
  failing_calls_set(CALL_READ, 0, EINTR); /* while it waits for the program */
  assert_int_equal(process_start(&p, words, &e), -1);
  assert_int_equal(failing_calls_off(), 1);
  assert_string_equal(e.text, "./no-such-program could not be started: No such file or directory");
  assert_no_child();
}

static void talking_goes_on_after_an_interruption(void **state)
{
  (void)state;
  static const struct {
    enum failing_call call;
    int error;
  } cases[] = {{CALL_READ, EINTR}, {CALL_READ, EAGAIN}, {CALL_WRITE, EINTR}, {CALL_WRITE, EAGAIN}};
  struct process p;
  assert_int_equal(start_cat(&p, NULL), 0);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    for (size_t bytes = 1; bytes < 40; bytes += 6) {
      long faults;
      long n = 0;
      do {
        failing_calls_shorten(bytes);
        failing_calls_set(cases[i].call, n++, cases[i].error);
        assert_int_equal(through_cat(&p, "a line that comes in pieces"), 0);
        faults = failing_calls_off();
      } while (n < 12 && faults > 0);
      assert_int_equal(process_backlog(&p), 0);
    }
  }
  process_kill(&p);
  assert_no_child();
}

static void a_pipe_that_breaks_is_closed(void **state)
{
  (void)state;
  struct process p;
  assert_int_equal(start_cat(&p, NULL), 0);
  assert_int_equal(through_cat(&p, "one"), 0);
  failing_calls_set(CALL_READ, 0, EIO);
  assert_int_equal(process_read(&p, PROCESS_OUT), -1);
  assert_int_equal(failing_calls_off(), 1);
  assert_int_equal(p.from[PROCESS_OUT], -1);
  failing_calls_set(CALL_WRITE, 0, EPIPE);
  assert_int_equal(process_feed(&p, SLICE("two")), 0);
  assert_int_equal(process_flush(&p), -1);
  assert_int_equal(failing_calls_off(), 1);
  assert_int_equal(p.in, -1);
  assert_int_equal(process_flush(&p), 0); /* there is nothing to write to */
  process_kill(&p);
  assert_no_child();
}

static void a_kill_waits_through_interruptions(void **state)
{
  (void)state;
  struct process p;
  assert_int_equal(start_cat(&p, NULL), 0);
  failing_calls_set(CALL_WAIT, 0, EINTR);
  process_kill(&p);
  assert_int_equal(failing_calls_off(), 1);
  assert_no_child();
}

/* To have no memory for what it says is not the end of what it says. */
static void out_of_memory_is_no_end_of_a_stream(void **state)
{
  (void)state;
  struct process p;
  assert_int_equal(start_cat(&p, NULL), 0);
  assert_int_equal(process_feed(&p, SLICE("one")), 0);
  assert_int_equal(process_flush(&p), 0);
  struct pollfd look = {.fd = p.from[PROCESS_OUT], .events = POLLIN};
  assert_int_equal(poll(&look, 1, PATIENCE_MS), 1);
  failing_alloc_after(0);
  int result = process_read(&p, PROCESS_OUT);
  failing_alloc_off();
  assert_int_equal(result, PROCESS_NO_MEMORY);
  assert_true(p.from[PROCESS_OUT] >= 0);
  struct slice line;
  assert_int_equal(process_read(&p, PROCESS_OUT), 1);
  assert_int_equal(lines_next(&p.lines[PROCESS_OUT], &line), LINES_LINE);
  assert_true(slice_equal(line, SLICE("one")));
  assert_int_equal(through_cat(&p, "two"), 0);
  process_kill(&p);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_start_that_is_refused_leaves_nothing),
    cmocka_unit_test(an_interruption_is_no_start),
    cmocka_unit_test(talking_goes_on_after_an_interruption),
    cmocka_unit_test(a_pipe_that_breaks_is_closed),
    cmocka_unit_test(a_kill_waits_through_interruptions),
    cmocka_unit_test(out_of_memory_is_no_end_of_a_stream),
  };
  return cmocka_run_group_tests_name("process_faults", tests, NULL, NULL);
}
