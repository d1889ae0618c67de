/* options.h - the command line of ./node.
 *
 * One table says everything about an option; the parser and the help are made from it here, and the
 * manual page and shell completion, which the bench writes, in Lua. */
#ifndef HEARSAY_HOST_OPTIONS_H
#define HEARSAY_HOST_OPTIONS_H

#include "base/bytes.h"
#include "base/error.h"
#include "host/limits.h"
#include "host/terminal.h"

#include <stddef.h>

#define HEARSAY_VERSION "0.1.0"

/* What an option is for: which field of struct options it sets. */
enum option_use {
  OPTION_TITLE, /* no option but the title of those that follow; `help` has it */
  OPTION_CHECK,
  OPTION_LUA,
  OPTION_DATA,
  OPTION_SANDBOX,
  OPTION_SEED,
  OPTION_TRACE,
  OPTION_COLOR,
  OPTION_LIMIT,
  OPTION_HELP,
  OPTION_VERSION,
};

struct option {
  enum option_use use;
  const char *name;     /* with its dashes */
  const char *takes;    /* what stands for its value in the help; NULL: it takes none */
  int is_optional;      /* whether it may come without one, and then only behind an equals sign */
  const char *values;   /* all that the value may be, with spaces between them; NULL: any */
  const char *expected; /* says so in an error */
  const char *help;
};

extern const struct option options_known[];
extern const size_t options_count;

extern const char options_usage[];    /* lines */
extern const char options_about[];    /* a paragraph */
extern const char options_examples[]; /* lines, a command each */

enum options_mode { MODE_RUN, MODE_CHECK, MODE_LUA, MODE_HELP, MODE_VERSION };

enum options_trace { TRACE_NONE, TRACE_SHORT, TRACE_FULL };

/* What the arguments ask for. The texts are the caller's. */
struct options {
  enum options_mode mode;
  const char *folder; /* for files; NULL: none */
  int is_confined;
  enum options_trace trace;
  enum color_when color;
  struct limits limits;
  const char *seed; /* NULL: by chance */
  int word_count;   /* the script and its arguments */
  char **words;
};

/* Parses the arguments, the program's name first, up to the script: what follows is the script's
 * own. Returns 0, or -1 with one line in `e` that says what was expected. */
int options_parse(int argc, char **argv, struct options *o, struct error *e);

/* Appends the help, in 80 columns. Returns 0, or -1 on out of memory. */
int options_help(struct bytes *out);

#endif
