/* measure.h - how long a value will be as text, before an encoder that knows no limit writes it. A few
 * tables that stand in each other many times are a small value and a text without end. */
#ifndef HEARSAY_HOST_MEASURE_H
#define HEARSAY_HOST_MEASURE_H

#include <lua.h>

#include <stddef.h>

/* Whether the JSON text of the value at `index` has at least `most` bytes: 1 or 0. What lies deeper
 * than `depth` tables counts for nothing, and strings count without escapes, of which each byte has
 * six at most. Calls no metamethod. Raises where Lua's stack has no room. O(bytes, up to `most`). */
int measure_exceeds(lua_State *L, int index, int depth, size_t most);

#endif
