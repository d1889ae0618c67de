/* syncer.h - a thread that waits for the disk, so that the node need not.
 *
 * fsync may take many milliseconds. Meanwhile the node goes on, and whatever it writes is
 * taken by the next fsync: the slower the disk, the larger the group that shares one. */
#ifndef HEARSAY_HOST_SYNCER_H
#define HEARSAY_HOST_SYNCER_H

#include "base/error.h"

#include <pthread.h>

/* A file to be synced; the caller's, untouched by it from submit until it is taken. */
struct sync_job {
  int fd;
  int folder_fd; /* is synced after it; -1: none */
  int error;     /* errno of the fsync that failed, or 0 */
  enum { SYNC_IDLE, SYNC_QUEUED, SYNC_RUNNING, SYNC_DONE } state;
  struct sync_job *next;
};

struct sync_queue {
  struct sync_job *first;
  struct sync_job *last;
};

/* Private but for `ready_fd`. */
struct syncer {
  pthread_t thread;
  pthread_mutex_t lock; /* of all below, and of the jobs */
  pthread_cond_t change;
  struct sync_queue queued;
  struct sync_queue done;
  int (*fsync)(int fd);
  int is_running;
  int is_ending;
  int ready_fd;  /* readable when a job is done; -1 before the first submit */
  int signal_fd; /* its other end */
};

/* `fsync_call` is fsync, or stands for it in a test. No thread runs before the first submit. */
void syncer_init(struct syncer *s, int (*fsync_call)(int fd));

/* Ends the thread. All jobs must be taken or withdrawn. */
void syncer_free(struct syncer *s);

/* Hands over an idle job. Returns 0, or -1 with `e` filled when there can be no thread. */
int syncer_submit(struct syncer *s, struct sync_job *job, struct error *e);

/* A job that is done, which is idle again; or NULL. Never waits. */
struct sync_job *syncer_take(struct syncer *s);

/* Makes a job idle, whatever its state: when it is in its fsync, waits for that. */
void syncer_withdraw(struct syncer *s, struct sync_job *job);

#endif
