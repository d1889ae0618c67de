/* The subject and the pattern stay on the stack at 1 and 2, or in the upvalues of a gmatch, while
 * something points into them. */
#include "host/strings.h"

#include "host/pattern.h"
#include "host/runaway.h"

#include <lauxlib.h>

#include <ctype.h>
#include <string.h>

static struct slice check_slice(lua_State *L, int argument)
{
  struct slice s;
  s.data = luaL_checklstring(L, argument, &s.length);
  return s;
}

/* Where to begin, from 0: argument 3 is from 1, or negative and from the end. */
static size_t check_start(lua_State *L, size_t length)
{
  lua_Integer start = luaL_optinteger(L, 3, 1);
  if (start > 0)
    return (size_t)start - 1;
  if (start == 0 || start < -(lua_Integer)length)
    return 0;
  return length - (size_t)-start;
}

/* Looks for the pattern at `start`, and raises what is wrong with it. */
static const char *match(lua_State *L, struct pattern *m, const char *start)
{
  const char *end = pattern_match(m, start);
  if (m->error != NULL)
    luaL_error(L, m->error, m->error_index);
  if (m->steps_left == 0)
    runaway_spend(L, UINT64_MAX); /* raises */
  return end;
}

/* Pays for what has been matched. */
static void pay(lua_State *L, const struct pattern *m, uint64_t allowance)
{
  if (allowance != UINT64_MAX)
    runaway_spend(L, allowance - m->steps_left);
}

/* Pushes a capture of the match from s to e; the first is all of it where there are none. */
static void push_capture(lua_State *L, const struct pattern *m, int i, const char *s, const char *e)
{
  if (i >= m->count) {
    if (i != 0)
      luaL_error(L, "invalid capture index %%%d", i + 1);
    lua_pushlstring(L, s, (size_t)(e - s));
    return;
  }
  const struct pattern_capture *c = &m->captures[i];
  if (c->length == PATTERN_POSITION)
    lua_pushinteger(L, c->start - m->subject.data + 1);
  else if (c->length < 0)
    luaL_error(L, "unfinished capture");
  else
    lua_pushlstring(L, c->start, (size_t)c->length);
}

/* Pushes all of them; with `s` NULL nothing where there are none. Returns how many. */
static int push_captures(lua_State *L, const struct pattern *m, const char *s, const char *e)
{
  int count = m->count == 0 && s != NULL ? 1 : m->count;
  luaL_checkstack(L, count, "too many captures");
  for (int i = 0; i < count; i++)
    push_capture(L, m, i, s, e);
  return count;
}

static int find_plain(lua_State *L, struct slice subject, struct slice text, size_t start)
{
  const char *from = subject.data + start;
  const char *found = memmem(from, subject.length - start, text.data, text.length);
  const char *until = found == NULL ? subject.data + subject.length : found;
  runaway_spend(L, (uint64_t)(until - from) / RUNAWAY_STEP_BYTES);
  if (found == NULL) {
    lua_pushnil(L);
    return 1;
  }
  lua_pushinteger(L, found - subject.data + 1);
  lua_pushinteger(L, found - subject.data + (lua_Integer)text.length);
  return 2;
}

/* Takes away the '^' of an anchored pattern. Returns whether it was one. */
static int take_anchor(struct slice *text)
{
  if (text->length == 0 || text->data[0] != '^')
    return 0;
  text->data++;
  text->length--;
  return 1;
}

static int search(lua_State *L, int finds)
{
  struct slice subject = check_slice(L, 1), text = check_slice(L, 2);
  size_t start = check_start(L, subject.length);
  if (start > subject.length) {
    lua_pushnil(L);
    return 1;
  }
  if (finds && (lua_toboolean(L, 4) || pattern_is_plain(text)))
    return find_plain(L, subject, text, start);
  struct pattern m;
  uint64_t allowance = runaway_left();
  int is_anchored = take_anchor(&text);
  const char *s = subject.data + start, *end = subject.data + subject.length, *e;
  pattern_init(&m, subject, text, allowance);
  while ((e = match(L, &m, s)) == NULL && s < end && !is_anchored)
    s++;
  pay(L, &m, allowance);
  if (e == NULL) {
    lua_pushnil(L);
    return 1;
  }
  if (!finds)
    return push_captures(L, &m, s, e);
  lua_pushinteger(L, s - subject.data + 1);
  lua_pushinteger(L, e - subject.data);
  return 2 + push_captures(L, &m, NULL, NULL);
}

static int find(lua_State *L)
{
  return search(L, 1);
}

static int match_once(lua_State *L)
{
  return search(L, 0);
}

/* --- gmatch ------------------------------------------------------------- */

/* Where a gmatch is: beside subject and pattern, the upvalue 3 of its function. */
struct progress {
  size_t next; /* where to look; more than the subject's length: it has ended */
  size_t last; /* end of the match before, where no empty one follows; SIZE_MAX: none */
};

static int match_next(lua_State *L)
{
  struct progress *g = lua_touserdata(L, lua_upvalueindex(3));
  struct slice subject = check_slice(L, lua_upvalueindex(1));
  struct pattern m;
  uint64_t allowance = runaway_left();
  pattern_init(&m, subject, check_slice(L, lua_upvalueindex(2)), allowance);
  for (; g->next <= subject.length; g->next++) {
    const char *s = subject.data + g->next, *e = match(L, &m, s);
    if (e == NULL || (size_t)(e - subject.data) == g->last)
      continue;
    g->next = g->last = (size_t)(e - subject.data);
    pay(L, &m, allowance);
    return push_captures(L, &m, s, e);
  }
  pay(L, &m, allowance);
  return 0;
}

static int match_each(lua_State *L)
{
  struct slice subject = check_slice(L, 1);
  (void)check_slice(L, 2);
  size_t start = check_start(L, subject.length);
  lua_settop(L, 2);
  struct progress *g = lua_newuserdatauv(L, sizeof *g, 0); // subject pattern progress
  *g = (struct progress){start > subject.length ? subject.length + 1 : start, SIZE_MAX};
  lua_pushcclosure(L, match_next, 3);
  return 1;
}

/* --- gsub --------------------------------------------------------------- */

/* Adds the text at 3, in which '%' and a digit stand for captures. */
static void add_text(lua_State *L, const struct pattern *m, luaL_Buffer *b, const char *s,
                     const char *e)
{
  size_t length;
  const char *p = lua_tolstring(L, 3, &length), *end = p + length, *sign;
  for (; (sign = memchr(p, '%', (size_t)(end - p))) != NULL; p = sign + 2) {
    luaL_addlstring(b, p, (size_t)(sign - p));
    char what = sign[1];
    if (what == '%') {
      luaL_addchar(b, '%');
    } else if (what == '0') {
      luaL_addlstring(b, s, (size_t)(e - s));
    } else if (isdigit((unsigned char)what)) {
      push_capture(L, m, what - '1', s, e);
      (void)luaL_tolstring(L, -1, NULL); /* of a position too */
      lua_remove(L, -2);
      luaL_addvalue(b);
    } else {
      luaL_error(L, "invalid use of '%%' in replacement string");
    }
  }
  luaL_addlstring(b, p, (size_t)(end - p));
}

/* Adds what replaces the match. Returns whether that is something else. */
static int add_value(lua_State *L, const struct pattern *m, luaL_Buffer *b, const char *s,
                     const char *e, int type)
{
  if (type == LUA_TFUNCTION) {
    lua_pushvalue(L, 3);
    lua_call(L, push_captures(L, m, s, e), 1);
  } else if (type == LUA_TTABLE) {
    push_capture(L, m, 0, s, e);
    (void)lua_gettable(L, 3);
  } else {
    add_text(L, m, b, s, e);
    return 1;
  }
  if (!lua_toboolean(L, -1)) { /* it stays */
    lua_pop(L, 1);
    luaL_addlstring(b, s, (size_t)(e - s));
    return 0;
  }
  if (!lua_isstring(L, -1))
    return luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
  luaL_addvalue(b);
  return 1;
}

static int substitute(lua_State *L)
{
  struct slice subject = check_slice(L, 1), text = check_slice(L, 2);
  const char *s = subject.data, *end = s + subject.length, *last = NULL;
  int type = lua_type(L, 3), is_changed = 0;
  luaL_argexpected(
    L, type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TFUNCTION || type == LUA_TTABLE, 3,
    "string/function/table");
  lua_Integer most = luaL_optinteger(L, 4, (lua_Integer)subject.length + 1), count = 0;
  int is_anchored = take_anchor(&text);
  int is_called = type == LUA_TFUNCTION || type == LUA_TTABLE;
  uint64_t allowance = runaway_left();
  struct pattern m;
  luaL_Buffer b;
  luaL_buffinit(L, &b);
  pattern_init(&m, subject, text, allowance);
  while (count < most) {
    const char *e = match(L, &m, s);
    if (e != NULL && e != last) {
      count++;
      if (is_called) /* what is called spends from the same */
        pay(L, &m, allowance);
      is_changed |= add_value(L, &m, &b, s, e, type);
      if (is_called)
        m.steps_left = allowance = runaway_left();
      s = last = e;
    } else if (s < end) {
      luaL_addchar(&b, *s++);
    } else {
      break;
    }
    if (is_anchored)
      break;
  }
  pay(L, &m, allowance);
  if (is_changed) {
    luaL_addlstring(&b, s, (size_t)(end - s));
    luaL_pushresult(&b);
  } else {
    lua_pushvalue(L, 1);
  }
  lua_pushinteger(L, count);
  return 2;
}

/* --- rep ---------------------------------------------------------------- */

static int repeat(lua_State *L)
{
  struct slice text = check_slice(L, 1), separator = {"", 0};
  lua_Integer count = luaL_checkinteger(L, 2);
  separator.data = luaL_optlstring(L, 3, "", &separator.length);
  size_t unit = text.length + separator.length;
  if (count <= 0 || unit == 0) { /* a text of nothing, however often */
    lua_pushliteral(L, "");
    return 1;
  }
  if (unit < text.length || unit > (size_t)(PTRDIFF_MAX / count))
    return luaL_error(L, "resulting string too large");
  size_t total = unit * (size_t)count - separator.length;
  runaway_spend(L, total / RUNAWAY_STEP_BYTES);
  luaL_Buffer b;
  char *to = luaL_buffinitsize(L, &b, total);
  for (const char *end = to + total;; to += separator.length) {
    memcpy(to, text.data, text.length);
    to += text.length;
    if (to == end)
      break;
    memcpy(to, separator.data, separator.length);
  }
  luaL_pushresultsize(&b, total);
  return 1;
}

/* Lua makes what frees its large buffers at the first of them. Were memory to run out just then, it
 * would stay half made, and from then on there could be no large buffer in this state. */
static void open_large_buffers(lua_State *L)
{
  luaL_Buffer b;
  (void)luaL_buffinitsize(L, &b, LUAL_BUFFERSIZE + 1);
  luaL_pushresultsize(&b, 0);
  lua_pop(L, 1);
}

void strings_open(lua_State *L)
{
  static const luaL_Reg functions[] = {{"find", find},         {"match", match_once},
                                       {"gmatch", match_each}, {"gsub", substitute},
                                       {"rep", repeat},        {NULL, NULL}};
  open_large_buffers(L);
  lua_getglobal(L, "string");
  luaL_setfuncs(L, functions, 0);
  lua_pop(L, 1);
}
