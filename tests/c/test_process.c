#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "failing_alloc.h"
#include "sim/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE_MS = 10000, MOMENT_MS = 50 };

/* Whether there is something to read, or an end, within this time. */
static int is_readable(int fd, int timeout_ms)
{
  struct pollfd look = {.fd = fd, .events = POLLIN};
  return poll(&look, 1, timeout_ms) > 0;
}

static void start(struct process *p, const char *a, const char *b, const char *c)
{
  struct error e = {""};
  char words[3][200] = {""};
  char *list[4] = {NULL};
  const char *const given[] = {a, b, c};
  for (int i = 0; i < 3 && given[i] != NULL; i++) {
    list[i] = words[i];
    assert_true(strlen(given[i]) < sizeof words[i]);
    memcpy(words[i], given[i], strlen(given[i]) + 1);
  }
  assert_int_equal(process_start(p, list, &e), 0);
  assert_true(p->pid > 0);
}

static void start_shell(struct process *p, const char *script)
{
  start(p, "sh", "-c", script);
}

static void feed(struct process *p, const char *line)
{
  assert_int_equal(process_feed(p, slice_of(line)), 0);
  assert_int_equal(process_flush(p), 0);
}

/* Waits for a line of a stream. */
static struct slice wait_line(struct process *p, enum process_stream stream)
{
  struct slice line;
  enum lines_result result;
  while ((result = lines_next(&p->lines[stream], &line)) == LINES_MORE) {
    assert_true(p->from[stream] >= 0);
    assert_true(is_readable(p->from[stream], PATIENCE_MS));
    (void)process_read(p, stream);
  }
  assert_int_equal(result, LINES_LINE);
  return line;
}

static void expect(struct process *p, enum process_stream stream, const char *text)
{
  struct slice line = wait_line(p, stream);
  assert_int_equal(line.length, strlen(text));
  assert_memory_equal(line.data, text, line.length);
}

/* Waits until a stream ends; nothing more may come from it but an unfinished line. */
static void expect_end(struct process *p, enum process_stream stream, const char *last)
{
  struct slice line;
  int more = 0;
  while (more >= 0) {
    assert_true(is_readable(p->from[stream], PATIENCE_MS));
    more = process_read(p, stream);
  }
  assert_int_equal(process_read(p, stream), -1); /* and stays ended */
  assert_int_equal(lines_next(&p->lines[stream], &line), LINES_MORE);
  assert_int_equal(lines_last(&p->lines[stream], &line), *last ? LINES_LINE : LINES_MORE);
  if (*last)
    assert_true(slice_equal(line, slice_of(last)));
}

static void assert_ended(struct process *p, const char *expected)
{
  struct error how = {""};
  assert_int_equal(process_ended(p, &how), 0);
  assert_string_equal(how.text, expected);
  assert_int_equal(p->pid, 0);
}

static int is_open(int fd)
{
  return fcntl(fd, F_GETFD) >= 0;
}

/* A pipe whose write end is inherited: it ends when all are gone who could hold it. */
struct witness {
  int ends[2];
};

static void witness_open(struct witness *w)
{
  assert_int_equal(pipe(w->ends), 0);
}

static void witness_began(struct witness *w)
{
  assert_int_equal(close(w->ends[1]), 0);
}

static void assert_all_gone(struct witness *w)
{
  char byte;
  assert_true(is_readable(w->ends[0], PATIENCE_MS));
  assert_int_equal(read(w->ends[0], &byte, 1), 0);
  assert_int_equal(close(w->ends[0]), 0);
}

/* --- talking ------------------------------------------------------------ */

static void lines_come_back_from_cat(void **state)
{
  (void)state;
  struct process p;
  start(&p, "/bin/cat", NULL, NULL);
  assert_int_equal(process_read(&p, PROCESS_OUT), 0); /* nothing now */
  feed(&p, "one");
  expect(&p, PROCESS_OUT, "one");
  feed(&p, "");
  feed(&p, "two words");
  expect(&p, PROCESS_OUT, "");
  expect(&p, PROCESS_OUT, "two words");
  assert_int_equal(process_backlog(&p), 0);
  assert_int_equal(process_ended(&p, NULL), -1);
  process_kill(&p);
}

static void output_and_diagnostics_are_apart(void **state)
{
  (void)state;
  struct process p;
  start_shell(&p, "echo out; echo err >&2; printf unfinished; printf words >&2");
  expect(&p, PROCESS_ERR, "err");
  expect(&p, PROCESS_OUT, "out");
  expect_end(&p, PROCESS_OUT, "unfinished");
  expect_end(&p, PROCESS_ERR, "words");
  assert_ended(&p, "exited with status 0");
  process_kill(&p);
}

static void words_are_handed_over_as_they_are(void **state)
{
  (void)state;
  struct process p;
  start(&p, "printf", "%s\n", "a  b'\"$HOME*");
  expect(&p, PROCESS_OUT, "a  b'\"$HOME*");
  process_kill(&p);
}

static void reading_and_flushing_go_on_in_pieces(void **state)
{
  (void)state;
  enum { LINES = 2000, LENGTH = 1000 };
  struct process p;
  char line[LENGTH + 1];
  start(&p, "cat", NULL, NULL);
  for (int i = 0; i < LINES; i++) {
    memset(line, 'a' + i % 26, LENGTH);
    assert_int_equal(process_feed(&p, (struct slice){line, LENGTH}), 0);
  }
  assert_int_equal(process_backlog(&p), LINES * (LENGTH + 1));
  int taken = 0;
  while (taken < LINES) {
    struct slice got;
    assert_int_equal(process_flush(&p), 0);
    assert_true(is_readable(p.from[PROCESS_OUT], PATIENCE_MS));
    assert_int_equal(process_read(&p, PROCESS_OUT), 1);
    for (; lines_next(&p.lines[PROCESS_OUT], &got) == LINES_LINE; taken++) {
      memset(line, 'a' + taken % 26, LENGTH);
      assert_int_equal(got.length, LENGTH);
      assert_memory_equal(got.data, line, LENGTH);
    }
  }
  assert_int_equal(process_backlog(&p), 0);
  process_kill(&p);
}

/* --- not reading -------------------------------------------------------- */

static void what_is_not_read_waits(void **state)
{
  (void)state;
  enum { LENGTH = 1 << 20 };
  struct process p;
  char *line = malloc(LENGTH);
  assert_non_null(line);
  memset(line, 'x', LENGTH);
  start(&p, "sleep", "100", NULL);
  assert_int_equal(process_feed(&p, (struct slice){line, LENGTH}), 0);
  assert_int_equal(process_flush(&p), 0);
  size_t backlog = process_backlog(&p); /* all but what a pipe holds */
  assert_true(backlog > 0 && backlog < LENGTH);
  assert_int_equal(process_flush(&p), 0);
  assert_int_equal(process_backlog(&p), backlog);
  assert_int_equal(process_feed(&p, SLICE("y")), 0);
  assert_int_equal(process_backlog(&p), backlog + 2);
  process_kill(&p);
  assert_int_equal(process_backlog(&p), 0);
  free(line);
}

static void an_input_that_was_closed_is_told(void **state)
{
  (void)state;
  struct process p;
  start_shell(&p, "exec <&-; echo closed; exec sleep 100");
  expect(&p, PROCESS_OUT, "closed");
  assert_int_equal(process_feed(&p, SLICE("x")), 0);
  assert_int_equal(process_flush(&p), -1); /* and no SIGPIPE ends us */
  assert_int_equal(p.in, -1);
  process_kill(&p);
}

static void a_line_is_fed_whole_or_not_at_all(void **state)
{
  (void)state;
  struct process p;
  start(&p, "cat", NULL, NULL);
  assert_int_equal(process_feed(&p, SLICE("a")), 0);
  size_t room = p.input.capacity - p.input.length;
  char *line = calloc(room, 1); /* there is room for it, and none for its newline */
  assert_non_null(line);
  failing_alloc_after(0);
  int result = process_feed(&p, (struct slice){line, room});
  failing_alloc_off();
  assert_int_equal(result, -1);
  assert_int_equal(process_backlog(&p), 2);
  feed(&p, "b");
  expect(&p, PROCESS_OUT, "a");
  expect(&p, PROCESS_OUT, "b");
  process_kill(&p);
  free(line);
}

/* --- the end ------------------------------------------------------------ */

static void its_end_is_told_in_words(void **state)
{
  (void)state;
  static const struct {
    const char *script, *expected;
  } cases[] = {
    {"exit 0", "exited with status 0"},
    {"exit 3", "exited with status 3"},
    {"kill -KILL $$", "was killed by signal 9 (Killed)"},
    {"kill -TERM $$", "was killed by signal 15 (Terminated)"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct process p;
    start_shell(&p, cases[i].script);
    expect_end(&p, PROCESS_OUT, "");
    assert_ended(&p, cases[i].expected); /* though it may just be about to end */
    assert_int_equal(process_ended(&p, NULL), -1);
    process_kill(&p);
  }
}

static void one_that_closes_its_output_may_still_run(void **state)
{
  (void)state;
  struct process p;
  start_shell(&p, "exec >&-; exec sleep 100");
  expect_end(&p, PROCESS_OUT, "");
  assert_int_equal(process_ended(&p, NULL), -1);
  assert_true(p.pid > 0);
  process_kill(&p);
}

static void a_program_that_does_not_exist(void **state)
{
  (void)state;
  static const char *const cases[][2] = {
    {"./no-such-program", "./no-such-program could not be started: No such file or directory"},
    {"no-such-program", "no-such-program could not be started: No such file or directory"},
    {"/", "/ could not be started: Permission denied"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct process p;
    struct error e = {""};
    char name[32] = {""};
    char *const words[] = {name, NULL};
    memcpy(name, cases[i][0], strlen(cases[i][0]) + 1);
    assert_int_equal(process_start(&p, words, &e), -1);
    assert_string_equal(e.text, cases[i][1]);
    assert_int_equal(p.pid, 0);
    assert_int_equal(p.in, -1);
    assert_int_equal(p.from[PROCESS_OUT], -1);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child is left */
  }
}

static void a_kill_closes_and_frees_everything(void **state)
{
  (void)state;
  struct process p;
  start(&p, "cat", NULL, NULL);
  feed(&p, "x");
  pid_t pid = p.pid;
  int fds[] = {p.in, p.from[PROCESS_OUT], p.from[PROCESS_ERR]};
  for (size_t i = 0; i < 3; i++)
    assert_true(is_open(fds[i]));
  process_kill(&p);
  for (size_t i = 0; i < 3; i++)
    assert_false(is_open(fds[i]));
  assert_int_equal(p.pid, 0);
  assert_int_equal(waitpid(pid, NULL, WNOHANG), -1); /* it was waited for */
  assert_int_equal(errno, ECHILD);
  process_kill(&p); /* allowed */
  process_pause(&p, 1);
}

static void a_kill_reaches_grandchildren(void **state)
{
  (void)state;
  struct process p;
  struct witness w;
  witness_open(&w);
  start_shell(&p, "(sleep 100 & sleep 100) & echo begun; wait");
  witness_began(&w);
  expect(&p, PROCESS_OUT, "begun");
  process_kill(&p);
  assert_all_gone(&w);
}

static void a_kill_reaches_what_is_paused(void **state)
{
  (void)state;
  struct process p;
  struct witness w;
  witness_open(&w);
  start_shell(&p, "echo begun; sleep 100; true");
  witness_began(&w);
  expect(&p, PROCESS_OUT, "begun");
  process_pause(&p, 1);
  process_kill(&p);
  assert_all_gone(&w);
}

static void one_that_ends_leaves_no_grandchildren(void **state)
{
  (void)state;
  struct process p;
  struct witness w;
  witness_open(&w);
  start_shell(&p, "sleep 100 >/dev/null 2>&1 & exit 4");
  witness_began(&w);
  expect_end(&p, PROCESS_OUT, "");
  assert_ended(&p, "exited with status 4");
  process_kill(&p);
  assert_all_gone(&w);
}

/* In a process that is then killed, and so cannot clean up. */
static void begin_and_be_killed(void)
{
  struct process p;
  char *words[] = {(char[]){"sh"}, (char[]){"-c"}, (char[]){"echo begun; exec sleep 100"}, NULL};
  if (process_start(&p, words, NULL) == 0 && is_readable(p.from[PROCESS_OUT], PATIENCE_MS))
    (void)raise(SIGKILL);
  _exit(1);
}

static void it_dies_with_who_started_it(void **state)
{
  (void)state;
  struct witness w;
  int status;
  witness_open(&w);
  pid_t pid = fork();
  if (pid == 0)
    begin_and_be_killed();
  assert_true(pid > 0);
  witness_began(&w);
  assert_int_equal(waitpid(pid, &status, 0), pid);
  assert_true(WIFSIGNALED(status));
  assert_all_gone(&w);
}

/* --- pauses ------------------------------------------------------------- */

static void paused_it_does_nothing_and_then_goes_on(void **state)
{
  (void)state;
  struct process p;
  start(&p, "cat", NULL, NULL);
  feed(&p, "before");
  expect(&p, PROCESS_OUT, "before");
  process_pause(&p, 1);
  feed(&p, "meanwhile");
  assert_false(is_readable(p.from[PROCESS_OUT], MOMENT_MS));
  assert_int_equal(process_ended(&p, NULL), -1); /* to be stopped is no end */
  process_pause(&p, 0);
  expect(&p, PROCESS_OUT, "meanwhile");
  process_kill(&p);
}

/* It has a process group from the first moment: a pause may come before it is the program. */
static void it_can_be_paused_at_once(void **state)
{
  (void)state;
  for (int i = 0; i < 20; i++) {
    struct process p;
    start(&p, "echo", "x", NULL);
    assert_int_equal(getpgid(p.pid), p.pid);
    process_pause(&p, 1);
    process_pause(&p, 0);
    expect(&p, PROCESS_OUT, "x");
    process_kill(&p);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(lines_come_back_from_cat),
    cmocka_unit_test(output_and_diagnostics_are_apart),
    cmocka_unit_test(words_are_handed_over_as_they_are),
    cmocka_unit_test(reading_and_flushing_go_on_in_pieces),
    cmocka_unit_test(what_is_not_read_waits),
    cmocka_unit_test(an_input_that_was_closed_is_told),
    cmocka_unit_test(a_line_is_fed_whole_or_not_at_all),
    cmocka_unit_test(its_end_is_told_in_words),
    cmocka_unit_test(one_that_closes_its_output_may_still_run),
    cmocka_unit_test(a_program_that_does_not_exist),
    cmocka_unit_test(a_kill_closes_and_frees_everything),
    cmocka_unit_test(a_kill_reaches_grandchildren),
    cmocka_unit_test(a_kill_reaches_what_is_paused),
    cmocka_unit_test(one_that_ends_leaves_no_grandchildren),
    cmocka_unit_test(it_dies_with_who_started_it),
    cmocka_unit_test(paused_it_does_nothing_and_then_goes_on),
    cmocka_unit_test(it_can_be_paused_at_once),
  };
  return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
