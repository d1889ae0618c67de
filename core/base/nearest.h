/* nearest.h - the word of a list that somebody meant who wrote another. */
#ifndef HEARSAY_BASE_NEAREST_H
#define HEARSAY_BASE_NEAREST_H

#include "base/bytes.h"

/* A search through candidates, which are shown to it one by one. */
struct nearest {
  struct slice word;
  size_t least; /* edits that the next candidate must stay below */
};

/* Begins a search. The word must outlive it. */
void nearest_begin(struct nearest *n, struct slice word);

/* Returns whether this candidate is the nearest so far, and near enough to have been meant: it begins
 * with the word, if that has at least three letters, or a third of the word's letters, at least one,
 * make the difference. O(length of the word * length of the candidate). */
int nearest_is(struct nearest *n, struct slice candidate);

#endif
