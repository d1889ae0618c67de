/* address.h - the addresses of a state's values, as they are and as a script sees them.
 *
 * A script sees where its values lie by tostring, print and %p, and in the order of pairs() over
 * keys that are tables, functions, coroutines or userdata. In a state whose memory is an arena's
 * (ALLOCATOR_ARENA) all of it is the same in every run: what is shown is the distance from the
 * arena's base, and the order follows from the low 32 bits, which are that distance too. What
 * lies elsewhere, in the program, has no address to be shown; so that functions of C lie in the
 * arena, what luaL_setfuncs makes of them is closures, though they close over nothing. */
#ifndef HEARSAY_HOST_ADDRESS_H
#define HEARSAY_HOST_ADDRESS_H

#include <lua.h>

/* As lua_topointer, which in this program gives what a script is shown. */
const void *address_of(lua_State *L, int index);

#endif
