/* Log files. Any bytes are read without harm, and what is read from them is written as the same
 * bytes again. And a log of several segments that was written, synced here and there, and then
 * damaged in up to four places gives a prefix of what was written, whatever the damage: with a torn
 * tail only where nothing behind it says that it was synced. */
#include "store/journal.h"
#include "bind/bind.h"
#include "fake_platform.h"
#include "fuzz.h"
#include "host/node.h"
#include "host/segments.h"
#include "sim/disk.h"

static struct slice rest; /* of the input */

static unsigned next_byte(void)
{
  if (rest.length == 0)
    return 0;
  rest.length--;
  return (unsigned char)*rest.data++;
}

static struct slice next_text(void)
{
  size_t length = next_byte() % 40;
  if (length > rest.length)
    length = rest.length;
  struct slice text = {rest.data, length};
  rest.data += length;
  rest.length -= length;
  return text;
}

/* --- one file ----------------------------------------------------------- */

static void write_again(struct bytes *to, uint64_t salt, const struct journal_record *record)
{
  struct error why;
  int result = record->type == JOURNAL_SEAL
                 ? journal_write_seal(to, salt, record, journal_next_sequence(record), &why)
                 : journal_write(to, salt, record, &why);
  must(result == 0, why.text, record->key);
}

static void any_bytes(void)
{
  struct journal_reader r;
  struct journal_record record;
  struct error why;
  struct bytes again = {0};
  uint64_t before = next_byte() % 4;
  struct slice data = rest;
  (void)journal_is_witness(data, before);
  enum journal_result result = journal_open(&r, data, before, &why);
  if (result != JOURNAL_RECORD)
    return;
  size_t begin = r.position;
  if (r.header.kind != JOURNAL_FIRST_VERSION)
    must(journal_write_header(&again, &r.header, &why) == 0, why.text, data);
  else
    must(bytes_append(&again, data.data, begin) == 0, "out of memory", data);
  while ((result = journal_next(&r, &record, &why)) == JOURNAL_RECORD)
    write_again(&again, r.header.salt, &record);
  must(r.position <= data.length, "read beyond the end", data);
  must((result == JOURNAL_END) == (r.position == data.length), "a wrong end", data);
  must(slice_equal(bytes_slice(&again), (struct slice){data.data, r.position}),
       "other bytes when it is written again", data);
  bytes_free(&again);
}

/* --- a log of several files --------------------------------------------- */

enum { MOST_RECORDS = 40, MOST_FILES = 12 };

/* The records that were written, in their order. */
struct written {
  struct journal_record records[MOST_RECORDS];
  int count;
};

struct files {
  struct bytes contents[MOST_FILES]; /* [0]: the mark */
  unsigned numbers[MOST_FILES];
  int count;
};

static void begin_file(struct files *f, enum journal_kind kind, unsigned number)
{
  struct error why;
  const struct journal_header header = {kind, number, 77 + number};
  f->numbers[f->count] = number;
  must(journal_write_header(&f->contents[f->count++], &header, &why) == 0, why.text, rest);
}

/* Where the writing of a log has got to. */
struct writer {
  struct files *f;
  unsigned number;   /* of the segment */
  int is_rewritten;  /* it is */
  uint64_t sequence; /* of the last record */
  uint64_t durable;  /* and of the last that is synced */
};

static void write_seal(struct writer *w, unsigned choice)
{
  struct bytes *to = &w->f->contents[w->f->count - 1];
  struct journal_record seal = {.sequence = ++w->sequence,
                                .offset = w->number + 1 + choice / 8 % 3};
  struct error why;
  seal.unsynced = w->sequence - 1 - w->durable;
  /* What was dropped from a segment that was rewritten leaves a gap. */
  uint64_t next = w->sequence + 1 + (w->is_rewritten ? choice / 64 : 0);
  must(journal_write_seal(to, 77 + w->number, &seal, next, &why) == 0, why.text, rest);
  if (w->is_rewritten)
    w->durable = next - 1;
  w->sequence = next - 1;
  w->number = (unsigned)seal.offset;
  w->is_rewritten = w->is_rewritten && choice / 32 % 2 != 0;
  begin_file(w->f, w->is_rewritten ? JOURNAL_REWRITTEN : JOURNAL_APPENDED, w->number);
}

static void write_record(struct writer *w, struct journal_record *record, unsigned choice)
{
  static const enum journal_type types[] = {JOURNAL_ENTRY, JOURNAL_ENTRY, JOURNAL_COMMIT,
                                            JOURNAL_START};
  *record = (struct journal_record){.type = types[choice / 8 % 4],
                                    .sequence = ++w->sequence,
                                    .offset = next_byte(),
                                    .key = next_text()};
  record->unsynced = w->sequence - 1 - w->durable;
  if (record->type == JOURNAL_ENTRY)
    record->payload = next_text();
  write_again(&w->f->contents[w->f->count - 1], 77 + w->number, record);
}

static void write_files(struct written *written, struct files *f)
{
  struct writer w = {.f = f, .number = 1, .is_rewritten = next_byte() % 2 != 0};
  begin_file(f, JOURNAL_MARK, 0);
  begin_file(f, w.is_rewritten ? JOURNAL_REWRITTEN : JOURNAL_APPENDED, 1);
  for (int count = (int)(next_byte() % MOST_RECORDS); count > 0; count--) {
    unsigned choice = next_byte();
    if (w.is_rewritten || choice % 8 == 1)
      w.durable = w.sequence; /* a sync is done */
    if (choice % 8 == 0 && f->count < MOST_FILES - 1)
      write_seal(&w, choice);
    else
      write_record(&w, &written->records[written->count++], choice);
  }
  if (w.is_rewritten) { /* which the last segment never is */
    w.durable = w.sequence;
    write_seal(&w, 0);
  }
}

/* Returns whether something is other than it was. The mark is damaged too. */
static int damage(struct files *f)
{
  int is_damaged = 0;
  for (unsigned count = next_byte() % 5; count > 0; count--) {
    struct bytes *file = &f->contents[next_byte() % (unsigned)f->count];
    struct bytes before = {0};
    must(bytes_append_slice(&before, bytes_slice(file)) == 0, "out of memory", rest);
    unsigned kind = next_byte();
    size_t at = next_byte() << 8 | next_byte();
    at = file->length == 0 ? 0 : at % file->length;
    if (kind % 4 == 0)
      file->length = at;
    else if (file->length > 0 && kind % 4 == 1)
      memset(file->data + at, 0, file->length - at);
    else if (file->length > 0)
      file->data[at] ^= (char)next_byte();
    is_damaged |= !slice_equal(bytes_slice(&before), bytes_slice(file));
    bytes_free(&before);
  }
  return is_damaged;
}

struct check {
  struct segments_reader reader; /* must be first */
  const struct written *written;
  int read;
};

static int take(struct segments_reader *self, const struct journal_record *record, size_t bytes,
                struct error *e)
{
  struct check *c = (struct check *)self;
  (void)bytes;
  (void)e;
  must(c->read < c->written->count, "a record that was not written", record->key);
  const struct journal_record *w = &c->written->records[c->read++];
  must(record->type == w->type && record->sequence == w->sequence && record->offset == w->offset &&
         record->unsynced == w->unsynced && slice_equal(record->key, w->key) &&
         slice_equal(record->payload, w->payload),
       "a record that was written otherwise", record->key);
  return 0;
}

static struct file *open_file(void *disk, struct slice name, int is_made, struct error *e)
{
  return disk_open(disk, name, is_made, e);
}

static int list_files(void *disk, struct slice prefix, struct bytes *names, struct error *e)
{
  return disk_list(disk, prefix, names) == 0 ? 0 : error_set(e, "out of memory");
}

static int remove_file(void *disk, struct slice name, struct error *e)
{
  return disk_remove(disk, name, e);
}

static struct node *node;
static struct fake_platform world;

/* A node is what recovery writes its diagnostics to; one is enough. */
static void need_node(void)
{
  static struct platform platform;
  struct error e;
  if (node != NULL)
    return;
  fake_platform_open(&world);
  platform = fake_platform(&world);
  const struct state_options options = {
    .open_modules = bind_node_modules, .root = ".", .hash_seed = 1, .random_seed = 1};
  node = node_new(&platform, &options, &e);
  must(node != NULL, e.text, rest);
  world.open = open_file;
  world.list = list_files;
  world.remove = remove_file;
}

static void damaged_log(void)
{
  struct written w = {0};
  struct files f = {0};
  struct schedule schedule;
  struct disk disk;
  struct error e;
  write_files(&w, &f);
  int is_damaged = damage(&f);
  need_node();
  schedule_init(&schedule, NULL);
  disk_init(&disk, &schedule, 1, 0, NULL, NULL);
  world.disk = &disk;
  for (int i = 0; i < f.count; i++) {
    char name[32];
    int n = f.numbers[i] == 0 ? snprintf(name, sizeof name, "log")
                              : snprintf(name, sizeof name, "log+%u", f.numbers[i]);
    must(disk_replace(&disk, (struct slice){name, (size_t)n}, bytes_slice(&f.contents[i])) == 0,
         "out of memory", rest);
  }
  int all = 0;
  for (int round = 0; round < 2; round++) { /* what is left once can be read again, whole */
    struct check c = {.reader = {.take = take}, .written = &w};
    struct segments s = {.node = node, .limit_bytes = 4096};
    int result = segments_open(&s, SLICE("log"), &c.reader, &e);
    must(is_damaged || result == 0, e.text, rest);
    if (result != 0) {
      must(round == 0, "what was recovered is refused", slice_of(e.text));
      break;
    }
    must(is_damaged || (c.read == w.count && c.reader.cut_bytes == 0), "a cut for no reason", rest);
    /* Up to the last of those that are left nothing is missing of what a later one counts on. */
    must(round == 0 || (c.read == all && c.reader.cut_bytes == 0), "other records now", rest);
    all = c.read;
    segments_free(&s);
  }
  disk_free(&disk);
  schedule_free(&schedule);
  for (int i = 0; i < f.count; i++)
    bytes_free(&f.contents[i]);
  fake_platform_forget(&world);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  rest = slice_of_bytes(data, size);
  if (next_byte() % 4 == 0)
    any_bytes();
  else
    damaged_log();
  return 0;
}
