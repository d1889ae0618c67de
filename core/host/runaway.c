/* The timer's signal comes to the thread whose time it measures, so that it finds this thread's
 * variables, and a Lua state that stands still meanwhile: setting a hook is what Lua allows a signal
 * handler to do. */
#include "host/runaway.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { STEP = 1000 }; /* instructions between two calls of the hook */

static _Thread_local struct {
  lua_State *volatile running;
  volatile sig_atomic_t looks;       /* of the timer at this call */
  volatile sig_atomic_t is_counting; /* the coroutine that runs has the hook, and those that wait
                                        for it have it when they go on */
  volatile sig_atomic_t stuck_looks; /* of the timer since the hook was called last */
  enum limits_counting counting;
  uint64_t limit;
  uint64_t counted;
  enum { TIMER_UNKNOWN, TIMER_RUNS, TIMER_NONE } timer;
  int period_ms; /* of the timer */
  uint64_t stuck_s;
  char error[LUA_IDSIZE + 128]; /* why this call is ended; empty: it is not */
} watch;

static void count(lua_State *L, lua_Debug *at);

static void set_hook(lua_State *L)
{
  int is_over = watch.error[0] != '\0';
  lua_sethook(L, count, is_over ? LUA_MASKLINE | LUA_MASKCOUNT : LUA_MASKCOUNT, STEP);
}

/* Where the code is: the innermost line of Lua. Changes nothing in the state. */
static void find_line(lua_State *L, lua_Debug *at)
{
  *at = (lua_Debug){.short_src = "?", .currentline = -1};
  for (int level = 0; at->currentline < 0 && lua_getstack(L, level, at); level++)
    (void)lua_getinfo(L, "Sl", at);
}

/* Whether the call takes longer than any may: where each instruction is long, as to put long texts
 * together is, there are few of them. */
static int is_late(void)
{
  return watch.counting == LIMITS_TIMED &&
         (uint64_t)watch.looks * (uint64_t)watch.period_ms > watch.stuck_s * 1000;
}

/* Why the call is ended. */
static void note_end(lua_State *L)
{
  lua_Debug at;
  if (watch.counting == LIMITS_PROBED) {
    memcpy(watch.error, RUNAWAY_SUSPECT, sizeof RUNAWAY_SUSPECT);
    return;
  }
  find_line(L, &at);
  if (is_late())
    (void)snprintf(watch.error, sizeof watch.error,
                   "%s:%d: over %llu s of processor time without an end (the limit is set by "
                   "--max-stuck)",
                   at.short_src, at.currentline, (unsigned long long)watch.stuck_s);
  else
    (void)snprintf(watch.error, sizeof watch.error,
                   "%s:%d: over %llu instructions without an end: an endless loop? (the limit is "
                   "set by --max-instructions)",
                   at.short_src, at.currentline, (unsigned long long)watch.limit);
}

static void end_call(lua_State *L)
{
  set_hook(L); /* for code without lines too */
  lua_pushstring(L, watch.error);
  (void)lua_error(L);
}

static void count(lua_State *L, lua_Debug *at)
{
  (void)at;
  watch.stuck_looks = 0;
  if (!watch.is_counting) {
    lua_sethook(L, NULL, 0, 0); /* of a coroutine that another one with the hook has made */
    return;
  }
  if (watch.error[0] == '\0') {
    watch.counted += STEP;
    if (watch.counted < watch.limit && watch.counting != LIMITS_PROBED && !is_late())
      return;
    note_end(L);
  }
  end_call(L);
}

uint64_t runaway_left(void)
{
  if (watch.running == NULL)
    return UINT64_MAX;
  if (watch.error[0] != '\0')
    return 0;
  return watch.is_counting && watch.counted < watch.limit ? watch.limit - watch.counted
                                                          : watch.limit;
}

void runaway_spend(lua_State *L, uint64_t instructions)
{
  watch.stuck_looks = 0;
  if (watch.running == NULL)
    return;
  if (watch.error[0] == '\0') {
    uint64_t left = runaway_left();
    if (watch.is_counting)
      watch.counted += instructions < left ? instructions : left;
    if (instructions < left)
      return;
    note_end(L);
    watch.is_counting = 1;
  }
  end_call(L);
}

#ifdef __linux__

#include <sys/syscall.h>
#include <unistd.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

enum { LOOK_AT = 2, TIMED_MS = 1000, PROBED_MS = 10 };

/* Says where the code is and ends the process: it is inside a C function, which nothing else can
 * end. None of this takes memory, which that function may be about to take. */
static void give_up(lua_State *L)
{
  char text[LUA_IDSIZE + 160];
  lua_Debug at;
  find_line(L, &at);
  int length =
    snprintf(text, sizeof text,
             "hearsay: %s:%d: a call of a C function has not come back after %d s of "
             "processor time, and cannot be ended: the process ends (the limit is set by "
             "--max-stuck)\n",
             at.short_src, at.currentline, (int)watch.stuck_s);
  (void)!write(STDERR_FILENO, text, (size_t)length);
  _exit(1);
}

static void look(int signal)
{
  (void)signal;
  lua_State *L = watch.running;
  if (L == NULL || ++watch.looks < LOOK_AT)
    return;
  if ((uint64_t)++watch.stuck_looks * (uint64_t)watch.period_ms > watch.stuck_s * 1000)
    give_up(L);
  if (watch.is_counting)
    return;
  watch.counted = 0;
  watch.is_counting = 1;
  set_hook(L);
}

static void start_timer(int period_ms)
{
  struct sigaction action = {.sa_handler = look, .sa_flags = SA_RESTART};
  struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGVTALRM};
  const struct timespec period = {period_ms / 1000, period_ms % 1000 * 1000000};
  const struct itimerspec every = {period, period};
  timer_t timer;
  event.sigev_notify_thread_id = (pid_t)syscall(SYS_gettid);
  watch.period_ms = period_ms;
  watch.timer = TIMER_NONE;
  (void)sigaction(SIGVTALRM, &action, NULL);
  if (timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &timer) == 0 &&
      timer_settime(timer, 0, &every, NULL) == 0)
    watch.timer = TIMER_RUNS;
}

#else

enum { TIMED_MS, PROBED_MS };

static void start_timer(int period_ms)
{
  (void)period_ms;
  watch.timer = TIMER_NONE;
}

#endif

/* How a call is really counted. */
static enum limits_counting counting_of(const struct limits *l)
{
  if (watch.timer == TIMER_UNKNOWN)
    start_timer(l->counting == LIMITS_TIMED ? TIMED_MS : PROBED_MS);
  if (l->counting == LIMITS_PROBED &&
      (watch.timer == TIMER_NONE || l->instructions < limits_default.instructions))
    return LIMITS_COUNTED;
  return l->counting;
}

lua_State *runaway_enter(lua_State *L, const struct limits *limits)
{
  lua_State *before = watch.running;
  if (before != NULL)
    return runaway_enter_inner(L);
  watch.counting = counting_of(limits);
  watch.looks = 0;
  watch.stuck_looks = 0;
  watch.limit = limits->instructions;
  watch.stuck_s = limits->stuck_s;
  watch.counted = 0;
  watch.error[0] = '\0';
  watch.running = L;
  if (watch.counting == LIMITS_COUNTED) {
    watch.is_counting = 1;
    set_hook(L);
  }
  return NULL;
}

lua_State *runaway_running(void)
{
  return watch.running;
}

lua_State *runaway_enter_inner(lua_State *L)
{
  lua_State *before = watch.running;
  if (before == NULL)
    return NULL;
  watch.running = L;
  if (watch.is_counting && lua_gethook(L) != count)
    set_hook(L);
  return before;
}

void runaway_leave_inner(lua_State *before)
{
  lua_State *L = watch.running;
  if (before == NULL || L == before)
    return;
  watch.running = before;
  if (!watch.is_counting)
    return;
  lua_sethook(L, NULL, 0, 0);
  if (watch.error[0] != '\0' || lua_gethook(before) != count)
    set_hook(before);
}

const char *runaway_leave(lua_State *before)
{
  lua_State *L = watch.running;
  if (before != NULL) {
    runaway_leave_inner(before);
    return NULL;
  }
  watch.running = NULL;
  if (!watch.is_counting)
    return NULL;
  watch.is_counting = 0;
  lua_sethook(L, NULL, 0, 0);
  return watch.error[0] == '\0' ? NULL : watch.error;
}
