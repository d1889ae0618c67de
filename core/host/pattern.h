/* pattern.h - Lua's patterns (section 6.4.1 of its manual), matched with an allowance of steps.
 *
 * Some patterns try very many ways: ".-b" on a long text without a b takes the square of its length,
 * "a-a-a-a-b" a higher power. Lua's own matcher cannot be stopped in that; this one counts. */
#ifndef HEARSAY_HOST_PATTERN_H
#define HEARSAY_HOST_PATTERN_H

#include "base/bytes.h"

#include <stddef.h>
#include <stdint.h>

enum { PATTERN_CAPTURES = 32, PATTERN_POSITION = -2 };

struct pattern_capture {
  const char *start;
  ptrdiff_t length; /* PATTERN_POSITION: it stands for its place; other negative ones: not closed */
};

struct pattern {
  struct slice subject;
  struct slice text;   /* of the pattern, without the '^' of an anchored one */
  uint64_t steps_left; /* each takes about as long as an instruction of Lua */
  const char *error;   /* after a match that failed: what is wrong with the pattern; or NULL */
  int error_index;     /* of the capture in question, if error has a "%d" */
  int count;           /* of captures */
  struct pattern_capture captures[PATTERN_CAPTURES];
  int depth;
};

/* Behind both slices must be a zero, as behind a string of Lua. They stay the caller's. */
void pattern_init(struct pattern *m, struct slice subject, struct slice text, uint64_t steps);

/* Matches at `start`, in the subject or at its end. Returns the end of the match; or NULL when there
 * is none, when the pattern is wrong, and when no steps are left. */
const char *pattern_match(struct pattern *m, const char *start);

/* Whether a text means only itself as a pattern. */
int pattern_is_plain(struct slice text);

#endif
