/* world_bed.h - a world to run nodes in, with a client that keeps what it gets. All functions
 * assert. */
#ifndef HEARSAY_TESTS_WORLD_BED_H
#define HEARSAY_TESTS_WORLD_BED_H

#include "sim/world.h"
#include "temp_file.h"

#define SECOND ((int64_t)1000000)

/* How scripts begin. */
#define NODE "local node = require 'hearsay' "

struct bed {
  struct world *world;
  struct endpoint *client; /* called c */
  struct temp_file script; /* what all nodes run */
  struct bytes got;        /* lines */
};

void bed_open(struct bed *b, uint64_t seed, const char *script);
void bed_close(struct bed *b);

/* Starts a node; the second form may fail, with `e` filled. */
void bed_add(struct bed *b, const char *id);
int bed_try_add(struct bed *b, const char *id, struct error *e);

/* The client sends a node a message with msg_id 1; `fields` is the rest of its body. */
void bed_tell(struct bed *b, const char *id, const char *fields);

/* The same with an init of n1, n2, n3. */
void bed_init(struct bed *b, const char *id);

/* Lets time pass. */
void bed_pass(struct bed *b, int64_t duration_us);

/* The client has got this text since the last look; or nothing, for NULL. */
void assert_got(struct bed *b, const char *text);

#endif
