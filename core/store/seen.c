/* Three arrays. The text of all values lies in one buffer in the order of their
 * arrival, a comma after each, so that reading the whole set is one copy. The
 * entries, in the same order, say where each text starts, and keep its hash. The
 * table finds an entry by its hash, with linear probing:
 *
 *   slot:  63                            33  32     31                      0
 *          | upper 31 bits of the hash      |kind |  number of the entry + 1 |
 *
 * Zero is an empty slot. kind is 1 for integers. The uppermost bits of the hash
 * are the home of the slot. So the table can be doubled by one sweep over the old
 * one that writes the new one from front to back too; and a probe meets an entry,
 * which costs a cache miss, hardly ever unless it is the right one.
 *
 * The hash of an integer is a bijection of it: if two integers have equal hashes
 * they are equal, so only texts are ever compared. */
#include "store/seen.h"

#include "base/hash.h"
#include "wire/number.h"

enum { FIRST_BITS = 4, LAST_BITS = 31, BUCKET_BITS = 8 };

_Static_assert(1 << BUCKET_BITS == SEEN_BUCKETS, "a bucket is the upper bits of a hash");

#define KIND_INTEGER ((uint64_t)1 << 32)
#define NUMBER_MASK UINT32_MAX

struct entry {
  uint64_t hash;
  size_t start; /* of its text */
};

struct seen {
  uint64_t *slots; /* 2^bits of them */
  unsigned bits;
  size_t count;
  struct entry *entries; /* room for limit(bits) */
  struct bytes text;
  struct budget *budget;
  uint64_t sums[SEEN_BUCKETS];
};

/* A value that is looked up or added. */
struct value {
  uint64_t hash;
  uint64_t kind;     /* KIND_INTEGER or 0 */
  struct slice text; /* of an integer: only needed to add it */
};

static size_t limit(unsigned bits)
{
  return ((size_t)1 << bits) / 4 * 3;
}

static size_t slots_bytes(unsigned bits)
{
  return ((size_t)1 << bits) * sizeof(uint64_t);
}

static size_t entries_bytes(unsigned bits)
{
  return limit(bits) * sizeof(struct entry);
}

struct seen *seen_new(struct budget *budget)
{
  struct seen *s = budget_zeroed(budget, sizeof *s);
  if (s == NULL)
    return NULL;
  s->budget = s->text.budget = budget;
  s->bits = FIRST_BITS;
  s->slots = budget_zeroed(budget, slots_bytes(FIRST_BITS));
  s->entries = budget_resize(budget, NULL, 0, entries_bytes(FIRST_BITS));
  if (s->slots == NULL || s->entries == NULL) {
    seen_free(s);
    return NULL;
  }
  return s;
}

void seen_free(struct seen *s)
{
  if (s == NULL)
    return;
  budget_free(s->budget, s->slots, slots_bytes(s->bits));
  budget_free(s->budget, s->entries, entries_bytes(s->bits));
  bytes_free(&s->text);
  budget_free(s->budget, s, sizeof *s);
}

/* -- Values */

static struct value value_of_int(int64_t integer)
{
  return (struct value){.hash = hash_u64((uint64_t)integer), .kind = KIND_INTEGER};
}

static struct value value_of_text(struct slice text)
{
  return (struct value){.hash = hash_bytes(text.data, text.length, 0), .text = text};
}

/* Whether the text is an integer; JSON has but one text for each. */
static int parse_int(struct slice text, int64_t *integer)
{
  struct number n;
  if (number_parse(text, &n) != 0 || n.is_double)
    return 0;
  *integer = n.integer;
  return 1;
}

/* -- The table */

/* The text of the entries from `from` up to and without `to` <= count. */
static struct slice text_between(const struct seen *s, size_t from, size_t to)
{
  if (from >= to)
    return SLICE("");
  size_t start = s->entries[from].start;
  size_t end = to < s->count ? s->entries[to].start : s->text.length;
  return (struct slice){s->text.data + start, end - start - 1};
}

static size_t home(uint64_t slot_or_hash, unsigned bits)
{
  return (size_t)(slot_or_hash >> (64 - bits));
}

static uint64_t slot_of(const struct value *v, size_t number)
{
  return (v->hash & ~(KIND_INTEGER | NUMBER_MASK)) | v->kind | (number + 1);
}

/* Where the slot of the value is, or the empty one where it would go. */
static size_t find(const struct seen *s, const struct value *v)
{
  size_t mask = ((size_t)1 << s->bits) - 1;
  uint64_t wanted = slot_of(v, 0) & ~(uint64_t)NUMBER_MASK;
  size_t i = home(v->hash, s->bits);
  for (; s->slots[i] != 0; i = (i + 1) & mask) {
    if ((s->slots[i] & ~(uint64_t)NUMBER_MASK) != wanted)
      continue;
    size_t number = (size_t)(s->slots[i] & NUMBER_MASK) - 1;
    if (s->entries[number].hash == v->hash &&
        (v->kind == KIND_INTEGER || slice_equal(text_between(s, number, number + 1), v->text)))
      break;
  }
  return i;
}

static int grow(struct seen *s)
{
  unsigned bits = s->bits + 1;
  if (bits > LAST_BITS)
    return -1;
  uint64_t *slots = budget_zeroed(s->budget, slots_bytes(bits));
  if (slots == NULL)
    return -1;
  struct entry *entries =
    budget_resize(s->budget, s->entries, entries_bytes(s->bits), entries_bytes(bits));
  if (entries == NULL) {
    budget_free(s->budget, slots, slots_bytes(bits));
    return -1;
  }
  s->entries = entries;
  size_t mask = ((size_t)1 << bits) - 1;
  for (size_t old = 0; old <= mask / 2; old++) {
    if (s->slots[old] == 0)
      continue;
    size_t i = home(s->slots[old], bits);
    while (slots[i] != 0)
      i = (i + 1) & mask;
    slots[i] = s->slots[old];
  }
  budget_free(s->budget, s->slots, slots_bytes(s->bits));
  s->slots = slots;
  s->bits = bits;
  return 0;
}

/* Adds a value that is not there and would go to slot `i`. */
static int insert(struct seen *s, size_t i, const struct value *v)
{
  if (bytes_reserve(&s->text, v->text.length + 1) != 0)
    return -1;
  if (s->count == limit(s->bits)) {
    if (grow(s) != 0)
      return -1;
    i = find(s, v);
  }
  s->slots[i] = slot_of(v, s->count);
  s->entries[s->count++] = (struct entry){v->hash, s->text.length};
  (void)bytes_append_slice(&s->text, v->text);
  (void)bytes_append_byte(&s->text, ',');
  /* The top bit is in the number of the bucket. That every term is odd makes a
   * hash of zero count too. */
  s->sums[v->hash >> (64 - BUCKET_BITS)] += v->hash << 1 | 1;
  return 1;
}

int seen_add_int(struct seen *s, int64_t value)
{
  struct value v = value_of_int(value);
  size_t i = find(s, &v);
  if (s->slots[i] != 0)
    return 0;
  char digits[NUMBER_INT_MAX];
  v.text = (struct slice){digits, number_write_int(digits, value)};
  return insert(s, i, &v);
}

int seen_add_text(struct seen *s, struct slice text)
{
  int64_t integer;
  if (parse_int(text, &integer))
    return seen_add_int(s, integer);
  struct value v = value_of_text(text);
  size_t i = find(s, &v);
  return s->slots[i] != 0 ? 0 : insert(s, i, &v);
}

int seen_has_int(const struct seen *s, int64_t value)
{
  struct value v = value_of_int(value);
  return s->slots[find(s, &v)] != 0;
}

int seen_has_text(const struct seen *s, struct slice text)
{
  int64_t integer;
  if (parse_int(text, &integer))
    return seen_has_int(s, integer);
  struct value v = value_of_text(text);
  return s->slots[find(s, &v)] != 0;
}

size_t seen_count(const struct seen *s)
{
  return s->count;
}

size_t seen_version(const struct seen *s)
{
  return s->count;
}

struct slice seen_since(const struct seen *s, size_t version)
{
  return text_between(s, version, s->count);
}

struct slice seen_text(const struct seen *s)
{
  return text_between(s, 0, s->count);
}

/* -- Digests */

int seen_bucket_count_valid(size_t bucket_count)
{
  return bucket_count >= 1 && bucket_count <= SEEN_BUCKETS &&
         (bucket_count & (bucket_count - 1)) == 0;
}

void seen_digest(const struct seen *s, size_t bucket_count, uint64_t *out)
{
  size_t width = SEEN_BUCKETS / bucket_count;
  for (size_t bucket = 0; bucket < bucket_count; bucket++) {
    out[bucket] = 0;
    for (size_t i = 0; i < width; i++)
      out[bucket] += s->sums[bucket * width + i];
  }
}

int seen_difference(const struct seen *s, size_t bucket_count, const uint64_t *theirs,
                    struct bytes *out, size_t *count)
{
  uint64_t ours[SEEN_BUCKETS];
  seen_digest(s, bucket_count, ours);
  size_t differing = 0;
  for (size_t bucket = 0; bucket < bucket_count; bucket++)
    differing += ours[bucket] != theirs[bucket];
  *count = 0;
  if (differing == 0)
    return 0;
  size_t before = out->length;
  size_t width = SEEN_BUCKETS / bucket_count;
  for (size_t i = 0; i < s->count; i++) {
    size_t bucket = (size_t)(s->entries[i].hash >> (64 - BUCKET_BITS)) / width;
    if (ours[bucket] == theirs[bucket])
      continue;
    if ((*count > 0 && bytes_append_byte(out, ',') != 0) ||
        bytes_append_slice(out, text_between(s, i, i + 1)) != 0) {
      out->length = before;
      return -1;
    }
    ++*count;
  }
  return 0;
}
