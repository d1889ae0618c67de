/* What a table is, an array or an object, is decided by what is in it, as the walk does by its
 * length: with a value at 1 it is an array, and then nothing may follow a gap; else it has keys that
 * are strings, or nothing at all. */
#include "host/value_plain.h"

#include "host/layout.h"
#include "host/value.h"
#include "wire/json_write.h"

enum { NOT_PLAIN = -1 };

static int has_nodes(const struct layout_table *t)
{
  const struct layout_node *node = t->nodes, *end = node + layout_node_count(t);
  while (node < end && layout_is_empty(node->tag))
    node++;
  return node < end;
}

static int has_items(const struct layout_table *t, size_t from)
{
  for (size_t size = layout_array_size(t); from < size; from++)
    if (!layout_is_empty(t->array[from].tag))
      return 1;
  return 0;
}

static int write_raw(struct value_plain *p, const struct layout_table *t)
{
  if (layout_array_size(t) == 0 || !layout_is_string(t->array->tag))
    return NOT_PLAIN;
  return bytes_append_slice(p->out, layout_text(t->array->as.object, t->array->tag));
}

/* 0, or any other number. */
static inline int write_value(struct value_plain *p, union layout_payload as, unsigned char tag)
{
  if (p->out->length > p->most)
    return NOT_PLAIN;
  switch (tag) {
  case LAYOUT_SHORT_STRING:
  case LAYOUT_LONG_STRING:
    return json_write_string(p->out, layout_text(as.object, tag));
  case LAYOUT_INTEGER:
    return json_write_int(p->out, as.integer);
  case LAYOUT_FLOAT:
    return json_write_double(p->out, as.number);
  case LAYOUT_TABLE:
    return value_plain_write(p, as.object);
  case LAYOUT_FALSE:
    return bytes_put(p->out, SLICE("false"));
  case LAYOUT_TRUE:
    return bytes_put(p->out, SLICE("true"));
  case LAYOUT_POINTER:
    return as.object == NULL ? bytes_put(p->out, SLICE("null")) : NOT_PLAIN;
  default:
    return NOT_PLAIN;
  }
}

static int write_array(struct value_plain *p, const struct layout_table *t)
{
  size_t i = 0, size = layout_array_size(t);
  if (bytes_append_byte(p->out, '[') != 0)
    return NOT_PLAIN;
  for (; i < size && !layout_is_empty(t->array[i].tag); i++)
    if (write_value(p, t->array[i].as, t->array[i].tag) != 0 || bytes_append_byte(p->out, ',') != 0)
      return NOT_PLAIN;
  if (has_items(t, i) || has_nodes(t))
    return NOT_PLAIN;
  if (i == 0)
    return bytes_append_byte(p->out, ']');
  p->out->data[p->out->length - 1] = ']'; /* over the last comma */
  return 0;
}

/* Notes the fields of the outermost object that mean something to the host. */
static void note_field(struct value_plain *p, const char *key, unsigned char tag)
{
  const struct extra *x = p->x;
  if (key == x->type.address)
    p->fields |= layout_is_string(tag) ? VALUE_TYPE : 0;
  else if (key == x->msg_id.address)
    p->fields |= VALUE_MSG_ID;
  else if (key == x->in_reply_to.address)
    p->fields |= VALUE_IN_REPLY_TO;
}

static int write_fields(struct value_plain *p, const struct layout_table *t, int is_body)
{
  const struct layout_node *node = t->nodes, *end = node + layout_node_count(t);
  int is_first = 1;
  for (; node < end; node++) {
    if (layout_is_empty(node->tag))
      continue;
    if (!layout_is_string(node->key_tag))
      return NOT_PLAIN;
    struct slice key = layout_text(node->key.object, node->key_tag);
    if (is_body)
      note_field(p, key.data, node->tag);
    if (json_write_key(p->out, key, is_first) != 0 || write_value(p, node->as, node->tag) != 0)
      return NOT_PLAIN;
    is_first = 0;
  }
  return 0;
}

static int write_table(struct value_plain *p, const struct layout_table *t)
{
  const struct extra *x = p->x;
  if (t->metatable != NULL && t->metatable == x->raw_mark.address)
    return write_raw(p, t);
  int is_marked = t->metatable != NULL && t->metatable == x->array_mark.address;
  size_t size = layout_array_size(t);
  if (is_marked || (size > 0 && !layout_is_empty(t->array->tag)))
    return write_array(p, t);
  if (has_items(t, 0) || bytes_append_byte(p->out, '{') != 0 || write_fields(p, t, 0) != 0)
    return NOT_PLAIN;
  return bytes_append_byte(p->out, '}');
}

int value_plain_write(struct value_plain *p, const void *table)
{
  if (p->depth == VALUE_MAX_DEPTH)
    return NOT_PLAIN;
  p->depth++;
  int result = write_table(p, table);
  p->depth--;
  return result == 0 ? 0 : NOT_PLAIN;
}

int value_plain_write_body(struct value_plain *p, const void *table)
{
  const struct layout_table *t = table;
  const struct extra *x = p->x;
  if (t->metatable != NULL &&
      (t->metatable == x->raw_mark.address || t->metatable == x->array_mark.address))
    return NOT_PLAIN;
  return has_items(t, 0) ? NOT_PLAIN : write_fields(p, t, 1);
}
