/* node_fixture.h - a node with a script, in a fake world. All functions assert.
 *
 * Scripts have `node`, `errors` and `json` as locals, declared in front of their first
 * line, which keeps its number. */
#ifndef HEARSAY_TESTS_NODE_FIXTURE_H
#define HEARSAY_TESTS_NODE_FIXTURE_H

#include "fake_platform.h"
#include "host/node.h"

struct node_fixture {
  struct fake_platform world;
  struct platform platform;
  struct node *node;
  char path[32]; /* of the script, which is gone from the disk */
};

#define SECOND ((int64_t)1000000)

/* The first number of the node's requests: what it begins at is random, and here the world's first
 * random number is 1. */
#define FIRST_REQUEST 1000001
#define FIRST_TEXT "1000001"

/* Makes the node without a script. */
void fixture_open(struct node_fixture *f);

/* Makes the node and loads the script; fails with `e` filled as node_load does. */
int fixture_try(struct node_fixture *f, const char *script, struct error *e);

/* Makes the node and loads the script. */
void fixture_load(struct node_fixture *f, const char *script);

/* And initialises it: n1, of n1, n2, n3. */
void fixture_start(struct node_fixture *f, const char *script);

/* The same, with limits, and its memory from the pool, as in ./node. */
void fixture_start_limited(struct node_fixture *f, const struct limits *limits, const char *script);

void fixture_init(struct node_fixture *f);

/* Ends the node. Whatever was sent or logged must have been looked at. */
void fixture_stop(struct node_fixture *f);

/* Ends it, whatever was sent or logged. */
void fixture_drop(struct node_fixture *f);

/* Hands over a line, and lets the node do what is due. */
void fixture_receive(struct node_fixture *f, const char *line);

/* A message of c1 to n1 with this msg_id; `fields` is the body without it. */
void fixture_ask(struct node_fixture *f, int msg_id, const char *fields);

/* Time passes, and the node runs when it wants to. */
void fixture_pass(struct node_fixture *f, int64_t duration_us);

/* The next line that was sent is this message, in any order of keys. */
void assert_sent(struct node_fixture *f, const char *message);

/* It goes to c1 and has this body; without braces. */
void assert_reply(struct node_fixture *f, const char *fields);

/* It is an error reply to c1's message whose text has `text` in it. */
void assert_error_reply(struct node_fixture *f, int msg_id, int code, const char *text);

void assert_nothing_sent(struct node_fixture *f);

/* What was logged since the last look has this text in it. */
void assert_logged(struct node_fixture *f, const char *text);

/* It is exactly this text: lines without times and the node's name, '\n' between them. */
void assert_log(struct node_fixture *f, const char *text);

void assert_nothing_logged(struct node_fixture *f);

/* Whether a slice has a text in it. */
int slice_contains(struct slice s, const char *text);

#endif
