/* platform_posix.h - the world of a real process: its clocks, its randomness, lines in
 * and out of file descriptors, and its files (storage_posix.h). */
#ifndef HEARSAY_HOST_PLATFORM_POSIX_H
#define HEARSAY_HOST_PLATFORM_POSIX_H

#include "base/error.h"
#include "host/platform.h"
#include "host/storage_posix.h"
#include "wire/lines.h"

struct posix {
  int in;
  int out;
  int diagnostics;
  struct bytes output; /* lines that are not written yet */
  size_t written;      /* of the output */
  int out_flags;       /* of the descriptor, to be restored; -1: not changed */
  struct storage storage;
};

/* Opens the world on three descriptors, which stay the caller's, and a folder for files, a path
 * that must stay valid; NULL: none. Ignores SIGPIPE and SIGXFSZ, so that such a write fails, and
 * makes `out` non-blocking when it is a pipe or socket, so that a reader that is slow
 * never keeps the node from reading. */
void posix_open(struct posix *p, int in, int out, int diagnostics, const char *folder);

/* Restores the flags of `out` and frees what is left. */
void posix_close(struct posix *p);

struct platform posix_platform(struct posix *p);

enum posix_event { POSIX_READABLE = 1, POSIX_WRITABLE = 2 };

/* Waits until one of the events in `want`, the deadline (monotonic microseconds; INT64_MAX:
 * none), or the end of a file's sync, which it makes known. Returns the events. */
int posix_wait(struct posix *p, int want, int64_t deadline_us);

enum posix_result { POSIX_OK, POSIX_AGAIN, POSIX_END, POSIX_FAILED };

/* Reads once into the lines. POSIX_END at the end of input; POSIX_FAILED with `e`. */
enum posix_result posix_read(struct posix *p, struct lines *l, struct error *e);

/* Writes what it can of the output. POSIX_AGAIN: some is left; POSIX_END: the reader has
 * gone away; POSIX_FAILED with `e`. */
enum posix_result posix_flush(struct posix *p, struct error *e);

/* Bytes of output that wait to be written. */
size_t posix_pending(const struct posix *p);

#endif
