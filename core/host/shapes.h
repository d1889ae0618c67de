/* shapes.h - the sequences of keys that objects have had: the keys of the next one are known before
 * they are read, and a table for all of them is made in one go.
 *
 * A shape is the first keys of an object, in their order. From each shape, what follows leads to
 * another, as in the hidden classes of Self (Chambers, Ungar, Lee: "An efficient implementation of
 * SELF", 1989). Which one followed last is noted: that the same key comes again takes the comparison
 * of two words, and there is nothing to look for its end, and nothing to hash. A shape at which
 * objects have ended has a pattern: a table with its keys, whose values are their places in the
 * order, from 0 (layout.h).
 *
 * All shapes have their place in a small cache, by their last key and the shape before. A new one
 * takes the place of one that has not been used for longer, and what led on from that is not found
 * any more, and goes in its turn. Where keys are data, each text would push out what is of use
 * to others: so when there are no free places, only one of some unknown keys is learnt. */
#ifndef HEARSAY_HOST_SHAPES_H
#define HEARSAY_HOST_SHAPES_H

#include "host/layout.h"
#include "host/names.h"

enum { SHAPES_BITS = 6, SHAPES_WAYS = 2, SHAPES_COUNT = SHAPES_WAYS << SHAPES_BITS };

struct shape {
  uint64_t words[2];      /* of its last key: see name_words */
  const char *text;       /* of that, as Lua keeps it */
  struct shape *follower; /* the one that led on from here last; its user notes that */
  struct shape *inner;    /* the first one of an object in the value of its last key: the same */
  const struct layout_table *pattern; /* or NULL */
  uint64_t serial, parent;            /* of the shape before; 0: there is nothing here */
  unsigned turn;                      /* in which it was used last */
  unsigned char length;               /* of its last key, from 1 to NAMES_MAX_BYTES */
  unsigned char count;                /* of its keys */
  unsigned char has_ended;            /* an object had no more keys */
};

struct shapes {
  struct shape slots[SHAPES_COUNT];
  struct shape none; /* that of an object without keys: all begin here */
  uint64_t last_serial;
  unsigned turn;
  unsigned unknown; /* keys that have not been learnt */
  int reference;    /* of the table in the registry that keeps keys and patterns alive */
  int is_in_a_turn; /* see shapes_begin */
};

/* `s` must outlive the state's last use of it. Raises. */
void shapes_open(struct shapes *s, lua_State *L);

/* Begins a turn, in which what is used stays as it is until shapes_end. Returns 1; or 0 when one has
 * been begun before and not ended: then nothing may be learnt, and shapes_end is not called. */
static inline int shapes_begin(struct shapes *s)
{
  if (s->is_in_a_turn)
    return 0;
  s->is_in_a_turn = 1;
  s->turn++;
  return 1;
}

static inline void shapes_end(struct shapes *s)
{
  s->is_in_a_turn = 0;
}

/* The shape `likely`, if it is behind `at` and the text of its key with quote and colon is what begins
 * at p; or NULL. */
static inline struct shape *shapes_expected(struct shapes *s, const struct shape *at,
                                            struct shape *likely, const char *p, const char *end)
{
  if (likely->parent != at->serial || end - p < likely->length + 2)
    return NULL;
  const char *close = p + likely->length;
  uint64_t words[2];
  if (close[0] != '"' || close[1] != ':')
    return NULL;
  name_words(words, p, likely->length);
  if (likely->words[0] != words[0] || likely->words[1] != words[1])
    return NULL;
  likely->turn = s->turn;
  return likely;
}

/* The shape behind `at` with this key, or NULL. */
struct shape *shapes_find(struct shapes *s, const struct shape *at, struct slice key);

/* Makes the shape behind `at` for a key that shapes_find has not found, and that is not among those
 * of `at`. Returns NULL where the key is no name, or would have to be written with escapes, or
 * when there is no place for it now. Raises only on out of memory. */
struct shape *shapes_learn(struct shapes *s, lua_State *L, const struct shape *at,
                           struct slice key);

/* An object had no more keys. Makes the pattern, if they are worth it and it is not there: `keys` are
 * the shape's. Raises only on out of memory. */
void shapes_end_at(struct shapes *s, lua_State *L, struct shape *at, const struct slice *keys);

#endif
