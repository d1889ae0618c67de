#include "fake_platform.h"

static int64_t monotonic_us(void *ctx)
{
  return ((const struct fake_platform *)ctx)->now_us;
}

static int64_t wall_us(void *ctx)
{
  return INT64_C(1767225600000000) + ((const struct fake_platform *)ctx)->now_us;
}

static uint64_t random_bits(void *ctx)
{
  struct fake_platform *f = ctx;
  uint64_t bits = f->random;
  f->random += f->random_step;
  return bits;
}

static size_t pending(void *ctx)
{
  return ((const struct fake_platform *)ctx)->pending_bytes;
}

static int send_line(void *ctx, struct slice dest, struct slice line)
{
  struct fake_platform *f = ctx;
  size_t sent = f->sent.length, dests = f->dests.length;
  if (bytes_append_slice(&f->sent, line) == 0 && bytes_append_slice(&f->dests, dest) == 0 &&
      bytes_append_byte(&f->dests, '\0') == 0) {
    f->sent_count++;
    return 0;
  }
  f->sent.length = sent;
  f->dests.length = dests;
  return -1;
}

static void log_line(void *ctx, struct slice line)
{
  struct fake_platform *f = ctx;
  if (bytes_append_slice(&f->log, line) == 0)
    (void)bytes_append_byte(&f->log, '\n');
}

static struct file *open_file(void *ctx, struct slice node, struct slice name, int is_made,
                              struct error *e)
{
  struct fake_platform *f = ctx;
  if (f->open != NULL)
    return f->open(f->disk, name, is_made, e);
  error_set(e, "%.*s has no file %.*s", (int)node.length, node.data, (int)name.length, name.data);
  return NULL;
}

static int list_files(void *ctx, struct slice node, struct slice prefix, struct bytes *names,
                      struct error *e)
{
  const struct fake_platform *f = ctx;
  (void)node;
  return f->list != NULL ? f->list(f->disk, prefix, names, e) : 0;
}

static int remove_file(void *ctx, struct slice node, struct slice name, struct error *e)
{
  const struct fake_platform *f = ctx;
  (void)node;
  return f->remove != NULL ? f->remove(f->disk, name, e) : 0;
}

static const struct platform_vtable vtable = {
  .monotonic_us = monotonic_us,
  .wall_us = wall_us,
  .random = random_bits,
  .send = send_line,
  .pending = pending,
  .log = log_line,
  .open = open_file,
  .list = list_files,
  .remove = remove_file,
};

void fake_platform_open(struct fake_platform *f)
{
  *f = (struct fake_platform){.now_us = 777000000, .random = 1, .random_step = 1};
}

void fake_platform_close(struct fake_platform *f)
{
  bytes_free(&f->sent);
  bytes_free(&f->dests);
  bytes_free(&f->log);
}

struct platform fake_platform(struct fake_platform *f)
{
  return (struct platform){&vtable, f};
}

void fake_platform_forget(struct fake_platform *f)
{
  f->sent.length = f->dests.length = f->log.length = 0;
  f->sent_count = 0;
}
