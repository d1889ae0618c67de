/* Making a file and syncing its name may take the disk's time, so the next segment is made while
 * the last one is filled, and whoever appends never waits for it: if it is not there yet, the last
 * one grows beyond its limit. */
#include "host/segments.h"

#include "host/node_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_ROOM = 256 };

static struct slice name_of(const struct segments *s, uint64_t number, char *room)
{
  int n = number == 0 ? snprintf(room, NAME_ROOM, "%.*s+new", (int)s->name.length, s->name.data)
                      : snprintf(room, NAME_ROOM, "%.*s+%llu", (int)s->name.length, s->name.data,
                                 (unsigned long long)number);
  return (struct slice){room, (size_t)n < NAME_ROOM ? (size_t)n : NAME_ROOM - 1};
}

int segments_refuse(const struct segments *s, uint64_t number, struct error *e, const char *format,
                    ...)
{
  char room[NAME_ROOM], why[sizeof e->text];
  struct slice name = number == 0 ? bytes_slice(&s->name) : name_of(s, number, room);
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(why, sizeof why, format, arguments);
  va_end(arguments);
  return error_set(e, "cannot use %.*s: %s", (int)name.length, name.data, why);
}

struct file *segments_file(struct segments *s, uint64_t number, int is_made, struct error *e)
{
  char room[NAME_ROOM];
  const struct platform *p = node_platform(s->node);
  struct file *f = p->vtable->open(p->ctx, node_id(s->node), name_of(s, number, room), is_made, e);
  if (f == NULL || !is_made || f->vtable->truncate(f, 0, e) == 0)
    return f;
  f->vtable->close(f);
  return NULL;
}

int segments_rename(struct segments *s, struct file *f, uint64_t number, struct error *e)
{
  char room[NAME_ROOM];
  return f->vtable->rename(f, name_of(s, number, room), e);
}

void segments_remove(struct segments *s, uint64_t number)
{
  char room[NAME_ROOM];
  struct error e;
  const struct platform *p = node_platform(s->node);
  if (p->vtable->remove(p->ctx, node_id(s->node), name_of(s, number, room), &e) != 0)
    node_logf(s->node, "%s", e.text);
}

int segments_reserve(struct segments *s)
{
  if (s->sealed_count < s->sealed_capacity)
    return 0;
  size_t capacity = s->sealed_capacity == 0 ? 16 : 2 * s->sealed_capacity;
  struct segment *sealed = realloc(s->sealed, capacity * sizeof *sealed);
  if (sealed == NULL)
    return -1;
  s->sealed = sealed;
  s->sealed_capacity = capacity;
  return 0;
}

int segments_append(struct segments *s, struct slice records, struct error *e)
{
  if (s->active->vtable->append(s->active, records, e) != 0)
    return -1;
  s->last.bytes += records.length;
  return 0;
}

/* --- the next one ------------------------------------------------------- */

static void next_done(struct file_sync *self, const char *why)
{
  struct segments *s = (struct segments *)((char *)self - offsetof(struct segments, next_sync));
  if (why != NULL)
    s->failed(s, why);
  else
    s->next_is_ready = 1;
}

static int write_next(struct segments *s, struct error *e)
{
  struct bytes text = {0};
  const struct platform *p = node_platform(s->node);
  const struct file_vtable *file = s->next->vtable;
  s->next_salt = p->vtable->random(p->ctx);
  s->next_sync.done = next_done;
  const struct journal_header header = {JOURNAL_APPENDED, s->last.number + 1, s->next_salt};
  int result = journal_write_header(&text, &header, e);
  if (result == 0)
    result = file->append(s->next, bytes_slice(&text), e);
  if (result == 0)
    result = file->sync(s->next, &s->next_sync, e);
  bytes_free(&text);
  return result;
}

/* Begins to make the next segment: what is at fault is said once. */
static void begin_next(struct segments *s)
{
  struct error e;
  s->next_is_ready = 0;
  s->next = segments_file(s, s->last.number + 1, 1, &e);
  if (s->next != NULL && write_next(s, &e) == 0)
    return;
  s->next_failed = 1;
  node_logf(s->node, "%s", e.text);
  if (s->next == NULL)
    return;
  s->next->vtable->close(s->next);
  s->next = NULL;
}

int segments_is_full(struct segments *s)
{
  if (s->last.bytes >= s->limit_bytes / 2 && s->next == NULL && !s->next_failed)
    begin_next(s);
  return s->last.bytes >= s->limit_bytes && s->next != NULL && s->next_is_ready &&
         s->sealing == NULL;
}

int segments_seal(struct segments *s, uint64_t sequence, uint64_t unsynced, struct error *e)
{
  struct bytes text = {0};
  const uint64_t next = s->last.number + 1;
  const struct journal_record seal = {
    .sequence = sequence, .offset = (int64_t)next, .unsynced = unsynced};
  if (segments_reserve(s) != 0)
    return error_set(e, "out of memory");
  int result = journal_write_seal(&text, s->salt, &seal, sequence + 1, e);
  if (result == 0)
    result = segments_append(s, bytes_slice(&text), e);
  bytes_free(&text);
  if (result != 0)
    return -1;
  s->last.next = next;
  s->last.next_sequence = sequence + 1;
  s->sealed[s->sealed_count++] = s->last;
  s->sealed_bytes += s->last.bytes;
  s->sealing = s->active;
  s->active = s->next;
  s->salt = s->next_salt;
  s->next = NULL;
  s->last =
    (struct segment){.number = next, .sequence = sequence + 1, .bytes = JOURNAL_HEADER_BYTES};
  return 0;
}

void segments_replace(struct segments *s, size_t at, size_t count, uint64_t bytes)
{
  struct segment *first = &s->sealed[at];
  const struct segment *last = first + count - 1;
  for (size_t i = 0; i < count; i++)
    s->sealed_bytes -= first[i].bytes;
  first->next = last->next;
  first->next_sequence = last->next_sequence;
  first->bytes = bytes;
  s->sealed_bytes += bytes;
  s->sealed_count -= count - 1;
  memmove(first + 1, last + 1, (s->sealed_count - at - 1) * sizeof *first);
}

/* --- the end ------------------------------------------------------------ */

static void close_file(struct file **f)
{
  if (*f != NULL)
    (*f)->vtable->close(*f);
  *f = NULL;
}

void segments_close(struct segments *s)
{
  close_file(&s->next);
  close_file(&s->sealing);
  close_file(&s->active);
  close_file(&s->mark); /* the lock goes last */
}

void segments_free(struct segments *s)
{
  segments_close(s);
  bytes_free(&s->name);
  free(s->sealed);
  s->sealed = NULL;
}
