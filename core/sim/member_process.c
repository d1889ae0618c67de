/* A node that is a program of any language, in a process of its own and in real time. What it does
 * that no node may do ends the run, with the last lines that it wrote. */
#include "sim/member.h"
#include "sim/process.h"
#include "sim/world.h"

#include <stdlib.h>

enum {
  BACKLOG_BYTES = 64 << 20, /* that it may leave unread */
  QUOTED_BYTES = 300        /* of its diagnostics in an error */
};

struct outside {
  struct member member; /* must be first */
  struct process process;
  uint64_t taken;      /* of its input, when it was looked at last */
  int64_t progress_us; /* when it last took something, or had nothing to read */
};

static struct outside *outside(struct member *m)
{
  return (struct outside *)m;
}

static int start(struct member *m, struct error *e)
{
  struct outside *o = outside(m);
  o->taken = 0;
  o->progress_us = world_schedule(m->world)->now_us;
  return process_start(&o->process, m->words, e);
}

static void kill_process(struct member *m)
{
  process_kill(&outside(m)->process);
}

static void pause_process(struct member *m, int is_paused)
{
  process_pause(&outside(m)->process, is_paused);
}

static void receive(struct member *m, struct slice line)
{
  if (process_feed(&outside(m)->process, line) != 0)
    world_fail(m->world, "out of memory");
}

static int skew(struct member *m, int64_t offset_us)
{
  (void)m;
  (void)offset_us;
  return -1; /* it has the clock of this machine */
}

static const struct member_vtable vtable = {
  .start = start,
  .kill = kill_process,
  .pause = pause_process,
  .receive = receive,
  .skew = skew,
  .free = kill_process,
};

struct member *member_new_process(void)
{
  struct outside *o = calloc(1, sizeof *o);
  if (o == NULL)
    return NULL;
  o->member.vtable = &vtable;
  o->process.in = o->process.from[PROCESS_OUT] = o->process.from[PROCESS_ERR] = -1;
  return &o->member;
}

struct process *member_process(struct member *m)
{
  return m->vtable == &vtable && m->is_running ? &outside(m)->process : NULL;
}

/* The end of its diagnostics. */
static struct slice last_words(const struct member *m)
{
  struct slice log = bytes_slice(&m->log);
  if (log.length > QUOTED_BYTES) {
    log.data += log.length - QUOTED_BYTES;
    log.length = QUOTED_BYTES;
  }
  return log;
}

static void take_out(struct member *m, enum lines_result (*next)(struct lines *, struct slice *))
{
  struct slice line;
  enum lines_result result;
  while ((result = next(&outside(m)->process.lines[PROCESS_OUT], &line)) != LINES_MORE) {
    if (result == LINES_TOO_LONG)
      world_fail(m->world, "%.*s wrote a line of more than 64 MiB", (int)m->name.length,
                 m->name.data);
    else
      world_take_line(m->world, m, line);
  }
}

static void take_err(struct member *m, enum lines_result (*next)(struct lines *, struct slice *))
{
  struct slice line;
  while (next(&outside(m)->process.lines[PROCESS_ERR], &line) != LINES_MORE)
    world_take_diagnostics(m, line);
}

void member_process_read(struct member *m)
{
  struct process *p = &outside(m)->process;
  int more;
  while ((more = process_read(p, PROCESS_ERR)) > 0)
    take_err(m, lines_next);
  if (more == -1)
    take_err(m, lines_last);
  while ((more = process_read(p, PROCESS_OUT)) > 0)
    take_out(m, lines_next);
  if (more == PROCESS_NO_MEMORY)
    world_fail(m->world, "out of memory");
  if (more != -1)
    return;
  take_out(m, lines_last);
  struct error how;
  if (process_ended(p, &how) != 0)
    error_set(&how, "closed its standard output");
  struct slice words = last_words(m);
  world_fail(m->world, "%.*s %s; the end of its stderr: %.*s", (int)m->name.length, m->name.data,
             how.text, (int)words.length, words.length > 0 ? words.data : "");
}

void member_process_write(struct member *m)
{
  struct outside *o = outside(m);
  int64_t now_us = world_schedule(m->world)->now_us;
  (void)process_flush(&o->process); /* one that has closed its input is found by its backlog */
  size_t backlog = process_backlog(&o->process);
  if (backlog == 0 || o->process.taken != o->taken || m->endpoint->is_paused)
    o->progress_us = now_us;
  o->taken = o->process.taken;
  if (backlog > BACKLOG_BYTES || now_us - o->progress_us > world_options(m->world)->patience_us) {
    struct slice words = last_words(m);
    world_fail(m->world,
               "%.*s does not read its input: %zu bytes wait; the end of its stderr: %.*s",
               (int)m->name.length, m->name.data, backlog, (int)words.length,
               words.length > 0 ? words.data : "");
  }
}
