/* What was read back at recovery counts as not durable yet: it survived the node, but may be in the
 * operating system's memory only. So the first sync after recovery is a real one.
 *
 * A sync is one of the segment that was sealed last, if that is not synced yet, and then one of the
 * last segment. Only one is under way at a time. */
#include "host/durable.h"

#include "host/allocator.h"
#include "host/compaction.h"
#include "host/node_private.h"
#include "host/segments.h"
#include "host/waiters.h"

#include <stdlib.h>

enum { KEPT_BYTES = 64 * 1024 };

struct durable {
  struct node *node;
  struct log *log;
  struct segments files;
  int is_open;

  struct bytes pending; /* records that the file has not taken */
  int is_refused;       /* by the file; not tried again before the next sync */

  uint64_t last;    /* sequence of the last record made */
  uint64_t durable; /* and of the last that is on the disk for sure */

  struct file_sync request;
  enum { SYNC_NONE, SYNC_OF_SEALED, SYNC_OF_LAST } under_way;
  uint64_t target; /* what the sync of the last segment is for */
  int has_failed;  /* a sync: nothing is durable any more */
  struct error failure;
  struct waiters syncs; /* up to a sequence */

  struct compaction compaction;
  uint64_t settled;        /* what it waits for; 0: nothing */
  uint64_t unwanted_bytes; /* written, and of no use any more; since the last pass began */
  uint64_t passes_begun;   /* over all segments */
  uint64_t passes_ended;
  uint64_t failed_pass; /* the last one that did not get to its end; 0: none */
  struct error compaction_failure;
  struct waiters compactions; /* up to a pass */

  struct durable_found found;
};

static int out_of_memory(const struct durable *d, struct error *e)
{
  return error_set(e, "%s", allocator_error(d->node->L));
}

/* --- the end ------------------------------------------------------------- */

/* From here on nothing is durable any more. */
static void give_up(struct durable *d)
{
  d->has_failed = 1;
  compaction_stop(&d->compaction);
  waiters_wake(&d->syncs, d->node, UINT64_MAX);
  waiters_wake(&d->compactions, d->node, UINT64_MAX);
}

static void fail(struct durable *d, const char *why)
{
  error_set(&d->failure, "%s", why);
  node_logf(d->node, "%s", why);
  give_up(d);
}

void durable_close(struct durable *d)
{
  if (!d->is_open)
    return;
  d->is_open = 0;
  error_set(&d->failure, "%.*s is closed", (int)d->files.name.length, d->files.name.data);
  give_up(d);
  segments_close(&d->files);
}

/* --- what nobody wants any more ------------------------------------------ */

static size_t record_bytes(struct slice key)
{
  return JOURNAL_RECORD_BYTES + key.length;
}

/* What a trim took away, in the journal. */
static void count_trimmed(struct durable *d, struct slice key, const struct log_trimmed *trimmed)
{
  d->unwanted_bytes += trimmed->bytes + trimmed->count * record_bytes(key);
}

/* Begins a pass if there is something to look at. Returns as compaction_begin. */
static int begin_pass(struct durable *d, struct error *e)
{
  int result = compaction_begin(&d->compaction, e);
  if (result == 0)
    return 0;
  d->unwanted_bytes = 0;
  d->passes_begun++;
  if (result == 1)
    return 1;
  d->passes_ended++;
  d->failed_pass = d->passes_ended;
  d->compaction_failure = *e;
  return -1;
}

/* A pass is worth its cost when it may give half of the space back. */
static void compact_if_worth(struct durable *d)
{
  struct error e;
  const struct segments *s = &d->files;
  if (d->unwanted_bytes >= s->limit_bytes && d->unwanted_bytes >= s->sealed_bytes / 2 &&
      d->compaction.state == COMPACTION_IDLE && !d->has_failed && begin_pass(d, &e) < 0)
    node_logf(d->node, "%s", e.text);
}

/* --- recovery ----------------------------------------------------------- */

struct replay {
  struct segments_reader reader; /* must be first */
  struct durable *d;
};

static int replay_entry(struct durable *d, const struct journal_record *r, size_t bytes,
                        struct error *e)
{
  if (r->offset > LOG_OFFSET_MAX)
    return error_set(e, "record %llu has an offset that no log has",
                     (unsigned long long)r->sequence);
  int result = log_insert(d->log, r->key, r->offset, r->payload);
  if (result == LOG_CONFLICT)
    return error_set(e, "record %llu gives offset %lld of \"%.*s\" a second value",
                     (unsigned long long)r->sequence, (long long)r->offset, (int)r->key.length,
                     r->key.data);
  d->unwanted_bytes += result == 0 ? bytes : 0;
  return result >= 0 ? 0 : out_of_memory(d, e);
}

static int replay(struct segments_reader *self, const struct journal_record *r, size_t bytes,
                  struct error *e)
{
  struct durable *d = ((struct replay *)self)->d;
  struct log_trimmed trimmed;
  int64_t before, now;
  d->found.records++;
  if (r->type == JOURNAL_ENTRY)
    return replay_entry(d, r, bytes, e);
  if (r->type == JOURNAL_COMMIT) {
    before = log_committed(d->log, r->key) + 1;
    now = log_commit(d->log, r->key, r->offset);
  } else {
    before = log_start(d->log, r->key);
    now = log_trim(d->log, r->key, r->offset, &trimmed);
    count_trimmed(d, r->key, &trimmed);
  }
  d->unwanted_bytes += before > 0 ? bytes : 0; /* the older of the two */
  return now != LOG_NO_MEMORY ? 0 : out_of_memory(d, e);
}

static void sync_done(struct file_sync *self, const char *why);
static int settle(struct compaction *self, struct error *e);
static void compaction_done(struct compaction *self, const char *why, int is_fatal);

static void files_failed(struct segments *s, const char *why)
{
  fail((struct durable *)((char *)s - offsetof(struct durable, files)), why);
}

struct durable *durable_open(struct node *n, struct slice name, uint64_t segment_bytes,
                             struct error *e)
{
  struct durable *d = calloc(1, sizeof *d);
  struct replay r = {{replay, 0, 0}, d};
  if (d == NULL) {
    error_set(e, "out of memory");
    return NULL;
  }
  d->node = n;
  d->request.done = sync_done;
  d->log = log_new(allocator_budget(n->L));
  d->pending.budget = allocator_budget(n->L);
  d->files = (struct segments){.node = n, .limit_bytes = segment_bytes, .failed = files_failed};
  d->compaction = (struct compaction){
    .segments = &d->files, .log = d->log, .settle = settle, .done = compaction_done};
  if (d->log == NULL) {
    (void)out_of_memory(d, e);
  } else if (segments_open(&d->files, name, &r.reader, e) == 0) {
    d->is_open = 1;
    d->last = r.reader.sequence;
    d->found.cut_bytes = r.reader.cut_bytes;
    return d;
  }
  durable_free(d);
  return NULL;
}

void durable_free(struct durable *d)
{
  if (d == NULL)
    return;
  durable_close(d);
  segments_free(&d->files);
  log_free(d->log);
  bytes_free(&d->pending);
  waiters_free(&d->syncs);
  waiters_free(&d->compactions);
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

struct durable_size durable_size(const struct durable *d)
{
  return (struct durable_size){d->files.sealed_count + 1,
                               d->files.sealed_bytes + d->files.last.bytes};
}

/* --- changes ------------------------------------------------------------ */

static int begin_sync(struct durable *d, struct error *e);

/* Says once that the files take nothing; each sync tries again. */
static void refuse(struct durable *d, const struct error *e)
{
  d->is_refused = 1;
  node_logf(d->node, "%s", e->text);
}

/* Hands what is pending to the last segment. */
static int write_pending(struct durable *d, struct error *e)
{
  if (d->pending.length == 0)
    return 0;
  if (!d->is_open)
    return error_set(e, "%s", d->failure.text);
  if (segments_append(&d->files, bytes_slice(&d->pending), e) != 0)
    return -1;
  d->pending.length = 0;
  bytes_trim(&d->pending, KEPT_BYTES);
  d->is_refused = 0;
  return 0;
}

/* Goes on with the next segment where the last one is full. What was sealed is synced at once, so
 * that the next one can be. */
static void seal_if_full(struct durable *d)
{
  struct error e;
  if (d->has_failed || !segments_is_full(&d->files))
    return;
  if (segments_seal(&d->files, d->last + 1, d->last - d->durable, &e) != 0) {
    refuse(d, &e);
    return;
  }
  d->last++;
  if (d->under_way == SYNC_NONE && begin_sync(d, &e) != 0)
    fail(d, e.text);
}

/* Makes a record of a change that the logs are about to take. Returns 0 or -1. */
static int prepare(struct durable *d, enum journal_type type, struct slice key, int64_t offset,
                   struct slice payload)
{
  struct journal_record record = {type, d->last + 1, offset, key, payload, d->last - d->durable};
  return journal_write(&d->pending, d->files.salt, &record, NULL);
}

/* They have taken it. */
static void keep(struct durable *d)
{
  struct error e;
  d->last++;
  if (d->is_refused)
    return;
  if (write_pending(d, &e) != 0) {
    refuse(d, &e);
    return;
  }
  seal_if_full(d);
  compact_if_worth(d);
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
  d->unwanted_bytes += committed >= 0 ? record_bytes(key) : 0;
  committed = log_commit(d->log, key, offset);
  if (committed == offset)
    keep(d);
  else
    d->pending.length = before;
  return committed;
}

int64_t durable_retain(struct durable *d, struct slice key, int64_t start)
{
  size_t before = d->pending.length;
  struct log_trimmed trimmed;
  int64_t old = log_start(d->log, key);
  if (old >= start)
    return old;
  if (prepare(d, JOURNAL_START, key, start, SLICE("")) != 0)
    return LOG_NO_MEMORY;
  int64_t now = log_trim(d->log, key, start, &trimmed);
  if (now == LOG_NO_MEMORY) {
    d->pending.length = before;
    return now;
  }
  d->unwanted_bytes += old > 0 ? record_bytes(key) : 0;
  count_trimmed(d, key, &trimmed);
  keep(d);
  return now;
}

/* --- sync --------------------------------------------------------------- */

static int begin_sync(struct durable *d, struct error *e)
{
  int is_of_sealed = d->files.sealing != NULL;
  struct file *f = is_of_sealed ? d->files.sealing : d->files.active;
  if (f->vtable->sync(f, &d->request, e) != 0)
    return -1;
  d->under_way = is_of_sealed ? SYNC_OF_SEALED : SYNC_OF_LAST;
  d->target = d->last;
  return 0;
}

/* The sealed one is on the disk. */
static void close_sealed(struct durable *d)
{
  d->files.sealing->vtable->close(d->files.sealing);
  d->files.sealing = NULL;
}

static void sync_done(struct file_sync *self, const char *why)
{
  struct durable *d = (struct durable *)((char *)self - offsetof(struct durable, request));
  struct error e;
  int was_of_sealed = d->under_way == SYNC_OF_SEALED;
  d->under_way = SYNC_NONE;
  if (why != NULL) {
    fail(d, why);
    return;
  }
  if (was_of_sealed) {
    close_sealed(d);
  } else {
    d->durable = d->target;
    waiters_wake(&d->syncs, d->node, d->durable);
    if (d->settled > 0 && d->settled <= d->durable) {
      d->settled = 0;
      compaction_go_on(&d->compaction);
    }
  }
  if (d->has_failed || (d->syncs.count == 0 && d->settled == 0 && d->files.sealing == NULL))
    return;
  if (begin_sync(d, &e) != 0)
    fail(d, e.text);
}

int durable_sync(struct durable *d, struct task *t, uint64_t *ticket, struct error *e)
{
  if (!d->has_failed) {
    d->files.next_failed = 0; /* it is tried again */
    if (write_pending(d, e) != 0)
      return -1;
    d->is_refused = 0;
    seal_if_full(d);
  }
  *ticket = d->last;
  if (d->has_failed)
    return error_set(e, "%s", d->failure.text);
  if (d->durable == d->last)
    return 1;
  if (d->under_way == SYNC_NONE && begin_sync(d, e) != 0)
    return -1;
  return waiters_add(&d->syncs, d->node, t, d->last, e);
}

int durable_is_synced(const struct durable *d, uint64_t ticket, struct error *e)
{
  return ticket <= d->durable ? 1 : error_set(e, "%s", d->failure.text);
}

/* --- compaction --------------------------------------------------------- */

static int settle(struct compaction *self, struct error *e)
{
  struct durable *d = (struct durable *)((char *)self - offsetof(struct durable, compaction));
  if (write_pending(d, e) != 0)
    return -1;
  if (d->durable == d->last)
    return 1;
  if (d->under_way == SYNC_NONE && begin_sync(d, e) != 0)
    return -1;
  d->settled = d->last;
  return 0;
}

static void compaction_done(struct compaction *self, const char *why, int is_fatal)
{
  struct durable *d = (struct durable *)((char *)self - offsetof(struct durable, compaction));
  struct error e;
  d->settled = 0;
  d->passes_ended++;
  if (is_fatal) {
    fail(d, why);
    return;
  }
  if (why != NULL) {
    d->failed_pass = d->passes_ended;
    error_set(&d->compaction_failure, "%s", why);
    node_logf(d->node, "%s", why);
  }
  waiters_wake(&d->compactions, d->node, d->passes_ended);
  if (d->compactions.count > 0 && begin_pass(d, &e) != 1) /* for those who came during this one */
    waiters_wake(&d->compactions, d->node, UINT64_MAX);
}

int durable_compact(struct durable *d, struct task *t, uint64_t *ticket, struct error *e)
{
  if (d->has_failed)
    return error_set(e, "%s", d->failure.text);
  int is_running = d->compaction.state != COMPACTION_IDLE;
  if (!is_running) {
    int result = begin_pass(d, e);
    if (result != 1)
      return result == 0 ? 1 : -1;
  }
  *ticket = d->passes_begun + (is_running ? 1 : 0);
  return waiters_add(&d->compactions, d->node, t, *ticket, e);
}

int durable_is_compacted(const struct durable *d, uint64_t ticket, struct error *e)
{
  if (d->has_failed)
    return error_set(e, "%s", d->failure.text);
  return d->failed_pass == ticket ? error_set(e, "%s", d->compaction_failure.text) : 1;
}
