/* disk.h - the disk of a simulated machine. It outlives the node: when that is killed, synced bytes
 * are all there, and of those written since then some prefix, which may end in the middle of a
 * record; at times with zeroes somewhere in it, where a write did not come to the platter before a
 * later one.
 *
 * Names are like bytes: that a file was made, renamed or removed is on the platter when that file
 * was synced. Before that, a kill leaves any of these changes and undoes others, whatever their
 * order was, except that a rename is one change. That is more than what file systems do, which
 * mostly keep the order; but they do not promise it.
 *
 * Where the tear is comes from a random stream of the machine's own, so that it shifts nothing
 * else. A sync takes simulated time. */
#ifndef HEARSAY_SIM_DISK_H
#define HEARSAY_SIM_DISK_H

#include "base/bytes.h"
#include "base/rng.h"
#include "host/platform.h"
#include "sim/schedule.h"

struct disk_file;
struct disk_change;

/* Private. All zeroes is a valid disk that was never used. */
struct disk {
  struct schedule *schedule;
  struct rng random;
  int64_t sync_us;
  void (*synced)(void *ctx);
  void *ctx;
  struct disk_file *files;     /* in the order in which they were made */
  struct disk_change *changes; /* of names, that are not on the platter for sure; oldest first */
};

/* The seed is this machine's. A sync takes `sync_us`; `synced` is called when one is done, after
 * whoever asked for it. */
void disk_init(struct disk *d, struct schedule *schedule, uint64_t seed, int64_t sync_us,
               void (*synced)(void *ctx), void *ctx);

/* All files must be closed. */
void disk_free(struct disk *d);

/* As platform.h says. */
struct file *disk_open(struct disk *d, struct slice name, int is_made, struct error *e);
int disk_remove(struct disk *d, struct slice name, struct error *e);

/* Appends the names that begin with `prefix`, as platform.h says, in the order in which the files
 * were made. Returns 0, or -1 on out of memory. */
int disk_list(const struct disk *d, struct slice prefix, struct bytes *names);

/* The machine was killed, and has closed all files: decides what survives. */
void disk_crash(struct disk *d);

/* What a file has, as a node would read it now; the data are NULL when there is no such file. Valid
 * until the file is written. */
struct slice disk_content(const struct disk *d, struct slice name);

/* The name of the file number `i`, from 0 on; it is empty where the file was removed, and its data
 * are NULL behind the last one. */
struct slice disk_name(const struct disk *d, size_t i);

/* Removes a file that is closed, for good. Returns 0, or -1 when it is open. */
int disk_discard(struct disk *d, struct slice name);

/* Sets what a file that is closed has, and makes it if it is not there: all durable. Returns 0, or
 * -1 when it is open or memory is out. */
int disk_replace(struct disk *d, struct slice name, struct slice content);

#endif
