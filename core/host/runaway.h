/* runaway.h - ends Lua code that does not come back, such as an endless loop in a handler.
 *
 * Lua can count instructions, but then each one is several times slower. So nothing is counted at
 * first: a timer looks at this thread once per second of processor time that it has used, and only
 * when it finds the same call at work for the second time the instructions are counted, from there.
 * At the RUNAWAY_INSTRUCTIONSth the call fails with an error that names file and line, and again at
 * each line that it comes to, so that no pcall can hold it. A call of fewer instructions is never
 * touched, however slow the machine is, so runs repeat themselves all the same.
 *
 * Not seen is what loops in a coroutine that the script made itself before that. On systems other
 * than Linux there is no such timer, and nothing is ended. */
#ifndef HEARSAY_HOST_RUNAWAY_H
#define HEARSAY_HOST_RUNAWAY_H

#include <lua.h>

#define RUNAWAY_INSTRUCTIONS 100000000

/* From here on this thread runs code of L. Returns what it ran before, or NULL, for
 * runaway_leave. Cost: some stores. */
lua_State *runaway_enter(lua_State *L);

/* L has come back, to what was before. Returns NULL; or, when L had to be ended, the error's text,
 * which stays until the next one of this thread. */
const char *runaway_leave(lua_State *before);

#endif
