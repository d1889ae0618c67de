/* value_marks.h - what value.c keeps in a lua_State for the codec. */
#ifndef HEARSAY_HOST_VALUE_MARKS_H
#define HEARSAY_HOST_VALUE_MARKS_H

#include "base/bytes.h"

#include <lua.h>

enum value_mark { VALUE_UNMARKED, VALUE_ARRAY, VALUE_RAW };

/* The mark of the table at `index`. Needs three free stack slots. */
enum value_mark value_mark_of(lua_State *L, int index);

/* Working memory for strings with escapes, owned by the state. What is in it is
 * copied into a Lua string before anything else runs, so nested use is safe. */
struct bytes *value_scratch(lua_State *L);

#endif
