/* ./node: runs one script as a node on standard input and output. */
#include "base/hash.h"
#include "bind/bind.h"
#include "host/loop.h"
#include "host/options.h"
#include "host/paths.h"

#include <lauxlib.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_SCRIPT = 1, EXIT_USAGE = 2 };

static void complain(const char *text)
{
  fprintf(stderr, "node: %s\n", text);
}

static void print_type(void *ctx, struct slice type)
{
  int *count = ctx;
  printf("%s%.*s", (*count)++ == 0 ? " " : ", ", (int)type.length, type.data);
}

/* Calls the chunk at 2. */
static int run_plain(lua_State *L)
{
  const struct options *c = lua_touserdata(L, 1);
  lua_createtable(L, c->word_count, 1);
  for (int i = 0; i < c->word_count; i++) {
    lua_pushstring(L, c->words[i]);
    lua_rawseti(L, -2, i);
  }
  lua_setglobal(L, "arg");
  luaL_checkstack(L, c->word_count, "too many arguments");
  for (int i = 1; i < c->word_count; i++)
    lua_pushstring(L, c->words[i]);
  lua_call(L, c->word_count - 1, 0);
  return 0;
}

/* Plain Lua: the script runs to its end; no messages come. Standard input and output are
 * left as they are, for its own use. Says itself what went wrong in the script, with a
 * traceback, and then `e` is empty. */
static int plain(const struct options *c, const struct state_options *state, struct error *e)
{
  struct state_options o = *state;
  o.open_modules = bind_all_modules;
  o.is_plain = 1;
  o.limits = NULL;
  lua_State *L = state_new(&o, e);
  if (L == NULL)
    return -1;
  lua_pushcfunction(L, state_traceback);
  lua_pushcfunction(L, run_plain);
  lua_pushlightuserdata(L, (void *)(uintptr_t)c);
  int result = state_load_file(L, c->words[0], e);
  if (result == 0 && lua_pcall(L, 2, 0, -4) != LUA_OK) {
    complain(lua_tostring(L, -1));
    e->text[0] = '\0';
    result = -1;
  }
  lua_close(L);
  return result;
}

/* Messages are shown in the width of the terminal, if diagnostics go to one. */
static void open_trace(struct trace *t, const struct platform *world, const struct options *o)
{
  enum { COLUMNS = 120 };
  int columns = terminal_columns(STDERR_FILENO);
  struct trace_style style = {.has_color = terminal_has_color(STDERR_FILENO, o->color)};
  if (o->trace == TRACE_SHORT)
    style.columns = columns >= TRACE_LEAST ? (size_t)columns : COLUMNS;
  trace_open(t, world, &style);
}

static int with_script(const struct options *c, const struct paths *paths,
                       const struct state_options *state, struct posix *world, struct error *e)
{
  char script[PATH_MAX];
  if (paths_script(paths, c->words[0], script, e) != 0)
    return -1;
  posix_open(world, STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, c->folder);
  struct platform platform = posix_platform(world);
  struct trace trace;
  if (c->trace != TRACE_NONE) {
    open_trace(&trace, &platform, c);
    platform = trace_platform(&trace);
  }
  struct node *n = node_new(&platform, state, e);
  int result = n == NULL ? -1 : node_load(n, script, c->word_count - 1, c->words + 1, e);
  if (result == 0 && c->mode == MODE_CHECK) {
    int count = 0;
    printf("%s: handles", c->words[0]);
    node_each_type(n, print_type, &count);
    puts(count == 0 ? " no message types" : "");
  } else if (result == 0) {
    if (terminal_is(STDIN_FILENO))
      complain("waiting for messages, one JSON object a line; ^D ends. To run a cluster of it: "
               "sim test SCRIPT");
    struct loop_options loop = {.max_line_bytes = (size_t)c->limits.line_bytes,
                                .drain_us = 10 * 1000000,
                                .trace = c->trace == TRACE_NONE ? NULL : &trace};
    if (c->trace != TRACE_NONE)
      trace_attach(&trace, n);
    result = loop_run(n, world, &loop, e);
  }
  node_free(n);
  if (c->trace != TRACE_NONE)
    trace_close(&trace);
  posix_close(world);
  return result;
}

static int print_help(void)
{
  struct bytes text = {0};
  int result = options_help(&text);
  if (result == 0)
    fwrite(text.data, 1, text.length, stdout);
  bytes_free(&text);
  return result;
}

int main(int argc, char **argv)
{
  struct options o;
  struct error e;
  if (options_parse(argc, argv, &o, &e) != 0) {
    complain(e.text);
    return EXIT_USAGE;
  }
  if (o.mode == MODE_HELP)
    return print_help() == 0 ? 0 : EXIT_SCRIPT;
  if (o.mode == MODE_VERSION) {
    puts("hearsay node " HEARSAY_VERSION " (" LUA_RELEASE ")");
    return 0;
  }
  struct paths paths;
  if (paths_find(&paths, &e) != 0) {
    complain(e.text);
    return EXIT_SCRIPT;
  }
  struct posix world;
  const struct platform platform = posix_platform(&world);
  struct state_options state = {
    .open_modules = bind_node_modules,
    .root = paths.root,
    .hash_seed = platform.vtable->random(platform.ctx),
    .confined = o.is_confined,
    .limits = &o.limits,
    .random_seed = platform.vtable->random(platform.ctx),
  };
  if (o.seed != NULL) {
    state.hash_seed = state.random_seed = hash_bytes(o.seed, strlen(o.seed), 0);
    state.is_seeded = 1;
  }
  int result =
    o.mode == MODE_LUA ? plain(&o, &state, &e) : with_script(&o, &paths, &state, &world, &e);
  if (result != 0 && e.text[0] != '\0')
    complain(e.text);
  return result == 0 ? 0 : EXIT_SCRIPT;
}
