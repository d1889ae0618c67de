/* A live node that runs a challenge, and arbitrary lines into it: it lives on, it stays within what
 * it has declared, and it says nothing that is not a message. The first byte chooses the script. */
#include "bind/bind.h"
#include "fake_platform.h"
#include "fuzz.h"
#include "host/node.h"
#include "wire/envelope.h"

#include <glob.h>

/* The script that a text names, or one that depends on its first byte. */
static const char *script_for(struct slice name)
{
  static glob_t found;
  if (found.gl_pathc == 0)
    (void)glob("challenges/*.lua", 0, NULL, &found);
  if (found.gl_pathc == 0)
    abort();
  for (size_t i = 0; i < found.gl_pathc; i++) {
    struct slice file = slice_of(strrchr(found.gl_pathv[i], '/') + 1);
    file.length -= strlen(".lua");
    if (slice_equal(file, name))
      return found.gl_pathv[i];
  }
  return found.gl_pathv[name.length == 0 ? 0 : (unsigned char)name.data[0] % found.gl_pathc];
}

/* Takes the text up to the next newline, which goes as well. */
static struct slice take_line(struct slice *rest)
{
  const char *end = memchr(rest->data, '\n', rest->length);
  struct slice line = {rest->data, end == NULL ? rest->length : (size_t)(end - rest->data)};
  size_t length = line.length + (end != NULL);
  *rest = (struct slice){rest->data + length, rest->length - length};
  return line;
}

static void init(struct node *n)
{
  static const char line[] =
    "{\"src\":\"c0\",\"dest\":\"n1\",\"body\":{\"type\":\"init\","
    "\"msg_id\":1,\"node_id\":\"n1\",\"node_ids\":[\"n1\",\"n2\",\"n3\"]}}";
  node_receive(n, slice_of(line));
  node_advance(n);
}

/* Lets the node run as far as it wants to within this time. */
static void pass(struct fake_platform *world, struct node *n, int64_t duration_us)
{
  int64_t end_us = world->now_us + duration_us;
  for (int steps = 0; node_next_deadline_us(n) <= end_us && steps < 10000; steps++) {
    if (world->now_us < node_next_deadline_us(n))
      world->now_us = node_next_deadline_us(n);
    node_advance(n);
  }
  world->now_us = end_us;
}

/* All that was sent is messages, and no handler has failed. */
static void check(const struct fake_platform *world, const char *script)
{
  struct envelope m;
  struct slice rest = bytes_slice(&world->sent), log = bytes_slice(&world->log);
  must(log.length == 0 || memmem(log.data, log.length, "\nstack traceback:\n", 18) == NULL, script,
       log);
  envelope_init(&m);
  while (rest.length > 0) {
    struct slice line = take_line(&rest);
    must(envelope_parse(&m, line) == 0, "not a message", line);
  }
  envelope_free(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (size == 0)
    return 0;
  struct fake_platform world;
  struct error e;
  fake_platform_open(&world);
  struct platform platform = fake_platform(&world);
  struct state_options options = {
    .open_modules = bind_node_modules, .root = ".", .hash_seed = 1, .random_seed = 1};
  struct node *n = node_new(&platform, &options, &e);
  struct slice rest = slice_of_bytes(data, size);
  const char *script = script_for(take_line(&rest));
  if (n == NULL || node_load(n, script, 0, NULL, &e) != 0)
    abort();
  init(n);
  while (rest.length > 0) {
    node_receive(n, take_line(&rest));
    pass(&world, n, 50000);
  }
  pass(&world, n, 3000000);
  check(&world, script);
  node_free(n);
  fake_platform_close(&world);
  return 0;
}
