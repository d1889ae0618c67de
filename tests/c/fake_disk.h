/* fake_disk.h - a disk that is full, or fails in another way, when it is told so, and whose syncs
 * end when the test ends them: by their requests. What it has is there to be looked at. All
 * functions assert. */
#ifndef HEARSAY_TESTS_FAKE_DISK_H
#define HEARSAY_TESTS_FAKE_DISK_H

#include "fake_platform.h"

/* All zeroes is an empty disk in good order. */
struct fake_disk {
  struct fake_file {
    struct file file; /* must be first */
    struct fake_disk *disk;
    char name[32]; /* empty: there is no such file */
    int is_open;
    struct bytes content;
    struct file_sync *request;
  } files[16];
  int is_full;
  int refuses_sync;
  int refuses_truncate;
  int refuses_rename;
  int cannot_be_read;
  int cannot_be_listed;
  int appends; /* tried */
  int syncs;
};

/* Makes it the disk of this world. */
void fake_disk_attach(struct fake_platform *world, struct fake_disk *d);

/* All files must be closed. */
void fake_disk_free(struct fake_disk *d);

/* The file, which must be there, and what it has. */
struct fake_file *fake_disk_file(struct fake_disk *d, const char *name);
struct bytes *fake_disk_content(struct fake_disk *d, const char *name);

/* The number of files that are open. */
int fake_disk_open_count(const struct fake_disk *d);

#endif
