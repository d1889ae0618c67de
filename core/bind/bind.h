/* bind.h - the C modules that Lua can require. A file a module, or some with its name
 * in front (log.c, log_files.c); each checks its arguments, calls what lies below, and pushes the
 * result. */
#ifndef HEARSAY_BIND_BIND_H
#define HEARSAY_BIND_BIND_H

#include "base/bytes.h"

#include <lua.h>

#include <stdint.h>

/* Module openers, as require calls them. */
int bind_cjson(lua_State *L);        /* cjson, within the limits of a node */
int bind_command_line(lua_State *L); /* hearsay.command_line: of ./node, for the bench */
int bind_core(lua_State *L);         /* hearsay.core: a node's verbs, under lua/hearsay/init.lua */
int bind_ids(lua_State *L);          /* hearsay.ids */
int bind_json(lua_State *L);         /* hearsay.json */
int bind_log(lua_State *L);          /* hearsay.log */
int bind_random(lua_State *L);       /* hearsay.random: seeded streams, for the bench */
int bind_seen(lua_State *L);         /* hearsay.seen */
int bind_sweep(lua_State *L);        /* hearsay.sweep: many seeds on several threads */
int bind_terminal(lua_State *L);     /* hearsay.terminal: what a terminal can show */
int bind_trace(lua_State *L);        /* hearsay.trace: messages as a person reads them */
int bind_watch(lua_State *L);        /* hearsay.watch: whether files are saved */
int bind_world(lua_State *L);        /* hearsay.world: the simulated cluster */

/* Makes print write to the node's diagnostics: standard output is the network. Raises. */
void bind_print(lua_State *L);

/* Makes the modules that a node's script may require known to require, and in the state of
 * a node sets print. Raises. */
void bind_node_modules(lua_State *L);

/* Those and the simulated cluster. Raises. */
void bind_all_modules(lua_State *L);

/* Pushes an empty buffer that Lua owns, for functions that may raise while they fill it. Raises. */
struct bytes *bind_push_buffer(lua_State *L);

/* --- argument checks that several modules share; all raise ---------------- */

struct slice bind_check_slice(lua_State *L, int argument);

/* Seconds, 0 .. 10^9, as microseconds. */
int64_t bind_check_duration_us(lua_State *L, int argument);

/* The userdata at 1, whose metatable must be the function's first upvalue: that is quicker to compare
 * with than the name of its type is to look up. */
void *bind_check_self(lua_State *L, const char *type);

/* Raises unless the argument is a table or absent is allowed and it is absent. */
void bind_check_function(lua_State *L, int argument);

#endif
