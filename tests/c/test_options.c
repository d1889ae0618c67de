/* The command line of ./node: what it asks for, what is said of a wrong one, and its help. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "failing_alloc.h"
#include "host/options.h"

#include <stdio.h>
#include <string.h>

enum { WORDS = 16 };

static char *words[WORDS];
static char line[512];

/* Parses a command line, split at its spaces. */
static int parse(const char *text, struct options *o, struct error *e)
{
  int count = 0;
  assert_true(strlen(text) < sizeof line);
  (void)snprintf(line, sizeof line, "%s", text);
  for (char *word = strtok(line, " "); word != NULL; word = strtok(NULL, " "))
    words[count++] = word;
  return options_parse(count, words, o, e);
}

static void what_is_not_given_has_its_default(void **state)
{
  (void)state;
  struct options o;
  struct error e;
  assert_int_equal(parse("node x.lua", &o, &e), 0);
  assert_int_equal(o.mode, MODE_RUN);
  assert_null(o.folder);
  assert_null(o.seed);
  assert_int_equal(o.is_confined, 0);
  assert_int_equal(o.color, COLOR_AUTO);
  assert_memory_equal(&o.limits, &limits_default, sizeof o.limits);
  assert_int_equal(o.word_count, 1);
  assert_string_equal(o.words[0], "x.lua");
}

static void a_value_is_the_next_word_or_follows_an_equals_sign(void **state)
{
  (void)state;
  struct options o;
  struct error e;
  static const char *const same[] = {
    "node --data d --seed 7 --color never --max-rpcs 5 --sandbox x.lua a",
    "node --data=d --seed=7 --color=never --max-rpcs=5 --sandbox x.lua a",
  };
  for (size_t i = 0; i < 2; i++) {
    assert_int_equal(parse(same[i], &o, &e), 0);
    assert_string_equal(o.folder, "d");
    assert_string_equal(o.seed, "7");
    assert_int_equal(o.color, COLOR_NEVER);
    assert_int_equal(o.limits.rpcs, 5);
    assert_int_equal(o.is_confined, 1);
    assert_int_equal(o.word_count, 2);
  }
}

static void what_follows_the_script_is_its_own(void **state)
{
  (void)state;
  struct options o;
  struct error e;
  assert_int_equal(parse("node --seed 1 x.lua --seed 2 --bogus", &o, &e), 0);
  assert_string_equal(o.seed, "1");
  assert_int_equal(o.word_count, 4);
  assert_int_equal(parse("node -- --x.lua", &o, &e), 0);
  assert_string_equal(o.words[0], "--x.lua");
}

static void a_trace_takes_a_value_behind_an_equals_sign_only(void **state)
{
  (void)state;
  struct options o;
  struct error e;
  assert_int_equal(parse("node x.lua", &o, &e), 0);
  assert_int_equal(o.trace, TRACE_NONE);
  assert_int_equal(parse("node --trace full.lua", &o, &e), 0);
  assert_int_equal(o.trace, TRACE_SHORT);
  assert_string_equal(o.words[0], "full.lua");
  assert_int_equal(parse("node --trace=full x.lua", &o, &e), 0);
  assert_int_equal(o.trace, TRACE_FULL);
  assert_int_equal(parse("node --trace=all x.lua", &o, &e), -1);
  assert_string_equal(e.text, "--trace all: expected full, or no value");
}

static void modes(void **state)
{
  (void)state;
  struct options o;
  struct error e;
  assert_int_equal(parse("node --check x.lua", &o, &e), 0);
  assert_int_equal(o.mode, MODE_CHECK);
  assert_int_equal(parse("node --lua x.lua", &o, &e), 0);
  assert_int_equal(o.mode, MODE_LUA);
  assert_int_equal(parse("node -h", &o, &e), 0);
  assert_int_equal(o.mode, MODE_HELP);
  assert_int_equal(parse("node --version", &o, &e), 0);
  assert_int_equal(o.mode, MODE_VERSION);
}

static void what_is_wrong_is_said_with_what_was_expected(void **state)
{
  (void)state;
  static const char *const cases[][2] = {
    {"node", "expected a script, such as challenges/echo_1.lua (try: node --help)"},
    {"node --bogus x.lua", "unknown option --bogus (try: node --help)"},
    {"node --bogus=5 x.lua", "unknown option --bogus (try: node --help)"},
    {"node --sandbx x.lua", "unknown option --sandbx; did you mean --sandbox?"},
    {"node --max-task=5 x.lua", "unknown option --max-task; did you mean --max-tasks?"},
    {"node --check=1 x.lua", "--check takes no value, got 1"},
    {"node --data", "--data: expected a folder"},
    {"node --seed", "--seed: expected a number or any other word"},
    {"node --color gray x.lua", "--color gray: expected auto, always or never"},
    {"node --color au x.lua", "--color au: expected auto, always or never"},
    {"node --max-rpcs x x.lua", "--max-rpcs: expected a number, from 1 to 1000000000, not \"x\""},
    {"node --max-rpcs", "--max-rpcs: expected a number, from 1 to 1000000000, not \"\""},
    {"node --sandbox --lua x.lua", "--sandbox is for a node: plain Lua (--lua) is not confined"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct options o;
    struct error e;
    assert_int_equal(parse(cases[i][0], &o, &e), -1);
    assert_string_equal(e.text, cases[i][1]);
  }
}

static void the_help_names_every_option_in_80_columns(void **state)
{
  (void)state;
  struct bytes help = {0};
  assert_int_equal(options_help(&help), 0);
  assert_int_equal(bytes_append_byte(&help, '\0'), 0);
  for (size_t i = 0; i < options_count; i++) {
    char expected[64];
    if (options_known[i].use == OPTION_TITLE)
      continue;
    (void)snprintf(expected, sizeof expected, "\n  %s", options_known[i].name);
    const char *found = strstr(help.data, expected);
    assert_non_null(found);
    assert_int_equal(found[strlen(expected)], options_known[i].is_optional ? '[' : ' ');
  }
  const char *end = strstr(help.data, "\nexamples:\n"); /* which are not broken */
  assert_non_null(end);
  for (const char *p = help.data; p < end; p += strcspn(p, "\n") + 1)
    assert_in_range(strcspn(p, "\n"), 0, 80);
  bytes_free(&help);
}

/* Limits are taken by limits.c; each is an option here, and the help has its default. */
static void each_limit_has_its_default_in_the_help(void **state)
{
  (void)state;
  size_t count = 0;
  for (size_t i = 0; i < options_count; i++) {
    if (options_known[i].use != OPTION_LIMIT)
      continue;
    struct limits l = limits_default;
    struct error e;
    const char *shown = strstr(options_known[i].help, "(default: ");
    assert_non_null(shown);
    char number[32];
    (void)snprintf(number, sizeof number, "%.*s", (int)strcspn(shown + 10, ")"), shown + 10);
    assert_int_equal(limits_take(&l, options_known[i].name, number, &e), 1);
    assert_memory_equal(&l, &limits_default, sizeof l);
    count++;
  }
  assert_int_equal(count, offsetof(struct limits, counting) / sizeof(uint64_t));
}

static void help_without_memory_fails(void **state)
{
  (void)state;
  long failures = 0;
  for (;; failures++) {
    struct bytes help = {0};
    failing_alloc_after(failures);
    int result = options_help(&help);
    failing_alloc_off();
    bytes_free(&help);
    if (result == 0)
      break;
    assert_int_equal(result, -1);
  }
  assert_in_range(failures, 2, 100);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(what_is_not_given_has_its_default),
    cmocka_unit_test(a_value_is_the_next_word_or_follows_an_equals_sign),
    cmocka_unit_test(what_follows_the_script_is_its_own),
    cmocka_unit_test(a_trace_takes_a_value_behind_an_equals_sign_only),
    cmocka_unit_test(modes),
    cmocka_unit_test(what_is_wrong_is_said_with_what_was_expected),
    cmocka_unit_test(the_help_names_every_option_in_80_columns),
    cmocka_unit_test(each_limit_has_its_default_in_the_help),
    cmocka_unit_test(help_without_memory_fails),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
