#include "flaky_disk.h"

#include <stdlib.h>
#include <string.h>

/* A file over one of the disk's. */
struct flaky_file {
  struct file file; /* must be first */
  struct file_sync sync;
  struct flaky_disk *disk;
  struct file *inner;
  struct file_sync *request; /* of the sync under way, or NULL */
  int is_broken;             /* a sync has failed */
};

static struct flaky_file *flaky_file(struct file *f)
{
  return (struct flaky_file *)f;
}

int flaky_is_dead(const struct flaky_disk *d)
{
  return d->flaw == FLAW_KILL && d->calls >= d->at;
}

/* Counts a call of this kind. Returns 0 when it is to be done; -1 with `e` filled when not. */
static int call(struct flaky_disk *d, const char *kind, struct error *e)
{
  long number = ++d->calls;
  if (flaky_is_dead(d))
    return error_set(e, "the machine has ended");
  int is_hit = number == d->at && d->flaw != FLAW_NONE;
  if (is_hit)
    d->failing = kind;
  if (is_hit || (d->flaw == FLAW_FOR_GOOD && d->failing != NULL && strcmp(kind, d->failing) == 0))
    return error_set(e, "cannot %s: it is call number %ld", kind, number);
  return 0;
}

/* The same, of a file. */
static int call_of(struct flaky_file *f, const char *kind, struct error *e)
{
  if (call(f->disk, kind, e) != 0)
    return -1;
  return f->is_broken ? error_set(e, "a sync has failed before") : 0;
}

static int read_all(struct file *file, struct bytes *into, struct error *e)
{
  struct flaky_file *f = flaky_file(file);
  return call(f->disk, "read", e) != 0 ? -1 : f->inner->vtable->read(f->inner, into, e);
}

static int append(struct file *file, struct slice data, struct error *e)
{
  struct flaky_file *f = flaky_file(file);
  return call_of(f, "append", e) != 0 ? -1 : f->inner->vtable->append(f->inner, data, e);
}

static int truncate_file(struct file *file, uint64_t length, struct error *e)
{
  struct flaky_file *f = flaky_file(file);
  return call_of(f, "truncate", e) != 0 ? -1 : f->inner->vtable->truncate(f->inner, length, e);
}

static int flush(struct file *file, struct error *e)
{
  struct flaky_file *f = flaky_file(file);
  if (call_of(f, "flush", e) != 0) {
    f->is_broken = 1;
    return -1;
  }
  return f->inner->vtable->flush(f->inner, e);
}

static int rename_file(struct file *file, struct slice name, struct error *e)
{
  struct flaky_file *f = flaky_file(file);
  return call_of(f, "rename", e) != 0 ? -1 : f->inner->vtable->rename(f->inner, name, e);
}

static void sync_done(struct file_sync *self, const char *why)
{
  struct flaky_file *f = (struct flaky_file *)((char *)self - offsetof(struct flaky_file, sync));
  struct file_sync *request = f->request;
  struct error e;
  f->request = NULL;
  if (call(f->disk, "end a sync", &e) != 0) {
    why = e.text;
    f->is_broken = 1;
  }
  if (!flaky_is_dead(f->disk)) /* nobody hears of it any more */
    request->done(request, why);
}

static int begin_sync(struct file *file, struct file_sync *request, struct error *e)
{
  struct flaky_file *f = flaky_file(file);
  if (call_of(f, "sync", e) != 0)
    return -1;
  f->request = request;
  return f->inner->vtable->sync(f->inner, &f->sync, e);
}

static void close_file(struct file *file)
{
  struct flaky_file *f = flaky_file(file);
  f->inner->vtable->close(f->inner);
  f->disk->open_files--;
  free(f);
}

static const struct file_vtable vtable = {
  .read = read_all,
  .append = append,
  .truncate = truncate_file,
  .sync = begin_sync,
  .flush = flush,
  .rename = rename_file,
  .close = close_file,
};

static struct file *open_file(void *disk, struct slice name, int is_made, struct error *e)
{
  struct flaky_disk *d = disk;
  struct file *inner = call(d, "open", e) != 0 ? NULL : disk_open(&d->disk, name, is_made, e);
  if (inner == NULL)
    return NULL;
  struct flaky_file *f = calloc(1, sizeof *f);
  if (f == NULL)
    abort();
  *f = (struct flaky_file){.file = {&vtable}, .sync = {sync_done}, .disk = d, .inner = inner};
  d->open_files++;
  return &f->file;
}

static int list_files(void *disk, struct slice prefix, struct bytes *names, struct error *e)
{
  struct flaky_disk *d = disk;
  return call(d, "list", e) != 0 ? -1 : disk_list(&d->disk, prefix, names);
}

static int remove_file(void *disk, struct slice name, struct error *e)
{
  struct flaky_disk *d = disk;
  return call(d, "remove", e) != 0 ? -1 : disk_remove(&d->disk, name, e);
}

static void ignore(void *ctx)
{
  (void)ctx;
}

void flaky_open(struct flaky_disk *d, uint64_t seed)
{
  *d = (struct flaky_disk){.flaw = FLAW_NONE};
  schedule_init(&d->schedule, NULL);
  disk_init(&d->disk, &d->schedule, seed, FLAKY_SYNC_US, ignore, NULL);
}

void flaky_close(struct flaky_disk *d)
{
  disk_free(&d->disk);
  schedule_free(&d->schedule);
}

void flaky_attach(struct flaky_disk *d, struct fake_platform *world)
{
  world->disk = d;
  world->open = open_file;
  world->list = list_files;
  world->remove = remove_file;
}

void flaky_crash(struct flaky_disk *d)
{
  disk_crash(&d->disk);
  d->flaw = FLAW_NONE;
}

void flaky_pass(struct flaky_disk *d, int64_t duration_us)
{
  int64_t until_us = d->schedule.now_us + duration_us;
  while (!flaky_is_dead(d) && schedule_step(&d->schedule, until_us) == SCHEDULE_MORE) {
  }
}
