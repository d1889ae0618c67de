#include "sim/latency.h"

#include <math.h>

int latency_parse(struct latency *l, struct slice name)
{
  if (slice_equal(name, SLICE("constant")))
    l->kind = LATENCY_CONSTANT;
  else if (slice_equal(name, SLICE("uniform")))
    l->kind = LATENCY_UNIFORM;
  else if (slice_equal(name, SLICE("exponential")))
    l->kind = LATENCY_EXPONENTIAL;
  else
    return -1;
  return 0;
}

int64_t latency_draw_us(const struct latency *l, struct rng *random)
{
  double mean = (double)l->mean_us;
  switch (l->kind) {
  case LATENCY_UNIFORM:
    return (int64_t)(rng_unit(random) * 2 * mean);
  case LATENCY_EXPONENTIAL:
    return (int64_t)(-log(1 - rng_unit(random)) * mean);
  case LATENCY_CONSTANT:
    break;
  }
  return l->mean_us;
}
