#include "host/shapes.h"

#include "wire/utf8.h"

#include <lauxlib.h>

#include <string.h>

/* Of some unknown keys for which there is no free place, one is learnt. */
enum { PATIENCE = 4 };

/* The table that the reference stands for has two places for each slot. */
enum { KEY_OF_SLOT = 1, PATTERN_OF_SLOT, PLACES_OF_SLOT = 2 };

void shapes_open(struct shapes *s, lua_State *L)
{
  memset(s, 0, sizeof *s);
  s->none.serial = s->last_serial = 1;
  s->none.follower = s->none.inner = s->slots;
  lua_createtable(L, SHAPES_COUNT * PLACES_OF_SLOT, 0);
  s->reference = luaL_ref(L, LUA_REGISTRYINDEX);
}

/* The first of the places for such a key behind `at`. */
static struct shape *set_of(struct shapes *s, const struct shape *at, const uint64_t words[2],
                            size_t length)
{
  uint64_t hash = words[0] * 3 + words[1] + length + (at->serial << 8);
  return &s->slots[(hash * 0x9e3779b97f4a7c15u >> (64 - SHAPES_BITS)) * SHAPES_WAYS];
}

struct shape *shapes_find(struct shapes *s, const struct shape *at, struct slice key)
{
  uint64_t words[2];
  if (key.length == 0 || key.length > NAMES_MAX_BYTES)
    return NULL;
  name_words(words, key.data, key.length);
  struct shape *next = set_of(s, at, words, key.length);
  for (int way = 0; way < SHAPES_WAYS; way++, next++)
    if (next->parent == at->serial && next->length == key.length && next->words[0] == words[0] &&
        next->words[1] == words[1]) {
      next->turn = s->turn;
      return next;
    }
  return NULL;
}

static int is_plain(struct slice s)
{
  const char *end = s.data + s.length;
  return utf8_text_end(s.data, end) == end;
}

/* The place that a new shape may take: a free one, or that which was used longer ago, but not in this
 * turn. */
static struct shape *place_in(struct shapes *s, struct shape *set)
{
  struct shape *oldest = set;
  for (struct shape *place = set; place < set + SHAPES_WAYS; place++) {
    if (place->parent == 0)
      return place;
    if (s->turn - place->turn > s->turn - oldest->turn)
      oldest = place;
  }
  return oldest->turn == s->turn || ++s->unknown % PATIENCE != 0 ? NULL : oldest;
}

/* Keeps the value at the top for a slot, and pops it. */
static void keep(struct shapes *s, lua_State *L, const struct shape *slot, int place)
{
  lua_rawgeti(L, LUA_REGISTRYINDEX, s->reference); // value kept
  lua_insert(L, -2);                               // kept value
  lua_rawseti(L, -2, (slot - s->slots) * PLACES_OF_SLOT + place);
  lua_pop(L, 1);
}

struct shape *shapes_learn(struct shapes *s, lua_State *L, const struct shape *at, struct slice key)
{
  uint64_t words[2];
  if (key.length == 0 || key.length > NAMES_MAX_BYTES || at->count == UCHAR_MAX || !is_plain(key))
    return NULL;
  name_words(words, key.data, key.length);
  struct shape *next = place_in(s, set_of(s, at, words, key.length));
  if (next == NULL)
    return NULL;
  next->parent = 0; /* as long as something may raise */
  lua_pushboolean(L, 0);
  keep(s, L, next, PATTERN_OF_SLOT);
  const char *text = lua_pushlstring(L, key.data, key.length);
  keep(s, L, next, KEY_OF_SLOT);
  *next = (struct shape){.words = {words[0], words[1]},
                         .text = text,
                         .follower = s->slots,
                         .inner = s->slots,
                         .serial = ++s->last_serial,
                         .parent = at->serial,
                         .turn = s->turn,
                         .length = (unsigned char)key.length,
                         .count = (unsigned char)(at->count + 1)};
  return next;
}

void shapes_end_at(struct shapes *s, lua_State *L, struct shape *at, const struct slice *keys)
{
  if (at->pattern != NULL || at->count == 0)
    return;
  if (!at->has_ended) { /* it may have been the only one */
    at->has_ended = 1;
    return;
  }
  lua_createtable(L, 0, at->count); // pattern
  for (int i = 0; i < at->count; i++) {
    lua_pushlstring(L, keys[i].data, keys[i].length);
    lua_pushinteger(L, i);
    lua_rawset(L, -3);
  }
  const struct layout_table *pattern = address_of(L, -1);
  keep(s, L, at, PATTERN_OF_SLOT);
  at->pattern = pattern;
}
