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
#include <string.h>

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

/* Pushes the string, and returns its name, which has its text until another string is pushed: the
 * same pointer for equal strings as long as both live. Returns NULL for the empty string and those
 * over NAMES_MAX_BYTES, which have no names. Raises only on out of memory. */
struct name *names_push(struct names *n, lua_State *L, struct slice s);

/* Pushes the string of a name that has one. */
static inline void name_push(const struct name *name, lua_State *L)
{
  lua_rawgeti(L, LUA_REGISTRYINDEX, name->reference);
}

static inline uint64_t name_load(const char *p, size_t length)
{
  uint64_t word = 0;
  memcpy(&word, p, length);
  return word;
}

/* For any one length from 1 to NAMES_MAX_BYTES, two texts are equal when their words are. */
static inline void name_words(uint64_t words[2], const char *text, size_t length)
{
  if (length >= 8) {
    words[0] = name_load(text, 8);
    words[1] = name_load(text + length - 8, 8);
  } else if (length >= 4) {
    words[0] = name_load(text, 4);
    words[1] = name_load(text + length - 4, 4);
  } else { /* its first, middle and last byte */
    words[0] = (unsigned char)text[0] | (uint64_t)(unsigned char)text[length / 2] << 8;
    words[1] = (unsigned char)text[length - 1];
  }
}

#endif
