/* node.h - one node: a lua_State with a script's handlers, driven from outside.
 *
 * Whoever owns the node hands it lines and asks when it wants to run next. All
 * that it does in turn goes out through the platform; it never blocks. A node
 * belongs to one thread at a time.
 *
 *   line -> envelope -> handler's coroutine -> reply
 *                    -> coroutine that waits in a rpc
 *   time -> timers, sleeping coroutines, rpcs that ran out of time
 *
 * Functions that take a lua_State are for the binding; "Raises" means that they
 * may leave by a Lua error. */
#ifndef HEARSAY_HOST_NODE_H
#define HEARSAY_HOST_NODE_H

#include "base/bytes.h"
#include "base/error.h"
#include "host/platform.h"
#include "host/state.h"

#include <lua.h>

#include <stdint.h>

struct node;

/* A deadline that never comes. */
#define NODE_NEVER INT64_MAX

/* Makes a node whose Lua state is made with `options` (see state.h; the node sets
 * the owner). The platform's table and ctx must outlive the node. Returns NULL with
 * `e` filled when a library does not load or memory is out. */
struct node *node_new(const struct platform *platform, const struct state_options *options,
                      struct error *e);

/* Closes the state; pending coroutines are dropped. NULL is allowed. */
void node_free(struct node *n);

/* Runs the script's main chunk, which declares the handlers; the words become
 * its arguments (`...` and the global `arg`). Returns 0, or -1 with one line in `e`
 * that has file and line number. */
int node_load(struct node *n, const char *path, int word_count, char *const *words,
              struct error *e);

/* Takes one message, without its newline. Whatever is wrong with it becomes an
 * error reply when there is someone to reply to, and a line of diagnostics. */
void node_receive(struct node *n, struct slice line);

/* Takes all messages that `next` gives, as one turn: the time is that of its beginning. `next`
 * returns 1 with a line, or 0 when there are no more for now; it must not call the node. */
void node_receive_all(struct node *n, int (*next)(void *ctx, struct slice *line), void *ctx);

/* Takes the place of a line that was longer than `limit_bytes`; `start` is what
 * has been kept of it. */
void node_refuse_long_line(struct node *n, struct slice start, size_t limit_bytes);

/* Runs whatever is due. Call after node_receive and when the deadline comes. */
void node_advance(struct node *n);

/* When node_advance wants to be called, on the platform's monotonic clock, or
 * NODE_NEVER. O(1). */
int64_t node_next_deadline_us(const struct node *n);

/* No more lines will come: rpcs fail at once, and only what handlers of received
 * messages still do is finished. */
void node_close_input(struct node *n);

/* Why a call of the script had to be ended, with file and line, when one had to: it had not come
 * back after very many instructions (see runaway.h). NULL when none had. */
const char *node_run_away(const struct node *n);

/* Coroutines of received messages that have not ended. */
size_t node_unfinished(const struct node *n);

/* Calls fn for each message type that has a handler, in byte order. */
void node_each_type(struct node *n, void (*fn)(void *ctx, struct slice type), void *ctx);

/* Calls fn for the path of each file that the script has required. */
void node_each_source(struct node *n, void (*fn)(void *ctx, const char *path), void *ctx);

/* --- for the binding ---------------------------------------------------- */

/* The node behind a state, or NULL in plain Lua. */
struct node *node_of(lua_State *L);

const struct platform *node_platform(const struct node *n);

/* The loop's time: read once per turn. */
int64_t node_now_us(const struct node *n);

/* The node's id; empty before init. */
struct slice node_id(const struct node *n);

/* Place in the cluster's list of ids, and how many there are; 0 before init. */
size_t node_index(const struct node *n);
size_t node_count(const struct node *n);

/* Makes the table at the top the one whose id, ids and peers init sets. Pops it. */
void node_set_api(struct node *n, lua_State *L);

/* Registers the function at the top for a type, or for init; pops it. Returns 0, or
 * -1 when the type has a handler. Raises. */
int node_on(struct node *n, lua_State *L, struct slice type);
void node_on_init(struct node *n, lua_State *L);

/* Sends the body at `index`. With is_reply, msg_id is what it replies to. Returns 0,
 * or -1 with the reason in `e`. */
int node_send(struct node *n, lua_State *L, struct slice dest, int body, struct error *e);
int node_reply(struct node *n, lua_State *L, struct slice dest, int64_t msg_id, int body,
               struct error *e);

/* Writes a line of diagnostics with time and node id. */
void node_log(struct node *n, struct slice text);

#endif
