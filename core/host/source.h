/* source.h - Lua code comes as source text, whoever loads it.
 *
 * Lua trusts precompiled code: a chunk that was made up can do anything to the process. So load,
 * loadfile, dofile and require refuse it, in every mode. */
#ifndef HEARSAY_HOST_SOURCE_H
#define HEARSAY_HOST_SOURCE_H

#include <lua.h>

/* Replaces load, loadfile, dofile, and require's way of finding a Lua file. Raises. */
void source_open(lua_State *L);

/* From here on require looks only into the library and into folders added by source_add_folder,
 * whatever package.path says, and takes names of modules without '/'. It finds no C modules. Names
 * of the library's files are from the root on, here and in errors, so that they are the same
 * wherever the root is. Raises. */
void source_confine(lua_State *L);

/* Makes require look into this folder too, behind the others. Raises. */
void source_add_folder(lua_State *L, const char *folder);

/* Calls fn for the path of each file that require has found, in that order. Raises nothing. */
void source_each(lua_State *L, void (*fn)(void *ctx, const char *path), void *ctx);

#endif
