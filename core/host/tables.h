/* tables.h - table.concat, insert, move, remove, sort and unpack for scripts: as Lua's, but their work
 * counts as the script's (runaway.h). Each is one instruction of Lua that may go through all of a
 * table, or through ranges that no table has, as table.move(t, 1, 2^53, 2) does. */
#ifndef HEARSAY_HOST_TABLES_H
#define HEARSAY_HOST_TABLES_H

#include <lua.h>

/* Replaces the functions. Raises. */
void tables_open(lua_State *L);

#endif
