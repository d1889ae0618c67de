/* paths.h - where the program finds its library and its scripts. */
#ifndef HEARSAY_HOST_PATHS_H
#define HEARSAY_HOST_PATHS_H

#include "base/error.h"

#include <limits.h>

struct paths {
  char program[PATH_MAX]; /* the folder of the running program */
  char root[PATH_MAX];    /* the folder that has lua/hearsay, and challenges */
};

/* Finds both: the root is the program's folder in a source tree, and
 * ../share/hearsay from it in an installation. Returns 0, or -1 with `e` filled. */
int paths_find(struct paths *p, struct error *e);

/* Finds a script: as given, then from the program's folder, then from the root, since a
 * node may be started in any working directory. Returns 0 with the path in `found`
 * (PATH_MAX bytes), or -1 with `e` filled. */
int paths_script(const struct paths *p, const char *name, char *found, struct error *e);

#endif
