/* ./sim: the bench. All of it that is not the simulated world itself is Lua, under
 * lua/sim; this starts it. */
#include "base/arena.h"
#include "bind/bind.h"
#include "host/paths.h"
#include "host/state.h"
#include "sim/interrupt.h"

#include <lauxlib.h>

#include <stdio.h>

enum { EXIT_COULD_NOT_RUN = 255 };

struct command {
  int argc;
  char **argv;
  int status;
};

static int run(lua_State *L)
{
  struct command *c = lua_touserdata(L, 1);
  lua_getglobal(L, "require");
  lua_pushliteral(L, "sim.main");
  lua_call(L, 1, 1); // main
  luaL_checkstack(L, c->argc, "too many arguments");
  for (int i = 1; i < c->argc; i++)
    lua_pushstring(L, c->argv[i]);
  lua_call(L, c->argc - 1, 1); // status
  c->status = (int)luaL_checkinteger(L, -1);
  return 0;
}

int main(int argc, char **argv)
{
  struct error e;
  struct paths paths;
  if (paths_find(&paths, &e) != 0) {
    fprintf(stderr, "sim: %s\n", e.text);
    return EXIT_COULD_NOT_RUN;
  }
  interrupt_watch();
  struct command command = {argc, argv, EXIT_COULD_NOT_RUN};
  struct state_options options = {.open_modules = bind_all_modules, .root = paths.root};
  lua_State *L = state_new(&options, &e);
  if (L == NULL) {
    fprintf(stderr, "sim: %s\n", e.text);
    return EXIT_COULD_NOT_RUN;
  }
  if (!state_hash_is_pinned())
    fputs("sim: this build cannot pin the order of pairs(): runs with the same seed may differ\n",
          stderr);
  lua_pushcfunction(L, state_traceback);
  lua_pushcfunction(L, run);
  lua_pushlightuserdata(L, &command);
  if (lua_pcall(L, 1, 0, -3) != LUA_OK)
    fprintf(stderr, "sim: %s\n", lua_tostring(L, -1));
  lua_close(L);
  if (arena_was_refused())
    fputs(
      "sim: the address space had no room for the memory of nodes (ulimit -v?): runs with the same "
      "seed may differ where scripts show addresses, or go by pairs() over keys that are no "
      "strings, numbers or booleans\n",
      stderr);
  return command.status;
}
