#include "host/limits.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

const struct limits limits_default = {
  .line_bytes = 64 << 20,
  .rpcs = 250000,
  .timers = 1000000,
  .tasks = 500000,
  .memory_bytes = 1 << 30,
  .instructions = 100000000,
  .stuck_s = 60,
};

/* The least memory is what a node's library needs, with room for a small script. */
static const struct known {
  const char *name;
  size_t field;
  const char *unit;
  unsigned long long least, most;
} known[] = {
  {"--max-line", offsetof(struct limits, line_bytes), "bytes", 1024, 1ull << 31},
  {"--max-rpcs", offsetof(struct limits, rpcs), "a number", 1, 1000000000},
  {"--max-timers", offsetof(struct limits, timers), "a number", 1, 1000000000},
  {"--max-tasks", offsetof(struct limits, tasks), "a number", 1, 1000000000},
  {"--max-memory", offsetof(struct limits, memory_bytes), "bytes", 1 << 20, 1ull << 50},
  {"--max-instructions", offsetof(struct limits, instructions), "a number", 1000000, 1ull << 50},
  {"--max-stuck", offsetof(struct limits, stuck_s), "seconds", 2, 1000000},
};

int limits_take(struct limits *l, const char *option, const char *value, struct error *e)
{
  const struct known *o = known, *end = known + sizeof known / sizeof *known;
  while (o < end && strcmp(o->name, option) != 0)
    o++;
  if (o == end)
    return 0;
  if (value == NULL)
    value = "";
  char *rest;
  errno = 0;
  unsigned long long number = strtoull(value, &rest, 10);
  if (*value < '0' || *value > '9' || *rest != '\0' || errno != 0 || number < o->least ||
      number > o->most)
    return error_set(e, "%s: expected %s, from %llu to %llu, not \"%s\"", option, o->unit, o->least,
                     o->most, value);
  *(uint64_t *)((char *)l + o->field) = number;
  return 1;
}
