#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "failing_alloc.h"
#include "host/platform_posix.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ_END, WRITE_END };

/* A posix world between three pipes. */
struct pipes {
  struct posix p;
  struct platform platform;
  int in[2], out[2], diagnostics[2];
};

static void open_pipes(struct pipes *w)
{
  assert_int_equal(pipe(w->in), 0);
  assert_int_equal(pipe(w->out), 0);
  assert_int_equal(pipe(w->diagnostics), 0);
  posix_open(&w->p, w->in[READ_END], w->out[WRITE_END], w->diagnostics[WRITE_END], NULL);
  w->platform = posix_platform(&w->p);
}

static void shut(int *fd)
{
  if (*fd >= 0)
    assert_int_equal(close(*fd), 0);
  *fd = -1;
}

static void close_pipes(struct pipes *w)
{
  posix_close(&w->p);
  for (int i = 0; i < 2; i++) {
    shut(&w->in[i]);
    shut(&w->out[i]);
    shut(&w->diagnostics[i]);
  }
}

static int send_line(struct pipes *w, struct slice line)
{
  return w->platform.vtable->send(w->platform.ctx, SLICE("c1"), line);
}

/* What the other side reads next, of at most this many bytes. */
static void assert_read(int fd, const char *text)
{
  char buffer[256];
  ssize_t n = read(fd, buffer, sizeof buffer);
  assert_int_equal(n, strlen(text));
  assert_memory_equal(buffer, text, strlen(text));
}

static void clocks_and_randomness(void **state)
{
  (void)state;
  struct pipes w;
  open_pipes(&w);
  const struct platform_vtable *v = w.platform.vtable;
  int64_t last_us = 0;
  for (int i = 0; i < 1000; i++) {
    int64_t now_us = v->monotonic_us(w.platform.ctx);
    assert_true(now_us > 0 && now_us >= last_us);
    last_us = now_us;
  }
  assert_true(v->wall_us(w.platform.ctx) > INT64_C(1700000000000000)); /* in 2023 */
  uint64_t ones = 0, zeroes = 0;
  for (int i = 0; i < 64; i++) {
    uint64_t bits = v->random(w.platform.ctx);
    ones |= bits;
    zeroes |= ~bits;
  }
  assert_true(ones == UINT64_MAX && zeroes == UINT64_MAX);
  close_pipes(&w);
}

static void lines_go_out_when_they_are_flushed(void **state)
{
  (void)state;
  struct pipes w;
  struct error e;
  open_pipes(&w);
  assert_int_equal(posix_flush(&w.p, &e), POSIX_OK); /* of nothing */
  assert_int_equal(send_line(&w, SLICE("one\n")), 0);
  assert_int_equal(send_line(&w, SLICE("two\n")), 0);
  assert_int_equal(posix_pending(&w.p), 8);
  assert_int_equal(posix_wait(&w.p, POSIX_READABLE, 0), 0);
  assert_int_equal(posix_flush(&w.p, &e), POSIX_OK);
  assert_int_equal(posix_pending(&w.p), 0);
  assert_read(w.out[READ_END], "one\ntwo\n");
  close_pipes(&w);
}

static void a_full_pipe_keeps_the_rest(void **state)
{
  (void)state;
  enum { LINES = 100000, LENGTH = 20 };
  struct pipes w;
  struct error e;
  char line[LENGTH + 1], expected[LENGTH + 1];
  static char buffer[LENGTH * 1000];
  open_pipes(&w);
  for (int i = 0; i < LINES; i++) {
    (void)snprintf(line, sizeof line, "%019d\n", i);
    assert_int_equal(send_line(&w, (struct slice){line, LENGTH}), 0);
  }
  int next = 0;
  size_t have = 0;
  enum posix_result result;
  do {
    result = posix_flush(&w.p, &e);
    assert_true(result == POSIX_AGAIN || result == POSIX_OK);
    if (result == POSIX_AGAIN) /* nobody reads, so nobody can write */
      assert_int_equal(posix_wait(&w.p, POSIX_WRITABLE, 0), 0);
    ssize_t n = read(w.out[READ_END], buffer + have, sizeof buffer - have);
    assert_true(n > 0);
    have += (size_t)n;
    size_t at = 0;
    for (; have - at >= LENGTH; at += LENGTH, next++) {
      (void)snprintf(expected, sizeof expected, "%019d\n", next);
      assert_memory_equal(buffer + at, expected, LENGTH);
    }
    memmove(buffer, buffer + at, have - at);
    have -= at;
  } while (next < LINES);
  assert_int_equal(posix_flush(&w.p, &e), POSIX_OK);
  assert_true(w.p.output.capacity <= 1 << 20); /* and the memory goes back */
  close_pipes(&w);
}

/* As much comes as is read, for long, and there is always something left. */
static void what_a_slow_reader_has_read_needs_no_memory(void **state)
{
  (void)state;
  enum { START = 1 << 20, BLOCK = 1 << 12, BLOCKS = 10000 };
  struct pipes w;
  struct error e;
  static char start[START], block[BLOCK];
  open_pipes(&w);
  memset(start, 'x', sizeof start);
  assert_int_equal(send_line(&w, (struct slice){start, sizeof start}), 0);
  for (int i = 0; i < BLOCKS; i++) {
    memset(block, 'a' + i % 26, sizeof block);
    assert_int_equal(send_line(&w, (struct slice){block, sizeof block}), 0);
    assert_int_equal(posix_flush(&w.p, &e), POSIX_AGAIN);
    assert_int_equal(read(w.out[READ_END], block, sizeof block), BLOCK);
    char expected = (char)(i < START / BLOCK ? 'x' : 'a' + (i - START / BLOCK) % 26);
    assert_int_equal(block[0], expected);
    assert_int_equal(block[BLOCK - 1], expected);
  }
  assert_true(w.p.output.capacity <= 4 * START);
  close_pipes(&w);
}

static void a_reader_that_is_gone(void **state)
{
  (void)state;
  struct pipes w;
  struct error e;
  open_pipes(&w);
  assert_int_equal(send_line(&w, SLICE("one\n")), 0);
  shut(&w.out[READ_END]);
  assert_int_equal(posix_wait(&w.p, POSIX_WRITABLE, INT64_MAX), POSIX_WRITABLE);
  assert_int_equal(posix_flush(&w.p, &e), POSIX_END); /* and no signal */
  close_pipes(&w);
}

static void writing_that_fails(void **state)
{
  (void)state;
  struct posix p;
  struct error e;
  int full = open("/dev/full", O_WRONLY);
  if (full < 0)
    skip();
  posix_open(&p, STDIN_FILENO, full, STDERR_FILENO, NULL);
  struct platform platform = posix_platform(&p);
  assert_int_equal(platform.vtable->send(platform.ctx, SLICE("c1"), SLICE("one\n")), 0);
  assert_int_equal(posix_flush(&p, &e), POSIX_FAILED);
  assert_string_equal(e.text, "cannot write to standard output: No space left on device");
  posix_close(&p);
  shut(&full);
}

static void reads_into_lines(void **state)
{
  (void)state;
  struct pipes w;
  struct error e;
  struct lines l;
  struct slice line;
  open_pipes(&w);
  lines_init(&l, 100);
  assert_int_equal(posix_wait(&w.p, POSIX_READABLE, 0), 0);
  assert_int_equal(write(w.in[WRITE_END], "one\ntw", 6), 6);
  assert_int_equal(posix_wait(&w.p, POSIX_READABLE, INT64_MAX), POSIX_READABLE);
  assert_int_equal(posix_wait(&w.p, POSIX_READABLE | POSIX_WRITABLE, INT64_MAX),
                   POSIX_READABLE | POSIX_WRITABLE);
  assert_int_equal(posix_read(&w.p, &l, &e), POSIX_OK);
  assert_int_equal(lines_next(&l, &line), LINES_LINE);
  assert_true(slice_equal(line, SLICE("one")));
  assert_int_equal(lines_next(&l, &line), LINES_MORE);
  assert_int_equal(fcntl(w.in[READ_END], F_SETFL, O_NONBLOCK), 0);
  assert_int_equal(posix_read(&w.p, &l, &e), POSIX_AGAIN);
  shut(&w.in[WRITE_END]);
  assert_int_equal(posix_wait(&w.p, POSIX_READABLE, INT64_MAX), POSIX_READABLE);
  assert_int_equal(posix_read(&w.p, &l, &e), POSIX_END);
  assert_int_equal(lines_last(&l, &line), LINES_LINE);
  assert_true(slice_equal(line, SLICE("tw")));
  lines_free(&l);
  close_pipes(&w);
}

static void reading_that_fails(void **state)
{
  (void)state;
  struct posix p;
  struct error e;
  struct lines l;
  int folder = open(".", O_RDONLY);
  assert_true(folder >= 0);
  posix_open(&p, folder, STDOUT_FILENO, STDERR_FILENO, NULL);
  lines_init(&l, 100);
  assert_int_equal(posix_read(&p, &l, &e), POSIX_FAILED);
  assert_string_equal(e.text, "cannot read standard input: Is a directory");
  lines_free(&l);
  posix_close(&p);
  shut(&folder);
}

static void waits_no_longer_than_to_the_deadline(void **state)
{
  (void)state;
  struct pipes w;
  open_pipes(&w);
  const struct platform_vtable *v = w.platform.vtable;
  int64_t start_us = v->monotonic_us(w.platform.ctx);
  assert_int_equal(posix_wait(&w.p, POSIX_READABLE, start_us - 5000000), 0); /* in the past */
  assert_int_equal(posix_wait(&w.p, POSIX_READABLE, start_us + 20000), 0);
  assert_true(v->monotonic_us(w.platform.ctx) >= start_us + 20000);
  assert_int_equal(posix_wait(&w.p, 0, start_us + 30000), 0); /* for time alone */
  assert_true(v->monotonic_us(w.platform.ctx) >= start_us + 30000);
  close_pipes(&w);
}

static void diagnostics_are_written_at_once(void **state)
{
  (void)state;
  struct pipes w;
  open_pipes(&w);
  w.platform.vtable->log(w.platform.ctx, SLICE("one\ttwo"));
  assert_read(w.diagnostics[READ_END], "one\ttwo\n");
  shut(&w.diagnostics[READ_END]);
  w.platform.vtable->log(w.platform.ctx, SLICE("nobody reads this"));
  close_pipes(&w);
}

struct reader {
  pthread_t thread;
  int fd;
  size_t total;
  size_t wrong; /* bytes that are not those of the text */
};

static char text_at(size_t i)
{
  return (char)('a' + i % 23);
}

static void *drain(void *argument)
{
  struct reader *r = argument;
  char buffer[5000];
  ssize_t n;
  while ((n = read(r->fd, buffer, sizeof buffer)) > 0)
    for (ssize_t i = 0; i < n; i++, r->total++)
      r->wrong += buffer[i] != text_at(r->total);
  return NULL;
}

/* As when diagnostics and output are the same pipe. */
static void diagnostics_wait_for_a_slow_reader(void **state)
{
  (void)state;
  enum { LENGTH = 1 << 20 };
  struct pipes w;
  open_pipes(&w);
  struct reader reader = {.fd = w.diagnostics[READ_END]};
  char *text = calloc(LENGTH, 1);
  assert_non_null(text);
  for (size_t i = 0; i < LENGTH; i++)
    text[i] = text_at(i);
  assert_int_equal(fcntl(w.diagnostics[WRITE_END], F_SETFL, O_NONBLOCK), 0);
  assert_int_equal(pthread_create(&reader.thread, NULL, drain, &reader), 0);
  w.platform.vtable->log(w.platform.ctx, (struct slice){text, LENGTH});
  shut(&w.diagnostics[WRITE_END]);
  assert_int_equal(pthread_join(reader.thread, NULL), 0);
  assert_int_equal(reader.total, LENGTH + 1);
  assert_int_equal(reader.wrong, 1); /* the newline */
  free(text);
  close_pipes(&w);
}

static void the_flags_of_the_output_come_back(void **state)
{
  (void)state;
  struct pipes w;
  open_pipes(&w);
  assert_true(fcntl(w.out[WRITE_END], F_GETFL) & O_NONBLOCK);
  assert_false(fcntl(w.in[READ_END], F_GETFL) & O_NONBLOCK);
  assert_false(fcntl(w.diagnostics[WRITE_END], F_GETFL) & O_NONBLOCK);
  posix_close(&w.p);
  assert_false(fcntl(w.out[WRITE_END], F_GETFL) & O_NONBLOCK);
  /* One that was so before stays so. */
  assert_int_equal(fcntl(w.out[WRITE_END], F_SETFL, O_NONBLOCK), 0);
  posix_open(&w.p, w.in[READ_END], w.out[WRITE_END], w.diagnostics[WRITE_END], NULL);
  posix_close(&w.p);
  assert_true(fcntl(w.out[WRITE_END], F_GETFL) & O_NONBLOCK);
  close_pipes(&w);
  /* Only a pipe or socket is made so: not what other programs may have, too. */
  int null = open("/dev/null", O_WRONLY);
  posix_open(&w.p, STDIN_FILENO, null, STDERR_FILENO, NULL);
  assert_false(fcntl(null, F_GETFL) & O_NONBLOCK);
  posix_close(&w.p);
  shut(&null);
}

static void out_of_memory(void **state)
{
  (void)state;
  struct pipes w;
  struct error e;
  struct lines l;
  open_pipes(&w);
  lines_init(&l, 100);
  failing_alloc_after(0);
  int sent = send_line(&w, SLICE("one\n"));
  enum posix_result result = posix_read(&w.p, &l, &e);
  w.platform.vtable->log(w.platform.ctx, SLICE("lost")); /* this cannot be said */
  failing_alloc_off();
  assert_int_equal(sent, -1);
  assert_int_equal(posix_pending(&w.p), 0);
  assert_int_equal(result, POSIX_FAILED);
  assert_string_equal(e.text, "out of memory for a line");
  assert_int_equal(send_line(&w, SLICE("two\n")), 0);
  assert_int_equal(posix_flush(&w.p, &e), POSIX_OK);
  assert_read(w.out[READ_END], "two\n");
  lines_free(&l);
  close_pipes(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(clocks_and_randomness),
    cmocka_unit_test(lines_go_out_when_they_are_flushed),
    cmocka_unit_test(a_full_pipe_keeps_the_rest),
    cmocka_unit_test(what_a_slow_reader_has_read_needs_no_memory),
    cmocka_unit_test(a_reader_that_is_gone),
    cmocka_unit_test(writing_that_fails),
    cmocka_unit_test(reads_into_lines),
    cmocka_unit_test(reading_that_fails),
    cmocka_unit_test(waits_no_longer_than_to_the_deadline),
    cmocka_unit_test(diagnostics_are_written_at_once),
    cmocka_unit_test(diagnostics_wait_for_a_slow_reader),
    cmocka_unit_test(the_flags_of_the_output_come_back),
    cmocka_unit_test(out_of_memory),
  };
  return cmocka_run_group_tests_name("platform_posix", tests, NULL, NULL);
}
