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

static uint64_t load(const char *p, size_t length)
{
  uint64_t word = 0;
  memcpy(&word, p, length);
  return word;
}

/* For any one length from 1 to 16, two strings are equal when their words are. */
static void read_words(uint64_t words[2], struct slice s)
{
  if (s.length >= 8) {
    words[0] = load(s.data, 8);
    words[1] = load(s.data + s.length - 8, 8);
  } else if (s.length >= 4) {
    words[0] = load(s.data, 4);
    words[1] = load(s.data + s.length - 4, 4);
  } else { /* its first, middle and last byte */
    words[0] = (unsigned char)s.data[0] | (uint64_t)(unsigned char)s.data[s.length / 2] << 8;
    words[1] = (unsigned char)s.data[s.length - 1];
  }
}

static struct name *slot_of(struct names *n, const uint64_t words[2], size_t length)
{
  uint64_t hash = (words[0] * 3 + words[1] + length) * 0x9e3779b97f4a7c15u;
  return &n->slots[hash >> (64 - NAMES_SLOT_BITS)];
}

const char *names_push(struct names *n, lua_State *L, struct slice s)
{
  if (s.length == 0 || s.length > NAMES_MAX_BYTES)
    return lua_pushlstring(L, s.data, s.length);
  uint64_t words[2];
  read_words(words, s);
  struct name *known = slot_of(n, words, s.length);
  if (known->length == s.length && known->words[0] == words[0] && known->words[1] == words[1]) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, known->reference);
    return known->text;
  }
  const char *text = lua_pushlstring(L, s.data, s.length);
  lua_pushvalue(L, -1);
  lua_rawseti(L, LUA_REGISTRYINDEX, known->reference); /* is there: it needs no memory */
  known->words[0] = words[0];
  known->words[1] = words[1];
  known->length = s.length;
  known->text = text;
  return text;
}
