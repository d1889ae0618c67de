/* fuzz_lua.h - for what is written in Lua: a check that a chunk of Lua returns, and each input. */
#ifndef HEARSAY_TESTS_FUZZ_LUA_H
#define HEARSAY_TESTS_FUZZ_LUA_H

#include "bind/bind.h"
#include "fuzz.h"
#include "host/state.h"

#include <lauxlib.h>

/* The text at the top, or none where there is another value. */
static inline struct slice text_at_top(lua_State *L)
{
  const char *text = lua_tostring(L, -1);
  return slice_of(text == NULL ? "" : text);
}

/* Calls the function that the chunk returns with the input, in a state of the fuzzer's own that
 * stays from one input to the next. Aborts where it raises. */
static inline void check_in_lua(const char *chunk, const uint8_t *data, size_t size)
{
  static lua_State *L;
  struct error e = {""};
  if (L == NULL) {
    struct state_options options = {.open_modules = bind_all_modules, .root = "."};
    L = state_new(&options, &e);
    must(L != NULL, "no state", slice_of(e.text));
    int loaded = luaL_dostring(L, chunk); // check
    must(loaded == LUA_OK, "does not load", text_at_top(L));
  }
  lua_pushcfunction(L, state_traceback);
  lua_pushvalue(L, 1); // check traceback check
  lua_pushlstring(L, (const char *)data, size);
  int status = lua_pcall(L, 1, 0, 2);
  must(status == LUA_OK, "raises", text_at_top(L));
  lua_settop(L, 1);
}

#endif
