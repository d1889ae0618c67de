/* What was read back at recovery counts as not durable yet: it survived the node, but may be in the
 * operating system's memory only. So the first sync after recovery is a real one. */
#include "host/durable.h"

#include "host/node_private.h"
#include "host/task.h"
#include "store/journal.h"

#include <stdlib.h>
#include <string.h>

enum { KEPT_BYTES = 64 * 1024 };

/* A task that waits until the records up to a sequence are durable. */
struct sync_waiter {
  struct task *task;
  uint64_t sequence;
};

struct durable {
  struct node *node;
  struct log *log;
  struct file *file;
  struct bytes name;
  uint64_t salt;

  struct bytes pending; /* records that the file has not taken */
  int is_refused;       /* by the file; not tried again before the next sync */

  uint64_t last;    /* sequence of the last record made */
  uint64_t durable; /* and of the last that is on the disk for sure */

  struct file_sync request;
  uint64_t under_way; /* what the sync under way is for; 0: none is */
  int has_failed;     /* a sync: nothing is durable any more */
  struct error failure;
  struct sync_waiter *waiters; /* in the order of their sequences */
  size_t waiter_count;
  size_t waiter_capacity;

  struct durable_found found;
};

/* --- recovery ----------------------------------------------------------- */

static int replay(struct durable *d, const struct journal_record *r, struct error *e)
{
  if (r->type == JOURNAL_COMMIT && log_commit(d->log, r->key, r->offset) != LOG_NO_MEMORY)
    return 0;
  if (r->type == JOURNAL_ENTRY) {
    if (r->offset > LOG_OFFSET_MAX)
      return error_set(e, "record %llu has an offset that no log has",
                       (unsigned long long)r->sequence);
    int result = log_insert(d->log, r->key, r->offset, r->payload);
    if (result >= 0)
      return 0;
    if (result == LOG_CONFLICT)
      return error_set(e, "record %llu gives offset %lld of \"%.*s\" a second value",
                       (unsigned long long)r->sequence, (long long)r->offset, (int)r->key.length,
                       r->key.data);
  }
  return error_set(e, "out of memory");
}

/* Cuts what follows `length`, which is no whole record. */
static int cut_tail(struct durable *d, const struct bytes *content, size_t length,
                    const struct error *why, struct error *e)
{
  if (d->file->vtable->truncate(d->file, length, e) != 0)
    return -1;
  d->found.cut_bytes = content->length - length;
  node_logf(d->node, "%.*s: cut off %zu bytes behind %zu: %s", (int)d->name.length, d->name.data,
            content->length - length, length, why->text);
  return 0;
}

static int write_header(struct durable *d, struct error *e)
{
  struct bytes header = {0};
  const struct platform *p = node_platform(d->node);
  d->salt = p->vtable->random(p->ctx);
  int result = journal_write_header(&header, d->salt, e);
  if (result == 0)
    result = d->file->vtable->append(d->file, bytes_slice(&header), e);
  bytes_free(&header);
  return result;
}

/* Takes up what the file has. */
static int recover(struct durable *d, const struct bytes *content, struct error *e)
{
  struct journal_reader r;
  struct journal_record record;
  struct error why;
  enum journal_result result = journal_open(&r, bytes_slice(content), &why);
  if (result == JOURNAL_CORRUPT)
    return error_set(e, "cannot use %.*s: %s", (int)d->name.length, d->name.data, why.text);
  if (result == JOURNAL_TORN && cut_tail(d, content, 0, &why, e) != 0)
    return -1;
  if (result != JOURNAL_RECORD)
    return write_header(d, e);
  while ((result = journal_next(&r, &record, &why)) == JOURNAL_RECORD)
    if (replay(d, &record, e) != 0)
      return -1;
  if (result == JOURNAL_CORRUPT)
    return error_set(e, "cannot use %.*s: %s", (int)d->name.length, d->name.data, why.text);
  d->salt = r.salt;
  d->last = d->found.records = r.sequence;
  return result == JOURNAL_TORN ? cut_tail(d, content, r.position, &why, e) : 0;
}

static void sync_done(struct file_sync *self, const char *why);

struct durable *durable_open(struct node *n, struct slice name, struct error *e)
{
  struct durable *d = calloc(1, sizeof *d);
  struct bytes content = {0};
  int result = -1;
  if (d != NULL) {
    d->node = n;
    d->request.done = sync_done;
    d->log = log_new();
  }
  if (d == NULL || d->log == NULL || bytes_append_slice(&d->name, name) != 0) {
    error_set(e, "out of memory");
  } else {
    const struct platform *p = node_platform(n);
    d->file = p->vtable->open(p->ctx, node_id(n), name, e);
    if (d->file != NULL && d->file->vtable->read(d->file, &content, e) == 0)
      result = recover(d, &content, e);
  }
  bytes_free(&content);
  if (result == 0)
    return d;
  durable_free(d);
  return NULL;
}

void durable_free(struct durable *d)
{
  if (d == NULL)
    return;
  durable_close(d);
  log_free(d->log);
  bytes_free(&d->name);
  bytes_free(&d->pending);
  free(d->waiters);
  free(d);
}

const struct log *durable_log(const struct durable *d)
{
  return d->log;
}

struct durable_found durable_found(const struct durable *d)
{
  return d->found;
}

/* --- changes ------------------------------------------------------------ */

/* Hands what is pending to the file. */
static int write_pending(struct durable *d, struct error *e)
{
  if (d->pending.length == 0)
    return 0;
  if (d->file == NULL)
    return error_set(e, "%s", d->failure.text);
  if (d->file->vtable->append(d->file, bytes_slice(&d->pending), e) != 0)
    return -1;
  d->pending.length = 0;
  bytes_trim(&d->pending, KEPT_BYTES);
  d->is_refused = 0;
  return 0;
}

/* Makes a record of a change that the logs are about to take. Returns 0 or -1. */
static int prepare(struct durable *d, enum journal_type type, struct slice key, int64_t offset,
                   struct slice payload)
{
  struct journal_record record = {type, d->last + 1, offset, key, payload, d->last - d->durable};
  return journal_write(&d->pending, d->salt, &record, NULL);
}

/* They have taken it. */
static void keep(struct durable *d)
{
  struct error e;
  d->last++;
  if (d->is_refused || write_pending(d, &e) == 0)
    return;
  d->is_refused = 1;
  node_logf(d->node, "%s", e.text);
}

int64_t durable_append(struct durable *d, struct slice key, struct slice value)
{
  size_t before = d->pending.length;
  int64_t last = log_last(d->log, key);
  if (last == LOG_OFFSET_MAX)
    return LOG_FULL;
  if (prepare(d, JOURNAL_ENTRY, key, last + 1, value) != 0)
    return LOG_NO_MEMORY;
  int64_t offset = log_append(d->log, key, value);
  if (offset >= 0)
    keep(d);
  else
    d->pending.length = before;
  return offset;
}

int durable_insert(struct durable *d, struct slice key, int64_t offset, struct slice value)
{
  size_t before = d->pending.length;
  if (prepare(d, JOURNAL_ENTRY, key, offset, value) != 0)
    return LOG_NO_MEMORY;
  int result = log_insert(d->log, key, offset, value);
  if (result == 1)
    keep(d);
  else
    d->pending.length = before;
  return result;
}

int64_t durable_commit(struct durable *d, struct slice key, int64_t offset)
{
  size_t before = d->pending.length;
  int64_t committed = log_committed(d->log, key);
  if (committed >= offset)
    return committed;
  if (prepare(d, JOURNAL_COMMIT, key, offset, SLICE("")) != 0)
    return LOG_NO_MEMORY;
  committed = log_commit(d->log, key, offset);
  if (committed == offset)
    keep(d);
  else
    d->pending.length = before;
  return committed;
}

/* --- sync --------------------------------------------------------------- */

static int begin_sync(struct durable *d, struct error *e)
{
  if (d->file->vtable->sync(d->file, &d->request, e) != 0)
    return -1;
  d->under_way = d->last;
  return 0;
}

/* Those who wait for what is durable now go on; all of them after a failure. */
static void wake_waiters(struct durable *d)
{
  size_t count = 0;
  while (count < d->waiter_count && (d->has_failed || d->waiters[count].sequence <= d->durable))
    task_go_on(d->node, d->waiters[count++].task);
  if (count == 0)
    return;
  d->waiter_count -= count;
  memmove(d->waiters, d->waiters + count, d->waiter_count * sizeof *d->waiters);
}

void durable_close(struct durable *d)
{
  if (d->file == NULL)
    return;
  d->file->vtable->close(d->file);
  d->file = NULL;
  d->has_failed = 1;
  error_set(&d->failure, "%.*s is closed", (int)d->name.length, d->name.data);
  wake_waiters(d);
}

static void fail(struct durable *d, const char *why)
{
  d->has_failed = 1;
  error_set(&d->failure, "%s", why);
  node_logf(d->node, "%s", why);
  wake_waiters(d);
}

static void sync_done(struct file_sync *self, const char *why)
{
  struct durable *d = (struct durable *)((char *)self - offsetof(struct durable, request));
  struct error e;
  uint64_t done = d->under_way;
  d->under_way = 0;
  if (why != NULL) {
    fail(d, why);
    return;
  }
  d->durable = done;
  wake_waiters(d);
  if (d->waiter_count > 0 && begin_sync(d, &e) != 0)
    fail(d, e.text);
}

static int add_waiter(struct durable *d, struct task *t, struct error *e)
{
  if (d->waiter_count == d->waiter_capacity) {
    size_t capacity = d->waiter_capacity == 0 ? 16 : 2 * d->waiter_capacity;
    struct sync_waiter *waiters = realloc(d->waiters, capacity * sizeof *waiters);
    if (waiters == NULL)
      return error_set(e, "out of memory");
    d->waiters = waiters;
    d->waiter_capacity = capacity;
  }
  if (task_wait(d->node, t) != 0)
    return error_set(e, "out of memory");
  d->waiters[d->waiter_count++] = (struct sync_waiter){t, d->last};
  return 0;
}

int durable_sync(struct durable *d, struct task *t, uint64_t *ticket, struct error *e)
{
  *ticket = d->last;
  if (d->has_failed)
    return error_set(e, "%s", d->failure.text);
  if (write_pending(d, e) != 0)
    return -1;
  if (d->durable == d->last)
    return 1;
  if (d->under_way == 0 && begin_sync(d, e) != 0)
    return -1;
  return add_waiter(d, t, e);
}

int durable_is_synced(const struct durable *d, uint64_t ticket, struct error *e)
{
  return ticket <= d->durable ? 1 : error_set(e, "%s", d->failure.text);
}
