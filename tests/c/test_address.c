#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/arena.h"
#include "host/address.h"
#include "host/state.h"

#include <lauxlib.h>

#include <stdlib.h>
#include <string.h>

static lua_State *make(enum allocator_kind memory, uint64_t hash_seed)
{
  static const struct limits limits = {.memory_bytes = 1 << 26};
  struct state_options o = {
    .root = ".", .confined = 1, .limits = &limits, .memory = memory, .hash_seed = hash_seed};
  struct error e;
  lua_State *L = state_new(&o, &e);
  assert_non_null(L);
  return L;
}

/* A state whose addresses are the same in every run, where that can be. */
static lua_State *make_same(void)
{
  if (ARENA_IS_OFF)
    skip();
  lua_State *L = make(ALLOCATOR_ARENA, 1);
  if (!state_hash_is_pinned()) {
    lua_close(L);
    skip();
  }
  return L;
}

/* What the chunk returns; the state's until it is closed. */
static const char *run(lua_State *L, const char *chunk)
{
  if (luaL_dostring(L, chunk) != LUA_OK)
    fail_msg("%s", lua_tostring(L, -1));
  return luaL_checkstring(L, -1);
}

static void assert_repeats(const char *chunk)
{
  lua_State *first = make_same();
  void *hole = malloc(54321);
  lua_State *other = make(ALLOCATOR_ARENA, 2), *again = make(ALLOCATOR_ARENA, 1);
  (void)run(other, "local t = {} for i = 1, 1000 do t[i] = {} end return ''");
  assert_string_equal(run(first, chunk), run(again, chunk));
  free(hole);
  lua_close(first);
  lua_close(other);
  lua_close(again);
}

static void addresses_as_text_repeat(void **state)
{
  (void)state;
  assert_repeats("local function f() end\n"
                 "local t = {}\n"
                 "for i, v in ipairs({{}, f, print, tostring, coroutine.create(f), 'text',\n"
                 "    string, setmetatable({}, {__name = 'a type'})}) do\n"
                 "  t[i] = ('%s %p'):format(tostring(v), v)\n"
                 "end\n"
                 "return table.concat(t, ' ')");
}

static void the_order_of_keys_repeats(void **state)
{
  (void)state;
  assert_repeats("local names, order = {}, {}\n"
                 "for i = 1, 200 do\n"
                 "  names[{}] = i\n"
                 "  names[function() return i end] = -i\n"
                 "  names[coroutine.create(print)] = 1000 + i\n"
                 "end\n"
                 "for _, library in ipairs({'string', 'math', 'table', 'utf8', 'coroutine'}) do\n"
                 "  for name, f in pairs(require(library)) do names[f] = name end\n"
                 "end\n"
                 "for _, name in pairs(names) do order[#order + 1] = name end\n"
                 "return table.concat(order, ' ')");
}

/* No other address is a distance from a base. */
static int is_short(const char *text)
{
  unsigned long long address = strtoull(strstr(text, "0x"), NULL, 16);
  return address > 0 && address < 1 << 26;
}

static void what_is_shown_is_where_it_is_in_the_arena(void **state)
{
  (void)state;
  lua_State *L = make_same();
  (void)run(L, "kept = {} return ('%p'):format(kept)");
  unsigned long long shown = strtoull(lua_tostring(L, -1), NULL, 16);
  lua_getglobal(L, "kept");
  const void *kept = address_of(L, -1);
  assert_int_equal(arena_offset(allocator_arena(L), kept), shown);
  assert_int_equal((uint32_t)(uintptr_t)kept, (uint32_t)shown);
  assert_true(is_short(run(L, "return tostring({})")));
  assert_true(is_short(run(L, "return tostring(print)")));
  assert_true(is_short(run(L, "return tostring(string.find)"))); /* of this program */
  assert_true(is_short(run(L, "return tostring(getmetatable('').__add)")));
  assert_string_equal(run(L, "return tostring((ipairs({})))"), "function: (nil)");
  lua_close(L);
}

/* Nobody else has given up anything. */
static void without_an_arena_all_is_as_it_was(void **state)
{
  (void)state;
  lua_State *L = make(ALLOCATOR_POOL, 1);
  lua_newtable(L);
  assert_ptr_equal(address_of(L, -1), lua_topointer(L, -1));
  lua_getglobal(L, "print");
  assert_true(lua_iscfunction(L, -1));
  assert_null(lua_getupvalue(L, -1, 1));
  assert_false(is_short(run(L, "return tostring({})")));
  lua_close(L);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(addresses_as_text_repeat),
    cmocka_unit_test(the_order_of_keys_repeats),
    cmocka_unit_test(what_is_shown_is_where_it_is_in_the_arena),
    cmocka_unit_test(without_an_arena_all_is_as_it_was),
  };
  return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
