/* loop.h - runs one node on standard input and output until the input ends. */
#ifndef HEARSAY_HOST_LOOP_H
#define HEARSAY_HOST_LOOP_H

#include "host/node.h"
#include "host/platform_posix.h"
#include "host/trace.h"

struct loop_options {
  size_t max_line_bytes;
  int64_t drain_us;    /* how long handlers may go on after the end of input */
  struct trace *trace; /* shows what comes in; NULL: nobody looks */
};

/* Returns 0 when the input has ended, or the reader has gone away; -1 with `e` when
 * reading or writing fails. */
int loop_run(struct node *n, struct posix *p, const struct loop_options *options, struct error *e);

#endif
