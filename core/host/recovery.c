/* segments_open: what is read back, and what is made of what a kill has left.
 *
 * A segment whose header cannot be read was once whole, unless nothing was ever written behind it.
 * Behind the last segment there may be files: the one that was to follow, without records; or some
 * that were used, when the end of the segment before them, and its seal, did not get to the disk.
 * In the second case their records say what was synced when they were made. If that is more than
 * what is left, the log is corrupt; else they belong to the torn tail, and go with it. */
#include "host/node_private.h"
#include "host/segments.h"

#include <stdlib.h>
#include <string.h>

/* Segments that have a file, by number. */
struct found {
  uint64_t *numbers;
  size_t count;
};

struct recovery {
  struct segments *s;
  struct segments_reader *reader;
  struct found found;
  struct bytes content; /* of the file that is read */
};

/* --- which files there are ---------------------------------------------- */

/* The number that a file's name ends with; 0: none of ours. */
static uint64_t number_in(const char *text)
{
  uint64_t number = 0;
  size_t digits = strspn(text, "0123456789");
  if (digits == 0 || digits > 18 || text[digits] != '\0' || text[0] == '0')
    return 0;
  for (size_t i = 0; i < digits; i++)
    number = number * 10 + (uint64_t)(text[i] - '0');
  return number;
}

static int by_number(const void *a, const void *b)
{
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

static int find_segments(struct recovery *r, struct error *e)
{
  struct segments *s = r->s;
  const struct platform *p = node_platform(s->node);
  struct bytes prefix = {0}, names = {0};
  int result = -1;
  if (bytes_append_slice(&prefix, bytes_slice(&s->name)) != 0 ||
      bytes_append_byte(&prefix, '+') != 0)
    error_set(e, "out of memory");
  else
    result = p->vtable->list(p->ctx, node_id(s->node), bytes_slice(&prefix), &names, e);
  if (result == 0) {
    r->found.numbers = malloc(names.length * sizeof *r->found.numbers + 1);
    result = r->found.numbers != NULL ? 0 : error_set(e, "out of memory");
  }
  uint64_t *numbers = r->found.numbers; /* at most one a byte */
  for (size_t at = 0; numbers != NULL && at < names.length; at += strlen(names.data + at) + 1) {
    uint64_t number = number_in(names.data + at + prefix.length);
    if (number > 0)
      numbers[r->found.count++] = number;
  }
  if (numbers != NULL)
    qsort(numbers, r->found.count, sizeof *numbers, by_number);
  bytes_free(&prefix);
  bytes_free(&names);
  return result;
}

static int is_found(const struct found *f, uint64_t number)
{
  return f->count > 0 && bsearch(&number, f->numbers, f->count, sizeof number, by_number) != NULL;
}

/* --- reading ------------------------------------------------------------ */

/* Reads a file, which stays open. NULL with `e` filled when that cannot be done. */
static struct file *read_file(struct segments *s, uint64_t number, struct bytes *content,
                              struct error *e)
{
  struct file *f = segments_file(s, number, 0, e);
  content->length = 0;
  if (f == NULL || f->vtable->read(f, content, e) == 0)
    return f;
  f->vtable->close(f);
  return NULL;
}

/* Checks the header of a segment that must have one. */
static int open_segment(const struct segments *s, uint64_t number, uint64_t sequence,
                        struct slice content, struct journal_reader *r, struct error *e)
{
  struct error why;
  enum journal_result result = journal_open(r, content, sequence, &why);
  if (result == JOURNAL_END)
    return segments_refuse(s, number, e, "it is damaged: nothing is left of it");
  if (result != JOURNAL_RECORD)
    return segments_refuse(s, number, e, "%s", why.text);
  if (r->header.kind == JOURNAL_FIRST_VERSION || r->header.number != number)
    return segments_refuse(s, number, e, "it is none of this log's segments, or not this one");
  return 0;
}

int segments_read(struct segments *s, uint64_t number, uint64_t sequence, struct bytes *content,
                  struct journal_reader *r, struct error *e)
{
  struct file *f = read_file(s, number, content, e);
  if (f == NULL)
    return -1;
  f->vtable->close(f);
  return open_segment(s, number, sequence, bytes_slice(content), r, e);
}

static int take(struct recovery *r, const struct journal_record *record, struct error *e)
{
  size_t bytes = JOURNAL_RECORD_BYTES + record->key.length + record->payload.length;
  return record->type == JOURNAL_SEAL ? 0 : r->reader->take(r->reader, record, bytes, e);
}

/* --- the last segment --------------------------------------------------- */

/* Looks at files behind the last segment, which ends with what `end` has read; `why` says how.
 * Returns 0 when they may go. */
static int check_later(struct recovery *r, const struct journal_reader *end,
                       const struct error *why, struct error *e)
{
  struct segments *s = r->s;
  struct bytes content = {0};
  int result = 0;
  for (size_t i = 0; i < r->found.count && result == 0; i++) {
    uint64_t number = r->found.numbers[i];
    struct journal_reader later;
    if (number <= s->last.number)
      continue;
    struct file *f = read_file(s, number, &content, e);
    if (f == NULL) {
      result = -1;
      break;
    }
    f->vtable->close(f);
    r->reader->cut_bytes += content.length;
    if (content.length <= JOURNAL_HEADER_BYTES)
      r->reader->cut_bytes -= content.length; /* nothing was written to it */
    else if (open_segment(s, number, end->sequence, bytes_slice(&content), &later, e) != 0)
      result = -1;
    else if (journal_is_witness(bytes_slice(&content), end->sequence))
      result = segments_refuse(s, s->last.number, e,
                               "%s; in segment %llu records follow that were made when it was "
                               "synced",
                               why->text, (unsigned long long)number);
  }
  bytes_free(&content);
  return result;
}

/* The segment that is open as `f` has no seal: it is the last. */
static int take_last(struct recovery *r, struct file *f, const struct journal_reader *end,
                     enum journal_result result, const struct error *why, struct error *e)
{
  struct segments *s = r->s;
  if (result == JOURNAL_CORRUPT || end->header.kind == JOURNAL_REWRITTEN)
    return segments_refuse(s, s->last.number, e, "%s", why->text);
  if (check_later(r, end, why, e) != 0)
    return -1;
  for (size_t i = 0; i < r->found.count; i++)
    if (r->found.numbers[i] > s->last.number)
      segments_remove(s, r->found.numbers[i]);
  size_t cut = r->content.length - end->position;
  if (cut > 0 && f->vtable->truncate(f, end->position, e) != 0)
    return -1;
  r->reader->cut_bytes += cut;
  if (r->reader->cut_bytes > 0)
    node_logf(s->node, "%.*s: cut off %llu bytes behind byte %zu of segment %llu: %s",
              (int)s->name.length, s->name.data, (unsigned long long)r->reader->cut_bytes,
              end->position, (unsigned long long)s->last.number, why->text);
  r->reader->sequence = end->sequence;
  s->last.bytes = end->position;
  s->salt = end->header.salt;
  return 0;
}

/* --- the others --------------------------------------------------------- */

/* The segment that is open as `f` ends with this seal. */
static int take_sealed(struct recovery *r, struct file *f, const struct journal_reader *end,
                       const struct journal_record *seal, struct error *e)
{
  struct segments *s = r->s;
  struct segment done = s->last;
  done.next = (uint64_t)seal->offset;
  done.next_sequence = journal_next_sequence(seal);
  done.bytes = end->data.length;
  if (end->position != end->data.length)
    return segments_refuse(s, done.number, e, "it is damaged: there is something behind its seal");
  if (done.next <= done.number || !is_found(&r->found, done.next))
    return segments_refuse(s, 0, e, "segment %llu is missing: segment %llu says that it follows",
                           (unsigned long long)done.next, (unsigned long long)done.number);
  if (segments_reserve(s) != 0)
    return error_set(e, "out of memory");
  /* Those that it was made of are there if the machine was stopped before they were removed. Its
   * own name must be on the disk before they may go. */
  int is_flushed = 0;
  for (size_t i = 0; i < r->found.count; i++) {
    uint64_t number = r->found.numbers[i];
    if (number <= done.number || number >= done.next)
      continue;
    if (!is_flushed && f->vtable->flush(f, e) != 0)
      return -1;
    is_flushed = 1;
    segments_remove(s, number);
  }
  s->sealed[s->sealed_count++] = done;
  s->sealed_bytes += done.bytes;
  s->last = (struct segment){.number = done.next, .sequence = done.next_sequence};
  return 0;
}

/* Reads the segment that s->last says. Returns 1 when another one follows, 0 when it is the last,
 * -1 with `e` filled. */
static int take_segment(struct recovery *r, struct error *e)
{
  struct segments *s = r->s;
  struct journal_reader reader;
  struct journal_record record;
  struct error why = {"it ends without a seal"};
  enum journal_result result;
  if (s->sealing != NULL)
    s->sealing->vtable->close(s->sealing);
  s->sealing = s->active; /* the newest sealed one may not be synced yet */
  s->active = read_file(s, s->last.number, &r->content, e);
  if (s->active == NULL || open_segment(s, s->last.number, s->last.sequence - 1,
                                        bytes_slice(&r->content), &reader, e) != 0)
    return -1;
  while ((result = journal_next(&reader, &record, &why)) == JOURNAL_RECORD) {
    if (take(r, &record, e) != 0)
      return -1;
    if (record.type == JOURNAL_SEAL)
      return take_sealed(r, s->active, &reader, &record, e) == 0 ? 1 : -1;
  }
  return take_last(r, s->active, &reader, result, &why, e);
}

static int take_segments(struct recovery *r, struct error *e)
{
  struct segments *s = r->s;
  int result;
  s->last = (struct segment){.number = 1, .sequence = 1};
  if (!is_found(&r->found, 1))
    return segments_refuse(s, 0, e, "segment 1 is missing");
  while ((result = take_segment(r, e)) == 1) {
  }
  segments_remove(s, 0);
  return result;
}

/* --- a new log ---------------------------------------------------------- */

/* Takes the records of a log of version 1, and appends what segment 1 is to have. */
static int take_first_version(struct recovery *r, struct journal_reader *old, struct bytes *to,
                              struct error *e)
{
  struct journal_record record;
  struct error why;
  enum journal_result result;
  while ((result = journal_next(old, &record, &why)) == JOURNAL_RECORD)
    if (take(r, &record, e) != 0 || journal_write(to, old->header.salt, &record, e) != 0)
      return -1;
  if (result == JOURNAL_CORRUPT)
    return segments_refuse(r->s, 0, e, "%s", why.text);
  r->reader->sequence = old->sequence;
  r->reader->cut_bytes = old->data.length - old->position;
  if (result == JOURNAL_TORN)
    node_logf(r->s->node, "%.*s: cut off %llu bytes behind byte %zu: %s", (int)r->s->name.length,
              r->s->name.data, (unsigned long long)r->reader->cut_bytes, old->position, why.text);
  return 0;
}

/* Segments that are there though there is no mark: a segment 1 that is what is about to be written
 * was left by somebody who was stopped here. */
static int check_left(struct recovery *r, const struct bytes *first, struct error *e)
{
  struct bytes content = {0};
  int is_ours = r->found.count == 0;
  if (r->found.count == 1 && r->found.numbers[0] == 1) {
    struct file *f = read_file(r->s, 1, &content, e);
    if (f == NULL)
      return -1;
    f->vtable->close(f);
    is_ours = first->length == JOURNAL_HEADER_BYTES
                ? content.length <= JOURNAL_HEADER_BYTES
                : slice_equal(bytes_slice(&content), bytes_slice(first));
  }
  bytes_free(&content);
  if (is_ours)
    return 0;
  return segments_refuse(r->s, 0, e, "there are segments of a log, but this is not its mark");
}

/* Writes NAME+new, and gives it its name: that of segment 1, or of the mark. Returns it, open. */
static struct file *make_file(struct segments *s, const struct bytes *text, int is_mark,
                              struct error *e)
{
  struct file *f = segments_file(s, 0, 1, e);
  if (f == NULL)
    return NULL;
  if (f->vtable->append(f, bytes_slice(text), e) == 0 && f->vtable->flush(f, e) == 0 &&
      (is_mark ? f->vtable->rename(f, bytes_slice(&s->name), e) : segments_rename(s, f, 1, e)) ==
        0 &&
      f->vtable->flush(f, e) == 0)
    return f;
  f->vtable->close(f);
  return NULL;
}

/* Makes segment 1 and then the mark. `old` is a log of version 1, or NULL. */
static int make_log(struct recovery *r, struct journal_reader *old, struct error *e)
{
  struct segments *s = r->s;
  const struct platform *p = node_platform(s->node);
  struct bytes first = {0}, mark = {0};
  s->salt = old != NULL ? old->header.salt : p->vtable->random(p->ctx);
  const struct journal_header headers[2] = {{JOURNAL_APPENDED, 1, s->salt},
                                            {JOURNAL_MARK, 0, p->vtable->random(p->ctx)}};
  int result = journal_write_header(&first, &headers[0], e);
  if (result == 0)
    result = journal_write_header(&mark, &headers[1], e);
  if (result == 0 && old != NULL)
    result = take_first_version(r, old, &first, e);
  if (result == 0)
    result = check_left(r, &first, e);
  if (result == 0) {
    s->last = (struct segment){.number = 1, .sequence = 1, .bytes = first.length};
    s->active = make_file(s, &first, 0, e);
    struct file *made = s->active == NULL ? NULL : make_file(s, &mark, 1, e);
    if (made != NULL) {
      s->mark->vtable->close(s->mark);
      s->mark = made;
    }
    result = made != NULL ? 0 : -1;
  }
  bytes_free(&first);
  bytes_free(&mark);
  return result;
}

/* --- opening ------------------------------------------------------------ */

static int recover(struct recovery *r, struct bytes *mark, struct error *e)
{
  struct segments *s = r->s;
  const struct platform *p = node_platform(s->node);
  struct journal_reader reader;
  struct error why;
  s->mark = p->vtable->open(p->ctx, node_id(s->node), bytes_slice(&s->name), 1, e);
  if (s->mark == NULL || s->mark->vtable->read(s->mark, mark, e) != 0)
    return -1;
  enum journal_result result = journal_open(&reader, bytes_slice(mark), 0, &why);
  if (result == JOURNAL_CORRUPT)
    return segments_refuse(s, 0, e, "%s", why.text);
  if (find_segments(r, e) != 0)
    return -1;
  if (result != JOURNAL_RECORD)
    return make_log(r, NULL, e);
  if (reader.header.kind == JOURNAL_FIRST_VERSION)
    return make_log(r, &reader, e);
  if (reader.header.kind != JOURNAL_MARK || reader.position != mark->length)
    return segments_refuse(s, 0, e, "it is not the mark of a log, with which one is opened");
  return take_segments(r, e);
}

int segments_open(struct segments *s, struct slice name, struct segments_reader *reader,
                  struct error *e)
{
  struct recovery r = {.s = s, .reader = reader};
  struct bytes mark = {0};
  reader->sequence = reader->cut_bytes = 0;
  int result =
    bytes_append_slice(&s->name, name) == 0 ? recover(&r, &mark, e) : error_set(e, "out of memory");
  bytes_free(&mark);
  bytes_free(&r.content);
  free(r.found.numbers);
  if (result != 0)
    segments_free(s);
  return result;
}
