/* log_tree.h - the entries of one key in the order of their offsets: a B+ tree
 * (Comer: "The ubiquitous B-tree", 1979) whose leaves are pages of encoded text,
 * each linked to the next. So an entry that comes late moves at most a page, and
 * reading is a search for the first entry and then copying from page to page.
 *
 * Most entries come at the end or close to it. Hence an entry behind the last one
 * goes to the last page without a search, and the last page is not split in halves
 * but where the new entry goes: what lies before stays full.
 *
 * Entries are taken away at the front only. */
#ifndef HEARSAY_STORE_LOG_TREE_H
#define HEARSAY_STORE_LOG_TREE_H

#include "store/log_page.h"

#define LOG_TREE_CONFLICT (-2)

/* All zeroes is a valid empty tree, which has a budget when it is set in `cost`. All private but
 * for `count` and `cost`. */
struct log_tree {
  void *root;            /* a page while height is 0, else a node; NULL when empty */
  unsigned height;       /* levels of nodes */
  struct log_page *last; /* the page with the highest offsets */
  size_t count;          /* of entries */
  struct log_page_cost cost;
};

/* Empty again; the cost of the past stays. */
void log_tree_free(struct log_tree *t);

/* Puts an entry in its place. Returns 1 if it is new, 0 if an equal one was there,
 * LOG_TREE_CONFLICT if the offset holds another value, -1 on out of memory, and then
 * the entries are as they were. O(log count) and moving at most a page; amortised
 * O(1) behind the last entry. The value must not lie in the tree. */
int log_tree_insert(struct log_tree *t, int64_t offset, struct slice value);

/* Takes away all entries below `offset`. Returns their number, and adds the length of their text to
 * *bytes. O(log count + pages that go). */
size_t log_tree_drop(struct log_tree *t, int64_t offset, size_t *bytes);

/* The highest offset, or -1 of an empty tree. O(1). */
int64_t log_tree_last(const struct log_tree *t);

/* The page with the first entry whose offset is `offset` or higher, and its number
 * in the page; NULL if there is none. O(log count). */
const struct log_page *log_tree_seek(const struct log_tree *t, int64_t offset, size_t *i);

/* The memory that it takes, without what malloc adds. O(pages). */
size_t log_tree_bytes(const struct log_tree *t);

#endif
