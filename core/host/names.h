/* names.h - short strings that come again and again, found without making them: keys, message
 * types, node ids.
 *
 * Making a string costs Lua a hash over all of its bytes and a walk along a chain. Here it is
 * two words to compare. A name that is not there takes the place of the one that was: names
 * that are no longer used cost nothing but that place. */
#ifndef HEARSAY_HOST_NAMES_H
#define HEARSAY_HOST_NAMES_H

#include "base/bytes.h"

#include <lua.h>

#include <stdint.h>

/* Longer strings are none of our business: two words tell all shorter ones apart. */
enum { NAMES_SLOT_BITS = 7, NAMES_MAX_BYTES = 16 };

struct name {
  uint64_t words[2];
  size_t length;    /* 0: nothing here yet */
  const char *text; /* as Lua keeps it: for short strings, the same for equal ones */
  int reference;    /* in the registry, which keeps the string alive */
};

struct names {
  struct name slots[1 << NAMES_SLOT_BITS];
};

/* Takes the references. `n` must outlive the state's last use of it. Raises. */
void names_open(struct names *n, lua_State *L);

/* Pushes the string. Returns its text, which is the same pointer for equal strings of up to
 * NAMES_MAX_BYTES as long as both live. Raises only on out of memory. */
const char *names_push(struct names *n, lua_State *L, struct slice s);

#endif
