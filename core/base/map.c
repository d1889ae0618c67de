#include "base/map.h"

#include "base/hash.h"

struct map_slot {
  uint64_t key;
  void *value; /* NULL: empty */
};

static size_t slots_bytes(size_t capacity)
{
  return capacity * sizeof(struct map_slot);
}

void map_free(struct map *m)
{
  budget_free(m->budget, m->slots, slots_bytes(m->capacity));
  *m = (struct map){.budget = m->budget};
}

/* The slot that holds the key, or the empty one where it would go. */
static struct map_slot *find(const struct map *m, uint64_t key)
{
  size_t mask = m->capacity - 1;
  size_t i = (size_t)hash_u64(key) & mask;
  while (m->slots[i].value != NULL && m->slots[i].key != key)
    i = (i + 1) & mask;
  return &m->slots[i];
}

static int grow(struct map *m)
{
  struct map larger = *m;
  larger.capacity = m->capacity == 0 ? 16 : m->capacity * 2;
  larger.slots = budget_zeroed(m->budget, slots_bytes(larger.capacity));
  if (larger.slots == NULL)
    return -1;
  for (size_t i = 0; i < m->capacity; i++)
    if (m->slots[i].value != NULL)
      *find(&larger, m->slots[i].key) = m->slots[i];
  budget_free(m->budget, m->slots, slots_bytes(m->capacity));
  *m = larger;
  return 0;
}

int map_set(struct map *m, uint64_t key, void *value)
{
  if (m->count * 4 >= m->capacity * 3 && grow(m) != 0)
    return -1;
  struct map_slot *slot = find(m, key);
  if (slot->value == NULL)
    m->count++;
  *slot = (struct map_slot){key, value};
  return 0;
}

void *map_get(const struct map *m, uint64_t key)
{
  return m->capacity == 0 ? NULL : find(m, key)->value;
}

void *map_remove(struct map *m, uint64_t key)
{
  if (m->capacity == 0)
    return NULL;
  struct map_slot *slot = find(m, key);
  void *removed = slot->value;
  if (removed == NULL)
    return NULL;
  m->count--;
  size_t mask = m->capacity - 1;
  size_t hole = (size_t)(slot - m->slots);
  for (size_t i = (hole + 1) & mask; m->slots[i].value != NULL; i = (i + 1) & mask) {
    size_t home = (size_t)hash_u64(m->slots[i].key) & mask;
    /* An entry may fill the hole unless its home lies behind the hole. */
    if (((i - home) & mask) >= ((i - hole) & mask)) {
      m->slots[hole] = m->slots[i];
      hole = i;
    }
  }
  m->slots[hole].value = NULL;
  return removed;
}
