/* The distance is the number of letters to insert, delete, replace or swap with their neighbour, in
 * the restricted form in which no letter is edited twice (optimal string alignment, after Damerau,
 * "A technique for computer detection and correction of spelling errors", CACM 7(3), 1964). Three
 * rows of the table are enough. */
#include "base/nearest.h"

enum { LONGEST = 63, PREFIX = 3 };

static size_t least_of(size_t a, size_t b)
{
  return a < b ? a : b;
}

/* Both have at most LONGEST letters. */
static size_t edits(struct slice a, struct slice b)
{
  size_t rows[3][LONGEST + 1];
  for (size_t j = 0; j <= b.length; j++)
    rows[0][j] = j;
  for (size_t i = 1; i <= a.length; i++) {
    size_t *row = rows[i % 3], *last = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
    row[0] = i;
    for (size_t j = 1; j <= b.length; j++) {
      int is_same = a.data[i - 1] == b.data[j - 1];
      row[j] = least_of(least_of(last[j], row[j - 1]) + 1, last[j - 1] + !is_same);
      if (i > 1 && j > 1 && a.data[i - 1] == b.data[j - 2] && a.data[i - 2] == b.data[j - 1])
        row[j] = least_of(row[j], before[j - 2] + 1);
    }
  }
  return rows[a.length % 3][b.length];
}

void nearest_begin(struct nearest *n, struct slice word)
{
  size_t third = word.length / 3;
  *n = (struct nearest){word, (third > 1 ? third : 1) + 1};
}

int nearest_is(struct nearest *n, struct slice candidate)
{
  struct slice word = n->word;
  int is_start = word.length >= PREFIX && word.length <= candidate.length &&
                 slice_same(word.data, candidate.data, word.length);
  if (!is_start && (word.length > LONGEST || candidate.length > LONGEST))
    return 0;
  size_t distance = is_start ? candidate.length > word.length : edits(word, candidate);
  if (distance >= n->least)
    return 0;
  n->least = distance;
  return 1;
}
