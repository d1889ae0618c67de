/* durable_fixture.h - a node on a fake disk, for the tests of durable logs. All functions assert. */
#ifndef HEARSAY_TESTS_DURABLE_FIXTURE_H
#define HEARSAY_TESTS_DURABLE_FIXTURE_H

#include "fake_disk.h"
#include "node_fixture.h"

struct durable_fixture {
  struct node_fixture f;
  struct fake_disk disk;
};

/* Initialises a node with this script, as fixture_start does; the disk is there before its init. */
void durable_fixture_open(struct durable_fixture *b, const char *script);

/* Ends the node. Whatever was sent or logged must have been looked at, and no file may stay open. */
void durable_fixture_close(struct durable_fixture *b);

/* Sets what a file has that is closed, or not there yet. */
void durable_fixture_put(struct durable_fixture *b, const char *name, struct slice content);

/* The number of records in segment 1 of "log", behind which there is nothing else. */
int durable_fixture_records(struct durable_fixture *b);

#endif
