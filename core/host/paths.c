#include "host/paths.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int is_file(const char *path)
{
  struct stat s;
  return stat(path, &s) == 0 && !S_ISDIR(s.st_mode);
}

/* Writes folder/name to `out` (PATH_MAX bytes). 0, or -1 when it is too long. */
static int join(char *out, const char *folder, const char *name)
{
  int length = snprintf(out, PATH_MAX, "%s/%s", folder, name);
  return length >= 0 && length < PATH_MAX ? 0 : -1;
}

static int is_root(const char *folder)
{
  char path[PATH_MAX];
  return join(path, folder, "lua/hearsay/init.lua") == 0 && is_file(path);
}

int paths_find(struct paths *p, struct error *e)
{
  ssize_t length = readlink("/proc/self/exe", p->program, sizeof p->program - 1);
  if (length < 0)
    return error_set(e, "cannot find this program's own folder: /proc/self/exe: %s",
                     strerror(errno));
  p->program[length] = '\0';
  char *slash = strrchr(p->program, '/');
  if (slash != NULL)
    *slash = '\0';
  if (is_root(p->program)) {
    memcpy(p->root, p->program, sizeof p->root);
    return 0;
  }
  if (join(p->root, p->program, "../share/hearsay") == 0 && is_root(p->root))
    return 0;
  return error_set(e, "cannot find lua/hearsay/init.lua in %s or in ../share/hearsay from there",
                   p->program);
}

int paths_script(const struct paths *p, const char *name, char *found, struct error *e)
{
  if (is_file(name) && strlen(name) < PATH_MAX) {
    memcpy(found, name, strlen(name) + 1);
    return 0;
  }
  if (name[0] != '/' && ((join(found, p->program, name) == 0 && is_file(found)) ||
                         (join(found, p->root, name) == 0 && is_file(found))))
    return 0;
  if (name[0] == '/')
    return error_set(e, "no such script: %s", name);
  return error_set(e, "no such script: %s (looked here, and in %s)", name, p->root);
}
