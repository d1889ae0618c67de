/* extra.h - what the host keeps beside a lua_State, found in one load from any of its
 * coroutines: every message comes by here several times, and a look into the registry costs
 * as much as the rest of what is done with it. */
#ifndef HEARSAY_HOST_EXTRA_H
#define HEARSAY_HOST_EXTRA_H

#include "base/bytes.h"
#include "host/names.h"
#include "host/shapes.h"

#include <lua.h>

#include <string.h>

/* A value that the registry keeps: its reference, and its address to know it by. */
struct kept {
  int reference;
  const void *address;
};

struct extra {
  void *owner;         /* see state.h */
  char *root;          /* malloc's: see state.h */
  int is_confined;     /* see confine.h */
  int layout_is_known; /* see layout.h */
  size_t most_text;    /* bytes that a value may be encoded to: see value_limit */
  struct names names;
  struct shapes shapes;
  struct kept array_mark, raw_mark;      /* metatables; see value.h */
  struct kept type, msg_id, in_reply_to; /* strings: keys of a body */
  struct kept src, dest, body;           /* and of a message */
  struct bytes scratch; /* for strings with escapes. What is in it is copied into a Lua string
                           before anything else runs, so nested use is safe */
  struct bytes text;    /* for text that becomes a string at once */
};

/* Makes it, once per state, before there are coroutines. The state owns it. Raises. */
struct extra *extra_open(lua_State *L);

static inline struct extra *extra_of(lua_State *L)
{
  struct extra *x;
  memcpy(&x, lua_getextraspace(L), sizeof x);
  return x;
}

static inline void kept_push(lua_State *L, const struct kept *k)
{
  lua_rawgeti(L, LUA_REGISTRYINDEX, k->reference);
}

#endif
