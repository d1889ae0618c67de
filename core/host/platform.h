/* platform.h - all that a node knows of the world.
 *
 * A node never touches a clock, a file or a socket itself: it calls through this
 * table, which platform_posix fills for a real process and the bench fills
 * for a simulated one. Times are microseconds. */
#ifndef HEARSAY_HOST_PLATFORM_H
#define HEARSAY_HOST_PLATFORM_H

#include "base/bytes.h"

#include <stdint.h>

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

  /* Takes one line of diagnostics, without newline. */
  void (*log)(void *ctx, struct slice line);
};

struct platform {
  const struct platform_vtable *vtable;
  void *ctx;
};

#endif
