/* platform.h - all that a node knows of the world.
 *
 * A node never touches a clock, a file or a socket itself: it calls through these
 * tables, which platform_posix fills for a real process and the bench fills
 * for a simulated one. Times are microseconds. */
#ifndef HEARSAY_HOST_PLATFORM_H
#define HEARSAY_HOST_PLATFORM_H

#include "base/bytes.h"
#include "base/error.h"

#include <stdint.h>

struct file;

struct platform_vtable {
  /* Never goes back; its zero means nothing, and differs between nodes. */
  int64_t (*monotonic_us)(void *ctx);

  /* Time since 1970-01-01 UTC; may jump either way. Callable from any thread. */
  int64_t (*wall_us)(void *ctx);

  /* 64 random bits. */
  uint64_t (*random)(void *ctx);

  /* Takes one whole message, ending in a newline. The bytes are the caller's
   * again after the call. Returns 0, or -1 on out of memory. */
  int (*send)(void *ctx, struct slice dest, struct slice line);

  /* The bytes of messages that were sent, and that nobody has taken yet. */
  size_t (*pending)(void *ctx);

  /* Takes one line of diagnostics, without newline. */
  void (*log)(void *ctx, struct slice line);

  /* Opens a file of the node with this id, and makes it when it is not there and `is_made` is
   * not 0. While it is open nobody else can open it, in this process or another. The name has
   * letters, digits, '.', '-', '_' and '+' only, and begins with none of '.' and '-'. Returns
   * NULL with `e` filled when that cannot be done. */
  struct file *(*open)(void *ctx, struct slice node, struct slice name, int is_made,
                       struct error *e);

  /* Appends the names of the node's files that begin with `prefix` to `names`, in any order, each
   * with a zero behind it. Returns 0, or -1 with `e` filled. */
  int (*list)(void *ctx, struct slice node, struct slice prefix, struct bytes *names,
              struct error *e);

  /* Removes a file that is not open. A kill may bring it back, until a file is synced that was
   * given the same name later. Returns 0, also where there is none; or -1 with `e` filled. */
  int (*remove)(void *ctx, struct slice node, struct slice name, struct error *e);
};

struct platform {
  const struct platform_vtable *vtable;
  void *ctx;
};

/* Somebody who waits until a file is on the disk. The caller's, until done is called or the
 * file is closed. */
struct file_sync {
  /* Called once, between two turns of the node. `why` is NULL, or what went wrong. It may
   * ask for the next sync. */
  void (*done)(struct file_sync *self, const char *why);
};

/* What a file can do: it grows at its end. Errors name the file. */
struct file_vtable {
  /* Appends the whole content to `into`. Returns 0, or -1 with `e` filled. */
  int (*read)(struct file *f, struct bytes *into, struct error *e);

  /* Appends to the file. The bytes survive a kill of the node for sure only when a sync that
   * began later is done; before that, any part of them may. Returns 0; or -1 with `e`
   * filled, and then the file is as it was. */
  int (*append)(struct file *f, struct slice data, struct error *e);

  /* Drops what is behind `length`. It never comes back behind bytes that are appended later,
   * whatever a kill leaves; so this may wait for the disk. Returns 0, or -1 with `e` filled. */
  int (*truncate)(struct file *f, uint64_t length, struct error *e);

  /* Begins to make durable all that has been appended so far, and the file's name: before that,
   * a kill may leave a file that was made without one, and so without trace. One at a time for a
   * file. Returns 0, or -1 with `e` filled, and then it is never done. */
  int (*sync)(struct file *f, struct file_sync *request, struct error *e);

  /* The same, and waits for it: for the start of a node, which has nothing else to do. */
  int (*flush)(struct file *f, struct error *e);

  /* Gives it another name, in place of the file that has it, if one does, which must not be open.
   * What others see is the one or the other, also after a kill; the other for sure when a sync is
   * done that began later. No sync may be under way. Returns 0; or -1 with `e` filled, and then
   * nothing has changed. */
  int (*rename)(struct file *f, struct slice name, struct error *e);

  /* Closes and frees it. A sync that is under way is never done. */
  void (*close)(struct file *f);
};

/* First member of what a platform has for a file. When a sync has failed, or an append that
 * could not be undone, nobody knows what is on the disk: from then on each append, truncate,
 * flush, rename and sync fails. */
struct file {
  const struct file_vtable *vtable;
};

#endif
