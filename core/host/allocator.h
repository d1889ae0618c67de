/* allocator.h - the memory of a lua_State: small blocks from a pool, and no more than a limit in
 * all.
 *
 * When a state wants more than its limit, Lua collects all garbage first, also where the script
 * has stopped the collector, and only then raises "not enough memory". What counts is what Lua
 * asked for, and not what the pool took from the system: so runs repeat themselves.
 *
 * What the script has in C counts too: containers are charged to the same budget. To Lua's collector
 * such an object is some bytes, whatever hangs on it; so whoever makes one calls allocator_press,
 * and whoever finds that there is no memory for one calls allocator_in_vain and tries again. */
#ifndef HEARSAY_HOST_ALLOCATOR_H
#define HEARSAY_HOST_ALLOCATOR_H

#include "base/budget.h"

#include <lua.h>

#include <stddef.h>

enum allocator_kind {
  ALLOCATOR_POOL,
  ALLOCATOR_ARENA, /* a pool in an arena, or as the first where there is no room for one */
  ALLOCATOR_MALLOC /* every block is malloc's: for tests in which each can fail */
};

/* Makes a state without libraries, or NULL on out of memory. A limit of 0 is none, and there is no
 * arena then. The color is an arena's. lua_close gives back all memory. */
lua_State *allocator_new_state(size_t limit_bytes, enum allocator_kind kind, unsigned color);

/* Lets the state have so many bytes more than its limit, to say that it has met it. Nothing is
 * freed when the reserve is taken away again, by 0. */
void allocator_set_reserve(lua_State *L, size_t bytes);

/* Why the state's last vain request was in vain: its limit, or "out of memory" where it was for want
 * of memory in the system. As long as the state. */
const char *allocator_error(lua_State *L);

/* What the state has in use. */
size_t allocator_used(lua_State *L);

/* What the state's memory is charged to, for containers of its script: it is there until lua_close
 * comes to its end, after all finalizers. */
struct budget *allocator_budget(lua_State *L);

/* Lets the collector work as if Lua had grown by what containers have since the last call. May run
 * finalizers. Cost: a few instructions as long as that is less than 64 KB. */
void allocator_press(lua_State *L);

/* A container has found no memory, after it did so `times` times before. The first time collects all
 * garbage, with what hangs on it, so that it can be tried again, and may run finalizers; then raises
 * "not enough memory", as Lua does when a request of its own is in vain. */
void allocator_in_vain(lua_State *L, int times);

/* The arena that the state's memory is in, or NULL. Of any state, also one that was not made here. */
const struct arena *allocator_arena(lua_State *L);

#endif
