/* Log files. Any bytes are read without harm, and what is read from them is written as the same
 * bytes again. And a file that was written and then damaged in up to four places gives a prefix of
 * what was written, whatever the damage. */
#include "store/journal.h"
#include "fuzz.h"

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

static void any_bytes(struct slice data)
{
  struct journal_reader r;
  struct journal_record record;
  struct error why;
  struct bytes again = {0};
  enum journal_result result = journal_open(&r, data, &why);
  if (result != JOURNAL_RECORD)
    return;
  must(journal_write_header(&again, r.salt, &why) == 0, why.text, data);
  while ((result = journal_next(&r, &record, &why)) == JOURNAL_RECORD)
    must(journal_write(&again, r.salt, &record, &why) == 0, why.text, data);
  must(r.position <= data.length, "read beyond the end", data);
  must((result == JOURNAL_END) == (r.position == data.length), "a wrong end", data);
  must(slice_equal(bytes_slice(&again), (struct slice){data.data, r.position}),
       "other bytes when it is written again", data);
  bytes_free(&again);
}

/* Returns whether something is other than it was. */
static int damage(struct bytes *file)
{
  struct bytes before = {0};
  must(bytes_append_slice(&before, bytes_slice(file)) == 0, "out of memory", rest);
  for (unsigned count = next_byte() % 5; count > 0 && file->length > 0; count--) {
    unsigned kind = next_byte();
    size_t at = (next_byte() << 8 | next_byte()) % file->length;
    if (kind % 4 == 0)
      file->length = at;
    else if (kind % 4 == 1)
      memset(file->data + at, 0, file->length - at);
    else
      file->data[at] ^= (char)next_byte();
  }
  int is_damaged = !slice_equal(bytes_slice(&before), bytes_slice(file));
  bytes_free(&before);
  return is_damaged;
}

static void damaged_file(void)
{
  enum { MOST = 30 };
  struct journal_record written[MOST], record;
  struct journal_reader r;
  struct error why;
  struct bytes file = {0};
  int count = (int)(next_byte() % MOST), read = 0;
  uint64_t salt = next_byte();
  must(journal_write_header(&file, salt, &why) == 0, why.text, rest);
  for (int i = 0; i < count; i++) {
    int is_entry = next_byte() % 3 > 0;
    written[i] = (struct journal_record){.type = is_entry ? JOURNAL_ENTRY : JOURNAL_COMMIT,
                                         .sequence = (uint64_t)i + 1,
                                         .offset = next_byte(),
                                         .key = next_text()};
    if (is_entry)
      written[i].payload = next_text();
    must(journal_write(&file, salt, &written[i], &why) == 0, why.text, rest);
  }
  int is_damaged = damage(&file);
  enum journal_result result = journal_open(&r, bytes_slice(&file), &why);
  must(is_damaged || result == JOURNAL_RECORD, "a header that cannot be read", rest);
  while (result == JOURNAL_RECORD && (result = journal_next(&r, &record, &why)) == JOURNAL_RECORD) {
    const struct journal_record *w = &written[read++];
    must(read <= count, "a record that was not written", record.key);
    must(record.type == w->type && record.sequence == w->sequence && record.offset == w->offset &&
           slice_equal(record.key, w->key) && slice_equal(record.payload, w->payload),
         "a record that was written otherwise", record.key);
  }
  must(is_damaged || (result == JOURNAL_END && read == count), "records that cannot be read", rest);
  bytes_free(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  rest = slice_of_bytes(data, size);
  if (next_byte() % 4 == 0)
    any_bytes(rest);
  else
    damaged_file();
  return 0;
}
