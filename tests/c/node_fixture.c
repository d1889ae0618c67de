#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "node_fixture.h"

#include "bind/bind.h"
#include "host/node_private.h"
#include "host/value.h"
#include "temp_file.h"
#include "wire/envelope.h"

#include <lauxlib.h>

#include <stdio.h>
#include <string.h>

static const char prelude[] = "local node = require 'hearsay' "
                              "local errors = require 'hearsay.errors' "
                              "local json = require 'hearsay.json' "
                              "local _ = node, errors, json ";

static void open_with(struct node_fixture *f, const struct limits *limits)
{
  struct error e;
  *f = (struct node_fixture){.node = NULL};
  fake_platform_open(&f->world);
  f->platform = fake_platform(&f->world);
  struct state_options options = {.open_modules = bind_node_modules,
                                  .root = ".",
                                  .hash_seed = 1,
                                  .random_seed = 1,
                                  .limits = limits,
                                  .memory = limits == NULL ? ALLOCATOR_MALLOC : ALLOCATOR_POOL};
  f->node = node_new(&f->platform, &options, &e);
  assert_non_null(f->node);
}

void fixture_open(struct node_fixture *f)
{
  open_with(f, NULL);
}

/* Loads the script into a node that is open. */
static int load(struct node_fixture *f, const char *script, struct error *e)
{
  struct bytes text = {0};
  struct temp_file file;
  assert_int_equal(bytes_append_slice(&text, slice_of(prelude)), 0);
  assert_int_equal(bytes_append_slice(&text, slice_of(script)), 0);
  temp_file_write(&file, text.data, text.length);
  bytes_free(&text);
  memcpy(f->path, file.path, sizeof f->path);
  int result = node_load(f->node, file.path, 0, NULL, e);
  temp_file_remove(&file);
  return result;
}

int fixture_try(struct node_fixture *f, const char *script, struct error *e)
{
  fixture_open(f);
  return load(f, script, e);
}

void fixture_load(struct node_fixture *f, const char *script)
{
  struct error e;
  if (fixture_try(f, script, &e) != 0)
    fail_msg("%s", e.text);
}

void fixture_init(struct node_fixture *f)
{
  fixture_ask(f, 1, "\"type\":\"init\",\"node_id\":\"n1\",\"node_ids\":[\"n1\",\"n2\",\"n3\"]");
}

void fixture_start(struct node_fixture *f, const char *script)
{
  fixture_load(f, script);
  fixture_init(f);
  assert_reply(f, "\"type\":\"init_ok\",\"in_reply_to\":1");
}

void fixture_start_limited(struct node_fixture *f, const struct limits *limits, const char *script)
{
  struct error e;
  open_with(f, limits);
  if (load(f, script, &e) != 0)
    fail_msg("%s", e.text);
  fixture_init(f);
  assert_reply(f, "\"type\":\"init_ok\",\"in_reply_to\":1");
}

void fixture_drop(struct node_fixture *f)
{
  if (f->node != NULL)
    assert_int_equal(lua_gettop(f->node->L), 0); /* nothing piles up */
  node_free(f->node);
  fake_platform_close(&f->world);
}

void fixture_stop(struct node_fixture *f)
{
  assert_nothing_sent(f);
  assert_nothing_logged(f);
  fixture_drop(f);
}

void fixture_receive(struct node_fixture *f, const char *line)
{
  node_receive(f->node, slice_of(line));
  node_advance(f->node);
}

void fixture_ask(struct node_fixture *f, int msg_id, const char *fields)
{
  char line[1024];
  int length =
    snprintf(line, sizeof line, "{\"src\":\"c1\",\"dest\":\"n1\",\"body\":{\"msg_id\":%d,%s}}",
             msg_id, fields);
  assert_in_range(length, 1, sizeof line - 1);
  fixture_receive(f, line);
}

void fixture_pass(struct node_fixture *f, int64_t duration_us)
{
  int64_t end_us = f->world.now_us + duration_us;
  for (;;) {
    int64_t deadline_us = node_next_deadline_us(f->node);
    if (deadline_us > end_us)
      break;
    if (f->world.now_us < deadline_us)
      f->world.now_us = deadline_us;
    node_advance(f->node);
  }
  f->world.now_us = end_us;
}

/* Takes the first of the texts that end in this character. */
static struct slice take_first(struct bytes *from, char last, struct bytes *into)
{
  const char *end = memchr(from->data, last, from->length);
  assert_non_null(end);
  size_t length = (size_t)(end - from->data);
  into->length = 0;
  assert_int_equal(bytes_append(into, from->data, length), 0);
  bytes_consume(from, length + 1);
  return bytes_slice(into);
}

/* The canonical text of a JSON text: sorted keys, no spaces. */
static void canonical(struct slice text, char *out, size_t size)
{
  struct bytes b = {0};
  struct error e;
  lua_State *L = luaL_newstate();
  assert_non_null(L);
  value_open(L);
  if (value_decode(L, text, VALUE_UNIQUE_KEYS, &e) != 0)
    fail_msg("not JSON: %.*s: %s", (int)text.length, text.data, e.text);
  assert_int_equal(value_encode(L, -1, VALUE_SORTED_KEYS, &b, &e), 0);
  assert_true(b.length < size);
  memcpy(out, b.data, b.length);
  out[b.length] = '\0';
  bytes_free(&b);
  lua_close(L);
}

/* Takes the next line that was sent, and checks that it went where it says. */
static struct slice take_sent(struct node_fixture *f, struct bytes *line)
{
  struct bytes dest = {0};
  struct envelope m;
  if (f->world.sent.length == 0)
    fail_msg("nothing was sent; the log says: %.*s", (int)f->world.log.length, f->world.log.data);
  struct slice s = take_first(&f->world.sent, '\n', line);
  struct slice d = take_first(&f->world.dests, '\0', &dest);
  envelope_init(&m);
  if (envelope_parse(&m, s) != 0)
    fail_msg("not a message: %.*s", (int)s.length, s.data);
  assert_true(slice_equal(m.dest, d));
  envelope_free(&m);
  bytes_free(&dest);
  return s;
}

void assert_sent(struct node_fixture *f, const char *message)
{
  static char got[65536], expected[65536];
  struct bytes line = {0};
  canonical(take_sent(f, &line), got, sizeof got);
  canonical(slice_of(message), expected, sizeof expected);
  bytes_free(&line);
  assert_string_equal(got, expected);
}

void assert_reply(struct node_fixture *f, const char *fields)
{
  char message[4096];
  int length =
    snprintf(message, sizeof message, "{\"src\":\"n1\",\"dest\":\"c1\",\"body\":{%s}}", fields);
  assert_in_range(length, 1, sizeof message - 1);
  assert_sent(f, message);
}

void assert_error_reply(struct node_fixture *f, int msg_id, int code, const char *text)
{
  char start[256];
  struct bytes line = {0};
  struct slice s = take_sent(f, &line);
  int length = snprintf(start, sizeof start,
                        "{\"src\":\"n1\",\"dest\":\"c1\",\"body\":{\"in_reply_to\":%d,"
                        "\"type\":\"error\",\"code\":%d,\"text\":",
                        msg_id, code);
  if (s.length < (size_t)length || memcmp(s.data, start, (size_t)length) != 0)
    fail_msg("expected %s.., got %.*s", start, (int)s.length, s.data);
  if (!slice_contains(s, text))
    fail_msg("expected \"%s\" in %.*s", text, (int)s.length, s.data);
  bytes_free(&line);
}

void assert_nothing_sent(struct node_fixture *f)
{
  if (f->world.sent.length > 0)
    fail_msg("sent: %.*s", (int)f->world.sent.length, f->world.sent.data);
}

int slice_contains(struct slice s, const char *text)
{
  return s.length > 0 && memmem(s.data, s.length, text, strlen(text)) != NULL;
}

void assert_logged(struct node_fixture *f, const char *text)
{
  struct slice log = bytes_slice(&f->world.log);
  if (!slice_contains(log, text))
    fail_msg("expected \"%s\" in the log: %.*s", text, (int)log.length, log.data);
  f->world.log.length = 0;
}

void assert_log(struct node_fixture *f, const char *text)
{
  static char got[65536];
  size_t length = 0;
  const char *p = f->world.log.data, *end = p + f->world.log.length;
  while (p < end) {
    const char *newline = memchr(p, '\n', (size_t)(end - p));
    assert_non_null(newline);
    p = memchr(p, '.', (size_t)(newline - p)); /* of the seconds */
    assert_non_null(p);
    p = memchr(p, ' ', (size_t)(newline - p)); /* in front of the name */
    assert_non_null(p);
    p = memchr(p + 1, ' ', (size_t)(newline - p)); /* and behind it */
    assert_non_null(p);
    if (length > 0)
      got[length++] = '\n';
    size_t count = (size_t)(newline - p) - 1;
    assert_true(length + count + 1 < sizeof got);
    memcpy(got + length, p + 1, count);
    length += count;
    p = newline + 1;
  }
  got[length] = '\0';
  f->world.log.length = 0;
  assert_string_equal(got, text);
}

void assert_nothing_logged(struct node_fixture *f)
{
  if (f->world.log.length > 0)
    fail_msg("logged: %.*s", (int)f->world.log.length, f->world.log.data);
}
