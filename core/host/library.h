/* library.h - functions of Lua's libraries that are Lua's own, and whose work counts as the script's
 * (runaway.h): those of string and utf8 that go through texts, and collectgarbage. */
#ifndef HEARSAY_HOST_LIBRARY_H
#define HEARSAY_HOST_LIBRARY_H

#include <lua.h>

/* Puts what counts around the functions. Raises. */
void library_open(lua_State *L);

#endif
