/* A stream of bytes, cut into lines and each line's envelope: however the bytes arrive, the lines
 * are the same; and an envelope says what the JSON of its line says. */
#include "wire/envelope.h"
#include "fuzz.h"
#include "host/value.h"
#include "wire/lines.h"

#include <lauxlib.h>

enum { LIMIT = 200 };

static lua_State *L;
static struct envelope m;

/* The field of the table at the top, as the slice that it would be in an envelope. */
static struct slice field(const char *name)
{
  size_t length = 0;
  lua_getfield(L, -1, name); // table value
  const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &length) : NULL;
  lua_pop(L, 1); // the table keeps it
  return slice_of_bytes(text, length);
}

static void compare_id(const char *name, int has, int64_t id, struct slice line)
{
  must(lua_getfield(L, -1, name) == LUA_TNIL
         ? !has
         : has && lua_isinteger(L, -1) && lua_tointeger(L, -1) == id,
       name, line);
  lua_pop(L, 1);
}

static void check_envelope(struct slice line)
{
  struct error e;
  if (envelope_parse(&m, line) != 0) {
    must(m.error != NULL && m.error_position <= line.length, "an error without a place", line);
    return;
  }
  must(value_decode(L, line, 0, &e) == 0, "an envelope that is not JSON", line); // line
  must(slice_equal(field("src"), m.src) && slice_equal(field("dest"), m.dest), "addresses", line);
  must(m.body.data > line.data && m.body.data + m.body.length <= line.data + line.length,
       "the body is elsewhere", line);
  must(lua_getfield(L, -1, "body") == LUA_TTABLE, "the body is no object", line); // line body
  must(slice_equal(field("type"), m.type), "type", line);
  compare_id("msg_id", m.has_msg_id, m.msg_id, line);
  compare_id("in_reply_to", m.has_in_reply_to, m.in_reply_to, line);
  lua_settop(L, 0);
}

/* Appends each line and how it was reported, when the bytes come in pieces. */
static void cut(struct slice text, size_t piece, struct bytes *out)
{
  struct lines l;
  struct slice line;
  enum lines_result result;
  lines_init(&l, LIMIT);
  for (size_t at = 0; at <= text.length; at += piece) {
    size_t room, count = text.length - at < piece ? text.length - at : piece;
    char *to = lines_room(&l, piece, &room);
    must(to != NULL && room >= piece, "no room", text);
    if (count > 0)
      memcpy(to, text.data + at, count);
    lines_added(&l, count);
    while ((result = lines_next(&l, &line)) != LINES_MORE) {
      must(line.length <= LIMIT, "a line over the limit", line);
      (void)bytes_append_byte(out, (char)('0' + (int)result));
      (void)bytes_append_slice(out, line);
      if (piece == text.length + 1)
        check_envelope(line);
    }
  }
  if ((result = lines_last(&l, &line)) != LINES_MORE) {
    (void)bytes_append_byte(out, (char)('0' + (int)result));
    (void)bytes_append_slice(out, line);
  }
  lines_free(&l);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (L == NULL) {
    L = luaL_newstate();
    value_open(L);
    envelope_init(&m);
  }
  struct slice text = slice_of_bytes(data, size);
  struct bytes whole = {0}, pieces = {0};
  cut(text, size + 1, &whole);
  cut(text, size > 0 ? 1 + data[0] % 7 : 1, &pieces);
  must(slice_equal(bytes_slice(&whole), bytes_slice(&pieces)), "other lines in pieces", text);
  bytes_free(&whole);
  bytes_free(&pieces);
  return 0;
}
