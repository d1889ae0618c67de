/* Logs that are filled in many orders: compared with an array, and what that costs. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/rng.h"
#include "log_helpers.h"
#include "wire/number.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- Random operations, compared with an array of what is at each offset. */

enum { KEYS = 3, OFFSETS = 3000, VALUE_MAX = 6000 };

struct model {
  int values[OFFSETS]; /* by offset: the number of its value, or 0 */
  int64_t last, committed, start;
  size_t count;
};

/* Value number n: mostly short, some a good part of a page, a few larger than one. */
static struct slice value_text(int n, char *text)
{
  int length = n % 101 == 0 ? 5000 : n % 17 == 0 ? 700 : 1;
  return (struct slice){text, (size_t)snprintf(text, VALUE_MAX, "\"%0*d\"", length, n)};
}

static void append_entry(struct bytes *out, size_t offset, int n)
{
  char text[VALUE_MAX], head[32];
  struct slice value = value_text(n, text);
  (void)snprintf(head, sizeof head, "%s[%zu,", out->length == 0 ? "" : ",", offset);
  assert_int_equal(bytes_append_slice(out, slice_of(head)), 0);
  assert_int_equal(bytes_append_slice(out, value), 0);
  assert_int_equal(bytes_append_byte(out, ']'), 0);
}

static void check_read(const struct log *l, const struct model *m, const char *key, struct rng *r)
{
  int64_t from = (int64_t)rng_below(r, OFFSETS + 10);
  int64_t below = rng_below(r, 2) == 0 ? INT64_MAX : from + (int64_t)rng_below(r, 500) - 10;
  size_t max = rng_below(r, 2) == 0 ? SIZE_MAX : (size_t)rng_below(r, 300);
  struct bytes expected = {0};
  size_t count = 0;
  int64_t next = from;
  for (int64_t offset = from; offset < OFFSETS && offset < below && count < max; offset++) {
    if (m->values[offset] == 0)
      continue;
    append_entry(&expected, (size_t)offset, m->values[offset]);
    count++;
    next = offset + 1;
  }
  assert_int_equal(bytes_append_byte(&expected, '\0'), 0);
  assert_read(l, key, from, below, max, expected.data, count, next);
  bytes_free(&expected);
}

/* Where an entry comes: at the end, somewhat late, or anywhere. */
static int64_t choose_offset(const struct model *m, struct rng *r)
{
  int64_t offset = (int64_t)rng_below(r, OFFSETS);
  if (rng_below(r, 4) > 0)
    offset = m->last + 3 - (int64_t)rng_below(r, 40);
  return offset < 0 ? 0 : offset >= OFFSETS ? OFFSETS - 1 : offset;
}

/* All below an offset goes: a little of it, or a lot. */
static void trim(struct log *l, struct model *m, const char *key, struct rng *r)
{
  struct log_trimmed trimmed;
  struct bytes gone = {0};
  size_t count = 0;
  int64_t start = rng_below(r, 3) == 0 ? choose_offset(m, r) : m->start + (int64_t)rng_below(r, 90);
  start = start < OFFSETS ? start : OFFSETS - 1;
  for (; m->start < start; m->start++) {
    int *value = &m->values[m->start];
    if (*value != 0)
      append_entry(&gone, (size_t)m->start, *value);
    count += *value != 0;
    *value = 0;
  }
  m->count -= count;
  m->last = m->last < m->start - 1 ? m->start - 1 : m->last;
  assert_int_equal(log_trim(l, slice_of(key), start, &trimmed), m->start);
  assert_int_equal(trimmed.count, count);
  assert_int_equal(trimmed.bytes, gone.length + (count > 0)); /* with the last comma */
  bytes_free(&gone);
}

static void step(struct log *l, struct model *m, const char *key, struct rng *r)
{
  char text[VALUE_MAX];
  int64_t offset = choose_offset(m, r);
  int n = 1 + (int)rng_below(r, 1000);
  int known = m->values[offset];
  if (known != 0 && rng_below(r, 2) == 0)
    n = known;
  if (rng_below(r, 4) == 0 && m->last + 1 < OFFSETS) {
    offset = m->last + 1;
    known = 0;
    assert_int_equal(log_append(l, slice_of(key), value_text(n, text)), offset);
  } else {
    int expected = offset < m->start ? 0 : known == 0 ? 1 : known == n ? 0 : LOG_CONFLICT;
    assert_int_equal(log_insert(l, slice_of(key), offset, value_text(n, text)), expected);
    if (offset < m->start)
      return;
  }
  if (known == 0) {
    m->values[offset] = n;
    m->count++;
    m->last = offset > m->last ? offset : m->last;
  }
  if (rng_below(r, 8) == 0) {
    offset = choose_offset(m, r);
    m->committed = offset > m->committed ? offset : m->committed;
    assert_int_equal(log_commit(l, slice_of(key), offset), m->committed);
  }
  if (rng_below(r, 100) == 0)
    trim(l, m, key, r);
}

static void run_model(uint64_t seed)
{
  static const char *const keys[KEYS] = {"k1", "k2", ""};
  struct model *models = calloc(KEYS, sizeof *models);
  assert_non_null(models);
  for (size_t k = 0; k < KEYS; k++)
    models[k].last = models[k].committed = -1;
  struct rng r;
  rng_init(&r, seed, "log");
  struct log *l = log_new(NULL);
  for (int i = 0; i < 8000; i++) {
    size_t k = (size_t)rng_below(&r, KEYS);
    step(l, &models[k], keys[k], &r);
    assert_int_equal(log_last(l, slice_of(keys[k])), models[k].last);
    assert_int_equal(log_count(l, slice_of(keys[k])), models[k].count);
    assert_int_equal(log_committed(l, slice_of(keys[k])), models[k].committed);
    assert_int_equal(log_start(l, slice_of(keys[k])), models[k].start);
    if (i % 16 == 0)
      check_read(l, &models[k], keys[k], &r);
  }
  assert_int_equal(log_total(l), models[0].count + models[1].count + models[2].count);
  log_free(l);
  free(models);
}

static void behaves_like_an_array(void **state)
{
  (void)state;
  for (uint64_t seed = 1; seed <= 5; seed++) {
    print_message("log model: seed %u\n", (unsigned)seed);
    run_model(seed);
  }
}

/* -- A million entries in whatever order: counted is what it moved and what it takes. */

enum { MANY = 1 << 20, BATCH = 1000 };

/* The offset that comes as number i. Each is a permutation of 0 .. MANY - 1. */
typedef uint32_t order(uint32_t i);

static uint32_t in_order(uint32_t i)
{
  return i;
}

static uint32_t backwards(uint32_t i)
{
  return MANY - 1 - i;
}

static uint32_t anywhere(uint32_t i)
{
  return (uint32_t)(i * 2654435761u) % MANY; /* odd, so it has an inverse */
}

/* Three in four come at once; the others, spread over all, when all of those are there. */
static uint32_t a_quarter_late(uint32_t i)
{
  return i < MANY / 4 * 3 ? i / 3 * 4 + i % 3 : (i - MANY / 4 * 3) * 4 + 3;
}

/* The same, and the late ones come from the highest down. */
static uint32_t a_quarter_late_backwards(uint32_t i)
{
  return a_quarter_late(i < MANY / 4 * 3 ? i : MANY / 4 * 3 + MANY - 1 - i);
}

/* Four nodes hand out every fourth offset and send what they have in batches. */
static uint32_t batches_of_four_nodes(uint32_t i)
{
  uint32_t round = i / 1024, node = i % 1024 / 256, entry = i % 256;
  return round * 1024 + entry * 4 + node;
}

/* Each entry comes at most 32 places late or early. */
static uint32_t a_little_mixed_up(uint32_t i)
{
  return i / 64 * 64 + i * 37 % 64;
}

static uint64_t parse_offset(const char **p)
{
  uint64_t offset = 0;
  assert_int_equal(*(*p)++, '[');
  for (; **p != ','; ++*p)
    offset = offset * 10 + (uint64_t)(**p - '0');
  return offset;
}

/* Reads all in parts of BATCH entries, and finds each offset once, in order, with
 * its value. */
static void check_all(const struct log *l)
{
  static char text[BATCH * 64];
  int64_t from = 0;
  uint64_t expected = 0;
  for (;;) {
    struct log_range range = log_find(l, SLICE("k"), from, INT64_MAX, BATCH);
    if (range.count == 0)
      break;
    assert_true(range.length < sizeof text);
    log_copy(&range, text);
    text[range.length] = ',';
    const char *p = text;
    for (size_t i = 0; i < range.count; i++, expected++) {
      assert_true(parse_offset(&p) == expected + 5000000);
      char value[32];
      int length = snprintf(value, sizeof value, ",%" PRIu64 "],", expected + 1000000);
      assert_memory_equal(p, value, (size_t)length);
      p += length;
    }
    assert_ptr_equal(p, text + range.length + 1);
    from = range.next;
  }
  assert_int_equal(expected, MANY);
}

static struct log_cost fill(order *offset_of, const char *name)
{
  struct log *l = log_new(NULL);
  for (uint32_t i = 0; i < MANY; i++) {
    uint32_t offset = offset_of(i);
    char value[NUMBER_INT_MAX];
    size_t length = number_write_int(value, (int64_t)offset + 1000000);
    assert_true(
      log_insert(l, SLICE("k"), (int64_t)offset + 5000000, (struct slice){value, length}) == 1);
  }
  check_all(l);
  struct log_cost cost = log_cost(l);
  print_message("%s: %.2f bytes an entry, %.0f moved\n", name, (double)cost.bytes / MANY,
                (double)cost.moved_bytes / MANY);
  log_free(l);
  return cost;
}

/* An entry is 18 bytes of text: [5000000,1000000], */
static void a_million_entries_in_order(void **state)
{
  (void)state;
  struct log_cost cost = fill(in_order, "in order");
  assert_true(cost.bytes < 21 * (size_t)MANY);
  assert_true(cost.moved_bytes < 40 * (uint64_t)MANY);
}

static void a_million_entries_that_come_late(void **state)
{
  (void)state;
  static const struct {
    order *offset_of;
    const char *name;
    double bytes, moved_bytes; /* an entry, at most */
  } cases[] = {
    {a_little_mixed_up, "a little mixed up", 23.5, 600},
    {batches_of_four_nodes, "batches of four nodes", 22.5, 1500},
    {a_quarter_late, "a quarter late", 24, 600},
    {a_quarter_late_backwards, "a quarter late, backwards", 24, 700},
    {anywhere, "anywhere", 26, 2500},
    {backwards, "backwards", 22, 4000},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct log_cost cost = fill(cases[i].offset_of, cases[i].name);
    assert_true((double)cost.bytes < cases[i].bytes * MANY);
    assert_true((double)cost.moved_bytes < cases[i].moved_bytes * MANY);
    assert_true((double)cost.moved_bytes > cases[i].moved_bytes * MANY / 4); /* is counted */
  }
}

/* What is appended and trimmed takes no more memory in the end than what is left. */
static void a_window_over_a_million_entries(void **state)
{
  (void)state;
  enum { TOTAL = 1000000, WINDOW = 1000 };
  struct log *l = log_new(NULL);
  struct log_trimmed trimmed;
  size_t most = 0;
  for (int64_t i = 0; i < TOTAL; i++) {
    assert_int_equal(append(l, "k", "12345"), i);
    if (i % WINDOW == WINDOW - 1) {
      size_t bytes = log_cost(l).bytes;
      most = bytes > most ? bytes : most;
      assert_int_equal(log_trim(l, SLICE("k"), i + 1 - WINDOW, &trimmed), i + 1 - WINDOW);
    }
  }
  assert_int_equal(log_count(l, SLICE("k")), WINDOW);
  assert_true(most < (size_t)3 * WINDOW * 20);
  assert_int_equal(log_trim(l, SLICE("k"), TOTAL, &trimmed), TOTAL);
  assert_int_equal(trimmed.count, WINDOW);
  assert_true(log_cost(l).bytes < 430);
  assert_int_equal(append(l, "k", "1"), TOTAL);
  assert_read(l, "k", 0, INT64_MAX, SIZE_MAX, "[1000000,1]", 1, TOTAL + 1);
  log_free(l);
}

/* A tree of several levels that is cut anywhere is like one that never had what went. */
static void cuts_of_a_tall_tree(void **state)
{
  (void)state;
  enum { TOTAL = 400000 };
  for (int64_t start = 0; start <= TOTAL + 9000; start += 29000) {
    struct log *l = log_new(NULL), *other = log_new(NULL);
    struct log_trimmed trimmed;
    for (int64_t i = 0; i < TOTAL; i++)
      assert_int_equal(append(l, "k", "1234567890"), i);
    assert_int_equal(log_trim(l, SLICE("k"), start, &trimmed), start);
    assert_int_equal(log_trim(other, SLICE("k"), start, &trimmed), start);
    for (int64_t i = start; i < TOTAL; i++)
      assert_int_equal(insert(other, "k", i, "1234567890"), 1);
    for (int64_t i = TOTAL + 20000; i > TOTAL + 9000; i--)
      assert_true(insert(l, "k", i, "2") == 1 && insert(other, "k", i, "2") == 1);
    assert_true(same_logs(l, other));
    log_free(l);
    log_free(other);
  }
}

static void many_keys_take_little(void **state)
{
  (void)state;
  enum { MANY_KEYS = 100000 };
  struct log *l = log_new(NULL);
  for (int i = 0; i < 2 * MANY_KEYS; i++) {
    char key[32];
    (void)snprintf(key, sizeof key, "k%d", i % MANY_KEYS);
    assert_int_equal(append(l, key, "1234567"), i / MANY_KEYS);
  }
  assert_int_equal(log_key_count(l), MANY_KEYS);
  print_message("many keys: %.0f bytes a key\n", (double)log_cost(l).bytes / MANY_KEYS);
  assert_true(log_cost(l).bytes < 250 * (size_t)MANY_KEYS);
  log_free(l);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(behaves_like_an_array),
    cmocka_unit_test(a_million_entries_in_order),
    cmocka_unit_test(a_million_entries_that_come_late),
    cmocka_unit_test(a_window_over_a_million_entries),
    cmocka_unit_test(cuts_of_a_tall_tree),
    cmocka_unit_test(many_keys_take_little),
  };
  return cmocka_run_group_tests_name("log order", tests, NULL, NULL);
}
