/* Keys are found by hash in a map; the few that have one hash are linked. All keys
 * are linked too, since a map cannot be iterated. The map is changed last, so out
 * of memory leaves no key without an entry, a committed or a start offset. */
#include "store/log.h"

#include "base/hash.h"
#include "base/map.h"
#include "store/log_tree.h"

#include <stdlib.h>
#include <string.h>

struct key {
  struct key *same_hash;
  struct key *previous; /* the one that came before it */
  struct log_tree entries;
  int64_t committed; /* -1: none */
  int64_t start;
  size_t length;
  char name[];
};

struct log {
  struct map keys; /* by hash, the key that came last of those that have it */
  struct key *newest;
  size_t key_count;
  size_t total;
  struct budget *budget;
};

struct log *log_new(struct budget *budget)
{
  struct log *l = budget_zeroed(budget, sizeof *l);
  if (l != NULL)
    l->budget = l->keys.budget = budget;
  return l;
}

static size_t key_bytes(size_t name_length)
{
  return sizeof(struct key) + name_length;
}

static void free_key(struct log *l, struct key *k)
{
  log_tree_free(&k->entries);
  budget_free(l->budget, k, key_bytes(k->length));
}

void log_free(struct log *l)
{
  if (l == NULL)
    return;
  struct key *previous;
  for (struct key *k = l->newest; k != NULL; k = previous) {
    previous = k->previous;
    free_key(l, k);
  }
  map_free(&l->keys);
  budget_free(l->budget, l, sizeof *l);
}

/* -- Keys */

static struct slice name_of(const struct key *k)
{
  return (struct slice){k->name, k->length};
}

static uint64_t hash_of(struct slice name)
{
  return hash_bytes(name.data, name.length, 0);
}

/* NULL if there is none. */
static struct key *find_key(const struct log *l, struct slice name)
{
  struct key *k = map_get(&l->keys, hash_of(name));
  while (k != NULL && !slice_equal(name_of(k), name))
    k = k->same_hash;
  return k;
}

static int64_t last_of(const struct key *k)
{
  int64_t last = log_tree_last(&k->entries);
  return last >= k->start ? last : k->start - 1;
}

/* A key that the log does not have yet, or NULL on out of memory. */
static struct key *new_key(struct log *l, struct slice name)
{
  struct key *k = budget_zeroed(l->budget, key_bytes(name.length));
  if (k == NULL)
    return NULL;
  k->entries.cost.budget = l->budget;
  k->committed = -1;
  k->length = name.length;
  if (name.length > 0)
    memcpy(k->name, name.data, name.length);
  return k;
}

/* Takes a new key into the log. Returns 0, or -1 on out of memory, and then the key
 * is freed. */
static int take_key(struct log *l, struct key *k)
{
  uint64_t hash = hash_of(name_of(k));
  k->same_hash = map_get(&l->keys, hash);
  k->previous = l->newest;
  if (map_set(&l->keys, hash, k) != 0) {
    free_key(l, k);
    return -1;
  }
  l->newest = k;
  l->key_count++;
  return 0;
}

size_t log_key_count(const struct log *l)
{
  return l->key_count;
}

void log_keys(const struct log *l, struct slice *out)
{
  size_t count = 0;
  for (const struct key *k = l->newest; k != NULL; k = k->previous)
    out[count++] = name_of(k);
  qsort(out, count, sizeof *out, slice_compare);
}

/* -- Entries */

_Static_assert((int)LOG_NO_MEMORY == -1 && (int)LOG_CONFLICT == (int)LOG_TREE_CONFLICT,
               "results of the tree are ours");

/* Inserts into a key, or where it is NULL into a new one of this name. */
static int insert(struct log *l, struct key *k, struct slice name, int64_t offset,
                  struct slice value)
{
  int result;
  if (k != NULL) {
    if (offset < k->start)
      return 0;
    result = log_tree_insert(&k->entries, offset, value);
  } else {
    k = new_key(l, name);
    if (k == NULL)
      return LOG_NO_MEMORY;
    result = log_tree_insert(&k->entries, offset, value);
    if (result < 0)
      free_key(l, k);
    else if (take_key(l, k) != 0)
      return LOG_NO_MEMORY;
  }
  l->total += result == 1;
  return result;
}

int log_insert(struct log *l, struct slice key, int64_t offset, struct slice value)
{
  return insert(l, find_key(l, key), key, offset, value);
}

int64_t log_append(struct log *l, struct slice key, struct slice value)
{
  struct key *k = find_key(l, key);
  int64_t last = k == NULL ? -1 : last_of(k);
  if (last == LOG_OFFSET_MAX)
    return LOG_FULL;
  return insert(l, k, key, last + 1, value) == 1 ? last + 1 : LOG_NO_MEMORY;
}

int64_t log_last(const struct log *l, struct slice key)
{
  const struct key *k = find_key(l, key);
  return k == NULL ? -1 : last_of(k);
}

size_t log_count(const struct log *l, struct slice key)
{
  const struct key *k = find_key(l, key);
  return k == NULL ? 0 : k->entries.count;
}

size_t log_total(const struct log *l)
{
  return l->total;
}

/* -- Reading */

struct log_range log_find(const struct log *l, struct slice key, int64_t from, int64_t below,
                          size_t max)
{
  struct log_range r = {.next = from};
  const struct key *k = find_key(l, key);
  size_t i = 0;
  const struct log_page *p = k == NULL ? NULL : log_tree_seek(&k->entries, from, &i);
  r.page = p;
  r.at = i;
  for (; p != NULL && r.count < max; p = p->next, i = 0) {
    size_t end = p->count - i > max - r.count ? i + (max - r.count) : p->count;
    if (log_page_offset(p, end - 1) >= below)
      end = log_page_find(p, below);
    if (end <= i)
      break;
    r.count += end - i;
    r.length += log_page_text(p, i, end).length;
    r.next = log_page_offset(p, end - 1) + 1;
  }
  r.length -= r.count > 0; /* the last comma */
  return r;
}

void log_copy(const struct log_range *range, char *out)
{
  const struct log_page *p = range->page;
  size_t left = range->length;
  for (size_t i = range->at; left > 0; p = p->next, i = 0) {
    struct slice text = log_page_text(p, i, p->count);
    size_t length = text.length < left ? text.length : left;
    memcpy(out, text.data, length);
    out += length;
    left -= length;
  }
}

/* -- Committed and start offsets */

/* Finds a key, or makes it; NULL on out of memory. */
static struct key *need_key(struct log *l, struct slice name)
{
  struct key *k = find_key(l, name);
  if (k != NULL)
    return k;
  k = new_key(l, name);
  return k != NULL && take_key(l, k) == 0 ? k : NULL;
}

int64_t log_commit(struct log *l, struct slice key, int64_t offset)
{
  struct key *k = need_key(l, key);
  if (k == NULL)
    return LOG_NO_MEMORY;
  if (offset > k->committed)
    k->committed = offset;
  return k->committed;
}

int64_t log_committed(const struct log *l, struct slice key)
{
  const struct key *k = find_key(l, key);
  return k == NULL ? -1 : k->committed;
}

int64_t log_trim(struct log *l, struct slice key, int64_t start, struct log_trimmed *trimmed)
{
  *trimmed = (struct log_trimmed){0};
  if (start <= log_start(l, key))
    return log_start(l, key);
  struct key *k = need_key(l, key);
  if (k == NULL)
    return LOG_NO_MEMORY;
  trimmed->count = log_tree_drop(&k->entries, start, &trimmed->bytes);
  l->total -= trimmed->count;
  return k->start = start;
}

int64_t log_start(const struct log *l, struct slice key)
{
  const struct key *k = find_key(l, key);
  return k == NULL ? 0 : k->start;
}

/* -- What it costs */

struct log_cost log_cost(const struct log *l)
{
  size_t slot_bytes = sizeof(uint64_t) + sizeof(void *); /* of the map */
  struct log_cost cost = {.bytes = sizeof *l + l->keys.capacity * slot_bytes};
  for (const struct key *k = l->newest; k != NULL; k = k->previous) {
    cost.bytes += key_bytes(k->length) + log_tree_bytes(&k->entries);
    cost.moved_bytes += k->entries.cost.moved_bytes;
  }
  return cost;
}
