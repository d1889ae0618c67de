#include "host/paths.h"

#include "base/nearest.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int is_folder(const char *path)
{
  struct stat s;
  return stat(path, &s) == 0 && S_ISDIR(s.st_mode);
}

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

static int is_script(const struct dirent *entry)
{
  size_t length = strlen(entry->d_name);
  return length > 4 && strcmp(entry->d_name + length - 4, ".lua") == 0;
}

/* Looks in a folder for the script whose name is nearest. Writes shown/name to `found` (PATH_MAX
 * bytes) when it is nearer than what was found before. */
static void look_in(const char *folder, const char *shown, struct nearest *search, char *found)
{
  struct dirent **entries;
  int count = scandir(folder, &entries, is_script, alphasort);
  for (int i = 0; i < count; i++) {
    const char *name = entries[i]->d_name;
    if (nearest_is(search, slice_of(name)) && join(found, shown, name) != 0)
      *found = '\0';
    free(entries[i]);
  }
  if (count >= 0)
    free(entries);
}

/* Finds the script that was probably meant: beside the place that was named, and among the
 * challenges. `found` (PATH_MAX bytes) is empty when none is near. */
static void find_nearest(const struct paths *p, const char *name, char *found)
{
  char folder[PATH_MAX] = ".", whole[PATH_MAX];
  const char *slash = strrchr(name, '/'), *base = slash == NULL ? name : slash + 1;
  struct nearest search;
  *found = '\0';
  nearest_begin(&search, slice_of(base));
  if (slash != NULL &&
      snprintf(folder, sizeof folder, "%.*s", (int)(slash - name), name) >= (int)sizeof folder)
    return;
  look_in(folder, folder, &search, found);
  if (name[0] != '/' && join(whole, p->root, folder) == 0)
    look_in(whole, folder, &search, found);
  if (join(whole, p->root, "challenges") == 0)
    look_in(whole, "challenges", &search, found);
}

int paths_script(const struct paths *p, const char *name, char *found, struct error *e)
{
  if (is_file(name) && strlen(name) < PATH_MAX) {
    memcpy(found, name, strlen(name) + 1);
    return 0;
  }
  int is_relative = name[0] != '/';
  if (is_relative && ((join(found, p->program, name) == 0 && is_file(found)) ||
                      (join(found, p->root, name) == 0 && is_file(found))))
    return 0;
  if (is_folder(name) ||
      (is_relative && *name != '\0' && join(found, p->root, name) == 0 && is_folder(found)))
    return error_set(e, "%s is a folder: expected a Lua script, such as challenges/echo_1.lua",
                     name);
  find_nearest(p, name, found);
  if (found[0] != '\0')
    return error_set(e, "no such script: %s; did you mean %s?", name,
                     strncmp(found, "./", 2) == 0 ? found + 2 : found);
  if (!is_relative)
    return error_set(e, "no such script: %s", name);
  return error_set(e, "no such script: %s (looked here, and in %s)", name, p->root);
}
