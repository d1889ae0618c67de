/* trace.h - messages as a person reads them, a line each:
 *
 *   n1 <- c1       echo             #2        {"echo":"hi"}
 *   n1 -> c1       echo_ok          re 2      {"echo":"hi"}
 *
 * who and whom, what it is, its number and which one it answers, and the rest of its body. ./node
 * --trace prints them as they come and go; the bench shows a run in the same form.
 *
 * A tracer stands between a node and its platform, and between it and its lines: a node that is not
 * traced has none, and pays nothing. */
#ifndef HEARSAY_HOST_TRACE_H
#define HEARSAY_HOST_TRACE_H

#include "base/bytes.h"
#include "host/platform.h"
#include "wire/envelope.h"

struct node;

enum trace_direction { TRACE_IN, TRACE_OUT };

struct trace_style {
  size_t columns; /* that a line may take, at least TRACE_LEAST; longer bodies are cut; 0: any */
  int has_color;
};

#define TRACE_LEAST 40

/* Appends a message's line from its arrow on, without newline; `used` columns are before it. A line
 * that is no message is shown as it is. Returns 0, or -1 on out of memory. O(length). */
int trace_format(struct bytes *out, const struct trace_style *style, enum trace_direction direction,
                 struct slice line, size_t used);

/* Read-only; make it with trace_open. */
struct trace {
  struct platform world;
  struct node *node;
  struct trace_style style;
  struct bytes text;
};

/* Begins to trace what is sent through the platform that trace_platform returns, which is `world`
 * but for that. The trace must stay where it is. */
void trace_open(struct trace *t, const struct platform *world, const struct trace_style *style);
void trace_close(struct trace *t);
struct platform trace_platform(struct trace *t);

/* Names the node, whose diagnostics the lines become; before it, nothing is traced. */
void trace_attach(struct trace *t, struct node *n);

/* Shows a line that the node is about to take. */
void trace_received(struct trace *t, struct slice line);

#endif
