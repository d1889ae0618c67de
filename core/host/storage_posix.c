#include "host/storage_posix.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct posix_file {
  struct file file; /* must be first */
  struct storage *storage;
  struct sync_job job;
  int folder_fd;             /* of the folder that it is in */
  struct file_sync *request; /* whose sync is under way, or NULL */
  uint64_t length;
  int name_is_durable;
  int is_broken;
  struct error broken; /* why */
  char path[PATH_MAX];
};

static struct posix_file *posix_file(struct file *f)
{
  return (struct posix_file *)f;
}

/* From here on the file takes nothing any more. */
static void give_up(struct posix_file *f, const char *what, int error)
{
  f->is_broken = 1;
  error_set(&f->broken, "%s: %s: %s; nobody knows what is on the disk now", f->path, what,
            strerror(error));
}

static int read_all(struct file *file, struct bytes *into, struct error *e)
{
  enum { PIECE_BYTES = 1 << 20 };
  struct posix_file *f = posix_file(file);
  size_t before = into->length;
  for (uint64_t at = 0;;) {
    ssize_t n = -1;
    errno = ENOMEM;
    if (bytes_reserve(into, PIECE_BYTES) == 0)
      n = pread(f->job.fd, into->data + into->length, PIECE_BYTES, (off_t)at);
    if (n == 0)
      return 0;
    if (n > 0) {
      into->length += (size_t)n;
      at += (size_t)n;
    } else if (errno != EINTR) {
      into->length = before;
      return error_set(e, "cannot read %s: %s", f->path, strerror(errno));
    }
  }
}

static int check(const struct posix_file *f, struct error *e)
{
  return f->is_broken ? error_set(e, "%s", f->broken.text) : 0;
}

static int cut(struct posix_file *f, uint64_t length)
{
  int result;
  do
    result = f->storage->calls.ftruncate(f->job.fd, (off_t)length);
  while (result != 0 && errno == EINTR);
  return result;
}

static int append(struct file *file, struct slice data, struct error *e)
{
  struct posix_file *f = posix_file(file);
  if (check(f, e) != 0)
    return -1;
  for (size_t written = 0; written < data.length;) {
    ssize_t n = f->storage->calls.write(f->job.fd, data.data + written, data.length - written);
    if (n > 0) {
      written += (size_t)n;
    } else if (n == 0 || errno != EINTR) {
      int error = n == 0 ? EIO : errno;
      if (written > 0 && cut(f, f->length) != 0)
        give_up(f, "cannot take a part of a write back", errno);
      return error_set(e, "cannot write to %s: %s", f->path, strerror(error));
    }
  }
  f->length += data.length;
  return 0;
}

/* Waits until it is on the disk. */
static int sync_now(struct posix_file *f, int fd, const char *what, struct error *e)
{
  int result;
  do
    result = f->storage->calls.fsync(fd);
  while (result != 0 && errno == EINTR);
  if (result != 0)
    give_up(f, what, errno);
  return check(f, e);
}

static int truncate_file(struct file *file, uint64_t length, struct error *e)
{
  struct posix_file *f = posix_file(file);
  if (check(f, e) != 0)
    return -1;
  if (length >= f->length)
    return 0;
  if (cut(f, length) != 0)
    return error_set(e, "cannot shorten %s: %s", f->path, strerror(errno));
  f->length = length;
  return sync_now(f, f->job.fd, "cannot sync the cut", e);
}

static int flush(struct file *file, struct error *e)
{
  struct posix_file *f = posix_file(file);
  if (check(f, e) != 0 || sync_now(f, f->job.fd, "cannot sync", e) != 0 ||
      sync_now(f, f->folder_fd, "cannot sync its folder", e) != 0)
    return -1;
  f->name_is_durable = 1;
  return 0;
}

static int begin_sync(struct file *file, struct file_sync *request, struct error *e)
{
  struct posix_file *f = posix_file(file);
  if (check(f, e) != 0)
    return -1;
  f->job.folder_fd = f->name_is_durable ? -1 : f->folder_fd;
  if (syncer_submit(&f->storage->syncer, &f->job, e) != 0)
    return -1;
  f->request = request;
  return 0;
}

static int rename_file(struct file *file, struct slice name, struct error *e)
{
  struct posix_file *f = posix_file(file);
  char path[PATH_MAX];
  if (check(f, e) != 0)
    return -1;
  int folder_length = (int)(strrchr(f->path, '/') - f->path);
  int n =
    snprintf(path, sizeof path, "%.*s/%.*s", folder_length, f->path, (int)name.length, name.data);
  if (n < 0 || (size_t)n >= sizeof path)
    return error_set(e, "a path of more than %zu bytes is too long", sizeof path);
  if (f->storage->calls.rename(f->path, path) != 0)
    return error_set(e, "cannot rename %s to %.*s: %s", f->path, (int)name.length, name.data,
                     strerror(errno));
  memcpy(f->path, path, (size_t)n + 1);
  f->name_is_durable = 0;
  return 0;
}

static void free_file(struct posix_file *f)
{
  if (f->job.fd >= 0)
    (void)close(f->job.fd);
  if (f->folder_fd >= 0)
    (void)close(f->folder_fd);
  free(f);
}

static void close_file(struct file *file)
{
  struct posix_file *f = posix_file(file);
  syncer_withdraw(&f->storage->syncer, &f->job);
  free_file(f);
}

static const struct file_vtable vtable = {
  .read = read_all,
  .append = append,
  .truncate = truncate_file,
  .sync = begin_sync,
  .flush = flush,
  .rename = rename_file,
  .close = close_file,
};

void storage_complete(struct storage *s)
{
  struct sync_job *job;
  while ((job = syncer_take(&s->syncer)) != NULL) {
    struct posix_file *f = (struct posix_file *)((char *)job - offsetof(struct posix_file, job));
    struct file_sync *request = f->request;
    f->request = NULL;
    if (job->error != 0)
      give_up(f, "cannot sync", job->error);
    else if (job->folder_fd >= 0)
      f->name_is_durable = 1;
    request->done(request, f->is_broken ? f->broken.text : NULL);
  }
}

/* --- the folder --------------------------------------------------------- */

/* A new entry of a folder is durable when the folder is synced. */
static int sync_folder(const char *path)
{
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return -1;
  int result = fsync(fd), error = errno;
  (void)close(fd);
  errno = error;
  return result;
}

/* Makes a folder if it is not there. */
static int make_folder(const char *path, const char *parent)
{
  if (mkdir(path, 0777) == 0)
    return sync_folder(parent);
  return errno == EEXIST ? 0 : -1;
}

/* A node's id as the name of a folder: bytes that could mean something else become %XX. */
static int append_id(char *path, size_t room, struct slice id)
{
  static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
  for (size_t i = 0; i < id.length; i++) {
    unsigned char c = (unsigned char)id.data[i];
    int n = snprintf(path, room, c != '\0' && strchr(plain, c) != NULL ? "%c" : "%%%02X", c);
    if (n < 0 || (size_t)n >= room)
      return -1;
    path += n;
    room -= (size_t)n;
  }
  return 0;
}

/* Fills the path, of PATH_MAX bytes, of the node's folder, and makes it. */
static int make_node_folder(const struct storage *s, struct slice node, char *path, struct error *e)
{
  char parent[PATH_MAX];
  const char *folder = s->folder;
  const size_t room = PATH_MAX;
  if (folder == NULL)
    return error_set(e, "this node has no folder for its files; start it with --data DIR");
  int n = snprintf(parent, sizeof parent, "%s/..", folder);
  if (n < 0 || (size_t)n >= sizeof parent || make_folder(folder, parent) != 0)
    return error_set(e, "cannot make the folder %s: %s", folder, strerror(errno));
  n = snprintf(path, room, "%s/", folder);
  if (append_id(path + n, room - (size_t)n, node) != 0)
    return error_set(e, "a node's id of %zu bytes is too long for a folder", node.length);
  if (make_folder(path, folder) != 0)
    return error_set(e, "cannot make the folder %s: %s", path, strerror(errno));
  return 0;
}

/* Fills the path, of PATH_MAX bytes, of a file in a folder that is there now. */
static int make_path(const struct storage *s, struct slice node, struct slice name, char *path,
                     struct error *e)
{
  if (make_node_folder(s, node, path, e) != 0)
    return -1;
  size_t length = strlen(path), room = PATH_MAX - length;
  int n = snprintf(path + length, room, "/%.*s", (int)name.length, name.data);
  if (n < 0 || (size_t)n >= room)
    return error_set(e, "a path of more than %d bytes is too long", PATH_MAX);
  return 0;
}

int storage_list(struct storage *s, struct slice node, struct slice prefix, struct bytes *names,
                 struct error *e)
{
  char path[PATH_MAX];
  size_t before = names->length;
  if (make_node_folder(s, node, path, e) != 0)
    return -1;
  DIR *folder = opendir(path);
  if (folder == NULL)
    return error_set(e, "cannot read the folder %s: %s", path, strerror(errno));
  int result = 0;
  for (;;) {
    errno = 0;
    const struct dirent *entry = readdir(folder);
    if (entry == NULL) {
      result = errno;
      break;
    }
    size_t length = strlen(entry->d_name);
    if (length < prefix.length || memcmp(entry->d_name, prefix.data, prefix.length) != 0)
      continue;
    if (bytes_append(names, entry->d_name, length + 1) != 0) {
      result = ENOMEM;
      break;
    }
  }
  (void)closedir(folder);
  if (result == 0)
    return 0;
  names->length = before;
  return error_set(e, "cannot read the folder %s: %s", path, strerror(result));
}

int storage_remove(struct storage *s, struct slice node, struct slice name, struct error *e)
{
  char path[PATH_MAX];
  if (make_path(s, node, name, path, e) != 0)
    return -1;
  if (s->calls.unlink(path) == 0 || errno == ENOENT)
    return 0;
  return error_set(e, "cannot remove %s: %s", path, strerror(errno));
}

/* --- opening ------------------------------------------------------------ */

/* Opens the file at f->path and locks it. The file that has the path then may be another: whoever
 * had it open before has put one in its place. */
static int open_path(struct posix_file *f, int is_made, struct error *e)
{
  struct stat s, named;
  f->job.fd = open(f->path, O_RDWR | (is_made ? O_CREAT : 0) | O_APPEND | O_CLOEXEC, 0666);
  if (f->job.fd < 0)
    return error_set(e, "cannot open %s: %s", f->path, strerror(errno));
  if (flock(f->job.fd, LOCK_EX | LOCK_NB) != 0)
    return error_set(e, "cannot lock %s: %s", f->path,
                     errno == EWOULDBLOCK ? "it is in use, by this node or another process"
                                          : strerror(errno));
  if (fstat(f->job.fd, &s) != 0 || !S_ISREG(s.st_mode))
    return error_set(e, "%s is no file", f->path);
  if (stat(f->path, &named) != 0 || named.st_dev != s.st_dev || named.st_ino != s.st_ino)
    return error_set(e, "cannot lock %s: another process has just replaced it", f->path);
  f->length = (uint64_t)s.st_size;
  char folder[PATH_MAX];
  (void)snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(f->path, '/') - f->path), f->path);
  f->folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (f->folder_fd < 0)
    return error_set(e, "cannot open the folder %s: %s", folder, strerror(errno));
  return 0;
}

struct file *storage_open(struct storage *s, struct slice node, struct slice name, int is_made,
                          struct error *e)
{
  struct posix_file *f = calloc(1, sizeof *f);
  if (f == NULL) {
    error_set(e, "out of memory");
    return NULL;
  }
  f->file.vtable = &vtable;
  f->storage = s;
  f->job.fd = f->job.folder_fd = f->folder_fd = -1;
  if (make_path(s, node, name, f->path, e) == 0 && open_path(f, is_made, e) == 0)
    return &f->file;
  free_file(f);
  return NULL;
}

void storage_init(struct storage *s, const char *folder, const struct storage_calls *calls)
{
  static const struct storage_calls system = {write, ftruncate, fsync, rename, unlink};
  *s = (struct storage){.folder = folder, .calls = calls != NULL ? *calls : system};
  syncer_init(&s->syncer, s->calls.fsync);
}

void storage_free(struct storage *s)
{
  syncer_free(&s->syncer);
}
