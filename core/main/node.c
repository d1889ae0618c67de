/* ./node: runs one script as a node on standard input and output. */
#include "base/hash.h"
#include "bind/bind.h"
#include "host/loop.h"
#include "host/paths.h"

#include <lauxlib.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VERSION "0.1.0"

enum { EXIT_SCRIPT = 1, EXIT_USAGE = 2 };

static const char help[] =
  "usage: node [OPTION] SCRIPT [ARGUMENT ...]\n"
  "       node --check SCRIPT\n"
  "       node --lua FILE [ARGUMENT ...]\n"
  "\n"
  "Runs a Lua script as a node of a Maelstrom cluster: one JSON message a line on\n"
  "standard input and output, diagnostics on standard error. The script is looked\n"
  "for as given, and then from this program's folder.\n"
  "\n"
  "  --check          load the script, say which messages it handles, and stop\n"
  "  --lua            run a plain Lua file with Hearsay's modules at hand\n"
  "  --data DIR       folder for the node's files, DIR/<node id>/<name>, as log.open makes\n"
  "                   them (default: none, and log.open says so)\n"
  "  --sandbox        for somebody else's script: no files but those of --data, no clock, no\n"
  "                   processes, no C modules, no debug library but getinfo and traceback;\n"
  "                   require finds the library's modules and those beside the script\n"
  "  --seed N         seed of randomness and of the order of pairs(), to repeat a run\n"
  "  --help, --version\n"
  "\n"
  "limits, each with an error that names its option; the node lives on:\n"
  "  --max-line N          longest line that is accepted, in bytes (default 67108864)\n"
  "  --max-rpcs N          requests that wait for a reply (default 250000)\n"
  "  --max-timers N        timers that are pending (default 1000000)\n"
  "  --max-tasks N         coroutines that have not ended (default 500000)\n"
  "  --max-memory N        bytes of the script's Lua values (default 1073741824)\n"
  "  --max-instructions N  of Lua code that does not come back, counted from its second\n"
  "                        second of processor time on (default 100000000)\n"
  "\n"
  "examples:\n"
  "  node challenges/echo_1.lua\n"
  "  node challenges/unique_ids_2.lua uuid7\n"
  "  maelstrom test -w broadcast --bin ./node --node-count 5 -- challenges/broadcast_3b.lua\n";

struct command {
  enum { RUN, CHECK, PLAIN_LUA, HELP, SHOW_VERSION } mode;
  const char *folder; /* for files; NULL: none */
  int is_confined;
  struct limits limits;
  const char *seed; /* NULL: by chance */
  int word_count;   /* script and its arguments */
  char **words;
};

static int parse(int argc, char **argv, struct command *c, struct error *e)
{
  int i = 1, taken;
  *c = (struct command){.mode = RUN, .limits = limits_default, .words = argv};
  for (; i < argc && argv[i][0] == '-'; i++) {
    if (strcmp(argv[i], "--") == 0) {
      i++;
      break;
    }
    if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
      c->mode = HELP;
    else if (strcmp(argv[i], "--version") == 0)
      c->mode = SHOW_VERSION;
    else if (strcmp(argv[i], "--check") == 0)
      c->mode = CHECK;
    else if (strcmp(argv[i], "--lua") == 0)
      c->mode = PLAIN_LUA;
    else if (strcmp(argv[i], "--sandbox") == 0)
      c->is_confined = 1;
    else if (strcmp(argv[i], "--data") == 0) {
      c->folder = i + 1 < argc ? argv[++i] : "";
      if (*c->folder == '\0')
        return error_set(e, "--data: expected a folder");
    } else if (strcmp(argv[i], "--seed") == 0) {
      if (i + 1 == argc)
        return error_set(e, "--seed: expected a number or any other word");
      c->seed = argv[++i];
    } else if ((taken = limits_take(&c->limits, argv[i], argv[i + 1], e)) != 0) {
      if (taken < 0)
        return -1;
      i++;
    } else
      return error_set(e, "unknown option %s (try: node --help)", argv[i]);
  }
  c->words = argv + i;
  c->word_count = argc - i;
  if (c->word_count == 0 && c->mode != HELP && c->mode != SHOW_VERSION)
    return error_set(e, "expected a script, such as challenges/echo_1.lua (try: node --help)");
  if (c->is_confined && c->mode == PLAIN_LUA)
    return error_set(e, "--sandbox is for a node: plain Lua (--lua) is not confined");
  return 0;
}

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
  const struct command *c = lua_touserdata(L, 1);
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
static int plain(const struct command *c, const struct state_options *options, struct error *e)
{
  struct state_options o = *options;
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

static int with_script(const struct command *c, const struct paths *paths,
                       const struct state_options *options, struct posix *world, struct error *e)
{
  char script[PATH_MAX];
  if (paths_script(paths, c->words[0], script, e) != 0)
    return -1;
  posix_open(world, STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, c->folder);
  struct platform platform = posix_platform(world);
  struct node *n = node_new(&platform, options, e);
  int result = n == NULL ? -1 : node_load(n, script, c->word_count - 1, c->words + 1, e);
  if (result == 0 && c->mode == CHECK) {
    int count = 0;
    printf("%s: handles", c->words[0]);
    node_each_type(n, print_type, &count);
    puts(count == 0 ? " no message types" : "");
  } else if (result == 0) {
    struct loop_options loop = {.max_line_bytes = (size_t)c->limits.line_bytes,
                                .drain_us = 10 * 1000000};
    result = loop_run(n, world, &loop, e);
  }
  node_free(n);
  posix_close(world);
  return result;
}

int main(int argc, char **argv)
{
  struct command command;
  struct error e;
  if (parse(argc, argv, &command, &e) != 0) {
    complain(e.text);
    return EXIT_USAGE;
  }
  if (command.mode == HELP || command.mode == SHOW_VERSION) {
    fputs(command.mode == HELP ? help : "hearsay node " VERSION " (" LUA_RELEASE ")\n", stdout);
    return 0;
  }
  struct paths paths;
  if (paths_find(&paths, &e) != 0) {
    complain(e.text);
    return EXIT_SCRIPT;
  }
  struct posix world;
  const struct platform platform = posix_platform(&world);
  struct state_options options = {
    .open_modules = bind_node_modules,
    .root = paths.root,
    .hash_seed = platform.vtable->random(platform.ctx),
    .confined = command.is_confined,
    .limits = &command.limits,
    .random_seed = platform.vtable->random(platform.ctx),
  };
  if (command.seed != NULL)
    options.hash_seed = options.random_seed = hash_bytes(command.seed, strlen(command.seed), 0);
  int result = command.mode == PLAIN_LUA ? plain(&command, &options, &e)
                                         : with_script(&command, &paths, &options, &world, &e);
  if (result != 0 && e.text[0] != '\0')
    complain(e.text);
  return result == 0 ? 0 : EXIT_SCRIPT;
}
