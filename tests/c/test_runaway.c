/* Code that does not come back, in each way of counting. Nothing here depends on how fast the machine
 * is; what waits for the timer ends when that has come. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "host/allocator.h"
#include "host/coroutines.h"
#include "host/runaway.h"

#include <lauxlib.h>
#include <lualib.h>

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LIMIT = 1000000 };

static int spend(lua_State *L)
{
  runaway_spend(L, (uint64_t)luaL_checkinteger(L, 1));
  lua_pushinteger(L, (lua_Integer)runaway_left());
  return 1;
}

/* A C function that never comes back. */
static int hang(lua_State *L)
{
  for (volatile int stop = 0; !stop;) {
  }
  return luaL_error(L, "it has stopped");
}

static lua_State *open_state(void)
{
  lua_State *L = allocator_new_state(0, ALLOCATOR_POOL, 0);
  assert_non_null(L);
  luaL_openlibs(L);
  coroutines_open(L);
  lua_register(L, "spend", spend);
  lua_register(L, "hang", hang);
  return L;
}

/* Runs the code; returns why it was ended, or NULL. `status` is what lua_pcall returns. */
static const char *run(lua_State *L, const char *code, enum limits_counting counting,
                       uint64_t instructions, int *status)
{
  struct limits l = limits_default;
  l.counting = counting;
  l.instructions = instructions;
  if (luaL_loadbuffer(L, code, strlen(code), "=code") != LUA_OK)
    fail_msg("%s", lua_tostring(L, -1));
  lua_State *before = runaway_enter(L, &l);
  assert_null(before);
  *status = lua_pcall(L, 0, 0, 0);
  const char *why = runaway_leave(before);
  assert_null(lua_gethook(L)); /* nothing is left behind */
  lua_settop(L, 0);
  return why;
}

static const char *const endless[] = {
  "while true do end",
  "local function f() return f() end f()",
  "repeat until pcall(function() while true do end end) and false",
  "while true do pcall(error) end",
  "local f = coroutine.wrap(function() pcall(function() while true do end end) end) while true do "
  "pcall(f) end",
  "local co = coroutine.create(function() while true do coroutine.yield() end end) while true do "
  "coroutine.resume(co) end",
  "local co = coroutine.create(function() local _ <close> = setmetatable({}, {__close = function() "
  "while true do end end}) coroutine.yield() end) coroutine.resume(co) "
  "error((select(2, coroutine.close(co))))",
  "while true do spend(1000) end",
  "pcall(function() while true do pcall(spend, 10) end end) while true do end",
};

static void an_endless_loop_is_ended(void **state)
{
  (void)state;
  static const enum limits_counting ways[] = {LIMITS_COUNTED, LIMITS_PROBED};
  for (size_t i = 0; i < sizeof endless / sizeof *endless; i++) {
    for (size_t k = 0; k < 2; k++) {
      int status;
      lua_State *L = open_state();
      uint64_t limit = ways[k] == LIMITS_PROBED ? limits_default.instructions : LIMIT;
      const char *why = run(L, endless[i], ways[k], limit, &status);
      assert_non_null(why);
      assert_int_equal(status, LUA_ERRRUN);
      if (ways[k] == LIMITS_PROBED)
        assert_string_equal(why, RUNAWAY_SUSPECT);
      else
        assert_non_null(strstr(why, "code:1: over 1000000 instructions without an end"));
      why = run(L, "local x = 0 for i = 1, 1000 do x = x + i end", ways[k], LIMIT, &status);
      assert_null(why);
      assert_int_equal(status, LUA_OK);
      lua_close(L);
    }
  }
}

/* In a process of its own, since a thread has one timer: here it looks once a second. Such a process
 * has no timer yet, so these tests come first. */
static void a_process_counts_from_when_it_takes_long(void **state)
{
  (void)state;
  pid_t pid = fork();
  if (pid == 0) {
    int status;
    lua_State *L = open_state();
    const char *why = run(L, "while true do end", LIMITS_TIMED, LIMIT, &status);
    int is_good = why != NULL && strstr(why, "code:1: over 1000000 instructions") != NULL;
    /* What comes back before anybody looks is not counted. */
    is_good &= run(L, "for i = 1, 3e6 do end", LIMITS_TIMED, LIMIT, &status) == NULL;
    lua_close(L);
    _exit(is_good ? 0 : 1);
  }
  int status;
  assert_int_equal(waitpid(pid, &status, 0), pid);
  assert_int_equal(status, 0);
}

/* How many rounds of a loop come to their end within the limit. */
static lua_Integer count_rounds(const char *code, enum limits_counting counting)
{
  int status;
  lua_State *L = open_state();
  lua_pushinteger(L, 0);
  lua_setglobal(L, "rounds");
  assert_non_null(run(L, code, counting, LIMIT, &status));
  lua_getglobal(L, "rounds");
  lua_Integer rounds = lua_tointeger(L, -1);
  lua_close(L);
  return rounds;
}

/* With a limit that is smaller than what the timer can see, a probed call is counted too. */
/* Instructions of which each takes long: after some seconds of processor time it is enough. */
static void few_long_instructions_are_ended(void **state)
{
  (void)state;
  static const char code[] = "\nlocal s = ('x'):rep(1 << 20) while true do local _ = s .. 'y' end";
  struct limits l = limits_default;
  l.instructions = UINT64_MAX;
  l.stuck_s = 2;
  lua_State *L = open_state();
  assert_int_equal(luaL_loadbuffer(L, code, strlen(code), "=code"), LUA_OK);
  lua_State *before = runaway_enter(L, &l);
  int status = lua_pcall(L, 0, 0, 0);
  assert_string_equal(runaway_leave(before),
                      "code:2: over 2 s of processor time without an end (the "
                      "limit is set by --max-stuck)");
  assert_int_equal(status, LUA_ERRRUN);
  lua_close(L);
}

static void it_is_ended_at_the_same_instruction_each_time(void **state)
{
  (void)state;
  static const char *const loops[] = {
    "while true do rounds = rounds + 1 end",
    "for i = 1, 1e9 do rounds = i end",
    "local f = coroutine.wrap(function() while true do rounds = rounds + 1 coroutine.yield() end "
    "end) "
    "while true do f() end",
    "while true do rounds = rounds + 1 spend(99) end",
  };
  for (size_t i = 0; i < sizeof loops / sizeof *loops; i++) {
    lua_Integer rounds = count_rounds(loops[i], LIMITS_COUNTED);
    assert_in_range(rounds, LIMIT / 200, LIMIT);
    assert_int_equal(count_rounds(loops[i], LIMITS_COUNTED), rounds);
    assert_int_equal(count_rounds(loops[i], LIMITS_PROBED), rounds);
  }
}

/* Each call begins anew, however many there have been. */
static void what_is_within_the_limit_is_left_alone(void **state)
{
  (void)state;
  lua_State *L = open_state();
  for (int i = 0; i < 20; i++) {
    int status;
    assert_null(
      run(L, "local t = {} for i = 1, 1e5 do t[i % 7] = i end", LIMITS_COUNTED, LIMIT, &status));
    assert_int_equal(status, LUA_OK);
    assert_null(run(L,
                    "local f = coroutine.wrap(function() for i = 1, 1e5 do end end) f() spend(5e5)",
                    LIMITS_COUNTED, LIMIT, &status));
    assert_int_equal(status, LUA_OK);
  }
  lua_close(L);
}

static void work_of_c_functions_counts(void **state)
{
  (void)state;
  int status;
  lua_State *L = open_state();
  assert_true(runaway_left() == UINT64_MAX);
  runaway_spend(L, UINT64_MAX); /* where nothing is watched it is free */
  assert_null(run(L,
                  "assert(spend(0) == 1000000) assert(spend(10) == 999990) "
                  "assert(spend(999989) == 1)",
                  LIMITS_COUNTED, LIMIT, &status));
  assert_int_equal(status, LUA_OK);
  const char *why = run(L, "\nspend(400000)\nspend(600000)", LIMITS_COUNTED, LIMIT, &status);
  assert_non_null(why);
  assert_non_null(strstr(why, "code:3: over 1000000 instructions"));
  /* Once is enough, in a call that is not counted. */
  why = run(L, "spend(1000000)", LIMITS_TIMED, LIMIT, &status);
  assert_non_null(strstr(why, "code:1: over 1000000 instructions"));
  why = run(L, "pcall(spend, 100000000) while true do end", LIMITS_PROBED,
            limits_default.instructions, &status);
  assert_string_equal(why, RUNAWAY_SUSPECT);
  lua_close(L);
}

/* In a process of its own, which says where it is stuck and ends. */
static void what_cannot_be_ended_ends_the_process(void **state)
{
  (void)state;
  int ends[2], status;
  char text[512] = "";
  assert_int_equal(pipe(ends), 0);
  pid_t pid = fork();
  if (pid == 0) {
    struct limits l = limits_default;
    lua_State *L = open_state();
    (void)dup2(ends[1], STDERR_FILENO);
    l.counting = LIMITS_COUNTED;
    l.stuck_s = 1;
    (void)luaL_loadstring(L, "\n\nhang()");
    (void)runaway_enter(L, &l);
    (void)lua_pcall(L, 0, 0, 0);
    _exit(0);
  }
  assert_int_equal(close(ends[1]), 0);
  assert_int_equal(waitpid(pid, &status, 0), pid);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 1);
  assert_true(read(ends[0], text, sizeof text - 1) > 0);
  assert_string_equal(text,
                      "hearsay: [string \"...\"]:3: a call of a C function has not come back "
                      "after 1 s of processor time, and cannot be ended: the process ends (the "
                      "limit is set by --max-stuck)\n");
  assert_int_equal(close(ends[0]), 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_process_counts_from_when_it_takes_long),
    cmocka_unit_test(what_cannot_be_ended_ends_the_process),
    cmocka_unit_test(an_endless_loop_is_ended),
    cmocka_unit_test(few_long_instructions_are_ended),
    cmocka_unit_test(it_is_ended_at_the_same_instruction_each_time),
    cmocka_unit_test(what_is_within_the_limit_is_left_alone),
    cmocka_unit_test(work_of_c_functions_counts),
  };
  return cmocka_run_group_tests_name("runaway", tests, NULL, NULL);
}
