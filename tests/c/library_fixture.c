#include "library_fixture.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "host/allocator.h"
#include "host/runaway.h"

#include <lauxlib.h>
#include <lualib.h>

#include <string.h>

static const char keep[] = "plain = {} for _, name in ipairs({'table', 'string', 'utf8'}) do "
                           "plain[name] = {} for k, v in pairs(_G[name]) do plain[name][k] = v end "
                           "end";

/* Functions of the libraries have names where pcall calls them; Lua's own, which are not there any
 * more, have none. */
static const char setup[] =
  "local function show(v, depth) if type(v) == 'table' then if depth > 2 then return '{..}' end "
  "local keys, out = {}, {} for k in next, v do keys[#keys + 1] = k end "
  "plain.table.sort(keys, function(a, b) return show_key(a) < show_key(b) end) "
  "for i, k in ipairs(keys) do out[i] = show_key(k) .. '=' .. show(v[k], depth + 1) end "
  "return '{' .. plain.table.concat(out, ' ') .. '}' end "
  "return math.type(v) == 'float' and ('%a'):format(v) or type(v) .. ' ' .. "
  "(('%q'):format(tostring(v)):gsub(\"'%w+%.%w+'\", \"'?'\"):gsub('0x%x+', 'address')) end "
  "function show_key(k) return type(k) .. tostring(k) end "
  "local function show_all(...) local out = {} for i = 1, select('#', ...) do "
  "out[i] = show((select(i, ...)), 0) end return plain.table.concat(out, ' | ') end "
  "function same(library, name, make) "
  "local mine, theirs = plain.table.pack(make()), plain.table.pack(make()) "
  "local a = show_all(pcall(_G[library][name], plain.table.unpack(mine, 1, mine.n))) "
  "local b = show_all(pcall(plain[library][name], plain.table.unpack(theirs, 1, theirs.n))) "
  "mine, theirs = show(mine, -1), show(theirs, -1) "
  "if name == 'remove' then a, b = a:gsub('#1', '#2'), b:gsub('#1', '#2') end " /* a Lua's own */
  "if a ~= b or mine ~= theirs then error(('%s.%s(%s)\\n  gives %s %s\\n  not   %s %s'):format("
  "library, name, show_all(make()), a, mine, b, theirs), 0) end return a end";

lua_State *library_state(void (*open)(lua_State *L))
{
  lua_State *L = allocator_new_state(0, ALLOCATOR_MALLOC, 0);
  assert_non_null(L);
  luaL_openlibs(L);
  assert_int_equal(luaL_dostring(L, keep), LUA_OK);
  open(L);
  assert_int_equal(luaL_dostring(L, setup), LUA_OK);
  return L;
}

void library_run(lua_State *L, const char *code, lua_Integer argument)
{
  assert_int_equal(luaL_loadstring(L, code), LUA_OK);
  lua_pushinteger(L, argument);
  if (lua_pcall(L, 1, 0, 0) != LUA_OK)
    fail_msg("%s", lua_tostring(L, -1));
}

const char *library_end(lua_State *L, const char *code, enum limits_counting counting)
{
  struct limits l = limits_default;
  l.counting = counting;
  l.instructions = 1000000;
  assert_int_equal(luaL_loadbuffer(L, code, strlen(code), "=code"), LUA_OK);
  lua_State *before = runaway_enter(L, &l);
  int status = lua_pcall(L, 0, 0, 0);
  const char *why = runaway_leave(before);
  if (status != LUA_OK && why == NULL)
    fail_msg("%s: %s", code, lua_tostring(L, -1));
  lua_settop(L, 0);
  return why;
}
