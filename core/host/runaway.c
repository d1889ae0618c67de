/* The timer's signal comes to the thread whose time it measures, so that it finds this thread's
 * variables, and a Lua state that stands still meanwhile: setting a hook is what Lua allows a signal
 * handler to do. */
#include "host/runaway.h"

#include <signal.h>
#include <stdio.h>
#include <time.h>

static _Thread_local struct {
  lua_State *volatile running;
  volatile sig_atomic_t looks; /* of the timer at this call */
  lua_State *volatile counted; /* has the hook */
  int has_timer;
  char error[LUA_IDSIZE + 128]; /* why this call was ended; empty: it was not */
} watch;

static void give_up(lua_State *L, lua_Debug *at)
{
  lua_sethook(L, give_up, LUA_MASKLINE | LUA_MASKCOUNT, 1000); /* for code without lines too */
  lua_getinfo(L, "Sl", at);
  if (watch.error[0] == '\0')
    (void)snprintf(watch.error, sizeof watch.error,
                   "%s:%d: over %d instructions without an end: an endless loop?", at->short_src,
                   at->currentline, RUNAWAY_INSTRUCTIONS);
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
  if (L == NULL || watch.counted != NULL || ++watch.looks < LOOK_AT)
    return;
  watch.counted = L;
  lua_sethook(L, give_up, LUA_MASKCOUNT, RUNAWAY_INSTRUCTIONS);
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

lua_State *runaway_enter(lua_State *L)
{
  if (!watch.has_timer) {
    watch.has_timer = 1;
    start_timer();
  }
  lua_State *before = watch.running;
  if (before == NULL) {
    watch.looks = 0;
    watch.error[0] = '\0';
  }
  watch.running = L;
  return before;
}

const char *runaway_leave(lua_State *before)
{
  lua_State *L = watch.running;
  watch.running = before;
  if (L == NULL || watch.counted != L)
    return NULL;
  watch.counted = NULL;
  lua_sethook(L, NULL, 0, 0);
  return watch.error[0] == '\0' ? NULL : watch.error;
}
