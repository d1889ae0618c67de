#include "host/options.h"

#include "base/nearest.h"

#include <stdio.h>
#include <string.h>

enum { WIDTH = 80, HELP_COLUMN = 24 };

const struct option options_known[] = {
  {.use = OPTION_CHECK,
   .name = "--check",
   .help = "load the script, say which messages it handles, and stop"},
  {.use = OPTION_LUA,
   .name = "--lua",
   .help = "run a plain Lua file with Hearsay's modules at hand"},
  {.use = OPTION_DATA,
   .name = "--data",
   .takes = "DIR",
   .expected = "a folder",
   .help = "folder for the node's files, DIR/<node id>/<name>, as log.open makes them (default: "
           "none, and log.open says so)"},
  {.use = OPTION_SANDBOX,
   .name = "--sandbox",
   .help = "for somebody else's script: no files but those of --data, no clock, no processes, no C "
           "modules, no debug library but getinfo and traceback; require finds the library's "
           "modules and those beside the script"},
  {.use = OPTION_SEED,
   .name = "--seed",
   .takes = "N",
   .expected = "a number or any other word",
   .help = "seed of randomness and of the order of pairs(), to repeat a run"},
  {.use = OPTION_TRACE,
   .name = "--trace",
   .takes = "full",
   .is_optional = 1,
   .values = "full",
   .expected = "full, or no value",
   .help = "show each message in and out on standard error: when, with whom, type, msg_id, what it "
           "replies to and the body, cut to the width of the terminal (120 columns where there is "
           "none); with full, all of it. In virtual time: sim replay"},
  {.use = OPTION_COLOR,
   .name = "--color",
   .takes = "WHEN",
   .values = "auto always never",
   .expected = "auto, always or never",
   .help = "colours: auto, on a terminal unless NO_COLOR is set; always; never (default: auto)"},
  {.use = OPTION_HELP, .name = "--help", .help = "this text"},
  {.use = OPTION_VERSION, .name = "--version", .help = "the version of this program and of Lua"},

  {.use = OPTION_TITLE,
   .help = "limits, each with an error that names its option; the node lives on"},
  {.use = OPTION_LIMIT,
   .name = "--max-line",
   .takes = "N",
   .help = "longest line that is accepted, in bytes (default: 67108864)"},
  {.use = OPTION_LIMIT,
   .name = "--max-rpcs",
   .takes = "N",
   .help = "requests that wait for a reply (default: 250000)"},
  {.use = OPTION_LIMIT,
   .name = "--max-timers",
   .takes = "N",
   .help = "timers that are pending (default: 1000000)"},
  {.use = OPTION_LIMIT,
   .name = "--max-tasks",
   .takes = "N",
   .help = "coroutines that have not ended (default: 500000)"},
  {.use = OPTION_LIMIT,
   .name = "--max-memory",
   .takes = "N",
   .help = "bytes of the script's Lua values, sets and logs (default: 1073741824)"},
  {.use = OPTION_LIMIT,
   .name = "--max-instructions",
   .takes = "N",
   .help = "of Lua code that does not come back, counted from its second second of processor time "
           "on (default: 100000000)"},
  {.use = OPTION_LIMIT,
   .name = "--max-stuck",
   .takes = "N",
   .help = "seconds of processor time without coming back; where that is a C function, which "
           "cannot be ended, the process says where it is and ends (default: 60)"},
};

const size_t options_count = sizeof options_known / sizeof *options_known;

const char options_usage[] = "node [OPTIONS] SCRIPT [ARGUMENTS]\n"
                             "node --check SCRIPT\n"
                             "node --lua FILE [ARGUMENTS]\n";

const char options_about[] =
  "Runs a Lua script as a node of a Maelstrom cluster: one JSON message a line on standard input "
  "and "
  "output, diagnostics on standard error. The script is looked for as given, and then from this "
  "program's folder. What follows it is the script's own.";

const char options_examples[] =
  "node challenges/echo_1.lua\n"
  "node challenges/unique_ids_2.lua uuid7\n"
  "node --check mine.lua\n"
  "node --trace challenges/echo_1.lua\n"
  "maelstrom test -w broadcast --bin ./node --node-count 5 -- challenges/broadcast_3b.lua\n";

static const struct option *find(struct slice name)
{
  if (slice_equal(name, SLICE("-h")))
    name = SLICE("--help");
  for (const struct option *o = options_known; o < options_known + options_count; o++)
    if (o->name != NULL && slice_equal(name, slice_of(o->name)))
      return o;
  return NULL;
}

static int unknown(struct slice name, struct error *e)
{
  struct nearest search;
  const struct option *meant = NULL;
  nearest_begin(&search, name);
  for (const struct option *o = options_known; o < options_known + options_count; o++)
    if (o->name != NULL && nearest_is(&search, slice_of(o->name)))
      meant = o;
  if (meant != NULL)
    return error_set(e, "unknown option %.*s; did you mean %s?", (int)name.length, name.data,
                     meant->name);
  return error_set(e, "unknown option %.*s (try: node --help)", (int)name.length, name.data);
}

/* The place of a value among those that an option takes, or -1. */
static int place_of(const struct option *o, const char *value)
{
  size_t length = strlen(value);
  int place = 0;
  for (const char *p = o->values; *p != '\0'; place++) {
    size_t word = strcspn(p, " ");
    if (word == length && slice_same(p, value, length))
      return place;
    p += word + strspn(p + word, " ");
  }
  return -1;
}

/* Sets what an option stands for. `value` is empty when there is none. */
static int take(struct options *o, const struct option *known, const char *value, struct error *e)
{
  if (known->use == OPTION_LIMIT)
    return limits_take(&o->limits, known->name, value, e) < 0 ? -1 : 0;
  if (known->takes != NULL && *value == '\0' && !known->is_optional)
    return error_set(e, "%s: expected %s", known->name, known->expected);
  int place = known->values == NULL ? 0 : place_of(known, value);
  if (place < 0 && *value != '\0')
    return error_set(e, "%s %s: expected %s", known->name, value, known->expected);
  switch (known->use) {
  case OPTION_CHECK:
    o->mode = MODE_CHECK;
    break;
  case OPTION_LUA:
    o->mode = MODE_LUA;
    break;
  case OPTION_HELP:
    o->mode = MODE_HELP;
    break;
  case OPTION_VERSION:
    o->mode = MODE_VERSION;
    break;
  case OPTION_SANDBOX:
    o->is_confined = 1;
    break;
  case OPTION_DATA:
    o->folder = value;
    break;
  case OPTION_SEED:
    o->seed = value;
    break;
  case OPTION_TRACE:
    o->trace = *value == '\0' ? TRACE_SHORT : TRACE_FULL;
    break;
  case OPTION_COLOR:
    o->color = (enum color_when)place;
    break;
  case OPTION_LIMIT:
  case OPTION_TITLE:
    break;
  }
  return 0;
}

int options_parse(int argc, char **argv, struct options *o, struct error *e)
{
  int i = 1;
  *o = (struct options){.mode = MODE_RUN, .limits = limits_default};
  for (; i < argc && argv[i][0] == '-'; i++) {
    if (strcmp(argv[i], "--") == 0) {
      i++;
      break;
    }
    const char *equals = strchr(argv[i], '='), *value = equals == NULL ? NULL : equals + 1;
    struct slice name = slice_of(argv[i]);
    if (equals != NULL)
      name.length = (size_t)(equals - argv[i]);
    const struct option *known = find(name);
    if (known == NULL)
      return unknown(name, e);
    if (known->takes == NULL && value != NULL)
      return error_set(e, "%s takes no value, got %s", known->name, value);
    if (known->takes != NULL && value == NULL && !known->is_optional && i + 1 < argc)
      value = argv[++i];
    if (take(o, known, value == NULL ? "" : value, e) != 0)
      return -1;
  }
  o->words = argv + i;
  o->word_count = argc - i;
  if (o->word_count == 0 && o->mode != MODE_HELP && o->mode != MODE_VERSION)
    return error_set(e, "expected a script, such as challenges/echo_1.lua (try: node --help)");
  if (o->is_confined && o->mode == MODE_LUA)
    return error_set(e, "--sandbox is for a node: plain Lua (--lua) is not confined");
  return 0;
}

/* --- help ---------------------------------------------------------------- */

static int spaces(struct bytes *out, size_t count)
{
  for (; count > 0; count--)
    if (bytes_append_byte(out, ' ') != 0)
      return -1;
  return 0;
}

/* Appends a text broken at its spaces; lines but the first begin at `indent`, where the first one
 * is already. */
static int wrap(struct bytes *out, const char *text, size_t indent)
{
  size_t column = indent;
  while (*text != '\0') {
    size_t word = strcspn(text, " ");
    if (column > indent && column + 1 + word > WIDTH) {
      if (bytes_append_byte(out, '\n') != 0 || spaces(out, indent) != 0)
        return -1;
      column = indent;
    }
    if (column > indent && bytes_append_byte(out, ' ') != 0)
      return -1;
    if (bytes_append(out, text, word) != 0)
      return -1;
    column += word + (column > indent);
    text += word + strspn(text + word, " ");
  }
  return bytes_append_byte(out, '\n');
}

static int describe(struct bytes *out, const struct option *o)
{
  if (o->use == OPTION_TITLE)
    return bytes_append_byte(out, '\n') != 0 || wrap(out, o->help, 0) != 0 ? -1 : 0;
  char left[HELP_COLUMN + 1];
  int length = snprintf(left, sizeof left, "  %s%s%s%s", o->name,
                        o->takes == NULL ? ""
                        : o->is_optional ? "[="
                                         : " ",
                        o->takes == NULL ? "" : o->takes, o->is_optional ? "]" : "");
  if (bytes_append(out, left, (size_t)length) != 0 ||
      spaces(out, HELP_COLUMN - (size_t)length) != 0)
    return -1;
  return wrap(out, o->help, HELP_COLUMN);
}

/* Lines, each with something before it. */
static int lines(struct bytes *out, const char *first, const char *before, const char *text)
{
  for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1)
    if (bytes_append_slice(out, slice_of(line == text ? first : before)) != 0 ||
        bytes_append(out, line, strcspn(line, "\n") + 1) != 0)
      return -1;
  return 0;
}

int options_help(struct bytes *out)
{
  if (lines(out, "usage: ", "       ", options_usage) != 0 || bytes_append_byte(out, '\n') != 0 ||
      wrap(out, options_about, 0) != 0 || bytes_append_byte(out, '\n') != 0)
    return -1;
  for (size_t i = 0; i < options_count; i++)
    if (describe(out, &options_known[i]) != 0)
      return -1;
  return bytes_append_slice(out, SLICE("\nexamples:\n")) != 0 ||
             lines(out, "  ", "  ", options_examples) != 0
           ? -1
           : 0;
}
