#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "fake_disk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct fake_file *fake_file(struct file *f)
{
  return (struct fake_file *)f;
}

static int read_all(struct file *f, struct bytes *into, struct error *e)
{
  if (fake_file(f)->disk->cannot_be_read)
    return error_set(e, "cannot read");
  return bytes_append_slice(into, bytes_slice(&fake_file(f)->content)) == 0
           ? 0
           : error_set(e, "out of memory");
}

static int append(struct file *f, struct slice data, struct error *e)
{
  fake_file(f)->disk->appends++;
  if (fake_file(f)->disk->is_full)
    return error_set(e, "the disk is full");
  return bytes_append_slice(&fake_file(f)->content, data) == 0 ? 0 : error_set(e, "out of memory");
}

static int truncate_file(struct file *f, uint64_t length, struct error *e)
{
  if (length >= fake_file(f)->content.length)
    return 0;
  if (fake_file(f)->disk->refuses_truncate)
    return error_set(e, "cannot shorten");
  fake_file(f)->content.length = (size_t)length;
  return 0;
}

static int begin_sync(struct file *f, struct file_sync *request, struct error *e)
{
  assert_null(fake_file(f)->request); /* one at a time */
  if (fake_file(f)->disk->refuses_sync)
    return error_set(e, "cannot begin a sync");
  fake_file(f)->request = request;
  fake_file(f)->disk->syncs++;
  return 0;
}

static int flush(struct file *f, struct error *e)
{
  assert_null(fake_file(f)->request);
  return fake_file(f)->disk->refuses_sync ? error_set(e, "cannot flush") : 0;
}

static struct fake_file *find(struct fake_disk *d, struct slice name)
{
  for (size_t i = 0; i < sizeof d->files / sizeof *d->files; i++)
    if (slice_equal(slice_of(d->files[i].name), name))
      return &d->files[i];
  return NULL;
}

static int rename_file(struct file *f, struct slice name, struct error *e)
{
  struct fake_file *other = find(fake_file(f)->disk, name);
  assert_null(fake_file(f)->request);
  if (fake_file(f)->disk->refuses_rename)
    return error_set(e, "cannot rename");
  if (other != NULL)
    other->name[0] = '\0';
  (void)snprintf(fake_file(f)->name, sizeof other->name, "%.*s", (int)name.length, name.data);
  return 0;
}

static void close_file(struct file *f)
{
  assert_true(fake_file(f)->is_open);
  fake_file(f)->request = NULL;
  fake_file(f)->is_open = 0;
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

static struct fake_file *unused(struct fake_disk *d)
{
  for (size_t i = 0; i < sizeof d->files / sizeof *d->files; i++)
    if (d->files[i].name[0] == '\0' && !d->files[i].is_open)
      return &d->files[i];
  fail_msg("the fake disk has no room for another file");
  abort();
}

static struct file *open_file(void *disk, struct slice name, int is_made, struct error *e)
{
  struct fake_disk *d = disk;
  struct fake_file *f = find(d, name);
  if (f == NULL && is_made)
    f = unused(d);
  if (f == NULL || f->is_open) {
    error_set(e, "%.*s is %s", (int)name.length, name.data, f == NULL ? "not there" : "open");
    return NULL;
  }
  if (f->name[0] == '\0')
    f->content.length = 0;
  (void)snprintf(f->name, sizeof f->name, "%.*s", (int)name.length, name.data);
  f->file.vtable = &vtable;
  f->disk = d;
  f->is_open = 1;
  return &f->file;
}

static int list_files(void *disk, struct slice prefix, struct bytes *names, struct error *e)
{
  const struct fake_disk *d = disk;
  if (d->cannot_be_listed)
    return error_set(e, "cannot list");
  for (size_t i = 0; i < sizeof d->files / sizeof *d->files; i++)
    if (strncmp(d->files[i].name, prefix.data, prefix.length) == 0 &&
        bytes_append(names, d->files[i].name, strlen(d->files[i].name) + 1) != 0)
      return error_set(e, "out of memory");
  return 0;
}

static int remove_file(void *disk, struct slice name, struct error *e)
{
  struct fake_file *f = find(disk, name);
  (void)e;
  if (f != NULL)
    f->name[0] = '\0';
  return 0;
}

struct fake_file *fake_disk_file(struct fake_disk *d, const char *name)
{
  struct fake_file *f = find(d, slice_of(name));
  if (f == NULL) {
    fail_msg("there is no %s", name);
    abort();
  }
  return f;
}

struct bytes *fake_disk_content(struct fake_disk *d, const char *name)
{
  return &fake_disk_file(d, name)->content;
}

int fake_disk_open_count(const struct fake_disk *d)
{
  int count = 0;
  for (size_t i = 0; i < sizeof d->files / sizeof *d->files; i++)
    count += d->files[i].is_open;
  return count;
}

void fake_disk_free(struct fake_disk *d)
{
  assert_int_equal(fake_disk_open_count(d), 0);
  for (size_t i = 0; i < sizeof d->files / sizeof *d->files; i++)
    bytes_free(&d->files[i].content);
}

void fake_disk_attach(struct fake_platform *world, struct fake_disk *d)
{
  world->disk = d;
  world->open = open_file;
  world->list = list_files;
  world->remove = remove_file;
}
