#include "host/syncer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

static void push(struct sync_queue *q, struct sync_job *job)
{
  job->next = NULL;
  if (q->last != NULL)
    q->last->next = job;
  else
    q->first = job;
  q->last = job;
}

static struct sync_job *pop(struct sync_queue *q)
{
  struct sync_job *job = q->first;
  if (job == NULL)
    return NULL;
  q->first = job->next;
  if (q->first == NULL)
    q->last = NULL;
  return job;
}

static void take_out(struct sync_queue *q, struct sync_job *job)
{
  struct sync_queue rest = {0};
  for (struct sync_job *other; (other = pop(q)) != NULL;)
    if (other != job)
      push(&rest, other);
  *q = rest;
}

/* Returns 0, or errno. */
static int sync_fd(const struct syncer *s, int fd)
{
  int result;
  do
    result = s->fsync(fd);
  while (result != 0 && errno == EINTR);
  return result == 0 ? 0 : errno;
}

static void *work(void *ctx)
{
  struct syncer *s = ctx;
  (void)pthread_mutex_lock(&s->lock);
  while (!s->is_ending) {
    struct sync_job *job = pop(&s->queued);
    if (job == NULL) {
      (void)pthread_cond_wait(&s->change, &s->lock);
      continue;
    }
    job->state = SYNC_RUNNING;
    (void)pthread_mutex_unlock(&s->lock);
    int error = sync_fd(s, job->fd);
    if (error == 0 && job->folder_fd >= 0)
      error = sync_fd(s, job->folder_fd);
    (void)pthread_mutex_lock(&s->lock);
    job->error = error;
    job->state = SYNC_DONE;
    push(&s->done, job);
    (void)pthread_cond_broadcast(&s->change);
    /* When the pipe is full, whoever reads it has been told already. */
    ssize_t written = write(s->signal_fd, "", 1);
    (void)written;
  }
  (void)pthread_mutex_unlock(&s->lock);
  return NULL;
}

void syncer_init(struct syncer *s, int (*fsync_call)(int fd))
{
  *s = (struct syncer){.fsync = fsync_call, .ready_fd = -1, .signal_fd = -1};
  (void)pthread_mutex_init(&s->lock, NULL);
  (void)pthread_cond_init(&s->change, NULL);
}

void syncer_free(struct syncer *s)
{
  if (s->is_running) {
    (void)pthread_mutex_lock(&s->lock);
    s->is_ending = 1;
    (void)pthread_cond_broadcast(&s->change);
    (void)pthread_mutex_unlock(&s->lock);
    (void)pthread_join(s->thread, NULL);
  }
  if (s->ready_fd >= 0) {
    (void)close(s->ready_fd);
    (void)close(s->signal_fd);
  }
  (void)pthread_cond_destroy(&s->change);
  (void)pthread_mutex_destroy(&s->lock);
}

/* Signals are for the node's own thread. */
static int start(struct syncer *s, struct error *e)
{
  int fds[2];
  sigset_t all, before;
  if (s->ready_fd < 0) {
    if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) != 0)
      return error_set(e, "cannot make a pipe: %s", strerror(errno));
    s->ready_fd = fds[0];
    s->signal_fd = fds[1];
  }
  (void)sigfillset(&all);
  (void)pthread_sigmask(SIG_SETMASK, &all, &before);
  int result = pthread_create(&s->thread, NULL, work, s);
  (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (result != 0)
    return error_set(e, "cannot start a thread: %s", strerror(result));
  s->is_running = 1;
  return 0;
}

int syncer_submit(struct syncer *s, struct sync_job *job, struct error *e)
{
  if (!s->is_running && start(s, e) != 0)
    return -1;
  (void)pthread_mutex_lock(&s->lock);
  job->state = SYNC_QUEUED;
  push(&s->queued, job);
  (void)pthread_cond_broadcast(&s->change);
  (void)pthread_mutex_unlock(&s->lock);
  return 0;
}

struct sync_job *syncer_take(struct syncer *s)
{
  char signals[64];
  if (!s->is_running)
    return NULL;
  (void)pthread_mutex_lock(&s->lock);
  struct sync_job *job = pop(&s->done);
  if (job != NULL)
    job->state = SYNC_IDLE;
  else
    while (read(s->ready_fd, signals, sizeof signals) > 0) {
    }
  (void)pthread_mutex_unlock(&s->lock);
  return job;
}

void syncer_withdraw(struct syncer *s, struct sync_job *job)
{
  (void)pthread_mutex_lock(&s->lock);
  while (job->state == SYNC_RUNNING)
    (void)pthread_cond_wait(&s->change, &s->lock);
  if (job->state == SYNC_QUEUED)
    take_out(&s->queued, job);
  else if (job->state == SYNC_DONE)
    take_out(&s->done, job);
  job->state = SYNC_IDLE;
  (void)pthread_mutex_unlock(&s->lock);
}
