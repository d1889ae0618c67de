/* library_fixture.h - functions of a library that scripts have, beside Lua's own: what both give for
 * the same arguments, and whether their work has an end. All of them assert. */
#ifndef HEARSAY_TESTS_LIBRARY_FIXTURE_H
#define HEARSAY_TESTS_LIBRARY_FIXTURE_H

#include "host/limits.h"

#include <lua.h>

/* A state in which `open` has replaced functions. Its global `plain` has the libraries as they were,
 * plain.table.sort; `same(library, name, make)` calls both with what make() returns, once for
 * each, and raises when results, errors, or what has become of the arguments differ. */
lua_State *library_state(void (*open)(lua_State *L));

/* Runs code with an argument, as `...`; fails with what it raises. */
void library_run(lua_State *L, const char *code, lua_Integer argument);

/* Why the code was ended, of which each call may take 10^6 instructions; or NULL. */
const char *library_end(lua_State *L, const char *code, enum limits_counting counting);

#endif
