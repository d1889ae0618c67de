/* strings.h - string.find, match, gmatch, gsub and rep for scripts: as Lua's, but their work counts as
 * the script's (runaway.h), so that a pattern that tries for ever, or a text that grows in a loop, is
 * ended like an endless loop. */
#ifndef HEARSAY_HOST_STRINGS_H
#define HEARSAY_HOST_STRINGS_H

#include <lua.h>

/* Replaces the functions. Raises. */
void strings_open(lua_State *L);

#endif
