/* coroutines.h - coroutine.resume, wrap and close for scripts: as Lua's, but what runs in a
 * coroutine that the script made is watched like the rest (runaway.h). */
#ifndef HEARSAY_HOST_COROUTINES_H
#define HEARSAY_HOST_COROUTINES_H

#include <lua.h>

/* Replaces the three functions. Raises. */
void coroutines_open(lua_State *L);

#endif
