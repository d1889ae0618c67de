/* runaway.h - ends Lua code that does not come back, such as an endless loop in a handler.
 *
 * Lua can count instructions, but then each one is several times slower. So a call is counted only
 * where that is needed, in one of three ways:
 *
 *   TIMED    A timer looks at this thread once per second of processor time that it has used, and
 *            when it finds the same call at work for the second time the instructions are counted,
 *            from there. For a process, where no two runs are the same anyway. After
 *            limits.stuck_s seconds it is ended, however few they are.
 *   COUNTED  The instructions are counted from the call's beginning. It ends at the same one on
 *            every machine.
 *   PROBED   The timer looks every 10 ms, and what it finds at work for the second time is ended with
 *            RUNAWAY_SUSPECT: whoever runs a simulation repeats it with COUNTED. No machine takes as
 *            many instructions as the default limit in that time; so a call that is over the limit
 *            is always suspected, one that is not is never ended for good, and what a run gives does
 *            not depend on how fast the machine is.
 *
 * At the limit the call fails with an error that names file and line, and again at each line that it
 * comes to, so that no pcall can hold it.
 *
 * Coroutines that the script makes count as part of the call (coroutines.h), and so does the work of
 * C functions that say how much it is (strings.h, tables.h, library.h). Not seen is what loops inside another C function
 * or in a finalizer, where Lua calls no hook: after limits.stuck_s seconds of processor time in
 * one, the process says where it is and ends. On systems other than Linux there is no such timer:
 * there TIMED ends nothing, and PROBED is COUNTED. */
#ifndef HEARSAY_HOST_RUNAWAY_H
#define HEARSAY_HOST_RUNAWAY_H

#include "host/limits.h"

#include <lua.h>

#include <stdint.h>

/* How many bytes are copied or compared in the time of one instruction. */
enum { RUNAWAY_STEP_BYTES = 16 };

/* The error's text of a call that is to be repeated. */
#define RUNAWAY_SUSPECT "a call takes long: only a count of its instructions tells for how long"

/* From here on this thread runs code of L within the limits. Returns what it ran before, or NULL, for
 * runaway_leave; if that is not NULL, its limits count. Cost: some stores. */
lua_State *runaway_enter(lua_State *L, const struct limits *limits);

/* L has come back, to what was before. Returns NULL; or, when it had to be ended and nothing was
 * before, the error's text, which stays until the next one of this thread. */
const char *runaway_leave(lua_State *before);

/* The code that runs goes on in L, as part of the same call, and comes back. Where nothing is
 * watched both do nothing. */
lua_State *runaway_enter_inner(lua_State *L);
void runaway_leave_inner(lua_State *before);

/* Whose code runs in this thread, watched; or NULL. */
lua_State *runaway_running(void);

/* How many instructions the code that runs may still take; UINT64_MAX where nothing is watched. */
uint64_t runaway_left(void);

/* A C function of the code that runs in L has worked as long as this many instructions take. Raises
 * when that is over what is left. */
void runaway_spend(lua_State *L, uint64_t instructions);

#endif
