#include "sim/schedule.h"

enum { START_US = 1000000, LIVELOCK_EVENTS = 1000000 };

void schedule_init(struct schedule *s, void *owner)
{
  *s = (struct schedule){.now_us = START_US, .owner = owner};
}

void schedule_free(struct schedule *s)
{
  heap_free(&s->heap);
}

int schedule_at(struct schedule *s, struct event *event, int64_t time_us)
{
  heap_remove(&s->heap, &event->item);
  return heap_insert(&s->heap, &event->item, time_us < s->now_us ? s->now_us : time_us);
}

void schedule_cancel(struct schedule *s, struct event *event)
{
  heap_remove(&s->heap, &event->item);
}

enum schedule_result schedule_step(struct schedule *s, int64_t until_us)
{
  struct heap_item *first = heap_first(&s->heap);
  if (first == NULL || first->deadline_us > until_us) {
    if (s->now_us < until_us)
      s->now_us = until_us;
    s->events_at_once = 0;
    return SCHEDULE_IDLE;
  }
  if (first->deadline_us > s->now_us) {
    s->now_us = first->deadline_us;
    s->events_at_once = 0;
  } else if (++s->events_at_once > LIVELOCK_EVENTS) {
    return SCHEDULE_LIVELOCK;
  }
  struct event *event = (struct event *)first;
  heap_remove(&s->heap, first);
  s->events++;
  event->run(s->owner, event);
  return SCHEDULE_MORE;
}
