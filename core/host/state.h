/* state.h - a lua_State as this project uses it.
 *
 * Three things are taken from chance: the seed of Lua's string hashes, which decides
 * the order of pairs(), the seed of math.random, and on request the addresses of values. The seeds
 * come from the caller, so that a simulated node repeats itself to the bit. */
#ifndef HEARSAY_HOST_STATE_H
#define HEARSAY_HOST_STATE_H

#include "base/error.h"
#include "host/allocator.h"
#include "host/limits.h"

#include <lua.h>

#include <stdint.h>

struct state_options {
  /* Adds the C modules to package.preload. Called once, may raise. */
  void (*open_modules)(lua_State *L);

  /* The folder that has lua/hearsay; where require looks first. */
  const char *root;

  /* Found by state_owner, also from coroutines. */
  void *owner;

  uint64_t hash_seed;
  uint64_t random_seed;

  /* These were given, to repeat a run: then requests get the same numbers too. */
  int is_seeded;

  /* No files, processes, clocks or C modules from the script: what it can reach is
   * what the platform gives. See confine.h. */
  int confined;

  /* NULL: none; a node has the defaults then. They are copied. */
  const struct limits *limits;

  /* An ordinary Lua interpreter: math.randomseed stays. */
  int is_plain;

  /* Where memory comes from. With ALLOCATOR_ARENA, and limits, addresses are the same in every run
   * too: see address.h. */
  enum allocator_kind memory;
};

/* Returns NULL with `e` filled on failure. The caller closes it with lua_close. */
lua_State *state_new(const struct state_options *options, struct error *e);

/* Sets how much garbage may collect before it is swept, by how much there is in use: half a
 * megabyte at least, or as much again. A small heap is then not gone through all the time, and
 * a large one does not become several times as large. Call it now and then. */
void state_pace(lua_State *L);

void *state_owner(lua_State *L);

/* The root that the state was made with. */
const char *state_root(lua_State *L);

/* Whether the seed of string hashes is really ours: a linker without --wrap cannot
 * pin it, and then the order of pairs() differs from run to run. */
int state_hash_is_pinned(void);

/* From here on reading or writing a global that does not exist raises. */
void state_forbid_new_globals(lua_State *L);

/* Loads a file of Lua source (never precompiled code) as a function, pushes it and
 * returns 0; or returns -1 with one line in `e` that names file and line. A first
 * line that starts with '#' is skipped. */
int state_load_file(lua_State *L, const char *path, struct error *e);

/* The text of the error at the top of the stack, where one value stays that keeps it.
 * Never raises, also where the error is an object whose __tostring does. */
const char *state_error_text(lua_State *L);

/* For lua_pcall: turns an error into text with a traceback. */
int state_traceback(lua_State *L);

#endif
