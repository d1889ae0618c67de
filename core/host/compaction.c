/* A segment is read as a whole, which is fast, and what is wanted of it is written as a whole. What
 * takes time is to look at the records, so that is what is done in pieces. A segment may be much
 * longer than its limit, where a script has appended much in one turn. */
#include "host/compaction.h"

#include "host/node_private.h"

enum { STEP_BYTES = 128 * 1024 }; /* of records; a few milliseconds */

static void drop_file(struct compaction *c)
{
  if (c->file != NULL)
    c->file->vtable->close(c->file);
  c->file = NULL;
}

void compaction_stop(struct compaction *c)
{
  int is_aside = c->file != NULL && c->state != COMPACTION_RENAMED;
  drop_file(c);
  if (is_aside)
    segments_remove(c->segments, 0);
  bytes_free(&c->content);
  bytes_free(&c->kept);
  c->is_reading = 0;
  c->state = COMPACTION_IDLE;
}

static void fail(struct compaction *c, const struct error *e)
{
  int is_fatal = c->state == COMPACTION_RENAMED;
  struct error why = *e;
  compaction_stop(c);
  c->done(c, why.text, is_fatal);
}

/* Waits for the disk; what comes next depends on the state. */
static void wait_for_disk(struct compaction *c)
{
  struct error e;
  if (c->file->vtable->sync(c->file, &c->request, &e) != 0)
    fail(c, &e);
}

/* --- a segment ---------------------------------------------------------- */

static int is_wanted(const struct compaction *c, const struct journal_record *record)
{
  switch (record->type) {
  case JOURNAL_ENTRY:
    return record->offset >= log_start(c->log, record->key);
  case JOURNAL_COMMIT:
    return record->offset == log_committed(c->log, record->key);
  case JOURNAL_START:
    return record->offset == log_start(c->log, record->key);
  default:
    return 0; /* a seal, in whose place comes another */
  }
}

static int begin_file(struct compaction *c, const struct segment *first, struct error *e)
{
  const struct platform *p = node_platform(c->segments->node);
  c->salt = p->vtable->random(p->ctx);
  c->sequence = first->sequence;
  c->has_dropped = 0;
  c->bytes = 0;
  const struct journal_header header = {JOURNAL_REWRITTEN, first->number, c->salt};
  return journal_write_header(&c->kept, &header, e);
}

/* Reads the next segment. */
static int begin_segment(struct compaction *c, struct error *e)
{
  const struct segment *source = &c->segments->sealed[c->at + c->count];
  c->kept.length = 0;
  c->source_dropped = c->is_sealed = 0;
  if (c->count == 0 && begin_file(c, source, e) != 0)
    return -1;
  c->is_reading = 1;
  return segments_read(c->segments, source->number, source->sequence - 1, &c->content, &c->reader,
                       e);
}

static int take_record(struct compaction *c, const struct journal_record *record, struct error *e)
{
  struct journal_record again = *record;
  c->is_sealed = record->type == JOURNAL_SEAL;
  if (!is_wanted(c, record)) {
    c->source_dropped |= !c->is_sealed;
    return 0;
  }
  again.sequence = c->sequence++;
  again.unsynced = 0;
  return journal_write(&c->kept, c->salt, &again, e);
}

/* The segment was looked at to its end: takes it into the file, or leaves it alone. */
static int end_segment(struct compaction *c, struct error *e)
{
  const struct segments *s = c->segments;
  c->is_reading = 0;
  if (c->count == 0 && !c->source_dropped && c->content.length >= s->limit_bytes / 2) {
    c->at++;
    return 0;
  }
  if (c->file->vtable->append(c->file, bytes_slice(&c->kept), e) != 0)
    return -1;
  c->bytes += c->kept.length;
  c->has_dropped |= c->source_dropped;
  c->count++;
  return 0;
}

/* Looks at some more records of the segment. */
static int take_some(struct compaction *c, struct error *e)
{
  struct journal_record record;
  struct error why = {"it has lost its end"};
  size_t begin = c->reader.position;
  while (c->reader.position - begin < STEP_BYTES) {
    enum journal_result result = journal_next(&c->reader, &record, &why);
    if (result == JOURNAL_END && c->is_sealed)
      return end_segment(c, e);
    if (result != JOURNAL_RECORD)
      return segments_refuse(c->segments, c->reader.header.number, e, "%s", why.text);
    if (take_record(c, &record, e) != 0)
      return -1;
  }
  return 0;
}

/* --- a pass ------------------------------------------------------------- */

static int is_behind(const struct compaction *c)
{
  size_t at = c->at + c->count;
  return at == c->segments->sealed_count || c->segments->sealed[at].number > c->until;
}

/* Seals what is to replace segments. */
static int seal(struct compaction *c, struct error *e)
{
  const struct segment *last = &c->segments->sealed[c->at + c->count - 1];
  const struct journal_record record = {.sequence = c->sequence, .offset = (int64_t)last->next};
  struct bytes text = {0};
  int result = journal_write_seal(&text, c->salt, &record, last->next_sequence, e);
  if (result == 0)
    result = c->file->vtable->append(c->file, bytes_slice(&text), e);
  c->bytes += text.length;
  bytes_free(&text);
  c->state = COMPACTION_SEALED;
  return result;
}

static void end(struct compaction *c)
{
  compaction_stop(c);
  c->done(c, NULL, 0);
}

static void step(struct compaction *c)
{
  struct error e;
  int is_full = c->count > 0 && c->bytes >= c->segments->limit_bytes / 2;
  int result = 0;
  if (c->is_reading) {
    result = take_some(c, &e);
  } else if (!is_full && !is_behind(c)) {
    result = begin_segment(c, &e) == 0 ? take_some(c, &e) : -1;
  } else if (c->count > 1 || (c->count == 1 && c->has_dropped)) {
    result = seal(c, &e);
  } else {
    end(c); /* there is nothing, or one that would be the same again */
    return;
  }
  if (result != 0)
    fail(c, &e);
  else
    wait_for_disk(c);
}

/* What is written is on the disk, and so is all that it relies on. */
static void give_name(struct compaction *c)
{
  struct error e;
  uint64_t number = c->segments->sealed[c->at].number;
  if (segments_rename(c->segments, c->file, number, &e) != 0) {
    fail(c, &e);
    return;
  }
  c->state = COMPACTION_RENAMED;
  wait_for_disk(c);
}

static int open_file(struct compaction *c, struct error *e)
{
  c->state = COMPACTION_STEP;
  c->count = 0;
  c->file = segments_file(c->segments, 0, 1, e);
  return c->file == NULL ? -1 : 0;
}

/* The new segment is there; the ones that it was made of may go. */
static void replace(struct compaction *c)
{
  struct error e;
  for (size_t i = 1; i < c->count; i++)
    segments_remove(c->segments, c->segments->sealed[c->at + i].number);
  segments_replace(c->segments, c->at, c->count, c->bytes);
  c->at++;
  drop_file(c);
  if (open_file(c, &e) != 0)
    fail(c, &e);
  else
    step(c);
}

static void sync_done(struct file_sync *self, const char *why)
{
  struct compaction *c = (struct compaction *)((char *)self - offsetof(struct compaction, request));
  struct error e;
  if (why != NULL) {
    error_set(&e, "%s", why);
    fail(c, &e);
  } else if (c->state == COMPACTION_STEP) {
    step(c);
  } else if (c->state == COMPACTION_RENAMED) {
    replace(c);
  } else {
    c->state = COMPACTION_WAITS;
    int result = c->settle(c, &e);
    if (result < 0)
      fail(c, &e);
    else if (result == 1)
      give_name(c);
  }
}

void compaction_go_on(struct compaction *c)
{
  if (c->state == COMPACTION_WAITS)
    give_name(c);
}

int compaction_begin(struct compaction *c, struct error *e)
{
  struct segments *s = c->segments;
  size_t count = s->sealed_count - (s->sealing != NULL); /* that one is still open */
  if (count == 0)
    return 0;
  c->until = s->sealed[count - 1].number;
  c->at = 0;
  c->request.done = sync_done;
  if (open_file(c, e) != 0) {
    compaction_stop(c);
    return -1;
  }
  if (c->file->vtable->sync(c->file, &c->request, e) == 0)
    return 1;
  compaction_stop(c);
  return -1;
}
