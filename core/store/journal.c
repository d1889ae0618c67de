/* Integers are little-endian. A file is a header and then records without gaps.
 *
 *   header, 40 bytes
 *     0   8  "HEARSAY" and byte 0x0a
 *     8   4  version of the format: 2
 *    12   8  salt: random bits, drawn when the file was made
 *    20   4  CRC32C of bytes 0 to 19
 *    24   4  kind: 0 the mark of a log, 1 a segment that was appended to, 2 one that was rewritten
 *    28   8  number of the segment, from 1; of a mark: 0
 *    36   4  CRC32C of bytes 0 to 35
 *
 *   record of k bytes of key and p bytes of payload, 32 + k + p bytes
 *     0   4  CRC32C of the salt and bytes 4 to the end of the record
 *     4   4  length of the record, 32 + k + p
 *     8   4  length of the key, k
 *    12   4  type, 1 byte: 1 an entry of the log, 2 a committed offset, 3 a start offset, 4 the
 *              seal of a segment; and 3 bytes: how many of the records just before were not
 *              synced when this one was made, which is less than its sequence; 2^24 - 1: so many
 *              or more
 *    16   8  sequence: 1 in the log's first record, and in each one more than in that before it
 *    24   8  offset, from 0; of a seal: number of the segment that follows
 *    32   k  key; of a seal: nothing
 *  32+k   p  payload: the entry as JSON; of a seal: 8 bytes, the sequence that the next segment
 *              begins with; else nothing
 *
 * Version 1 had neither segments nor types 3 and 4, and a header of 24 bytes. Every version's header has magic, version and checksum in these places, so that a program knows
 * a newer file when it sees one.
 *
 * A record is valid if and only if it lies in the file as a whole, 32 + k is at most its length,
 * its length is at most 2^30, its checksum is right, its type is known, no more records are
 * unsynced than there are, its offset is not negative, key and payload are what its type has, and
 * its sequence is one more than that of the record before. In a segment that was rewritten, records
 * are numbered anew, without gaps, from where they were; so there is a gap behind its seal.
 *
 * Salt and sequence are in the checksum, so that bytes that an earlier file has left in the same
 * place of the disk, bytes that were written twice, or a whole record that somebody sent as a key,
 * are not taken for the next record.
 *
 * What was synced is on the disk; of what was written since, a process that is killed leaves a
 * prefix, and a machine that loses power leaves any part of it: a later write may have come to the
 * disk and an earlier one not. So where a record is not valid, it matters whether it was synced,
 * and later records say so. Its length cannot be believed, so each later position is tried for a
 * valid record with a later sequence. If one of them counts the damaged one as synced, then bytes
 * that were once on the disk have changed: the file is corrupt, and left alone. If none does, the
 * tail is torn and is cut off there, with whole records in it if there are any: they were never
 * synced, and without the one before them nothing may be made of them. Damage to what was synced
 * last, behind which nothing was written any more, looks like a torn tail; the cut is reported. A
 * file without its header is not known to be a log, and left alone. */
#include "store/journal.h"

#include "base/crc32c.h"

#include <string.h>

enum {
  VERSION = 2,
  /* Where fields are. */
  AT_VERSION = 8,
  AT_SALT = 12,
  AT_VERSION_CRC = 20,
  AT_KIND = 24,
  AT_NUMBER = 28,
  AT_HEADER_CRC = 36,
  AT_LENGTH = 4,
  AT_KEY_LENGTH = 8,
  AT_TYPE = 12,
  AT_SEQUENCE = 16,
  AT_OFFSET = 24,
  SEAL_BYTES = 8, /* of its payload */
  /* Of version 1, whose header ends here. */
  FIRST_VERSION = 1,
  FIRST_HEADER_BYTES = 24
};

/* So many unsynced records, or more. */
#define MANY ((uint32_t)0xffffff)

static const char magic[AT_VERSION] = {'H', 'E', 'A', 'R', 'S', 'A', 'Y', '\n'};

static void put_u32(char *at, uint32_t value)
{
  for (int i = 0; i < 4; i++)
    at[i] = (char)(value >> 8 * i);
}

static void put_u64(char *at, uint64_t value)
{
  put_u32(at, (uint32_t)value);
  put_u32(at + 4, (uint32_t)(value >> 32));
}

static uint32_t get_u32(const char *at)
{
  uint32_t value = 0;
  for (int i = 0; i < 4; i++)
    value |= (uint32_t)(unsigned char)at[i] << 8 * i;
  return value;
}

static uint64_t get_u64(const char *at)
{
  return get_u32(at) | (uint64_t)get_u32(at + 4) << 32;
}

/* --- writing ------------------------------------------------------------ */

int journal_write_header(struct bytes *to, const struct journal_header *header, struct error *e)
{
  char text[JOURNAL_HEADER_BYTES];
  memcpy(text, magic, sizeof magic);
  put_u32(text + AT_VERSION, VERSION);
  put_u64(text + AT_SALT, header->salt);
  put_u32(text + AT_VERSION_CRC, crc32c(0, text, AT_VERSION_CRC));
  put_u32(text + AT_KIND, (uint32_t)header->kind);
  put_u64(text + AT_NUMBER, header->number);
  put_u32(text + AT_HEADER_CRC, crc32c(0, text, AT_HEADER_CRC));
  return bytes_append(to, text, sizeof text) == 0 ? 0 : error_set(e, "out of memory");
}

/* The checksum of the record of this length. */
static uint32_t record_crc(uint64_t salt, const char *at, size_t length)
{
  char salt_bytes[8];
  put_u64(salt_bytes, salt);
  return crc32c(crc32c(0, salt_bytes, sizeof salt_bytes), at + AT_LENGTH, length - AT_LENGTH);
}

int journal_write(struct bytes *to, uint64_t salt, const struct journal_record *record,
                  struct error *e)
{
  const size_t room = JOURNAL_RECORD_MAX_BYTES - JOURNAL_RECORD_BYTES;
  if (record->key.length > room || record->payload.length > room - record->key.length)
    return error_set(e, "a key and value of %zu bytes are too long; at most %zu",
                     record->key.length + record->payload.length, room);
  size_t length = JOURNAL_RECORD_BYTES + record->key.length + record->payload.length;
  if (bytes_reserve(to, length) != 0)
    return error_set(e, "out of memory");
  char *at = to->data + to->length;
  put_u32(at + AT_LENGTH, (uint32_t)length);
  put_u32(at + AT_KEY_LENGTH, (uint32_t)record->key.length);
  uint32_t unsynced = record->unsynced < MANY ? (uint32_t)record->unsynced : MANY;
  put_u32(at + AT_TYPE, (uint32_t)record->type | unsynced << 8);
  put_u64(at + AT_SEQUENCE, record->sequence);
  put_u64(at + AT_OFFSET, (uint64_t)record->offset);
  to->length += JOURNAL_RECORD_BYTES;
  /* There is room, so these cannot fail. */
  (void)bytes_append_slice(to, record->key);
  (void)bytes_append_slice(to, record->payload);
  put_u32(at, record_crc(salt, at, length));
  return 0;
}

int journal_write_seal(struct bytes *to, uint64_t salt, const struct journal_record *record,
                       uint64_t next_sequence, struct error *e)
{
  char payload[SEAL_BYTES];
  struct journal_record seal = *record;
  put_u64(payload, next_sequence);
  seal.type = JOURNAL_SEAL;
  seal.payload = (struct slice){payload, sizeof payload};
  return journal_write(to, salt, &seal, e);
}

uint64_t journal_next_sequence(const struct journal_record *seal)
{
  return get_u64(seal->payload.data);
}

/* --- reading ------------------------------------------------------------ */

/* Whether key and payload are what its type has, and the type is one. */
static int is_of_its_type(const struct journal_record *record)
{
  switch (record->type) {
  case JOURNAL_ENTRY:
    return 1;
  case JOURNAL_COMMIT:
  case JOURNAL_START:
    return record->payload.length == 0;
  case JOURNAL_SEAL:
    return record->key.length == 0 && record->payload.length == SEAL_BYTES &&
           journal_next_sequence(record) > record->sequence;
  default:
    return 0;
  }
}

/* Takes the record at a position. Returns its length; or 0 with what is wrong with it. */
static size_t parse(const struct journal_reader *r, size_t position, struct journal_record *record,
                    const char **wrong)
{
  const char *at = r->data.data + position;
  size_t left = r->data.length - position;
  *wrong = "it ends early";
  if (left < JOURNAL_RECORD_BYTES)
    return 0;
  size_t length = get_u32(at + AT_LENGTH);
  size_t key_length = get_u32(at + AT_KEY_LENGTH);
  *wrong = "its length is impossible";
  if (length < JOURNAL_RECORD_BYTES || length > JOURNAL_RECORD_MAX_BYTES ||
      key_length > length - JOURNAL_RECORD_BYTES)
    return 0;
  *wrong = "it ends early";
  if (length > left)
    return 0;
  *record = (struct journal_record){
    .type = (enum journal_type)(unsigned char)at[AT_TYPE],
    .sequence = get_u64(at + AT_SEQUENCE),
    .offset = (int64_t)get_u64(at + AT_OFFSET),
    .key = {at + JOURNAL_RECORD_BYTES, key_length},
    .payload = {at + JOURNAL_RECORD_BYTES + key_length, length - JOURNAL_RECORD_BYTES - key_length},
    .unsynced = get_u32(at + AT_TYPE) >> 8,
  };
  /* Before the checksum, which is what costs: only records behind the last one are sought. */
  *wrong = "its sequence is not the next one";
  if (record->sequence <= r->sequence || record->sequence - r->sequence > r->reach)
    return 0;
  *wrong = "its checksum is wrong";
  if (get_u32(at) != record_crc(r->header.salt, at, length))
    return 0;
  *wrong = "its type, offset or payload is none that this version has";
  if ((record->unsynced >= record->sequence && record->unsynced < MANY) || record->offset < 0 ||
      !is_of_its_type(record))
    return 0;
  return length;
}

/* Takes what version 2 has behind the header of version 1. */
static enum journal_result open_segment(struct journal_reader *r, struct error *why)
{
  const char *at = r->data.data;
  if (r->data.length < JOURNAL_HEADER_BYTES) {
    error_set(why, "its header is not whole");
    return JOURNAL_TORN;
  }
  uint32_t kind = get_u32(at + AT_KIND);
  uint64_t number = get_u64(at + AT_NUMBER);
  if (get_u32(at + AT_HEADER_CRC) != crc32c(0, at, AT_HEADER_CRC) || kind > JOURNAL_REWRITTEN ||
      (kind == JOURNAL_MARK) != (number == 0)) {
    error_set(why, "its header is damaged: the checksum is wrong");
    return JOURNAL_CORRUPT;
  }
  r->header.kind = (enum journal_kind)kind;
  r->header.number = number;
  r->position = JOURNAL_HEADER_BYTES;
  return JOURNAL_RECORD;
}

enum journal_result journal_open(struct journal_reader *r, struct slice data, uint64_t sequence,
                                 struct error *why)
{
  *r = (struct journal_reader){.data = data, .sequence = sequence, .reach = data.length};
  if (data.length == 0)
    return JOURNAL_END;
  size_t known = data.length < sizeof magic ? data.length : sizeof magic;
  if (memcmp(data.data, magic, known) != 0) {
    error_set(why, "it is not a log: it does not begin as one");
    return JOURNAL_CORRUPT;
  }
  if (data.length < FIRST_HEADER_BYTES) {
    error_set(why, "its header is not whole");
    return JOURNAL_TORN;
  }
  if (get_u32(data.data + AT_VERSION_CRC) != crc32c(0, data.data, AT_VERSION_CRC)) {
    error_set(why, "its header is damaged: the checksum is wrong");
    return JOURNAL_CORRUPT;
  }
  uint32_t version = get_u32(data.data + AT_VERSION);
  if (version != VERSION && version != FIRST_VERSION) {
    error_set(why, "its format is version %lu, and this program knows versions up to %d",
              (unsigned long)version, VERSION);
    return JOURNAL_CORRUPT;
  }
  r->header.salt = get_u64(data.data + AT_SALT);
  if (version == VERSION)
    return open_segment(r, why);
  r->header.kind = JOURNAL_FIRST_VERSION;
  r->position = FIRST_HEADER_BYTES;
  return JOURNAL_RECORD;
}

/* The sequence of the last record that was synced when this one was made; 0: of none is it known. */
static uint64_t last_synced(const struct journal_record *record)
{
  return record->unsynced < MANY ? record->sequence - 1 - record->unsynced : 0;
}

/* The position of the first valid record from `at` on that says that the one behind the reader's
 * was synced; 0: there is none. */
static size_t find_later(const struct journal_reader *r, size_t at)
{
  struct journal_record record;
  const char *wrong;
  for (; at + JOURNAL_RECORD_BYTES <= r->data.length; at++)
    if (parse(r, at, &record, &wrong) > 0 && last_synced(&record) > r->sequence)
      return at;
  return 0;
}

enum journal_result journal_next(struct journal_reader *r, struct journal_record *record,
                                 struct error *why)
{
  const char *wrong;
  if (r->position == r->data.length)
    return JOURNAL_END;
  size_t length = parse(r, r->position, record, &wrong);
  if (length > 0 && record->sequence == r->sequence + 1) {
    r->position += length;
    r->sequence++;
    return JOURNAL_RECORD;
  }
  if (length > 0) {
    error_set(why, "at byte %zu records are missing: number %llu follows number %llu", r->position,
              (unsigned long long)record->sequence, (unsigned long long)r->sequence);
    return JOURNAL_CORRUPT;
  }
  size_t later = find_later(r, r->position + 1);
  if (later == 0) {
    error_set(why, "the record at byte %zu is not whole: %s", r->position, wrong);
    return JOURNAL_TORN;
  }
  error_set(why,
            "the record at byte %zu is damaged: %s; at byte %zu records follow that were made when "
            "it was synced",
            r->position, wrong, later);
  return JOURNAL_CORRUPT;
}

int journal_is_witness(struct slice data, uint64_t sequence)
{
  struct journal_reader r;
  struct error why;
  if (journal_open(&r, data, sequence, &why) != JOURNAL_RECORD)
    return 0;
  r.reach = UINT64_C(1) << 40; /* how many records the files between them had, none of them says */
  return find_later(&r, r.position) > 0;
}
