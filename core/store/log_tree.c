/* Nodes hold, for each child, the lowest offset that may be in it; for the first
 * child of the first nodes that is 0. What is taken away is all in front of one page, so
 * that only the first nodes lose children; they alone may be less than half full.
 *
 * An insert that finds its page full makes room and then begins again from the
 * root. Making room allocates all that it needs before it changes anything, and
 * does not change the entries; so out of memory at any point leaves a tree in
 * order. */
#include "store/log_tree.h"

#include <string.h>

/* Nodes but the root and the first ones are at least half full, and there is no memory for 32^11
 * pages. */
enum { NODE_CHILDREN = 64, HEIGHT_MAX = 12 };

struct node {
  size_t count;
  int64_t lowest[NODE_CHILDREN];
  void *children[NODE_CHILDREN];
};

/* The nodes from the root, at [height - 1], down to the parent of a page, at [0],
 * and which of its children each led to. */
struct path {
  struct node *nodes[HEIGHT_MAX];
  size_t at[HEIGHT_MAX];
};

static void free_node(struct log_tree *t, struct node *n)
{
  budget_free(t->cost.budget, n, sizeof *n);
}

static void free_nodes(struct log_tree *t, void *subtree, unsigned height)
{
  if (height == 0)
    return;
  struct node *n = subtree;
  for (size_t i = 0; i < n->count; i++)
    free_nodes(t, n->children[i], height - 1);
  free_node(t, n);
}

static struct log_page *first_page(const struct log_tree *t)
{
  void *subtree = t->root;
  for (unsigned level = t->height; level > 0; level--)
    subtree = ((struct node *)subtree)->children[0];
  return subtree;
}

void log_tree_free(struct log_tree *t)
{
  struct log_page *next;
  for (struct log_page *p = first_page(t); p != NULL; p = next) {
    next = p->next;
    log_page_free(p, &t->cost);
  }
  free_nodes(t, t->root, t->height);
  *t = (struct log_tree){.cost = t->cost};
}

/* The number of the child that the offset belongs to. */
static size_t child_for(const struct node *n, int64_t offset)
{
  size_t low = 1, high = n->count; /* the first child above it is in low .. high */
  while (low < high) {
    size_t i = low + (high - low) / 2;
    if (n->lowest[i] <= offset)
      low = i + 1;
    else
      high = i;
  }
  return low - 1;
}

/* The page that the offset belongs to. The path may be NULL. */
static struct log_page *descend(const struct log_tree *t, int64_t offset, struct path *path)
{
  void *subtree = t->root;
  for (unsigned level = t->height; level-- > 0;) {
    struct node *n = subtree;
    size_t at = child_for(n, offset);
    if (path != NULL) {
      path->nodes[level] = n;
      path->at[level] = at;
    }
    subtree = n->children[at];
  }
  return subtree;
}

/* -- Nodes */

static void put_child(struct log_tree *t, struct node *n, size_t at, int64_t lowest, void *child)
{
  size_t behind = n->count - at;
  memmove(n->lowest + at + 1, n->lowest + at, behind * sizeof *n->lowest);
  memmove(n->children + at + 1, n->children + at, behind * sizeof *n->children);
  n->lowest[at] = lowest;
  n->children[at] = child;
  n->count++;
  t->cost.moved_bytes += behind * (sizeof *n->lowest + sizeof *n->children);
}

static void move_children(struct log_tree *t, struct node *n, size_t from, struct node *right)
{
  right->count = n->count - from;
  memcpy(right->lowest, n->lowest + from, right->count * sizeof *n->lowest);
  memcpy(right->children, n->children + from, right->count * sizeof *n->children);
  n->count = from;
  t->cost.moved_bytes += right->count * (sizeof *n->lowest + sizeof *n->children);
}

/* New nodes for the levels that a new page below this path splits: as far up as nodes
 * are full, and one more for a root if all are. NULL where none is needed. */
struct spare {
  struct node *nodes[HEIGHT_MAX + 1];
};

static void free_spare(struct log_tree *t, struct spare *spare)
{
  for (unsigned level = 0; level <= HEIGHT_MAX; level++)
    free_node(t, spare->nodes[level]);
}

/* Returns 0, or -1 on out of memory, and then there is nothing to free. */
static int allocate_spare(struct log_tree *t, const struct path *path, struct spare *spare)
{
  *spare = (struct spare){{NULL}};
  for (unsigned level = 0; level <= t->height; level++) {
    if (level < t->height && path->nodes[level]->count < NODE_CHILDREN)
      break;
    spare->nodes[level] = budget_zeroed(t->cost.budget, sizeof(struct node));
    if (spare->nodes[level] == NULL) {
      free_spare(t, spare);
      return -1;
    }
  }
  return 0;
}

/* Enters a new page, whose lowest offset is given, behind the one of the path. */
static void enter(struct log_tree *t, const struct path *path, int64_t lowest,
                  struct log_page *page, const struct spare *spare)
{
  void *child = page;
  for (unsigned level = 0; level < t->height; level++) {
    struct node *n = path->nodes[level];
    size_t at = path->at[level] + 1;
    if (n->count < NODE_CHILDREN) {
      put_child(t, n, at, lowest, child);
      return;
    }
    struct node *right = spare->nodes[level];
    move_children(t, n, NODE_CHILDREN / 2, right);
    if (at < n->count)
      put_child(t, n, at, lowest, child);
    else
      put_child(t, right, at - n->count, lowest, child);
    lowest = right->lowest[0];
    child = right;
  }
  struct node *root = spare->nodes[t->height];
  put_child(t, root, 0, 0, t->root);
  put_child(t, root, 1, lowest, child);
  t->root = root;
  t->height++;
}

/* -- Pages */

/* Splits a page into which an entry in front of number i does not fit. Returns 0, or
 * -1 on out of memory, and then the tree is unchanged. */
static int make_room(struct log_tree *t, const struct path *path, struct log_page *p, size_t i,
                     int64_t offset, struct slice value)
{
  size_t at = i; /* where a single entry and the new one, one of them too large, part */
  if (p->count > 1) {
    at = log_page_middle(p);
    if (p->next == NULL && i > at)
      at = i;
  }
  /* An entry that could go to either page goes to the right one: the lowest there. But
   * not where the right one takes all, and the left one is empty. */
  int64_t lowest = i == at && at > 0 ? offset : log_page_offset(p, at);
  struct spare spare;
  if (allocate_spare(t, path, &spare) != 0)
    return -1;
  struct log_page_cost cost = t->cost;
  struct log_page *right = log_page_split(p, at, offset, value, &cost);
  if (right == NULL) {
    free_spare(t, &spare);
    return -1;
  }
  t->cost = cost;
  if (t->last == p)
    t->last = right;
  enter(t, path, lowest, right, &spare);
  return 0;
}

/* Puts a new entry in front of number i. As log_page_put. */
static int put(struct log_tree *t, struct log_page *p, size_t i, int64_t offset, struct slice value)
{
  int result = log_page_put(p, i, offset, value, &t->cost);
  t->count += result == 1;
  return result;
}

int log_tree_insert(struct log_tree *t, int64_t offset, struct slice value)
{
  int result = 0;
  if (t->root == NULL) {
    t->root = t->last = log_page_new(offset, value, &t->cost);
    if (t->root == NULL)
      return -1;
  } else if (offset > log_tree_last(t)) {
    result = put(t, t->last, t->last->count, offset, value);
  }
  while (result == 0) {
    struct path path;
    struct log_page *p = descend(t, offset, &path);
    size_t i = log_page_find(p, offset);
    if (i < p->count && log_page_offset(p, i) == offset)
      return slice_equal(log_page_value(p, i), value) ? 0 : LOG_TREE_CONFLICT;
    result = put(t, p, i, offset, value);
    if (result == 0)
      result = make_room(t, &path, p, i, offset, value);
  }
  return result;
}

/* -- Dropping */

/* Frees a page whose entries go. */
static void drop_page(struct log_tree *t, struct log_page *p, size_t *bytes)
{
  *bytes += p->length;
  t->count -= p->count;
  log_page_free(p, &t->cost);
}

/* Drops the first children of a node, up to that at `at`. */
static void drop_children(struct log_tree *t, struct node *n, unsigned level, size_t at)
{
  for (size_t i = 0; i < at; i++)
    free_nodes(t, n->children[i], level);
  n->count -= at;
  memmove(n->lowest, n->lowest + at, n->count * sizeof *n->lowest);
  memmove(n->children, n->children + at, n->count * sizeof *n->children);
  n->lowest[0] = 0;
  t->cost.moved_bytes += n->count * (sizeof *n->lowest + sizeof *n->children);
}

size_t log_tree_drop(struct log_tree *t, int64_t offset, size_t *bytes)
{
  struct path path;
  size_t before = t->count;
  if (t->root == NULL)
    return 0;
  struct log_page *kept = descend(t, offset, &path), *next;
  if (log_page_find(kept, offset) == kept->count && kept->next != NULL) /* all of that one goes */
    kept = descend(t, log_page_offset(kept->next, 0), &path);
  for (struct log_page *p = first_page(t); p != kept; p = next) {
    next = p->next;
    drop_page(t, p, bytes);
  }
  for (unsigned level = 0; level < t->height; level++)
    drop_children(t, path.nodes[level], level, path.at[level]);
  while (t->height > 0 && path.nodes[t->height - 1]->count == 1) {
    struct node *root = path.nodes[--t->height];
    t->root = root->children[0];
    free_node(t, root);
  }
  size_t i = log_page_find(kept, offset);
  t->count -= i;
  *bytes += log_page_text(kept, 0, i).length;
  log_page_drop(kept, i, &t->cost);
  if (t->count == 0)
    log_tree_free(t);
  return before - t->count;
}

/* -- Reading */

int64_t log_tree_last(const struct log_tree *t)
{
  return t->count == 0 ? -1 : log_page_offset(t->last, t->last->count - 1);
}

const struct log_page *log_tree_seek(const struct log_tree *t, int64_t offset, size_t *i)
{
  if (t->root == NULL)
    return NULL;
  const struct log_page *p = descend(t, offset, NULL);
  *i = log_page_find(p, offset);
  if (*i < p->count)
    return p;
  *i = 0;
  return p->next;
}

static size_t bytes_of(const void *subtree, unsigned height)
{
  if (height == 0) {
    const struct log_page *p = subtree;
    return p == NULL ? 0 : sizeof *p + p->capacity;
  }
  const struct node *n = subtree;
  size_t bytes = sizeof *n;
  for (size_t i = 0; i < n->count; i++)
    bytes += bytes_of(n->children[i], height - 1);
  return bytes;
}

size_t log_tree_bytes(const struct log_tree *t)
{
  return bytes_of(t->root, t->height);
}
