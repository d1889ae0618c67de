/* latency.h - how long a message is under way, drawn as Maelstrom draws it. */
#ifndef HEARSAY_SIM_LATENCY_H
#define HEARSAY_SIM_LATENCY_H

#include "base/bytes.h"
#include "base/rng.h"

#include <stdint.h>

enum latency_kind {
  LATENCY_CONSTANT,   /* always the mean */
  LATENCY_UNIFORM,    /* 0 .. twice the mean */
  LATENCY_EXPONENTIAL /* memoryless */
};

struct latency {
  enum latency_kind kind;
  int64_t mean_us;
};

/* Sets kind by its name: constant, uniform, exponential. 0, or -1 for another name. */
int latency_parse(struct latency *l, struct slice name);

int64_t latency_draw_us(const struct latency *l, struct rng *random);

#endif
