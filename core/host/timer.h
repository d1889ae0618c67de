/* timer.h - a script's timers: a function that runs later, once or again and again. */
#ifndef HEARSAY_HOST_TIMER_H
#define HEARSAY_HOST_TIMER_H

#include "host/node.h"

/* A timer is a userdata; while it is pending the registry keeps it alive. */
#define TIMER_TYPE "hearsay.timer"

/* Pushes a timer that runs the function at `index` after `delay_us`, and then every
 * `period_us` unless that is 0. Each period is drawn from period * (1 +- jitter). A node
 * that fell behind skips the periods it missed. Raises on out of memory. */
void timer_push(struct node *n, lua_State *L, int index, int64_t delay_us, int64_t period_us,
                double jitter);

/* Cancels the timer at `index`; one that has run or was cancelled is left alone. Raises
 * when it is no timer. */
void timer_cancel(lua_State *L, int index);

#endif
