#include "host/names.h"

#include <lauxlib.h>

#include <string.h>

void names_open(struct names *n, lua_State *L)
{
  memset(n, 0, sizeof *n);
  for (size_t i = 0; i < 1u << NAMES_SLOT_BITS; i++) {
    lua_pushboolean(L, 0);
    n->slots[i].reference = luaL_ref(L, LUA_REGISTRYINDEX);
  }
}

static struct name *slot_of(struct names *n, const uint64_t words[2], size_t length)
{
  uint64_t hash = (words[0] * 3 + words[1] + length) * 0x9e3779b97f4a7c15u;
  return &n->slots[hash >> (64 - NAMES_SLOT_BITS)];
}

struct name *names_push(struct names *n, lua_State *L, struct slice s)
{
  if (s.length == 0 || s.length > NAMES_MAX_BYTES) {
    lua_pushlstring(L, s.data, s.length);
    return NULL;
  }
  uint64_t words[2];
  name_words(words, s.data, s.length);
  struct name *known = slot_of(n, words, s.length);
  if (known->length == s.length && known->words[0] == words[0] && known->words[1] == words[1]) {
    name_push(known, L);
    return known;
  }
  const char *text = lua_pushlstring(L, s.data, s.length);
  lua_pushvalue(L, -1);
  lua_rawseti(L, LUA_REGISTRYINDEX, known->reference); /* is there: it needs no memory */
  known->words[0] = words[0];
  known->words[1] = words[1];
  known->length = s.length;
  known->text = text;
  return known;
}
