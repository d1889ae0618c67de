/* limits.h - what one node may use up at most.
 *
 * A script that loses count should fail with an error that says which limit it met, and not take
 * the machine with it. The defaults are far above what a node of a cluster has use for; each is an
 * option of ./node, and each error names the option. Memory is that of the Lua state and of the sets
 * and logs that the script has in C; the other limits bound what else there is for a script.
 *
 * How deep JSON may be nested has no option (VALUE_MAX_DEPTH): it is the same for all nodes, so
 * that what one can send, the others can read. */
#ifndef HEARSAY_HOST_LIMITS_H
#define HEARSAY_HOST_LIMITS_H

#include "base/error.h"

#include <stdint.h>

/* How instructions are counted: see runaway.h. */
enum limits_counting { LIMITS_TIMED, LIMITS_COUNTED, LIMITS_PROBED };

struct limits {
  uint64_t line_bytes;   /* of a message that comes in, without its newline; twice as many of text
                            that a value is encoded to */
  uint64_t rpcs;         /* that wait for a reply */
  uint64_t timers;       /* that have not run, or are periodic */
  uint64_t tasks;        /* coroutines of handlers, timers and node.spawn that have not ended */
  uint64_t memory_bytes; /* of the Lua state, its sets and logs */
  uint64_t instructions; /* of Lua without coming back */
  uint64_t stuck_s;      /* of processor time without coming back, in a process */
  enum limits_counting counting; /* no option: it depends on who runs the node */
};

extern const struct limits limits_default;

/* Takes an option of a limit, such as "--max-rpcs", and its value, or NULL when there is none.
 * Returns 1; or 0 when the option is another's; or -1 with `e` filled when the value is no number
 * in the option's range, and then nothing has changed. */
int limits_take(struct limits *l, const char *option, const char *value, struct error *e);

#endif
