/* fuzz.h - what the fuzzers share. Each is one file that feeds libFuzzer's bytes to one part and
 * aborts where something that must hold does not. */
#ifndef HEARSAY_TESTS_FUZZ_H
#define HEARSAY_TESTS_FUZZ_H

#include "base/bytes.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Aborts with the text, and a value that shows what is wrong, unless the condition holds. */
static inline void must(int condition, const char *what, struct slice shown)
{
  if (condition)
    return;
  fprintf(stderr, "%s: %.*s\n", what, (int)shown.length, shown.length > 0 ? shown.data : "");
  abort();
}

static inline struct slice slice_of_bytes(const void *data, size_t size)
{
  return (struct slice){data, size};
}

#endif
