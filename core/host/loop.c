/* A turn: wait, read what is there, hand over each complete line, run what is due, and
 * write all that this produced at once. One thread: a reader thread of its own has cost
 * throughput wherever it was measured, and one loop needs no locks.
 *
 * While the reader of our output is slow, output collects in memory; from OUTPUT_HIGH on
 * no more is read, so that the pressure reaches whoever writes to us. */
#include "host/loop.h"

enum { OUTPUT_HIGH = 64 << 20 };

struct feed {
  struct lines *lines;
  struct trace *trace;   /* or NULL */
  struct slice too_long; /* the beginning of a line, when data is not NULL */
};

static int next_line(void *ctx, struct slice *line)
{
  struct feed *f = ctx;
  enum lines_result result = lines_next(f->lines, line);
  if (result == LINES_TOO_LONG)
    f->too_long = *line;
  return result == LINES_LINE;
}

static int next_traced(void *ctx, struct slice *line)
{
  struct feed *f = ctx;
  int is_line = next_line(ctx, line);
  if (is_line || f->too_long.data != NULL)
    trace_received(f->trace, *line);
  return is_line;
}

/* Hands all complete lines to the node. */
static void feed(struct node *n, struct feed *f)
{
  do {
    f->too_long.data = NULL;
    node_receive_all(n, f->trace == NULL ? next_line : next_traced, f);
    if (f->too_long.data != NULL)
      node_refuse_long_line(n, f->too_long, f->lines->limit_bytes);
  } while (f->too_long.data != NULL);
}

/* And what is there behind the last newline, when no more comes. */
static void feed_last(struct node *n, struct feed *f)
{
  struct slice line;
  if (lines_last(f->lines, &line) != LINES_LINE)
    return;
  if (f->trace != NULL)
    trace_received(f->trace, line);
  node_receive(n, line);
}

/* Waits and moves bytes once. POSIX_END: the reader of our output has gone away. */
static enum posix_result turn(struct node *n, struct posix *p, struct feed *f, int *input_open,
                              int64_t deadline_us, struct error *e)
{
  int want = 0;
  if (*input_open && posix_pending(p) < OUTPUT_HIGH)
    want |= POSIX_READABLE;
  if (posix_pending(p) > 0)
    want |= POSIX_WRITABLE;
  if (posix_wait(p, want, deadline_us) & POSIX_READABLE) {
    enum posix_result result = posix_read(p, f->lines, e);
    if (result == POSIX_FAILED)
      return result;
    feed(n, f);
    if (result == POSIX_END) {
      feed_last(n, f);
      *input_open = 0;
    }
  }
  node_advance(n);
  return posix_flush(p, e);
}

static int is_alive(enum posix_result result)
{
  return result == POSIX_OK || result == POSIX_AGAIN;
}

/* After the end of input: lets the handlers of received messages end, for so long, and
 * then writes what is left, however slow the reader is. */
static enum posix_result finish(struct node *n, struct posix *p, struct feed *f, int64_t drain_us,
                                struct error *e)
{
  const struct platform *w = node_platform(n);
  int64_t give_up_us = w->vtable->monotonic_us(w->ctx) + drain_us;
  int input_open = 0;
  enum posix_result result = posix_flush(p, e);
  while (is_alive(result) && node_unfinished(n) > 0 &&
         w->vtable->monotonic_us(w->ctx) < give_up_us) {
    int64_t deadline_us = node_next_deadline_us(n);
    result = turn(n, p, f, &input_open, deadline_us < give_up_us ? deadline_us : give_up_us, e);
  }
  while (result == POSIX_AGAIN) {
    (void)posix_wait(p, POSIX_WRITABLE, INT64_MAX);
    result = posix_flush(p, e);
  }
  return result;
}

int loop_run(struct node *n, struct posix *p, const struct loop_options *options, struct error *e)
{
  struct lines lines;
  int input_open = 1;
  enum posix_result result = POSIX_OK;
  lines_init(&lines, options->max_line_bytes);
  struct feed f = {.lines = &lines, .trace = options->trace};
  while (input_open && is_alive(result))
    result = turn(n, p, &f, &input_open, node_next_deadline_us(n), e);

  if (is_alive(result)) {
    node_close_input(n);
    result = finish(n, p, &f, options->drain_us, e);
  }
  lines_free(&lines);
  return result == POSIX_FAILED ? -1 : 0;
}
