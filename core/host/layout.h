/* layout.h - how Lua's tables and strings lie in memory, for those who read many of them, or make many.
 *
 * To go through a table by lua_next costs a hundred instructions a field, of which three are
 * needed: each key goes through a hash again to find the one behind it. The structs here say what
 * lobject.h of Lua 5.4 says (Table, Node, TValue, TString), which has not changed from 5.4.0 on
 * but which nobody has promised. So they are used only where layout_is_known has seen that they
 * are true of the Lua that this program runs with; everything works without, by lua_next.
 *
 * Nothing may call Lua while a pointer into its memory is held: a step of its collector frees, and a
 * table that is changed moves. And nothing is written but into a table that was just made, and that
 * nobody has seen. To put a key there with lua_rawset costs two hundred instructions, in which it is
 * looked for in vain, and its place found; all tables with the same keys have them in the same places,
 * so these can be copied from one of them. What the collector must be told is only when something is
 * written into what it has been through already, which is black: such a table is left alone. */
#ifndef HEARSAY_HOST_LAYOUT_H
#define HEARSAY_HOST_LAYOUT_H

#include "base/bytes.h"
#include "host/address.h"

#include <lua.h>

#include <stddef.h>
#include <stdint.h>

/* The types of values, as they are tagged: a variant adds 16, an object of the collector 64. */
enum layout_tag {
  LAYOUT_OF_COLLECTOR = 64,
  LAYOUT_FALSE = LUA_TBOOLEAN,
  LAYOUT_TRUE = LUA_TBOOLEAN | 16,
  LAYOUT_POINTER = LUA_TLIGHTUSERDATA,
  LAYOUT_INTEGER = LUA_TNUMBER,
  LAYOUT_FLOAT = LUA_TNUMBER | 16,
  LAYOUT_SHORT_STRING = LUA_TSTRING | LAYOUT_OF_COLLECTOR,
  LAYOUT_LONG_STRING = LUA_TSTRING | 16 | LAYOUT_OF_COLLECTOR,
  LAYOUT_TABLE = LUA_TTABLE | LAYOUT_OF_COLLECTOR
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
  struct layout_value *array;
  struct layout_node *nodes; /* at least one */
  const void *last_free, *metatable, *gray_list;
};

/* Whether all this is true here. The first call finds out, in some 40 us; safe from any thread. */
int layout_is_known(void);

/* Whether the collector has been through it in this cycle. */
static inline int layout_is_black(const struct layout_table *t)
{
  enum { BLACK = 32 };
  return (t->mark & BLACK) != 0;
}

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

/* The table at an index, to be filled. */
static inline struct layout_table *layout_table_at(lua_State *L, int index)
{
  return (struct layout_table *)(uintptr_t)address_of(L, index);
}

/* The string that Lua keeps with this text. */
static inline struct layout_value layout_of_text(const char *text)
{
  const struct layout_string *s = (const void *)(text - offsetof(struct layout_string, text));
  return (struct layout_value){.as.object = s, .tag = s->type | LAYOUT_OF_COLLECTOR};
}

/* Fills a table that lua_createtable has just made for the fields of `pattern`, whose values are
 * integers: each key gets the one of the values with that number. The collector must reach them all
 * otherwise until this is done. What is not copied is where Lua looks for a free node next: at the end,
 * which finds the same. Returns 1; or 0 when it cannot be, and then nothing is written. */
static inline int layout_fill_fields(struct layout_table *t, const struct layout_table *pattern,
                                     const struct layout_value *values)
{
  if (layout_is_black(t) || t->log2_nodes != pattern->log2_nodes)
    return 0;
  const struct layout_node *from = pattern->nodes, *end = from + layout_node_count(pattern);
  struct layout_node *to = t->nodes;
  t->flags = pattern->flags;
  for (; from < end; from++, to++) {
    *to = *from;
    if (layout_is_empty(from->tag))
      continue;
    const struct layout_value *value = &values[from->as.integer];
    to->as = value->as;
    to->tag = value->tag;
  }
  return 1;
}

/* Fills a table that lua_createtable has just made for so many items, and sets its metatable. As
 * above. */
static inline int layout_fill_items(struct layout_table *t, const struct layout_value *values,
                                    size_t count, const void *metatable)
{
  if (layout_is_black(t) || t->array_limit != count)
    return 0;
  for (size_t i = 0; i < count; i++) {
    t->array[i].as = values[i].as;
    t->array[i].tag = values[i].tag;
  }
  t->metatable = metatable;
  return 1;
}

#endif
