/* world_box.h - what the files that make up hearsay.world share. */
#ifndef HEARSAY_BIND_WORLD_BOX_H
#define HEARSAY_BIND_WORLD_BOX_H

#include "base/bytes.h"
#include "sim/world.h"
#include "wire/envelope.h"

#include <lauxlib.h>
#include <lua.h>

struct box {
  struct world *world;
  lua_State *L; /* that runs it now, or NULL */
  int stop;
  int has_error; /* a callback's, at the top of L */
  struct bytes journal;
  struct bytes line;
  struct envelope envelope; /* of a line for a client or service */
};

/* The world at argument 1. Raises. */
struct box *world_check(lua_State *L);

/* Somebody in that world, by name. Raises. */
struct endpoint *world_check_endpoint(lua_State *L, struct box *b, int argument);

/* Methods of world_faults.c and world_inspect.c. */
extern const luaL_Reg world_fault_methods[];
extern const luaL_Reg world_inspect_methods[];

#endif
