/* world_fixture.h - a world to run nodes in, with a client that keeps what it gets. All functions
 * assert. */
#ifndef HEARSAY_TESTS_WORLD_FIXTURE_H
#define HEARSAY_TESTS_WORLD_FIXTURE_H

#include "sim/world.h"
#include "temp_file.h"

#define SECOND ((int64_t)1000000)

/* How scripts begin. */
#define NODE "local node = require 'hearsay' "

struct world_fixture {
  struct world *world;
  struct endpoint *client; /* called c */
  struct temp_file script; /* what all nodes run */
  struct bytes got;        /* lines */
};

void world_fixture_open(struct world_fixture *b, uint64_t seed, const char *script);
void world_fixture_close(struct world_fixture *b);

/* Starts a node; the second form may fail, with `e` filled. */
void world_fixture_add(struct world_fixture *b, const char *id);
int world_fixture_try_add(struct world_fixture *b, const char *id, struct error *e);

/* The client sends a node a message with msg_id 1; `fields` is the rest of its body. */
void world_fixture_tell(struct world_fixture *b, const char *id, const char *fields);

/* The same with an init of n1, n2, n3. */
void world_fixture_init(struct world_fixture *b, const char *id);

/* Lets time pass. */
void world_fixture_pass(struct world_fixture *b, int64_t duration_us);

/* The client has got this text since the last look; or nothing, for NULL. */
void assert_got(struct world_fixture *b, const char *text);

#endif
