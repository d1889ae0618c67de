/* storage_posix.h - the files of a real node: DIR/<node id>/<name>, where DIR is given by
 * whoever starts it. Without one a node has no files.
 *
 * A file is locked (flock) while it is open. Appends go to the operating system at once, so
 * they survive the end of the process; that of the machine they survive when they are
 * synced, and so does a file's name, which is in its folder: the first sync after it was opened or
 * renamed is one of the folder too. What has failed in a way that leaves the disk unknown stays failed: an fsync that
 * is tried again may say that all is well though pages are lost. */
#ifndef HEARSAY_HOST_STORAGE_POSIX_H
#define HEARSAY_HOST_STORAGE_POSIX_H

#include "base/bytes.h"
#include "base/error.h"
#include "host/platform.h"
#include "host/syncer.h"

#include <sys/types.h>

/* The system calls that can fail half-way, so that a test can stand in for the disk. */
struct storage_calls {
  ssize_t (*write)(int fd, const void *data, size_t length);
  int (*ftruncate)(int fd, off_t length);
  int (*fsync)(int fd); /* called by another thread too */
  int (*rename)(const char *from, const char *to);
  int (*unlink)(const char *path);
};

struct storage {
  const char *folder; /* the caller's; NULL: none */
  struct storage_calls calls;
  struct syncer syncer;
};

/* Makes no folder yet. `calls` may be NULL: those of the system. */
void storage_init(struct storage *s, const char *folder, const struct storage_calls *calls);

/* All files must be closed. */
void storage_free(struct storage *s);

/* As platform.h says. */
struct file *storage_open(struct storage *s, struct slice node, struct slice name, int is_made,
                          struct error *e);
int storage_list(struct storage *s, struct slice node, struct slice prefix, struct bytes *names,
                 struct error *e);
int storage_remove(struct storage *s, struct slice node, struct slice name, struct error *e);

/* Says so to all whose syncs are done. Never waits. */
void storage_complete(struct storage *s);

#endif
