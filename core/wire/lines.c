#include "wire/lines.h"

#include <string.h>

enum { KEPT_BYTES = 1 << 20 }; /* memory beyond this goes back when it is not needed */

void lines_init(struct lines *l, size_t limit_bytes)
{
  *l = (struct lines){.limit_bytes = limit_bytes};
}

void lines_free(struct lines *l)
{
  bytes_free(&l->buffer);
}

char *lines_room(struct lines *l, size_t want, size_t *room)
{
  struct bytes *b = &l->buffer;
  if (l->begin > 0) {
    bytes_consume(b, l->begin);
    l->scanned -= l->begin;
    l->begin = 0;
    bytes_trim(b, KEPT_BYTES);
  }
  if (bytes_reserve(b, want) != 0)
    return NULL;
  *room = b->capacity - b->length;
  return b->data + b->length;
}

void lines_added(struct lines *l, size_t count)
{
  l->buffer.length += count;
}

/* Passes over the bytes up to `end`, which belong to no line any more. */
static void pass(struct lines *l, size_t end)
{
  l->begin = end;
  l->scanned = end;
}

enum lines_result lines_next(struct lines *l, struct slice *line)
{
  struct bytes *b = &l->buffer;
  while (l->scanned < b->length) {
    size_t begin = l->begin;
    const char *newline = memchr(b->data + l->scanned, '\n', b->length - l->scanned);
    size_t end = newline == NULL ? b->length : (size_t)(newline - b->data);
    if (l->is_skipping) {
      l->is_skipping = newline == NULL;
      pass(l, newline == NULL ? end : end + 1);
      continue;
    }
    *line = (struct slice){b->data + begin, end - begin};
    if (line->length > l->limit_bytes) {
      line->length = l->limit_bytes;
      l->is_skipping = newline == NULL;
      pass(l, newline == NULL ? end : end + 1);
      return LINES_TOO_LONG;
    }
    if (newline == NULL) {
      l->scanned = end;
      return LINES_MORE;
    }
    pass(l, end + 1);
    return LINES_LINE;
  }
  return LINES_MORE;
}

enum lines_result lines_last(struct lines *l, struct slice *line)
{
  struct bytes *b = &l->buffer;
  if (l->is_skipping || l->begin == b->length)
    return LINES_MORE;
  *line = (struct slice){b->data + l->begin, b->length - l->begin};
  pass(l, b->length);
  return LINES_LINE;
}
