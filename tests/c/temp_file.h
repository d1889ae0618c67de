/* temp_file.h - a script on disk, for the units that load one. */
#ifndef HEARSAY_TESTS_TEMP_FILE_H
#define HEARSAY_TESTS_TEMP_FILE_H

#include <stddef.h>

struct temp_file {
  char path[32];
};

/* Writes a new file that ends in .lua. Asserts. */
void temp_file_write(struct temp_file *t, const void *data, size_t length);

/* The same with zero-terminated text. */
void temp_file_script(struct temp_file *t, const char *text);

void temp_file_remove(struct temp_file *t);

#endif
