/* What each does is said by the manual of Lua 5.4 (6.6), what it says about wrong arguments by Lua
 * itself: tests/c/test_tables.c compares. Only sort is Lua's own, since it is not stable: another
 * algorithm would give equal elements another order. Its work is known before, or counted where it
 * compares. */
#include "host/tables.h"

#include "host/runaway.h"

#include <lauxlib.h>

#include <limits.h>

/* What a function does with its table, for which something else needs a metamethod. */
enum use { READS = 1, WRITES = 2, MEASURES = 4 };

static int has_field(lua_State *L, const char *name)
{
  lua_pushstring(L, name);
  int is_there = lua_rawget(L, -2) != LUA_TNIL;
  lua_pop(L, 1);
  return is_there;
}

/* Raises unless the argument is a table, or can do as much. */
static void check_table(lua_State *L, int argument, int uses)
{
  if (lua_istable(L, argument))
    return;
  if (lua_getmetatable(L, argument)) {
    int can = ((uses & READS) == 0 || has_field(L, "__index")) &&
              ((uses & WRITES) == 0 || has_field(L, "__newindex")) &&
              ((uses & MEASURES) == 0 || has_field(L, "__len"));
    lua_pop(L, 1);
    if (can)
      return;
  }
  luaL_checktype(L, argument, LUA_TTABLE);
}

static lua_Integer check_length(lua_State *L, int uses)
{
  check_table(L, 1, uses | MEASURES);
  return luaL_len(L, 1);
}

/* --- how much is done --------------------------------------------------- */

/* Instructions that have been worked, and not paid for yet. */
struct work {
  lua_State *L;
  uint64_t due;
};

static inline void pay(struct work *w)
{
  if (w->due > 0)
    runaway_spend(w->L, w->due);
  w->due = 0;
}

static inline void add(struct work *w, uint64_t instructions)
{
  enum { AT_ONCE = 1000 };
  w->due += instructions;
  if (w->due >= AT_ONCE)
    pay(w);
}

/* table[to] = source[from] */
static void copy(struct work *w, int source, lua_Integer from, int table, lua_Integer to)
{
  enum { INSTRUCTIONS = 2 };
  add(w, INSTRUCTIONS);
  lua_geti(w->L, source, from);
  lua_seti(w->L, table, to);
}

/* --- elements ----------------------------------------------------------- */

static int insert(lua_State *L)
{
  enum { LIST = 1, PLACE = 2, APPENDS = 2, INSERTS = 3 };
  struct work w = {L, 0};
  lua_Unsigned end = (lua_Unsigned)check_length(L, READS | WRITES) + 1;
  lua_Integer at = (lua_Integer)end;
  int count = lua_gettop(L);
  if (count != APPENDS && count != INSERTS)
    return luaL_error(L, "wrong number of arguments to 'insert'");
  if (count == INSERTS) {
    at = luaL_checkinteger(L, PLACE);
    luaL_argcheck(L, (lua_Unsigned)at - 1 < end, PLACE, "position out of bounds");
    for (lua_Integer i = (lua_Integer)end; i > at; i--)
      copy(&w, LIST, i - 1, LIST, i);
  }
  lua_seti(L, LIST, at);
  pay(&w);
  return 0;
}

static int take(lua_State *L)
{
  enum { LIST = 1, PLACE = 2 };
  struct work w = {L, 0};
  lua_Integer length = check_length(L, READS | WRITES), at = luaL_optinteger(L, PLACE, length);
  if (at != length)
    luaL_argcheck(L, (lua_Unsigned)at - 1 <= (lua_Unsigned)length, LIST, "position out of bounds");
  lua_geti(L, LIST, at); // .. element
  for (; at < length; at++)
    copy(&w, LIST, at + 1, LIST, at);
  lua_pushnil(L);
  lua_seti(L, LIST, at); // .. element
  pay(&w);
  return 1;
}

static int move(lua_State *L)
{
  enum { FROM = 1, FIRST, LAST, PLACE, INTO };
  struct work w = {L, 0};
  lua_Integer first = luaL_checkinteger(L, FIRST), last = luaL_checkinteger(L, LAST);
  lua_Integer place = luaL_checkinteger(L, PLACE);
  int into = lua_isnoneornil(L, INTO) ? FROM : INTO;
  check_table(L, FROM, READS);
  check_table(L, into, WRITES);
  if (last >= first) {
    luaL_argcheck(L, first > 0 || last < LUA_MAXINTEGER + first, LAST, "too many elements to move");
    lua_Integer behind = last - first; /* the first */
    luaL_argcheck(L, place <= LUA_MAXINTEGER - behind, PLACE, "destination wrap around");
    int overwrites =
      place > first && place <= last && (into == FROM || lua_compare(L, FROM, into, LUA_OPEQ));
    for (lua_Integer i = 0; i <= behind; i++) {
      lua_Integer k = overwrites ? behind - i : i;
      copy(&w, FROM, first + k, into, place + k);
    }
  }
  pay(&w);
  lua_pushvalue(L, into);
  return 1;
}

static int unpack(lua_State *L)
{
  enum { LIST = 1, FIRST, LAST };
  lua_Integer first = luaL_optinteger(L, FIRST, 1);
  lua_Integer last = lua_isnoneornil(L, LAST) ? luaL_len(L, LIST) : luaL_checkinteger(L, LAST);
  if (first > last)
    return 0;
  lua_Unsigned behind = (lua_Unsigned)last - (lua_Unsigned)first;
  if (behind >= INT_MAX || !lua_checkstack(L, (int)behind + 1))
    return luaL_error(L, "too many results to unpack");
  runaway_spend(L, behind + 1);
  for (lua_Unsigned i = 0; i <= behind; i++)
    lua_geti(L, LIST, (lua_Integer)((lua_Unsigned)first + i));
  return (int)behind + 1;
}

/* --- concat ------------------------------------------------------------- */

static void add_element(struct work *w, luaL_Buffer *b, lua_Integer i)
{
  enum { LIST = 1 };
  lua_geti(w->L, LIST, i);
  if (!lua_isstring(w->L, -1))
    luaL_error(w->L, "invalid value (%s) at index %I in table for 'concat'",
               luaL_typename(w->L, -1), (LUAI_UACINT)i);
  add(w, 1 + lua_rawlen(w->L, -1) / RUNAWAY_STEP_BYTES);
  luaL_addvalue(b);
}

static int concat(lua_State *L)
{
  enum { SEPARATOR = 2, FIRST, LAST };
  struct work w = {L, 0};
  size_t length;
  lua_Integer last = check_length(L, READS);
  const char *separator = luaL_optlstring(L, SEPARATOR, "", &length);
  lua_Integer i = luaL_optinteger(L, FIRST, 1);
  last = luaL_optinteger(L, LAST, last);
  luaL_Buffer b;
  luaL_buffinit(L, &b);
  for (; i < last; i++) {
    add_element(&w, &b, i);
    luaL_addlstring(&b, separator, length);
    add(&w, length / RUNAWAY_STEP_BYTES);
  }
  if (i == last)
    add_element(&w, &b, i);
  pay(&w);
  luaL_pushresult(&b);
  return 1;
}

/* --- sort --------------------------------------------------------------- */

/* Compares for sort: by upvalue 1, or as '<' where that is nil. */
static int is_less(lua_State *L)
{
  uint64_t bytes = 0;
  if (lua_type(L, 1) == LUA_TSTRING && lua_type(L, 2) == LUA_TSTRING) {
    size_t a = lua_rawlen(L, 1), b = lua_rawlen(L, 2);
    bytes = a < b ? a : b;
  }
  runaway_spend(L, 1 + bytes / RUNAWAY_STEP_BYTES);
  if (lua_isnil(L, lua_upvalueindex(1))) {
    lua_pushboolean(L, lua_compare(L, 1, 2, LUA_OPLT));
  } else {
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, 2, 1);
  }
  return 1;
}

/* Whether to compare two of the first elements is a matter of some instructions. */
static int are_short(lua_State *L, size_t count)
{
  enum { SHORT_BYTES = 4 * RUNAWAY_STEP_BYTES };
  int is_short = 1;
  for (size_t i = 1; i <= count && is_short; i++) {
    int type = lua_rawgeti(L, 1, (lua_Integer)i);
    is_short = type == LUA_TNUMBER || (type == LUA_TSTRING && lua_rawlen(L, -1) <= SHORT_BYTES);
    lua_pop(L, 1);
  }
  return is_short;
}

static uint64_t log2_of(uint64_t n)
{
  uint64_t bits = 0;
  while (n >>= 1)
    bits++;
  return bits;
}

/* sort, by Lua's own: upvalue 1. */
static int sort(lua_State *L)
{
  lua_CFunction lua_sort = lua_tocfunction(L, lua_upvalueindex(1));
  int has_order = lua_isfunction(L, 2);
  if (!lua_istable(L, 1) || !(has_order || lua_isnoneornil(L, 2)))
    return lua_sort(L); /* raises */
  int has_metatable = lua_getmetatable(L, 1);
  lua_pop(L, has_metatable);
  lua_settop(L, 2);
  size_t count = has_metatable ? 0 : lua_rawlen(L, 1);
  runaway_spend(L, count * log2_of(count));
  if (has_metatable || !(has_order || are_short(L, count)))
    lua_pushcclosure(L, is_less, 1);
  return lua_sort(L);
}

void tables_open(lua_State *L)
{
  static const luaL_Reg functions[] = {{"concat", concat}, {"insert", insert}, {"move", move},
                                       {"remove", take},   {"unpack", unpack}, {NULL, NULL}};
  lua_getglobal(L, "table"); // table
  luaL_setfuncs(L, functions, 0);
  lua_getfield(L, -1, "sort"); // table sort
  lua_pushcclosure(L, sort, 1);
  lua_setfield(L, -2, "sort"); // table
  lua_pop(L, 1);
}
