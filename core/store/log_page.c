#include "store/log_page.h"

#include "wire/number.h"

#include <string.h>

/* "[" and "," around the offset, "]" and "," behind the value. */
enum { PUNCTUATION = 4, FIRST_BYTES = 32, STEP_BYTES = LOG_PAGE_BYTES / 4 };

_Static_assert(LOG_PAGE_BYTES <= UINT16_MAX, "a start is 16 bits");

/* An entry before it is in a page. */
struct text {
  char digits[NUMBER_INT_MAX];
  size_t digit_count;
  struct slice value;
};

static struct text text_of(int64_t offset, struct slice value)
{
  struct text t = {.value = value};
  t.digit_count = number_write_int(t.digits, offset);
  return t;
}

static size_t length_of(const struct text *t)
{
  return t->digit_count + t->value.length + PUNCTUATION;
}

static void write_text(char *out, const struct text *t)
{
  *out++ = '[';
  memcpy(out, t->digits, t->digit_count);
  out += t->digit_count;
  *out++ = ',';
  memcpy(out, t->value.data, t->value.length);
  out += t->value.length;
  *out++ = ']';
  *out = ',';
}

/* Behind the last byte of the block: entry i starts at starts_end(p)[-1 - i]. */
static uint16_t *starts_end(const struct log_page *p)
{
  return (uint16_t *)(void *)(p->block + p->capacity);
}

static size_t start_of(const struct log_page *p, size_t i)
{
  return i == p->count ? p->length : *(starts_end(p) - 1 - i);
}

static size_t bytes_for(size_t length, size_t count)
{
  return length + count * sizeof(uint16_t);
}

static struct log_page *new_page(size_t needed, struct log_page_cost *cost)
{
  struct log_page *p = budget_zeroed(cost->budget, sizeof *p);
  if (p == NULL)
    return NULL;
  p->capacity = needed < FIRST_BYTES ? FIRST_BYTES : needed + needed % 2;
  p->block = budget_resize(cost->budget, NULL, 0, p->capacity);
  if (p->block == NULL) {
    budget_free(cost->budget, p, sizeof *p);
    return NULL;
  }
  return p;
}

struct log_page *log_page_new(int64_t offset, struct slice value, struct log_page_cost *cost)
{
  struct text t = text_of(offset, value);
  return new_page(bytes_for(length_of(&t), 1), cost);
}

void log_page_free(struct log_page *p, struct log_page_cost *cost)
{
  if (p == NULL)
    return;
  budget_free(cost->budget, p->block, p->capacity);
  budget_free(cost->budget, p, sizeof *p);
}

/* Gives the page a block of `capacity`, which is enough. Returns 0, or -1 on out of
 * memory, and then the page is unchanged. */
static int resize(struct log_page *p, size_t capacity, struct log_page_cost *cost)
{
  char *block = budget_resize(cost->budget, NULL, 0, capacity);
  if (block == NULL)
    return -1;
  size_t index_bytes = bytes_for(0, p->count);
  memcpy(block, p->block, p->length);
  memcpy(block + capacity - index_bytes, p->block + p->capacity - index_bytes, index_bytes);
  cost->moved_bytes += p->length + index_bytes;
  budget_free(cost->budget, p->block, p->capacity);
  p->block = block;
  p->capacity = capacity;
  return 0;
}

/* Makes the block large enough for `needed` bytes. As resize. */
static int reserve(struct log_page *p, size_t needed, struct log_page_cost *cost)
{
  if (needed <= p->capacity)
    return 0;
  size_t more = p->capacity < STEP_BYTES ? p->capacity : STEP_BYTES;
  size_t capacity = p->capacity + more < LOG_PAGE_BYTES ? p->capacity + more : LOG_PAGE_BYTES;
  return resize(p, capacity < needed ? needed + needed % 2 : capacity, cost);
}

int log_page_put(struct log_page *p, size_t i, int64_t offset, struct slice value,
                 struct log_page_cost *cost)
{
  struct text t = text_of(offset, value);
  size_t added = length_of(&t);
  size_t needed = bytes_for(p->length + added, p->count + 1);
  if (p->count > 0 && needed > LOG_PAGE_BYTES)
    return 0;
  if (reserve(p, needed, cost) != 0)
    return -1;
  size_t start = start_of(p, i), behind = p->length - start;
  memmove(p->block + start + added, p->block + start, behind);
  write_text(p->block + start, &t);
  /* The starts lie from the back, so those behind i are below it, and move down. */
  uint16_t *end = starts_end(p);
  for (size_t k = p->count; k > i; k--)
    *(end - 1 - k) = (uint16_t)(*(end - k) + added);
  *(end - 1 - i) = (uint16_t)start;
  cost->moved_bytes += behind + (p->count - i) * sizeof *end;
  p->length += added;
  p->count++;
  return 1;
}

/* Copies the entries from number `at` on to the end of an empty page with room for
 * them, and forgets them here. */
static void move_entries(struct log_page *p, size_t at, struct log_page *right)
{
  struct slice text = log_page_text(p, at, p->count);
  size_t start = start_of(p, at);
  memcpy(right->block, text.data, text.length);
  for (size_t i = at; i < p->count; i++)
    *(starts_end(right) - 1 - (i - at)) = (uint16_t)(start_of(p, i) - start);
  right->length = text.length;
  right->count = p->count - at;
  p->length = start;
  p->count = at;
}

struct log_page *log_page_split(struct log_page *p, size_t at, int64_t offset, struct slice value,
                                struct log_page_cost *cost)
{
  size_t bytes = bytes_for(log_page_text(p, at, p->count).length, p->count - at);
  int is_half = at > 0 && at < p->count;
  struct log_page *right = is_half ? new_page(bytes, cost) : log_page_new(offset, value, cost);
  if (right == NULL)
    return NULL;
  if (at == 0) {
    struct log_page empty = *right;
    *right = *p;
    *p = empty;
  } else {
    move_entries(p, at, right);
    cost->moved_bytes += bytes;
    right->next = p->next;
    size_t used = bytes_for(p->length, p->count);
    if (p->capacity - used > STEP_BYTES)
      (void)resize(p, used + used % 2, cost); /* without memory it stays large */
  }
  p->next = right;
  return right;
}

void log_page_drop(struct log_page *p, size_t count, struct log_page_cost *cost)
{
  size_t start = start_of(p, count);
  uint16_t *end = starts_end(p);
  for (size_t i = count; i < p->count; i++)
    *(end - 1 - (i - count)) = (uint16_t)(*(end - 1 - i) - start);
  memmove(p->block, p->block + start, p->length - start);
  p->length -= start;
  p->count -= count;
  cost->moved_bytes += p->length + bytes_for(0, p->count);
}

size_t log_page_middle(const struct log_page *p)
{
  size_t low = 1, high = p->count - 1;
  while (low < high) {
    size_t i = low + (high - low) / 2;
    if (start_of(p, i) < p->length / 2)
      low = i + 1;
    else
      high = i;
  }
  return low;
}

/* Reads an offset and returns what is behind it. */
static const char *read_offset(const char *digits, int64_t *offset)
{
  uint64_t value = 0;
  unsigned digit;
  for (; (digit = (unsigned char)*digits - (unsigned)'0') < 10; digits++)
    value = value * 10 + digit;
  *offset = (int64_t)value;
  return digits;
}

int64_t log_page_offset(const struct log_page *p, size_t i)
{
  int64_t offset;
  (void)read_offset(p->block + start_of(p, i) + 1, &offset);
  return offset;
}

struct slice log_page_value(const struct log_page *p, size_t i)
{
  int64_t offset;
  const char *value = read_offset(p->block + start_of(p, i) + 1, &offset) + 1;
  const char *end = p->block + start_of(p, i + 1) - 2;
  return (struct slice){value, (size_t)(end - value)};
}

size_t log_page_find(const struct log_page *p, int64_t offset)
{
  size_t low = 0, high = p->count;
  while (low < high) {
    size_t i = low + (high - low) / 2;
    if (log_page_offset(p, i) < offset)
      low = i + 1;
    else
      high = i;
  }
  return low;
}

struct slice log_page_text(const struct log_page *p, size_t from, size_t to)
{
  size_t start = start_of(p, from);
  return (struct slice){p->block + start, start_of(p, to) - start};
}
