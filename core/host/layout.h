/* layout.h - how Lua's tables and strings lie in memory, for those who only read them.
 *
 * To go through a table by lua_next costs a hundred instructions a field, of which three are
 * needed: each key goes through a hash again to find the one behind it. The structs here say what
 * lobject.h of Lua 5.4 says (Table, Node, TValue, TString), which has not changed from 5.4.0 on
 * but which nobody has promised. So they are used only where layout_is_known has seen that they
 * are true of the Lua that this program runs with; everything works without, by lua_next.
 *
 * Nothing is ever written, and nothing may call Lua while a pointer into its memory is held:
 * a step of its collector frees, and a table that is changed moves. */
#ifndef HEARSAY_HOST_LAYOUT_H
#define HEARSAY_HOST_LAYOUT_H

#include "base/bytes.h"

#include <lua.h>

#include <stddef.h>

/* The types of values, as they are tagged: a variant adds 16, an object of the collector 64. */
enum layout_tag {
  LAYOUT_FALSE = LUA_TBOOLEAN,
  LAYOUT_TRUE = LUA_TBOOLEAN | 16,
  LAYOUT_POINTER = LUA_TLIGHTUSERDATA,
  LAYOUT_INTEGER = LUA_TNUMBER,
  LAYOUT_FLOAT = LUA_TNUMBER | 16,
  LAYOUT_SHORT_STRING = LUA_TSTRING | 64,
  LAYOUT_LONG_STRING = LUA_TSTRING | 16 | 64,
  LAYOUT_TABLE = LUA_TTABLE | 64
};

union layout_payload {
  const void *object; /* a layout_string or layout_table; or what a light userdata points to */
  lua_Integer integer;
  lua_Number number;
};

struct layout_value {
  union layout_payload as;
  unsigned char tag;
};

struct layout_node {
  union layout_payload as;
  unsigned char tag, key_tag;
  int next;
  union layout_payload key;
};

/* What each object of the collector begins with. */
#define LAYOUT_HEADER \
  const void *next; \
  unsigned char type, mark

struct layout_string {
  LAYOUT_HEADER;
  unsigned char extra, short_length;
  unsigned int hash;
  union {
    size_t long_length;
    const void *next_of_hash;
  } u;
  char text[]; /* and a zero behind it */
};

struct layout_table {
  LAYOUT_HEADER;
  unsigned char flags, log2_nodes;
  unsigned int array_limit; /* see layout_array_size */
  const struct layout_value *array;
  const struct layout_node *nodes; /* at least one */
  const void *last_free, *metatable, *gray_list;
};

/* Whether all this is true here. The first call finds out, in some 10 us; safe from any thread. */
int layout_is_known(void);

/* Nil, in any of its variants: this entry of the table is not there. */
static inline int layout_is_empty(unsigned char tag)
{
  return (tag & 15) == LUA_TNIL;
}

static inline int layout_is_string(unsigned char tag)
{
  return (tag & ~16) == LAYOUT_SHORT_STRING;
}

static inline struct slice layout_text(const struct layout_string *s, unsigned char tag)
{
  size_t length = tag == LAYOUT_SHORT_STRING ? s->short_length : s->u.long_length;
  return (struct slice){s->text, length};
}

/* How many values the array has. Its limit may be less, as a hint for the next #t; then a flag
 * says so, and the size is the next power of two. */
static inline size_t layout_array_size(const struct layout_table *t)
{
  enum { LIMIT_IS_A_HINT = 128 };
  size_t size = t->array_limit;
  if ((t->flags & LIMIT_IS_A_HINT) == 0 || (size & (size - 1)) == 0)
    return size;
  size_t power = 1;
  while (power < size)
    power *= 2;
  return power;
}

/* How many nodes the hash part has; those in use are those that are not empty. lua_next goes
 * through the array first, and through the nodes in their order then. */
static inline size_t layout_node_count(const struct layout_table *t)
{
  return (size_t)1 << t->log2_nodes;
}

#endif
