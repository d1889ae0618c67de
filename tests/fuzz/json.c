/* The JSON codec: what is valid decodes, what decodes encodes, and what was encoded is what it was
 * before. */
#include "fuzz.h"
#include "host/value.h"
#include "wire/json_read.h"

#include <lauxlib.h>

static lua_State *L;

/* The canonical text of a value's text, or an empty buffer when it is not valid. */
static int canonical(struct slice text, struct bytes *out)
{
  struct error e;
  int result = value_decode(L, text, 0, &e);
  if (result == 0) {
    must(value_encode(L, -1, VALUE_SORTED_KEYS, out, &e) == 0, "does not encode", text);
    lua_pop(L, 1);
  }
  return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (L == NULL) {
    L = luaL_newstate();
    value_open(L);
  }
  struct slice text = slice_of_bytes(data, size);
  struct bytes once = {0}, twice = {0};
  size_t position;
  const char *why;
  int is_valid = json_validate(text, VALUE_MAX_DEPTH, &position, &why) == 0;
  must(is_valid || (why != NULL && position <= size), "an error without a place", text);
  must((canonical(text, &once) == 0) == is_valid, "the validator and the decoder differ", text);
  if (is_valid) {
    must(canonical(bytes_slice(&once), &twice) == 0, "what was encoded is not valid",
         bytes_slice(&once));
    must(slice_equal(bytes_slice(&once), bytes_slice(&twice)), "another value", bytes_slice(&once));
  }
  must(lua_gettop(L) == 0, "the stack grows", text);
  bytes_free(&once);
  bytes_free(&twice);
  return 0;
}
