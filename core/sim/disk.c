/* A file is what its node reads, and what is on the platter. `common` is how many bytes at the
 * front are the same in both, so that a sync copies only the rest. The same goes for its name: what
 * it has now, and what it has on the platter. Changes that are not there yet are kept in a list, so
 * that a kill can choose among them. */
#include "sim/disk.h"

#include <stdlib.h>
#include <string.h>

/* A file system keeps what it has not written for so many changes of names, or shorter. */
enum { CHANGES_MAX = 32, NAME_MAX_BYTES = 255 };

struct name {
  size_t length; /* 0: none */
  char text[NAME_MAX_BYTES];
};

struct disk_file {
  struct file file;   /* must be first */
  struct event event; /* the end of the sync under way */
  struct disk *disk;
  struct disk_file *next;
  struct name name;         /* now */
  struct name durable_name; /* on the platter */
  struct bytes content;
  struct bytes platter;
  size_t common;
  struct file_sync *request; /* of the sync under way, or NULL */
  size_t wanted;             /* it makes this much of the content durable */
  int is_open;
};

/* A name that was given to a file, which loses the one that it had, or taken from it. */
struct disk_change {
  struct disk_change *next;
  struct disk_file *file;
  struct name name; /* none: it has none any more */
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

/* -- Names */

static struct slice slice_of_name(const struct name *n)
{
  return (struct slice){n->text, n->length};
}

/* The file that has this name now; NULL: none has. */
static struct disk_file *find(const struct disk *d, struct slice name)
{
  struct disk_file *f = d->files;
  while (f != NULL && (f->name.length == 0 || !slice_equal(slice_of_name(&f->name), name)))
    f = f->next;
  return f;
}

/* A change comes to the platter, and is freed. */
static void persist_change(struct disk *d, struct disk_change *c)
{
  for (struct disk_file *f = d->files; f != NULL; f = f->next)
    if (slice_equal(slice_of_name(&f->durable_name), slice_of_name(&c->name)))
      f->durable_name.length = 0;
  c->file->durable_name = c->name;
  free(c);
}

/* Gives a file another name, or an empty one. Returns 0, or -1 with `e` filled. */
static int change_name(struct disk_file *f, struct slice name, struct error *e)
{
  struct disk *d = f->disk;
  if (name.length > NAME_MAX_BYTES)
    return error_set(e, "a name of %zu bytes is too long", name.length);
  struct disk_change *c = calloc(1, sizeof *c);
  if (c == NULL)
    return error_set(e, "out of memory");
  c->file = f;
  c->name.length = name.length;
  if (name.length > 0)
    memcpy(c->name.text, name.data, name.length);
  struct disk_file *other = find(d, name);
  if (other != NULL)
    other->name.length = 0; /* it is replaced */
  f->name = c->name;
  struct disk_change **end = &d->changes;
  size_t count = 0;
  for (; *end != NULL; count++)
    end = &(*end)->next;
  *end = c;
  if (count >= CHANGES_MAX) {
    struct disk_change *oldest = d->changes;
    d->changes = oldest->next;
    persist_change(d, oldest);
  }
  return 0;
}

/* The name of a change is about to be on the platter: older changes that gave it to other files
 * can not take it back. */
static void drop_older(struct disk *d, const struct disk_change *newer)
{
  struct disk_change **at = &d->changes;
  while (*at != newer) {
    struct disk_change *c = *at;
    if (c->file != newer->file && c->name.length > 0 &&
        slice_equal(slice_of_name(&c->name), slice_of_name(&newer->name))) {
      *at = c->next;
      free(c);
    } else {
      at = &c->next;
    }
  }
}

/* All changes of a file's name come to the platter. */
static void persist_name(struct disk_file *f)
{
  for (const struct disk_change *c = f->disk->changes; c != NULL; c = c->next)
    if (c->file == f)
      drop_older(f->disk, c);
  struct disk_change **at = &f->disk->changes;
  while (*at != NULL) {
    struct disk_change *c = *at;
    if (c->file == f) {
      *at = c->next;
      persist_change(f->disk, c);
    } else {
      at = &c->next;
    }
  }
}

/* -- Files */

static int flush(struct file *file, struct error *e)
{
  struct disk_file *f = disk_file(file);
  if (persist(f, f->content.length) != 0)
    return error_set(e, "out of memory");
  persist_name(f);
  return 0;
}

static int rename_file(struct file *file, struct slice name, struct error *e)
{
  return change_name(disk_file(file), name, e);
}

static void end_sync(void *owner, struct event *self)
{
  (void)owner;
  struct disk_file *f = (struct disk_file *)((char *)self - offsetof(struct disk_file, event));
  struct disk *d = f->disk; /* the file may be gone when the request is done */
  struct file_sync *request = f->request;
  f->request = NULL;
  int result = persist(f, f->wanted);
  if (result == 0)
    persist_name(f); /* it was not renamed since the sync began */
  request->done(request, result == 0 ? NULL : "out of memory");
  d->synced(d->ctx);
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
  .flush = flush,
  .rename = rename_file,
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
  bytes_free(&f->content);
  bytes_free(&f->platter);
  free(f);
}

void disk_free(struct disk *d)
{
  while (d->changes != NULL) {
    struct disk_change *c = d->changes;
    d->changes = c->next;
    free(c);
  }
  while (d->files != NULL) {
    struct disk_file *f = d->files;
    d->files = f->next;
    free_file(f);
  }
}

/* Frees files that are gone for good: without a name now and on the platter. */
static void free_lost(struct disk *d)
{
  struct disk_file **at = &d->files;
  while (*at != NULL) {
    struct disk_file *f = *at;
    int is_lost = f->name.length == 0 && f->durable_name.length == 0 && !f->is_open;
    for (const struct disk_change *c = d->changes; c != NULL && is_lost; c = c->next)
      is_lost = c->file != f;
    if (is_lost) {
      *at = f->next;
      free_file(f);
    } else {
      at = &f->next;
    }
  }
}

/* Finds a file that is closed, or makes it if `is_made`. */
static struct disk_file *closed_file(struct disk *d, struct slice name, int is_made,
                                     struct error *e)
{
  struct disk_file *f = find(d, name);
  if (f != NULL) {
    if (!f->is_open)
      return f;
    error_set(e, "cannot lock %.*s: it is in use by this node", (int)name.length, name.data);
    return NULL;
  }
  if (!is_made) {
    error_set(e, "cannot open %.*s: there is no such file", (int)name.length, name.data);
    return NULL;
  }
  free_lost(d);
  f = calloc(1, sizeof *f);
  if (f == NULL) {
    error_set(e, "out of memory");
    return NULL;
  }
  f->file.vtable = &vtable;
  f->event.run = end_sync;
  f->disk = d;
  if (change_name(f, name, e) != 0) {
    free(f);
    return NULL;
  }
  struct disk_file **end = &d->files;
  while (*end != NULL)
    end = &(*end)->next;
  *end = f;
  return f;
}

struct file *disk_open(struct disk *d, struct slice name, int is_made, struct error *e)
{
  struct disk_file *f = closed_file(d, name, is_made, e);
  if (f == NULL)
    return NULL;
  f->is_open = 1;
  return &f->file;
}

int disk_remove(struct disk *d, struct slice name, struct error *e)
{
  struct disk_file *f = find(d, name);
  return f == NULL ? 0 : change_name(f, SLICE(""), e);
}

int disk_list(const struct disk *d, struct slice prefix, struct bytes *names)
{
  for (const struct disk_file *f = d->files; f != NULL; f = f->next) {
    struct slice name = slice_of_name(&f->name);
    if (name.length > 0 && name.length >= prefix.length &&
        memcmp(name.data, prefix.data, prefix.length) == 0 &&
        (bytes_append_slice(names, name) != 0 || bytes_append_byte(names, '\0') != 0))
      return -1;
  }
  return 0;
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

/* Decides which changes of names survive: none, all, or any of them; and what has no name then is
 * gone. */
static void crash_names(struct disk *d)
{
  uint64_t kind = d->changes == NULL ? 0 : rng_below(&d->random, 4);
  while (d->changes != NULL) {
    struct disk_change *c = d->changes;
    d->changes = c->next;
    if (kind == 1 || (kind > 1 && rng_below(&d->random, 2) == 0))
      persist_change(d, c);
    else
      free(c);
  }
  for (struct disk_file *f = d->files; f != NULL; f = f->next)
    f->name = f->durable_name;
  free_lost(d);
}

void disk_crash(struct disk *d)
{
  crash_names(d);
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
  struct disk_file *f = closed_file(d, name, 1, NULL);
  if (f == NULL || bytes_reserve(&f->content, content.length) != 0)
    return -1;
  f->content.length = 0;
  f->common = 0;
  (void)bytes_append_slice(&f->content, content); /* there is room */
  if (persist(f, content.length) != 0)
    return -1;
  persist_name(f);
  return 0;
}

struct slice disk_name(const struct disk *d, size_t i)
{
  const struct disk_file *f = d->files;
  for (; f != NULL && i > 0; i--)
    f = f->next;
  return f == NULL ? (struct slice){0} : slice_of_name(&f->name);
}

int disk_discard(struct disk *d, struct slice name)
{
  struct disk_file *f = find(d, name);
  if (f == NULL)
    return 0;
  if (f->is_open)
    return -1;
  persist_name(f);
  f->name.length = f->durable_name.length = 0;
  free_lost(d);
  return 0;
}
