/* measure: runs a program as a node and says what it cost, as one line of JSON. The benchmarks
 * (tests/bench/main.lua) call it once for each program and round.
 *
 *   measure feed INPUT PROGRAM ..      the whole input at once; the output goes to /dev/null
 *   measure pingpong INPUT PROGRAM ..  each line when the one before it has been answered
 *   measure idle INPUT PROGRAM ..      the input, and then silence for a while
 *
 * Processor time is what throughput is measured by: the programs are single-threaded, so on a
 * quiet machine it is the wall time too, and on a busy one it is what still can be compared. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SETTLE_MS = 200, IDLE_MS = 500 };

struct child {
  pid_t pid;
  int to;   /* its standard input; -1: it reads a file */
  int from; /* its standard output; -1: nobody reads it */
};

static _Noreturn void fail(const char *what)
{
  fprintf(stderr, "measure: %s: %s\n", what, strerror(errno));
  exit(1);
}

static double now_s(clockid_t clock)
{
  struct timespec t;
  if (clock_gettime(clock, &t) != 0)
    fail("clock_gettime");
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int open_or_fail(const char *path, int flags)
{
  int fd = open(path, flags | O_CLOEXEC);
  if (fd < 0)
    fail(path);
  return fd;
}

static void make_pipe(int ends[2])
{
  if (pipe(ends) != 0 || fcntl(ends[0], F_SETFD, FD_CLOEXEC) != 0 ||
      fcntl(ends[1], F_SETFD, FD_CLOEXEC) != 0)
    fail("pipe");
}

static pid_t spawn(char **words, int in, int out)
{
  pid_t pid = fork();
  if (pid < 0)
    fail("fork");
  if (pid > 0)
    return pid;
  if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0)
    fail("dup2");
  (void)execvp(words[0], words);
  fail(words[0]);
}

static struct child spawn_with_pipes(char **words)
{
  int in[2], out[2];
  make_pipe(in);
  make_pipe(out);
  struct child c = {.pid = spawn(words, in[0], out[1]), .to = in[1], .from = out[0]};
  (void)close(in[0]);
  (void)close(out[1]);
  return c;
}

/* Waits for the end; it must be a good one. */
static struct rusage finish(const struct child *c)
{
  struct rusage usage;
  int status;
  if (c->to >= 0)
    (void)close(c->to);
  if (wait4(c->pid, &status, 0, &usage) != c->pid)
    fail("wait4");
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    fprintf(stderr, "measure: the program ended badly (status %d)\n", status);
    exit(1);
  }
  return usage;
}

static double seconds(struct timeval t)
{
  return (double)t.tv_sec + (double)t.tv_usec * 1e-6;
}

static void feed(const char *input, char **words)
{
  int in = open_or_fail(input, O_RDONLY);
  int out = open_or_fail("/dev/null", O_WRONLY);
  double start = now_s(CLOCK_MONOTONIC);
  struct child c = {.pid = spawn(words, in, out), .to = -1, .from = -1};
  struct rusage usage = finish(&c);
  printf("{\"wall_s\":%.9f,\"cpu_s\":%.9f,\"rss_kb\":%ld}\n", now_s(CLOCK_MONOTONIC) - start,
         seconds(usage.ru_utime) + seconds(usage.ru_stime), usage.ru_maxrss);
}

static void send_line(const struct child *c, const char *line, size_t length)
{
  while (length > 0) {
    ssize_t n = write(c->to, line, length);
    if (n < 0)
      fail("write");
    line += n;
    length -= (size_t)n;
  }
}

/* Reads until a whole line has come; there is never more than one. */
static void await_line(const struct child *c)
{
  static char buffer[1 << 16];
  ssize_t n;
  do {
    n = read(c->from, buffer, sizeof buffer);
    if (n <= 0)
      fail("the program has not answered");
  } while (buffer[n - 1] != '\n');
}

static int by_size(const void *left, const void *right)
{
  const double *a = left, *b = right;
  return (*a > *b) - (*a < *b);
}

/* Asks with each line of the file. The latencies, but that of the first line, which is init;
 * the caller frees them. */
static double *ask_all(const struct child *c, FILE *lines, size_t *count)
{
  char *line = NULL;
  size_t capacity = 0, room = 0;
  double *latencies = NULL;
  ssize_t length;
  *count = 0;
  for (int is_init = 1; (length = getline(&line, &capacity, lines)) > 0; is_init = 0) {
    double start = now_s(CLOCK_MONOTONIC);
    send_line(c, line, (size_t)length);
    await_line(c);
    if (is_init)
      continue;
    if (*count == room) {
      room = room == 0 ? 1024 : room * 2;
      double *more = realloc(latencies, room * sizeof *more);
      if (more == NULL)
        fail("out of memory");
      latencies = more;
    }
    latencies[(*count)++] = now_s(CLOCK_MONOTONIC) - start;
  }
  free(line);
  return latencies;
}

static FILE *open_lines(const char *input)
{
  FILE *lines = fopen(input, "re");
  if (lines == NULL)
    fail(input);
  return lines;
}

static void pingpong(const char *input, char **words)
{
  FILE *lines = open_lines(input);
  struct child c = spawn_with_pipes(words);
  size_t count;
  double *latencies = ask_all(&c, lines, &count);
  (void)finish(&c);
  (void)fclose(lines);
  if (count == 0) {
    fprintf(stderr, "measure: %s has no line but init\n", input);
    exit(1);
  }
  qsort(latencies, count, sizeof *latencies, by_size);
  printf("{\"median_us\":%.3f,\"p99_us\":%.3f}\n", latencies[count / 2] * 1e6,
         latencies[count * 99 / 100] * 1e6);
  free(latencies);
}

static void pause_ms(long ms)
{
  struct timespec t = {ms / 1000, ms % 1000 * 1000000};
  while (nanosleep(&t, &t) != 0 && errno == EINTR) {
  }
}

static long resident_kb(pid_t pid)
{
  char path[64];
  long pages[2] = {0, 0};
  (void)snprintf(path, sizeof path, "/proc/%ld/statm", (long)pid);
  FILE *f = fopen(path, "re");
  if (f == NULL || fscanf(f, "%ld %ld", &pages[0], &pages[1]) != 2) /* NOLINT(cert-err34-c) */
    fail(path);
  (void)fclose(f);
  return pages[1] * (sysconf(_SC_PAGESIZE) / 1024);
}

static void idle(const char *input, char **words)
{
  FILE *lines = open_lines(input);
  struct child c = spawn_with_pipes(words);
  size_t count;
  free(ask_all(&c, lines, &count));
  (void)fclose(lines);
  clockid_t clock;
  if ((errno = clock_getcpuclockid(c.pid, &clock)) != 0)
    fail("clock_getcpuclockid");
  pause_ms(SETTLE_MS);
  double before = now_s(clock);
  pause_ms(IDLE_MS);
  double used = now_s(clock) - before;
  long rss_kb = resident_kb(c.pid);
  (void)finish(&c);
  printf("{\"cpu_us_per_s\":%.3f,\"rss_kb\":%ld}\n", used * 1e6 * 1000 / IDLE_MS, rss_kb);
}

int main(int argc, char **argv)
{
  static const struct {
    const char *name;
    void (*run)(const char *input, char **words);
  } modes[] = {{"feed", feed}, {"pingpong", pingpong}, {"idle", idle}};
  (void)signal(SIGPIPE, SIG_IGN);
  for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
    if (argc >= 4 && strcmp(argv[1], modes[i].name) == 0) {
      modes[i].run(argv[2], argv + 3);
      return 0;
    }
  fputs("usage: measure feed|pingpong|idle INPUT PROGRAM [ARGUMENT ...]\n", stderr);
  return 2;
}
