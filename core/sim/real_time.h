/* real_time.h - waits for real time and for what processes write, where virtual time jumps. */
#ifndef HEARSAY_SIM_REAL_TIME_H
#define HEARSAY_SIM_REAL_TIME_H

#include "sim/member.h"

#include <stdint.h>

/* Microseconds of this machine's monotonic clock. */
int64_t real_time_now_us(void);

/* Waits until a process has written something, takes more of its input, or the time has come; calls
 * `woke`, which sets the clock; and moves what there is. Members are a list by `next`; those that are
 * no processes are passed over. Returns 0, or -1 on out of memory, and then it has not waited. */
int real_time_wait(struct member *members, int64_t timeout_us, void (*woke)(void *ctx), void *ctx);

#endif
