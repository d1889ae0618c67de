#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "world_fixture.h"

#include "bind/bind.h"

#include <stdio.h>
#include <string.h>

static void keep(void *ctx, struct slice line)
{
  struct world_fixture *b = ctx;
  assert_int_equal(bytes_append_slice(&b->got, line), 0);
  assert_int_equal(bytes_append_byte(&b->got, '\n'), 0);
}

void world_fixture_open(struct world_fixture *b, uint64_t seed, const char *script)
{
  struct error e;
  char root[] = ".";
  struct world_options options = {.seed = seed,
                                  .latency = {LATENCY_EXPONENTIAL, 10000},
                                  .head_of_line = 1,
                                  .root = root,
                                  .open_modules = bind_node_modules};
  *b = (struct world_fixture){.world = world_new(&options, &e)};
  assert_non_null(b->world);
  root[0] = '?'; /* it has a copy */
  b->client = network_add(world_network(b->world), ENDPOINT_CLIENT, SLICE("c"), keep, b);
  assert_non_null(b->client);
  temp_file_script(&b->script, script);
}

void world_fixture_close(struct world_fixture *b)
{
  world_free(b->world);
  temp_file_remove(&b->script);
  bytes_free(&b->got);
}

int world_fixture_try_add(struct world_fixture *b, const char *id, struct error *e)
{
  char *words[] = {b->script.path};
  return world_add_node(b->world, slice_of(id), 1, words, e);
}

void world_fixture_add(struct world_fixture *b, const char *id)
{
  struct error e;
  if (world_fixture_try_add(b, id, &e) != 0)
    fail_msg("%s", e.text);
}

void world_fixture_tell(struct world_fixture *b, const char *id, const char *fields)
{
  char line[256];
  (void)snprintf(line, sizeof line, "{\"src\":\"c\",\"dest\":\"%s\",\"body\":{\"msg_id\":1,%s}}",
                 id, fields);
  struct endpoint *to = network_find(world_network(b->world), slice_of(id));
  assert_non_null(to);
  assert_int_equal(network_send(world_network(b->world), b->client, to, slice_of(line)), 0);
}

void world_fixture_init(struct world_fixture *b, const char *id)
{
  char fields[128];
  (void)snprintf(fields, sizeof fields,
                 "\"type\":\"init\",\"node_id\":\"%s\",\"node_ids\":[\"n1\",\"n2\",\"n3\"]", id);
  world_fixture_tell(b, id, fields);
}

void world_fixture_pass(struct world_fixture *b, int64_t duration_us)
{
  struct error e;
  if (world_run(b->world, world_schedule(b->world)->now_us + duration_us, NULL, &e) != 0)
    fail_msg("%s", e.text);
}

void assert_got(struct world_fixture *b, const char *text)
{
  assert_int_equal(bytes_append_byte(&b->got, '\0'), 0);
  if (text == NULL)
    assert_string_equal(b->got.data, "");
  else if (strstr(b->got.data, text) == NULL)
    fail_msg("expected \"%s\" in: %s", text, b->got.data);
  b->got.length = 0;
}
