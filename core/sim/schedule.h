/* schedule.h - virtual time: what is to happen, in order of time, and the clock that
 * jumps from one event to the next. */
#ifndef HEARSAY_SIM_SCHEDULE_H
#define HEARSAY_SIM_SCHEDULE_H

#include "base/heap.h"

#include <stdint.h>

/* Something that happens once at a time; embedded in whatever it happens to. */
struct event {
  struct heap_item item; /* must be first */
  void (*run)(void *owner, struct event *self);
};

struct schedule {
  struct heap heap;
  int64_t now_us;
  void *owner;             /* handed to each event */
  uint64_t events;         /* run so far */
  uint64_t events_at_once; /* of those, at the present instant */
};

/* The clock starts away from zero, so that code that takes 0 for "never" shows. */
void schedule_init(struct schedule *s, void *owner);
void schedule_free(struct schedule *s);

/* Puts an event at a time, moving it if it is there already; a time in the past means
 * now. Events at the same time run in the order of these calls. Returns 0, or -1 on out of
 * memory. */
int schedule_at(struct schedule *s, struct event *event, int64_t time_us);
void schedule_cancel(struct schedule *s, struct event *event);

enum schedule_result {
  SCHEDULE_MORE,    /* one event has run */
  SCHEDULE_IDLE,    /* none is due by then; the clock shows that time */
  SCHEDULE_LIVELOCK /* time stands still: a million events at one instant */
};

/* Runs the next event if it is due by `until_us`. */
enum schedule_result schedule_step(struct schedule *s, int64_t until_us);

#endif
