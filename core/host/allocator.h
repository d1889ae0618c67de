/* allocator.h - the memory of a lua_State: small blocks from a pool, and no more than a limit in
 * all.
 *
 * When a state wants more than its limit, Lua collects all garbage first, also where the script
 * has stopped the collector, and only then raises "not enough memory". What counts is what Lua
 * asked for, and not what the pool took from the system: so runs repeat themselves. */
#ifndef HEARSAY_HOST_ALLOCATOR_H
#define HEARSAY_HOST_ALLOCATOR_H

#include <lua.h>

#include <stddef.h>

/* Makes a state without libraries, or NULL on out of memory. A limit of 0 is none. With
 * malloc_each every block is malloc's. lua_close gives back all memory. */
lua_State *allocator_new_state(size_t limit_bytes, int malloc_each);

/* Lets the state have so many bytes more than its limit, to say that it has met it. Nothing is
 * freed when the reserve is taken away again, by 0. */
void allocator_set_reserve(lua_State *L, size_t bytes);

/* Why the state's last vain request was in vain: its limit, or "out of memory" where it was for want
 * of memory in the system. As long as the state. */
const char *allocator_error(lua_State *L);

/* What the state has in use. */
size_t allocator_used(lua_State *L);

#endif
