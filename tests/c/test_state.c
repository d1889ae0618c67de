#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "failing_alloc.h"
#include "host/source.h"
#include "host/state.h"
#include "temp_file.h"

#include <lauxlib.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static lua_State *new_state(const struct state_options *options)
{
  struct error e;
  lua_State *L = state_new(options, &e);
  if (L == NULL)
    fail_msg("%s", e.text);
  return L;
}

/* Runs a chunk that is called "chunk" and returns its result as text, which the state
 * keeps; or its error. */
static const char *run(lua_State *L, const char *chunk)
{
  lua_settop(L, 0);
  if (luaL_loadbuffer(L, chunk, strlen(chunk), "=chunk") == LUA_OK)
    (void)lua_pcall(L, 0, 1, 0);
  return luaL_tolstring(L, -1, NULL);
}

static void assert_run(lua_State *L, const char *chunk, const char *result)
{
  assert_string_equal(run(L, chunk), result);
}

static void assert_run_has(lua_State *L, const char *chunk, const char *part)
{
  const char *result = run(L, chunk);
  if (strstr(result, part) == NULL)
    fail_msg("%s: expected \"%s\" in: %s", chunk, part, result);
}

static char owner;

static int in_coroutine(lua_State *L)
{
  lua_pushboolean(L, state_owner(L) == &owner && strcmp(state_root(L), "some/root") == 0);
  return 1;
}

static void knows_its_owner_and_root_in_coroutines_too(void **state)
{
  (void)state;
  char root[] = "some/root";
  struct state_options o = {.root = root, .owner = &owner};
  lua_State *L = new_state(&o);
  memset(root, 'x', sizeof root - 1); /* it has a copy */
  lua_register(L, "look", in_coroutine);
  assert_run(L, "return tostring(look()) .. tostring(coroutine.wrap(look)())", "truetrue");
  lua_close(L);
}

#define ORDER \
  "local t, order = {}, {} for i = 1, 50 do t['key' .. i] = i end " \
  "for k in pairs(t) do order[#order + 1] = k end return table.concat(order)"

static void one_hash_seed_gives_one_order_of_pairs(void **state)
{
  (void)state;
  if (!state_hash_is_pinned()) {
    lua_close(new_state(&(struct state_options){.root = "."}));
    assert_int_equal(state_hash_is_pinned(), 1);
  }
  char *orders[3];
  for (size_t i = 0; i < 3; i++) {
    struct state_options o = {.root = ".", .hash_seed = i < 2 ? 42 : 43};
    lua_State *L = new_state(&o);
    assert_int_equal(state_hash_is_pinned(), 1);
    orders[i] = strdup(run(L, ORDER));
    lua_close(L);
  }
  assert_string_equal(orders[0], orders[1]);
  assert_string_not_equal(orders[0], orders[2]);
  for (size_t i = 0; i < 3; i++)
    free(orders[i]);
}

static void one_random_seed_gives_one_sequence(void **state)
{
  (void)state;
  static const uint64_t seeds[] = {7, 7, 8, (uint64_t)1 << 32 | 7};
  char *draws[4];
  for (size_t i = 0; i < 4; i++) {
    struct state_options o = {.root = ".", .random_seed = seeds[i]};
    lua_State *L = new_state(&o);
    draws[i] = strdup(run(L, "return math.random(0) .. ' ' .. math.random(0)"));
    lua_close(L);
  }
  assert_string_equal(draws[0], draws[1]);
  assert_string_not_equal(draws[0], draws[2]);
  assert_string_not_equal(draws[0], draws[3]);
  for (size_t i = 0; i < 4; i++)
    free(draws[i]);
}

static void nothing_else_may_seed_or_set_a_locale(void **state)
{
  (void)state;
  for (int confined = 0; confined <= 1; confined++) {
    struct state_options o = {.root = ".", .confined = confined};
    lua_State *L = new_state(&o);
    assert_run(L, "math.randomseed(1)",
               "chunk:1: math.randomseed is not available to a script here: the host seeds "
               "math.random; in the bench: --seed");
    assert_run(L, "os.setlocale('C')",
               "chunk:1: os.setlocale is not available to a script here: numbers on the wire "
               "must not depend on it");
    lua_close(L);
  }
  struct state_options o = {.root = ".", .is_plain = 1};
  lua_State *L = new_state(&o);
  assert_run(L, "math.randomseed(1) return os.setlocale('C')", "C");
  lua_close(L);
}

static void a_confined_script_has_no_world_of_its_own(void **state)
{
  (void)state;
  static const char *const calls[] = {
    "os.clock()",         "os.date()",         "os.execute('true')",
    "os.exit()",          "os.getenv('HOME')", "os.remove('x')",
    "os.rename('x','y')", "os.time()",         "os.tmpname()",
    "os.difftime(1)",     "io.open('x')",      "io.lines('x')",
    "io.read()",          "io.write('x')",     "io.popen('true')",
    "io.tmpfile()",       "io.input()",        "io.output()",
    "io.close()",         "io.type(1)",        "package.loadlib('x', '*')",
  };
  struct state_options o = {.root = ".", .confined = 1};
  lua_State *L = new_state(&o);
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    char expected[128];
    (void)snprintf(expected, sizeof expected, "chunk:1: %.*s is not available to a script here: ",
                   (int)(strchr(calls[i], '(') - calls[i]), calls[i]);
    assert_run_has(L, calls[i], expected);
  }
  assert_run_has(L, "os.time()", "use node.now()");
  assert_run_has(L, "io.open('x')", "a confined script has no files");
  /* The libraries that require gives are these too. */
  assert_run_has(L, "return require('os').time()", "not available");
  assert_run_has(L, "return require('io').open('x')", "not available");
  assert_run(L, "return package.cpath", "");
  assert_run(L, "return package.path", "lua/?.lua;lua/?/init.lua");
  lua_close(L);
  o.confined = 0;
  L = new_state(&o);
  assert_run(L, "return io.type(io.stdout) .. math.type(os.time())", "fileinteger");
  lua_close(L);
}

/* A path for C modules that the script sets itself does not help it: nothing looks there. */
static void a_confined_script_loads_no_c_modules(void **state)
{
  (void)state;
  static const char chunk[] = "package.cpath = '/tmp/?.so' return select(2, pcall(require, 'x.y'))";
  struct state_options o = {.root = "."};
  lua_State *L = new_state(&o);
  assert_run_has(L, chunk, "/tmp/x/y.so");
  lua_close(L);
  o.confined = 1;
  L = new_state(&o);
  assert_run_has(L, chunk, "module 'x.y' not found");
  assert_null(strstr(run(L, chunk), ".so"));
  lua_close(L);
}

static void undeclared_globals_are_errors(void **state)
{
  (void)state;
  struct state_options o = {.root = "."};
  lua_State *L = new_state(&o);
  assert_run(L, "early = 1 return nothing", "nil");
  state_forbid_new_globals(L);
  assert_run(L, "\n\nreturn nothing", "chunk:3: undeclared global 'nothing'");
  assert_run(L, "\nlocal function f()\nlate = 1 end f()",
             "chunk:3: assignment to undeclared global 'late' (write: local late)");
  assert_run(L, "return _G[1.5]", "chunk:1: undeclared global '1.5'");
  assert_run(L, "early = 2 return early", "2");
  assert_run(L, "rawset(_G, 'late', 3) return late", "3");
  lua_close(L);
}

/* The error is the file's name followed by `text`. */
static void assert_load_error(const void *data, size_t length, const char *text)
{
  struct state_options o = {.root = "."};
  struct temp_file file;
  struct error e;
  char expected[128];
  lua_State *L = new_state(&o);
  temp_file_write(&file, data, length);
  assert_int_equal(state_load_file(L, file.path, &e), -1);
  (void)snprintf(expected, sizeof expected, "%s:%s", file.path, text);
  if (strstr(e.text, expected) == NULL)
    fail_msg("expected \"%s\" in: %s", expected, e.text);
  assert_int_equal(lua_gettop(L), 0);
  temp_file_remove(&file);
  lua_close(L);
}

static int write_chunk(lua_State *L, const void *data, size_t size, void *luaL_buffer)
{
  (void)L;
  luaL_addlstring(luaL_buffer, data, size);
  return 0;
}

static void loads_source_and_nothing_else(void **state)
{
  (void)state;
  struct state_options o = {.root = "."};
  struct temp_file file;
  struct error e;
  lua_State *L = new_state(&o);
  temp_file_script(&file, "#!/usr/bin/env node\nreturn ...");
  assert_int_equal(state_load_file(L, file.path, &e), 0);
  lua_pushinteger(L, 5);
  lua_call(L, 1, 1);
  assert_int_equal(lua_tointeger(L, -1), 5);
  temp_file_remove(&file);
  assert_int_equal(state_load_file(L, file.path, &e), -1);
  assert_non_null(strstr(e.text, file.path));
  lua_settop(L, 0);

  luaL_Buffer precompiled;
  assert_int_equal(luaL_loadstring(L, "return 1"), LUA_OK);
  luaL_buffinit(L, &precompiled);
  lua_pushvalue(L, 1);
  assert_int_equal(lua_dump(L, write_chunk, &precompiled, 0), 0);
  lua_pop(L, 1);
  luaL_pushresult(&precompiled);
  size_t length;
  const char *data = lua_tolstring(L, -1, &length);
  assert_load_error(data, length, " attempt to load a binary chunk");
  lua_close(L);
  assert_load_error("local x\n\nx = = 1\n", 17, "3: unexpected symbol near '='");
  assert_load_error("#!/usr/bin/env node\nx = = 1\n", 28, "2: unexpected symbol");
}

static int found_count;

/* They come with their folders, though a confined script is not told of the library's. */
static void note_found(void *ctx, const char *path)
{
  static const char *const files[] = {"/lua/a.lua", "/lua/b/init.lua", "/beside/c.lua",
                                      "/lua/e.lua", "/lua/broken.lua"};
  char expected[64];
  assert_in_range(found_count, 0, 4);
  (void)snprintf(expected, sizeof expected, "%s%s", (const char *)ctx, files[found_count++]);
  assert_string_equal(path, expected);
}

static void require_looks_into_the_library_then_beside_the_script(void **state)
{
  (void)state;
  char root[] = "/tmp/hearsay-XXXXXX";
  char path[64];
  assert_non_null(mkdtemp(root));
  static const char *const files[][2] = {
    {"/lua/a.lua", "return 'library a'"},          {"/lua/b/init.lua", "return 'library b'"},
    {"/beside/a.lua", "return 'beside a'"},        {"/beside/c.lua", "return 'beside c'"},
    {"/lua/e.lua", "return {f = function() end}"}, {"/lua/broken.lua", "\n= 1"}};
  enum { FILES = sizeof files / sizeof *files };
  static const char *const folders[] = {"/lua", "/lua/b", "/beside"};
  for (size_t i = 0; i < 3; i++) {
    (void)snprintf(path, sizeof path, "%s%s", root, folders[i]);
    assert_int_equal(mkdir(path, 0700), 0);
  }
  for (size_t i = 0; i < FILES; i++) {
    (void)snprintf(path, sizeof path, "%s%s", root, files[i][0]);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(files[i][1], f) >= 0);
    assert_int_equal(fclose(f), 0);
  }
  struct state_options o = {.root = root, .confined = 1};
  lua_State *L = new_state(&o);
  (void)snprintf(path, sizeof path, "%s/beside", root);
  assert_run_has(L, "require 'c.d'", "module 'c.d' not found");
  assert_run_has(L, "require 'c.d'", "no file 'lua/c/d.lua'\n\tno file 'lua/c/d/init.lua'\n");
  assert_null(strstr(run(L, "require 'c.d'"), root));
  lua_settop(L, 0);
  source_add_folder(L, path);
  assert_int_equal(lua_gettop(L), 0);
  assert_run(L, "return (require 'a') .. (require 'b') .. (require 'c')",
             "library alibrary bbeside c");
  assert_run(L, "return debug.getinfo(require('e').f, 'S').source", "@lua/e.lua");
  assert_run_has(L, "return require 'broken'",
                 "error loading module 'broken' from file 'lua/broken.lua':\n\tlua/broken.lua:2: ");
  found_count = 0;
  source_each(L, note_found, root);
  assert_int_equal(found_count, 5);
  lua_close(L);
  for (size_t i = FILES; i-- > 0;) {
    (void)snprintf(path, sizeof path, "%s%s", root, files[i][0]);
    assert_int_equal(unlink(path), 0);
  }
  for (size_t i = 3; i-- > 0;) {
    (void)snprintf(path, sizeof path, "%s%s", root, folders[i]);
    assert_int_equal(rmdir(path), 0);
  }
  assert_int_equal(rmdir(root), 0);
}

static void a_traceback_is_text(void **state)
{
  (void)state;
  struct state_options o = {.root = "."};
  lua_State *L = new_state(&o);
  lua_register(L, "traceback", state_traceback);
  assert_run_has(L, "return (select(2, xpcall(error, traceback, 'why')))", "why\nstack traceback:");
  assert_run_has(L, "return (select(2, xpcall(error, traceback, {})))",
                 "(error object is a table value)\nstack traceback:");
  assert_run_has(L,
                 "local e = setmetatable({}, {__tostring = function() return 'told' end}) "
                 "return (select(2, xpcall(error, traceback, e)))",
                 "told\nstack traceback:");
  lua_close(L);
}

static int raises(lua_State *L)
{
  return luaL_error(L, "this module is broken");
}

static void open_broken(lua_State *L)
{
  (void)raises(L);
}

static void what_open_modules_raises_is_the_error(void **state)
{
  (void)state;
  struct state_options o = {.root = ".", .open_modules = open_broken};
  struct error e;
  assert_null(state_new(&o, &e));
  assert_string_equal(e.text, "this module is broken");
}

static void out_of_memory_anywhere(void **state)
{
  (void)state;
  struct state_options o = {.root = ".", .confined = 1, .memory = ALLOCATOR_MALLOC};
  long failures = 0;
  for (;; failures++) {
    struct error e = {""};
    failing_alloc_after(failures);
    lua_State *L = state_new(&o, &e);
    failing_alloc_off();
    if (L != NULL) {
      lua_close(L);
      break;
    }
    if (strcmp(e.text, "out of memory") != 0)
      assert_string_equal(e.text, "not enough memory");
  }
  assert_true(failures > 100);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(knows_its_owner_and_root_in_coroutines_too),
    cmocka_unit_test(one_hash_seed_gives_one_order_of_pairs),
    cmocka_unit_test(one_random_seed_gives_one_sequence),
    cmocka_unit_test(nothing_else_may_seed_or_set_a_locale),
    cmocka_unit_test(a_confined_script_has_no_world_of_its_own),
    cmocka_unit_test(a_confined_script_loads_no_c_modules),
    cmocka_unit_test(undeclared_globals_are_errors),
    cmocka_unit_test(loads_source_and_nothing_else),
    cmocka_unit_test(require_looks_into_the_library_then_beside_the_script),
    cmocka_unit_test(a_traceback_is_text),
    cmocka_unit_test(what_open_modules_raises_is_the_error),
    cmocka_unit_test(out_of_memory_anywhere),
  };
  return cmocka_run_group_tests_name("state", tests, NULL, NULL);
}
