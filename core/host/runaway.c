/* The timer's signal comes to the thread whose time it measures, so that it finds this thread's
 * variables, and a Lua state that stands still meanwhile: setting a hook is what Lua allows a signal
 * handler to do. */
#include "host/runaway.h"

#include <signal.h>
#include <stdio.h>
#include <time.h>

enum { STEP = 1000 }; /* instructions between two calls of the hook */

static _Thread_local struct {
  lua_State *volatile running;
  volatile sig_atomic_t looks;       /* of the timer at this call */
  volatile sig_atomic_t is_counting; /* the coroutine that runs has the hook, and those that wait
                                        for it have it when they go on */
  uint64_t limit;
  uint64_t counted;
  int has_timer;
  char error[LUA_IDSIZE + 128]; /* why this call is ended; empty: it is not */
} watch;

static void count(lua_State *L, lua_Debug *at);

static void set_hook(lua_State *L)
{
  int is_over = watch.error[0] != '\0';
  lua_sethook(L, count, is_over ? LUA_MASKLINE | LUA_MASKCOUNT : LUA_MASKCOUNT, STEP);
}

static void count(lua_State *L, lua_Debug *at)
{
  if (!watch.is_counting) {
    lua_sethook(L, NULL, 0, 0); /* of a coroutine that another one with the hook has made */
    return;
  }
  if (watch.error[0] == '\0') {
    watch.counted += STEP;
    if (watch.counted < watch.limit)
      return;
    lua_getinfo(L, "Sl", at);
    (void)snprintf(watch.error, sizeof watch.error,
                   "%s:%d: over %llu instructions without an end: an endless loop? (the limit is "
                   "set by --max-instructions)",
                   at->short_src, at->currentline, (unsigned long long)watch.limit);
  }
  set_hook(L); /* for code without lines too */
  lua_pushstring(L, watch.error);
  (void)lua_error(L);
}

#ifdef __linux__

#include <sys/syscall.h>
#include <unistd.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

enum { LOOK_AT = 2 };

static void look(int signal)
{
  (void)signal;
  lua_State *L = watch.running;
  if (L == NULL || watch.is_counting || ++watch.looks < LOOK_AT)
    return;
  watch.counted = 0;
  watch.is_counting = 1;
  set_hook(L);
}

/* Without a timer nothing is ended: there is nobody to tell, and nothing else to do. */
static void start_timer(void)
{
  struct sigaction action = {.sa_handler = look, .sa_flags = SA_RESTART};
  struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGVTALRM};
  const struct itimerspec every = {{1, 0}, {1, 0}};
  timer_t timer;
  event.sigev_notify_thread_id = (pid_t)syscall(SYS_gettid);
  (void)sigaction(SIGVTALRM, &action, NULL);
  if (timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &timer) == 0)
    (void)timer_settime(timer, 0, &every, NULL);
}

#else

static void start_timer(void)
{
}

#endif

lua_State *runaway_enter(lua_State *L, uint64_t limit)
{
  if (!watch.has_timer) {
    watch.has_timer = 1;
    start_timer();
  }
  lua_State *before = watch.running;
  if (before != NULL)
    return runaway_enter_inner(L);
  watch.looks = 0;
  watch.limit = limit;
  watch.error[0] = '\0';
  watch.running = L;
  return NULL;
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
