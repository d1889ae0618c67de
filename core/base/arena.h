/* arena.h - memory whose addresses are the same in every run, but for where all of it begins.
 *
 * What somebody takes and gives back in the same order and sizes lies at the same distances from the
 * arena's base, whatever other arenas, other threads and the process before did. The low 32 bits of
 * their addresses are the same too: they are what Lua hashes of a table, a function or a coroutine
 * that is a key.
 *
 * Arenas that are in use together should not all have the same low bits, since the processor's caches
 * of memory and of page tables have few places for any of these: a thousand nodes were a fifth
 * slower. So each has a color, from which its low bits follow.
 *
 * Address space is cheap, and reserved for all that an arena may ever have; memory is taken from
 * the system as it is used, and given back when the arena is freed, but for that of a few small
 * arenas that the next ones get. A block of ARENA_RETURN_BYTES or more gives its memory back at
 * once, when it is given back itself.
 *
 * Not locked: an arena belongs to one thread at a time. */
#ifndef HEARSAY_BASE_ARENA_H
#define HEARSAY_BASE_ARENA_H

#include <stddef.h>

/* Sanitizers have uses of their own for most of the address space, and find more wrong uses of
 * memory that is malloc's: with them there are no arenas. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ARENA_IS_OFF 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) || \
  __has_feature(thread_sanitizer)
#define ARENA_IS_OFF 1
#endif
#endif
#ifndef ARENA_IS_OFF
#define ARENA_IS_OFF 0
#endif

/* The alignment of blocks. */
#define ARENA_STEP_BYTES 16

#define ARENA_RETURN_BYTES ((size_t)1 << 20)

struct arena;

/* Makes an arena for blocks of so many bytes in all, and some more for what lies unused between
 * them; their addresses follow from the color too, of which a few bits count. NULL when there is no address space for that: the system has 32 bits, or a limit (ulimit
 * -v), or arenas are off. */
struct arena *arena_new(size_t most_bytes, unsigned color);

/* Frees all blocks too. May be NULL. */
void arena_free(struct arena *a);

/* As malloc, realloc and free, but that sizes are not 0 and blocks not NULL. On out of memory
 * NULL is returned, and the block is as it was; one that becomes smaller always can. All take a
 * time that does not depend on how many blocks there are, but for what they copy. */
void *arena_take(struct arena *a, size_t bytes);
void *arena_resize(struct arena *a, void *block, size_t bytes);
void arena_give(struct arena *a, void *block);

/* How far behind the arena's base an address is, which is never 0 for a block; or 0 if it is none of
 * the arena's. */
size_t arena_offset(const struct arena *a, const void *address);

/* Whether in this process an arena was wanted for which there was no address space. Safe from any
 * thread. */
int arena_was_refused(void);

#endif
