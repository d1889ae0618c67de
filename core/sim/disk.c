/* A file is what its node reads, and what is on the platter. `common` is how many bytes at the
 * front are the same in both, so that a sync copies only the rest. */
#include "sim/disk.h"

#include <stdlib.h>
#include <string.h>

struct disk_file {
  struct file file;   /* must be first */
  struct event event; /* the end of the sync under way */
  struct disk *disk;
  struct disk_file *next;
  struct bytes name;
  struct bytes content;
  struct bytes platter;
  size_t common;
  struct file_sync *request; /* of the sync under way, or NULL */
  size_t wanted;             /* it makes this much of the content durable */
  int is_open;
};

static struct disk_file *disk_file(struct file *f)
{
  return (struct disk_file *)f;
}

static int read_all(struct file *file, struct bytes *into, struct error *e)
{
  struct disk_file *f = disk_file(file);
  return bytes_append_slice(into, bytes_slice(&f->content)) == 0 ? 0
                                                                 : error_set(e, "out of memory");
}

static int append(struct file *file, struct slice data, struct error *e)
{
  struct disk_file *f = disk_file(file);
  return bytes_append_slice(&f->content, data) == 0 ? 0 : error_set(e, "out of memory");
}

static size_t least(size_t a, size_t b)
{
  return a < b ? a : b;
}

static int truncate_file(struct file *file, uint64_t length, struct error *e)
{
  struct disk_file *f = disk_file(file);
  (void)e;
  if (length < f->content.length) {
    f->content.length = (size_t)length;
    f->common = least(f->common, f->content.length);
    f->wanted = least(f->wanted, f->content.length);
  }
  return 0;
}

/* Brings the first `length` bytes of the content to the platter. Returns 0, or -1 on out of memory,
 * and then the platter is as it was. */
static int persist(struct disk_file *f, size_t length)
{
  if (length > f->common && bytes_reserve(&f->platter, length - f->common) != 0)
    return -1;
  f->platter.length = least(f->common, length);
  struct slice rest = {f->content.data, length};
  if (rest.length > f->platter.length) {
    rest.data += f->platter.length;
    rest.length -= f->platter.length;
    (void)bytes_append_slice(&f->platter, rest); /* there is room */
  }
  f->common = length;
  return 0;
}

static void end_sync(void *owner, struct event *self)
{
  (void)owner;
  struct disk_file *f = (struct disk_file *)((char *)self - offsetof(struct disk_file, event));
  struct file_sync *request = f->request;
  f->request = NULL;
  request->done(request, persist(f, f->wanted) == 0 ? NULL : "out of memory");
  f->disk->synced(f->disk->ctx);
}

static int begin_sync(struct file *file, struct file_sync *request, struct error *e)
{
  struct disk_file *f = disk_file(file);
  struct schedule *s = f->disk->schedule;
  if (schedule_at(s, &f->event, s->now_us + f->disk->sync_us) != 0)
    return error_set(e, "out of memory");
  f->request = request;
  f->wanted = f->content.length;
  return 0;
}

static void close_file(struct file *file)
{
  struct disk_file *f = disk_file(file);
  schedule_cancel(f->disk->schedule, &f->event);
  f->request = NULL;
  f->is_open = 0;
}

static const struct file_vtable vtable = {
  .read = read_all,
  .append = append,
  .truncate = truncate_file,
  .sync = begin_sync,
  .close = close_file,
};

void disk_init(struct disk *d, struct schedule *schedule, uint64_t seed, int64_t sync_us,
               void (*synced)(void *ctx), void *ctx)
{
  *d = (struct disk){.schedule = schedule, .sync_us = sync_us, .synced = synced, .ctx = ctx};
  rng_init(&d->random, seed, "disk");
}

static void free_file(struct disk_file *f)
{
  bytes_free(&f->name);
  bytes_free(&f->content);
  bytes_free(&f->platter);
  free(f);
}

void disk_free(struct disk *d)
{
  while (d->files != NULL) {
    struct disk_file *f = d->files;
    d->files = f->next;
    free_file(f);
  }
}

static struct disk_file *find(const struct disk *d, struct slice name)
{
  struct disk_file *f = d->files;
  while (f != NULL && !slice_equal(bytes_slice(&f->name), name))
    f = f->next;
  return f;
}

/* Finds a file that is closed, or makes it. */
static struct disk_file *closed_file(struct disk *d, struct slice name, struct error *e)
{
  struct disk_file *f = find(d, name);
  if (f != NULL) {
    if (!f->is_open)
      return f;
    error_set(e, "cannot lock %.*s: it is in use by this node", (int)name.length, name.data);
    return NULL;
  }
  f = calloc(1, sizeof *f);
  if (f == NULL || bytes_append_slice(&f->name, name) != 0) {
    free(f);
    error_set(e, "out of memory");
    return NULL;
  }
  f->file.vtable = &vtable;
  f->event.run = end_sync;
  f->disk = d;
  struct disk_file **end = &d->files;
  while (*end != NULL)
    end = &(*end)->next;
  *end = f;
  return f;
}

struct file *disk_open(struct disk *d, struct slice name, struct error *e)
{
  struct disk_file *f = closed_file(d, name, e);
  if (f == NULL)
    return NULL;
  f->is_open = 1;
  return &f->file;
}

/* How many of `count` unsynced bytes survive. All and none, which would be rare among so many, come
 * a quarter of the time each. */
static size_t survivors(struct rng *random, size_t count)
{
  switch (rng_below(random, 4)) {
  case 0:
    return 0;
  case 1:
    return count;
  default:
    return (size_t)rng_below(random, count + 1);
  }
}

/* Writes may come to the platter in another order: what is missing among the bytes that survive
 * reads as zeroes. */
static void lose_some(struct rng *random, char *data, size_t length)
{
  if (length == 0 || rng_below(random, 4) > 0)
    return;
  size_t begin = (size_t)rng_below(random, length);
  memset(data + begin, 0, (size_t)rng_below(random, length - begin) + 1);
}

void disk_crash(struct disk *d)
{
  for (struct disk_file *f = d->files; f != NULL; f = f->next) {
    /* A cut that was not synced may not have come to the platter; then nothing behind it has. */
    int is_cut = f->common < f->platter.length;
    if (is_cut && rng_below(&d->random, 2) == 0) {
      f->content.length = f->common;
      /* There is room: the platter has what the content once had. */
      (void)bytes_append(&f->content, f->platter.data + f->common, f->platter.length - f->common);
    } else if (is_cut || f->content.length > f->common) {
      size_t left = survivors(&d->random, f->content.length - f->common);
      f->content.length = f->common + left;
      if (f->common > 0) /* see disk.h */
        lose_some(&d->random, f->content.data + f->common, left);
    }
    (void)persist(f, f->content.length); /* without memory they stay unsynced */
  }
}

struct slice disk_content(const struct disk *d, struct slice name)
{
  const struct disk_file *f = find(d, name);
  if (f == NULL)
    return (struct slice){0};
  return f->content.length == 0 ? SLICE("") : bytes_slice(&f->content);
}

int disk_replace(struct disk *d, struct slice name, struct slice content)
{
  struct disk_file *f = closed_file(d, name, NULL);
  if (f == NULL || bytes_reserve(&f->content, content.length) != 0)
    return -1;
  f->content.length = 0;
  f->common = 0;
  (void)bytes_append_slice(&f->content, content); /* there is room */
  return persist(f, content.length);
}
