/* Free blocks are kept in lists by size, eight to each power of two, with a bit for each list that is
 * not empty; the block for a request is the first of its own list if that is large enough, or else
 * the first of the next list that has one, and what is left of it is free again. Neighbours that
 * are free become one. This is the two-level segregated fit of Masmano, Ripoll, Crespo and Real
 * ("TLSF: a new dynamic memory allocator for real-time systems", 2004).
 *
 * Before each block is a head with its size and that of the block before it. Behind the last block
 * in use there is no free one: the rest of the arena begins there.
 *
 *     base                    top        usable           reserved
 *     | struct arena | blocks | the rest | no access, yet |
 */
#include "base/arena.h"

#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#if SIZE_MAX > UINT32_MAX && !ARENA_IS_OFF

#define ALIGNMENT ((size_t)1 << 32)
#define MOST_BYTES ((size_t)1 << 46)

enum {
  ROOM = 4,              /* times what is asked for is reserved: blocks leave gaps */
  PAGE_BYTES = 64 << 10, /* or a divisor of it */
  FIRST_BYTES = 512 << 10,
  COLORS = 64,             /* first by where blocks begin behind the base, */
  COLOR_BYTES = 4096 + 64, /* at another page, and in that at another line of the cache; */
  SHIFTS = 16,             /* then by where the base is, */
  SHIFT_BYTES = (16 << 20) + PAGE_BYTES, /* so that tables of pages use another line each */
  GROWTH_MOST_BYTES = 16 << 20,          /* that becomes usable at once beyond what is wanted */
  SPARES = 64,                           /* arenas that may stay when they are freed, each */
  SPARE_MOST_BYTES = 2 << 20,            /* with at most so many bytes of memory */
  LEAST_BYTES = 32, /* of a block with its head: when it is free its links are in it */
  LEAST_LOG2 = 5,
  LIST_BITS = 3, /* of the size, behind its first one, tell the list */
  LISTS = (46 - LEAST_LOG2 + 1) << LIST_BITS
};

struct block {
  size_t before_bytes;           /* size of the block before it; 0: it is the first */
  size_t bytes;                  /* with this head; and IS_FREE */
  struct block *next, *previous; /* in its list, when it is free */
};

enum { HEAD_BYTES = offsetof(struct block, next), IS_FREE = 1 };

_Static_assert(HEAD_BYTES % ARENA_STEP_BYTES == 0, "blocks are aligned as their heads are");

struct arena {
  size_t reserved_bytes, usable_bytes;
  struct block *top; /* the next block behind all others; its head may not be usable yet */
  size_t last_bytes; /* of the block before top; 0: there is none */
  uint64_t is_there[(LISTS + 63) / 64];
  struct block *lists[LISTS];
};

static size_t round_up(size_t bytes, size_t step)
{
  return (bytes + step - 1) / step * step;
}

static struct block *at(struct block *b, size_t bytes)
{
  return (struct block *)((char *)b + bytes);
}

static struct block *head_of(void *block)
{
  return (struct block *)((char *)block - HEAD_BYTES);
}

static void *body_of(struct block *b)
{
  return (char *)b + HEAD_BYTES;
}

/* --- the system's memory ------------------------------------------------- */

/* Reserves so many bytes of addresses, that begin so far behind an aligned one. */
static void *reserve(size_t bytes, size_t shift)
{
  char *all =
    mmap(NULL, bytes + ALIGNMENT, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (all == MAP_FAILED)
    return NULL;
  size_t before = (size_t)((shift - (uintptr_t)all) % ALIGNMENT);
  if (before > 0)
    (void)munmap(all, before);
  (void)munmap(all + before + bytes, ALIGNMENT - before);
  return all + before;
}

/* Sees to it that the first `bytes` of the arena can be used. */
static int make_usable(struct arena *a, size_t bytes)
{
  if (bytes <= a->usable_bytes)
    return 0;
  size_t most = a->reserved_bytes - a->usable_bytes, growth = a->usable_bytes;
  if (bytes - a->usable_bytes > most)
    return -1;
  if (growth > GROWTH_MOST_BYTES)
    growth = GROWTH_MOST_BYTES;
  if (growth < bytes - a->usable_bytes)
    growth = round_up(bytes - a->usable_bytes, PAGE_BYTES);
  if (growth > most)
    growth = most;
  if (mprotect((char *)a + a->usable_bytes, growth, PROT_READ | PROT_WRITE) != 0)
    return -1;
  a->usable_bytes += growth;
  return 0;
}

/* The memory of a large block that is given back, but for its first and last page. */
static void return_pages(struct block *b)
{
  uintptr_t from = round_up((uintptr_t)(b + 1), PAGE_BYTES);
  uintptr_t to = ((uintptr_t)b + b->bytes) / PAGE_BYTES * PAGE_BYTES;
  (void)madvise((void *)from, to - from, MADV_DONTNEED);
}

/* A sweep over seeds makes thousands of worlds one after the other, and the system takes longer to
 * give memory, and to clear it, than a small node to start. So some small arenas of those freed
 * stay. What is in them does not matter to the next. */
static _Atomic(struct arena *) spares[SPARES];

/* Returns whether it is kept. */
static int keep_as_spare(struct arena *a)
{
  if (a->usable_bytes > SPARE_MOST_BYTES)
    return 0;
  for (size_t i = 0; i < SPARES; i++) {
    struct arena *none = NULL;
    if (atomic_compare_exchange_strong(&spares[i], &none, a))
      return 1;
  }
  return 0;
}

/* One that has just this size and shift, or NULL. */
static struct arena *take_spare(size_t reserved_bytes, size_t shift)
{
  for (size_t i = 0; i < SPARES; i++) {
    struct arena *a = atomic_exchange(&spares[i], NULL);
    if (a == NULL)
      continue;
    if (a->reserved_bytes == reserved_bytes && (uintptr_t)a % ALIGNMENT == shift)
      return a;
    if (!keep_as_spare(a)) /* another thread has filled its place */
      (void)munmap(a, a->reserved_bytes);
  }
  return NULL;
}

static struct arena *new_arena(size_t most_bytes, unsigned color)
{
  if (most_bytes > MOST_BYTES / ROOM)
    return NULL;
  size_t reserved_bytes = round_up(ROOM * most_bytes, ALIGNMENT), usable_bytes = FIRST_BYTES;
  size_t shift = color / COLORS % SHIFTS * SHIFT_BYTES;
  struct arena *a = take_spare(reserved_bytes, shift);
  if (a != NULL) {
    usable_bytes = a->usable_bytes;
  } else if ((a = reserve(reserved_bytes, shift)) == NULL) {
    return NULL;
  } else if (mprotect(a, FIRST_BYTES, PROT_READ | PROT_WRITE) != 0) {
    (void)munmap(a, reserved_bytes);
    return NULL;
  }
  memset(a, 0, sizeof *a);
  a->reserved_bytes = reserved_bytes;
  a->usable_bytes = usable_bytes;
  size_t start = round_up(sizeof *a, ARENA_STEP_BYTES) + color % COLORS * COLOR_BYTES;
  a->top = (struct block *)(void *)((char *)a + start);
  return a;
}

void arena_free(struct arena *a)
{
  if (a != NULL && !keep_as_spare(a))
    (void)munmap(a, a->reserved_bytes);
}

/* --- the lists ----------------------------------------------------------- */

static unsigned log2_of(size_t bytes)
{
  unsigned log2 = 0;
  for (unsigned half = 32; half > 0; half /= 2)
    if (bytes >> half != 0) {
      bytes >>= half;
      log2 += half;
    }
  return log2;
}

static unsigned list_of(size_t bytes)
{
  unsigned log2 = log2_of(bytes);
  unsigned rest = (unsigned)(bytes >> (log2 - LIST_BITS)) & ((1u << LIST_BITS) - 1);
  return (log2 - LEAST_LOG2) << LIST_BITS | rest;
}

static void put_in_list(struct arena *a, struct block *b)
{
  unsigned i = list_of(b->bytes);
  b->next = a->lists[i];
  b->previous = NULL;
  if (b->next != NULL)
    b->next->previous = b;
  a->lists[i] = b;
  a->is_there[i / 64] |= (uint64_t)1 << i % 64;
  b->bytes |= IS_FREE;
}

static void take_from_list(struct arena *a, struct block *b)
{
  b->bytes &= ~(size_t)IS_FREE;
  unsigned i = list_of(b->bytes);
  if (b->next != NULL)
    b->next->previous = b->previous;
  if (b->previous != NULL)
    b->previous->next = b->next;
  else if ((a->lists[i] = b->next) == NULL)
    a->is_there[i / 64] &= ~((uint64_t)1 << i % 64);
}

/* A free block of at least this size, or NULL. */
static struct block *find(const struct arena *a, size_t bytes)
{
  unsigned i = list_of(bytes);
  if (a->lists[i] != NULL && a->lists[i]->bytes >= bytes)
    return a->lists[i];
  i++; /* all in the lists from here on are large enough */
  for (unsigned word = i / 64; word < sizeof a->is_there / sizeof *a->is_there; word++) {
    uint64_t bits = a->is_there[word];
    if (word == i / 64)
      bits &= UINT64_MAX << i % 64;
    if (bits != 0)
      return a->lists[64 * word + log2_of(bits & -bits)];
  }
  return NULL;
}

/* --- blocks -------------------------------------------------------------- */

/* Tells what is behind the block, which is not free, how large it is. */
static void tell_next(struct arena *a, struct block *b)
{
  struct block *next = at(b, b->bytes);
  if (next == a->top)
    a->last_bytes = b->bytes;
  else
    next->before_bytes = b->bytes;
}

/* Makes a block that nobody has free. */
static void release(struct arena *a, struct block *b)
{
  struct block *next = at(b, b->bytes);
  if (next != a->top && (next->bytes & IS_FREE) != 0) {
    take_from_list(a, next);
    b->bytes += next->bytes;
  }
  struct block *before = (struct block *)(void *)((char *)b - b->before_bytes);
  if (b->before_bytes != 0 && (before->bytes & IS_FREE) != 0) {
    take_from_list(a, before);
    before->bytes += b->bytes;
    b = before;
  }
  if (at(b, b->bytes) == a->top) {
    a->top = b;
    a->last_bytes = b->before_bytes;
    return;
  }
  tell_next(a, b);
  put_in_list(a, b);
}

/* Leaves the block so large, and makes the rest free. */
static void cut(struct arena *a, struct block *b, size_t bytes)
{
  size_t rest_bytes = b->bytes - bytes;
  if (rest_bytes >= LEAST_BYTES) {
    b->bytes = bytes;
    struct block *rest = at(b, bytes);
    rest->before_bytes = bytes;
    rest->bytes = rest_bytes;
    tell_next(a, rest);
    release(a, rest);
  }
}

/* Of a block for a request; or 0 when there can be none. */
static size_t bytes_for(size_t bytes)
{
  if (bytes > MOST_BYTES)
    return 0;
  bytes = round_up(bytes + HEAD_BYTES, ARENA_STEP_BYTES);
  return bytes < LEAST_BYTES ? LEAST_BYTES : bytes;
}

void *arena_take(struct arena *a, size_t bytes)
{
  size_t wanted = bytes_for(bytes);
  if (wanted == 0)
    return NULL;
  struct block *b = find(a, wanted);
  if (b != NULL) {
    take_from_list(a, b);
    cut(a, b, wanted);
    return body_of(b);
  }
  b = a->top;
  if (make_usable(a, (size_t)((char *)b - (char *)a) + wanted) != 0)
    return NULL;
  b->before_bytes = a->last_bytes;
  b->bytes = a->last_bytes = wanted;
  a->top = at(b, wanted);
  return body_of(b);
}

/* Makes a block larger where it is. Returns whether that can be. */
static int extend(struct arena *a, struct block *b, size_t wanted)
{
  struct block *next = at(b, b->bytes);
  if (next == a->top) {
    if (make_usable(a, (size_t)((char *)b - (char *)a) + wanted) != 0)
      return 0;
    b->bytes = a->last_bytes = wanted;
    a->top = at(b, wanted);
    return 1;
  }
  if ((next->bytes & IS_FREE) == 0 || b->bytes + (next->bytes & ~(size_t)IS_FREE) < wanted)
    return 0;
  take_from_list(a, next);
  b->bytes += next->bytes;
  tell_next(a, b);
  cut(a, b, wanted);
  return 1;
}

void *arena_resize(struct arena *a, void *block, size_t bytes)
{
  struct block *b = head_of(block);
  size_t wanted = bytes_for(bytes);
  if (wanted == 0)
    return NULL;
  if (wanted <= b->bytes) {
    cut(a, b, wanted);
    return block;
  }
  if (extend(a, b, wanted))
    return block;
  void *moved = arena_take(a, bytes);
  if (moved == NULL)
    return NULL;
  memcpy(moved, block, b->bytes - HEAD_BYTES);
  arena_give(a, block);
  return moved;
}

void arena_give(struct arena *a, void *block)
{
  struct block *b = head_of(block);
  if (b->bytes >= ARENA_RETURN_BYTES)
    return_pages(b);
  release(a, b);
}

size_t arena_offset(const struct arena *a, const void *address)
{
  uintptr_t offset = (uintptr_t)address - (uintptr_t)a;
  return offset < a->reserved_bytes ? offset : 0;
}

#else /* no arenas here */

static struct arena *new_arena(size_t most_bytes, unsigned color)
{
  (void)most_bytes;
  (void)color;
  return NULL;
}

void arena_free(struct arena *a)
{
  (void)a;
}

void *arena_take(struct arena *a, size_t bytes)
{
  (void)a;
  (void)bytes;
  return NULL;
}

void *arena_resize(struct arena *a, void *block, size_t bytes)
{
  (void)a;
  (void)block;
  (void)bytes;
  return NULL;
}

void arena_give(struct arena *a, void *block)
{
  (void)a;
  (void)block;
}

size_t arena_offset(const struct arena *a, const void *address)
{
  (void)a;
  (void)address;
  return 0;
}

#endif

static atomic_int was_refused;

struct arena *arena_new(size_t most_bytes, unsigned color)
{
  struct arena *a = new_arena(most_bytes, color);
  if (a == NULL && !ARENA_IS_OFF)
    atomic_store_explicit(&was_refused, 1, memory_order_relaxed);
  return a;
}

int arena_was_refused(void)
{
  return atomic_load_explicit(&was_refused, memory_order_relaxed);
}
