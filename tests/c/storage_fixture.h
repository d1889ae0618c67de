/* storage_fixture.h - a folder for files of real nodes (host/storage_posix.h), over system calls that
 * can be made to fail. All functions assert. */
#ifndef HEARSAY_TESTS_STORAGE_FIXTURE_H
#define HEARSAY_TESTS_STORAGE_FIXTURE_H

#include "file_helpers.h"
#include "host/storage_posix.h"

#include <stdatomic.h>

/* A disk that writes so many bytes at a time and then fails, unless told otherwise. */
struct fake_calls {
  size_t most;       /* bytes a write takes */
  size_t left;       /* bytes until it is full */
  int interruptions; /* before the next write or cut goes on */
  int cut_error;
  int rename_error;
  int unlink_error;
  atomic_int sync_error;
  atomic_int running; /* in fsync now */
  atomic_int begun;   /* fsyncs in all */
  atomic_int is_slow;
};

/* Of all fixtures: they are there one at a time. */
extern struct fake_calls fake_calls;

struct storage_fixture {
  char folder[64];
  struct storage storage;
};

/* A folder that is not there yet, on a healthy disk. */
void storage_fixture_open(struct storage_fixture *p);
void storage_fixture_close(struct storage_fixture *p);

/* Opens a file of n1, and makes it if it is not there. */
struct file *storage_fixture_file(struct storage_fixture *p, const char *name);

/* The same of any node fails, and says so. */
void assert_open_fails(struct storage_fixture *p, struct slice node, const char *name,
                       const char *why);

/* Until a request was answered so many times. */
void wait_for_syncs(struct storage_fixture *p, const struct sync_wish *w, int count);

#endif
