/* confine.h - what is taken from a script that may reach nothing but its node.
 *
 * In the bench that keeps runs the same; under ./node --sandbox it lets one run the script of
 * somebody else. Such a script has no files (but those that the platform gives: log.open), no
 * clock, no processes and no C modules; what it requires are modules of the library and those
 * beside it. Nor has it what would get around a limit:
 *
 *   debug     all but getinfo and traceback: it could take away the hook that ends an endless
 *             loop, and reach into the library's functions
 *   __gc      finalizers run where no hook is called, so nothing could end one that loops
 *   getmetatable of what the host made: a finalizer could be put there
 *
 * What remains in every mode is time in one call of a C function other than those of strings.h,
 * tables.h and library.h: there are no instructions to count in it, so it can only end the process
 * (runaway.h). */
#ifndef HEARSAY_HOST_CONFINE_H
#define HEARSAY_HOST_CONFINE_H

#include <lua.h>

/* Takes it away. Call once, when all libraries are there. Raises. */
void confine(lua_State *L);

/* Replaces a field of the table at the top, which has this name, by a function that raises and
 * says why. */
void confine_forbid(lua_State *L, const char *table, const char *field, const char *why);

#endif
