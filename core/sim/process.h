/* process.h - a child process that is talked to in lines, over its standard input, output and
 * error. It dies with this process, whatever ends this one. */
#ifndef HEARSAY_SIM_PROCESS_H
#define HEARSAY_SIM_PROCESS_H

#include "base/bytes.h"
#include "base/error.h"
#include "wire/lines.h"

#include <stdint.h>
#include <sys/types.h>

enum process_stream { PROCESS_OUT, PROCESS_ERR, PROCESS_STREAMS };

struct process {
  pid_t pid;                 /* 0: not running */
  int in;                    /* write end of its standard input; -1: closed */
  int from[PROCESS_STREAMS]; /* read ends; -1: closed */
  struct bytes input;        /* what it has not read yet */
  size_t written;            /* of the input */
  uint64_t taken;            /* bytes that it has taken of all its input */
  struct lines lines[PROCESS_STREAMS];
};

/* Starts a program, looked for in PATH when its name has no slash. words[0] is its name; the list
 * ends with NULL. Returns 0 when it is that program, or -1 with `e` filled, as when there is no such
 * program; and then there is nothing to end. */
int process_start(struct process *p, char *const *words, struct error *e);

/* Ends it at once and waits for it. What it was started with is freed. Allowed when it does not
 * run. */
void process_kill(struct process *p);

/* Stops it, or lets it go on. */
void process_pause(struct process *p, int is_paused);

/* Adds a line, and a newline, to what it is to read. 0, or -1 on out of memory, and then nothing is
 * added. */
int process_feed(struct process *p, struct slice line);

/* Writes what it takes of its input. Returns 0, or -1 when it has closed its input. */
int process_flush(struct process *p);

/* Bytes that it has not read yet, as far as this side knows. */
size_t process_backlog(const struct process *p);

/* Of process_read. */
enum { PROCESS_NO_MEMORY = -2 };

/* Reads once from a stream. Returns 1 when there may be more, 0 when there is nothing now, -1 when
 * the stream has ended, PROCESS_NO_MEMORY when there was none for what has come; nothing is lost by
 * that. The lines are then taken with lines_next and, at the end, lines_last. */
int process_read(struct process *p, enum process_stream stream);

/* How it ended, as a person says it: "exited with status 1", "was killed by signal 11". Ends what
 * it left behind. Only for one whose output has ended; takes 0.1 s to see that it still runs.
 * Returns 0, or -1 when it still runs. */
int process_ended(struct process *p, struct error *how);

#endif
