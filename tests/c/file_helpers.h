/* file_helpers.h - what the tests of files share, on real disks and on simulated ones. All functions
 * assert. */
#ifndef HEARSAY_TESTS_FILE_HELPERS_H
#define HEARSAY_TESTS_FILE_HELPERS_H

#include "host/platform.h"

void append_text(struct file *f, const char *text);
void assert_append_fails(struct file *f, const char *text, const char *why);

/* The file has this and nothing else. */
void assert_content(struct file *f, const char *text);

/* A request that counts how often it was answered, and keeps what was said last; "" is success. Its
 * `done` is note_sync. */
struct sync_wish {
  struct file_sync sync; /* must be first */
  struct file *again; /* of this one another sync is asked for, once, when one is done; or NULL */
  int count;
  char why[512];
};

void note_sync(struct file_sync *self, const char *why);

#endif
