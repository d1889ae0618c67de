/* runaway.h - ends Lua code that does not come back, such as an endless loop in a handler.
 *
 * Lua can count instructions, but then each one is several times slower. So nothing is counted at
 * first: a timer looks at this thread once per second of processor time that it has used, and only
 * when it finds the same call at work for the second time the instructions are counted, from there.
 * At the limit the call fails with an error that names file and line, and again at
 * each line that it comes to, so that no pcall can hold it. A call of fewer instructions is never
 * touched, however slow the machine is, so runs repeat themselves all the same.
 *
 * Coroutines that the script makes count as part of the call (coroutines.h). Not seen is what
 * loops inside one C function or in a finalizer, where Lua calls no hook. On systems other than
 * Linux there is no such timer, and nothing is ended. */
#ifndef HEARSAY_HOST_RUNAWAY_H
#define HEARSAY_HOST_RUNAWAY_H

#include <lua.h>

#include <stdint.h>

/* From here on this thread runs code of L, which may take about `limit` instructions. Returns what
 * it ran before, or NULL, for runaway_leave; if that is not NULL, its limit counts. Cost: some
 * stores. */
lua_State *runaway_enter(lua_State *L, uint64_t limit);

/* L has come back, to what was before. Returns NULL; or, when it had to be ended and nothing was
 * before, the error's text, which stays until the next one of this thread. */
const char *runaway_leave(lua_State *before);

/* The code that runs goes on in L, as part of the same call, and comes back. Where nothing is
 * watched both do nothing. */
lua_State *runaway_enter_inner(lua_State *L);
void runaway_leave_inner(lua_State *before);

#endif
