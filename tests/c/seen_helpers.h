/* seen_helpers.h - what the tests of the seen-set share. All of them assert. */
#ifndef HEARSAY_TESTS_SEEN_HELPERS_H
#define HEARSAY_TESTS_SEEN_HELPERS_H

#include "store/seen.h"

#define assert_slice(slice, text) assert_slice_equal(slice, slice_of(text))

void assert_slice_equal(struct slice a, struct slice b);

/* seen_add_text of a zero-terminated text. */
int seen_add_string(struct seen *s, const char *text);

/* A new set of the integers from `from` up to and without `to`. */
struct seen *seen_of(int64_t from, int64_t to);

/* The text of the value that was added as number `index`, from 0; empty if there are not so many. */
struct slice seen_at(const struct seen *s, size_t index);

int seen_equal_digests(const struct seen *a, const struct seen *b);

/* Adds integers from text in the form of seen_since; returns how many there are. */
size_t seen_add_list(struct seen *s, struct slice list);

#endif
