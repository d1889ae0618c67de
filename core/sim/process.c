#include "sim/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
  LINE_BYTES = 64 << 20,
  READ_BYTES = 64 << 10,
  LAST_MOMENTS = 100, /* looks at whether it is gone, once its output has ended */
  MOMENT_NS = 1000 * 1000
};

static void close_fd(int *fd)
{
  if (*fd >= 0)
    (void)close(*fd);
  *fd = -1;
}

/* In the child, before it becomes the program; when it cannot, it writes why to `fault`, a number as
 * errno has it. It gets a process group of its own, so that an
 * interrupt typed at the terminal reaches only the bench, which then ends its children; should the
 * bench be killed, the kernel ends them. */
static void become(char *const *words, const int in[2], const int out[2], const int err[2],
                   const int fault[2], pid_t parent)
{
  (void)setpgid(0, 0);
  (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent)
    _exit(127);
  (void)signal(SIGPIPE, SIG_DFL);
  if (dup2(in[0], STDIN_FILENO) < 0 || dup2(out[1], STDOUT_FILENO) < 0 ||
      dup2(err[1], STDERR_FILENO) < 0)
    _exit(127);
  execvp(words[0], words);
  const int why = errno;
  (void)!write(fault[1], &why, sizeof why);
  _exit(127);
}

/* Waits until the child is the program, which closes the pipe, or has said why it cannot be. Returns
 * 0 or that reason. */
static int wait_for_program(int fault)
{
  int why = 0;
  ssize_t n;
  do
    n = read(fault, &why, sizeof why);
  while (n < 0 && errno == EINTR);
  return n == (ssize_t)sizeof why ? why : 0;
}

static int set_non_blocking(int fd)
{
  int flags = fcntl(fd, F_GETFL);
  return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

int process_start(struct process *p, char *const *words, struct error *e)
{
  *p = (struct process){.in = -1, .from = {-1, -1}};
  int in[2] = {-1, -1}, out[2] = {-1, -1}, err[2] = {-1, -1}, fault[2] = {-1, -1};
  pid_t parent = getpid(), pid = -1;
  (void)signal(SIGPIPE, SIG_IGN);
  if (pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0 && pipe2(err, O_CLOEXEC) == 0 &&
      pipe2(fault, O_CLOEXEC) == 0 && set_non_blocking(in[1]) == 0 &&
      set_non_blocking(out[0]) == 0 && set_non_blocking(err[0]) == 0)
    pid = fork();
  if (pid == 0)
    become(words, in, out, err, fault, parent);
  int reason = errno;
  close_fd(&fault[1]);
  if (pid > 0)
    reason = wait_for_program(fault[0]);
  close_fd(&fault[0]);
  close_fd(&in[0]);
  close_fd(&out[1]);
  close_fd(&err[1]);
  p->in = in[1];
  p->from[PROCESS_OUT] = out[0];
  p->from[PROCESS_ERR] = err[0];
  for (int i = 0; i < PROCESS_STREAMS; i++)
    lines_init(&p->lines[i], LINE_BYTES);
  if (pid > 0) {
    (void)setpgid(pid, pid); /* so does the child; whoever is first, now it has its group */
    p->pid = pid;
    if (reason == 0)
      return 0;
  }
  process_kill(p);
  return error_set(e, "%s could not be started: %s", words[0], strerror(reason));
}

void process_kill(struct process *p)
{
  if (p->pid > 0) {
    (void)kill(-p->pid, SIGKILL); /* its children too */
    (void)kill(p->pid, SIGKILL);
    while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR) {
    }
  }
  p->pid = 0;
  close_fd(&p->in);
  for (int i = 0; i < PROCESS_STREAMS; i++) {
    close_fd(&p->from[i]);
    lines_free(&p->lines[i]);
  }
  bytes_free(&p->input);
  p->written = 0;
}

void process_pause(struct process *p, int is_paused)
{
  if (p->pid > 0)
    (void)kill(-p->pid, is_paused ? SIGSTOP : SIGCONT);
}

int process_feed(struct process *p, struct slice line)
{
  if (bytes_reserve(&p->input, line.length + 1) != 0)
    return -1; /* not half a line */
  (void)bytes_append_slice(&p->input, line);
  return bytes_append_byte(&p->input, '\n');
}

size_t process_backlog(const struct process *p)
{
  return p->input.length - p->written;
}

int process_flush(struct process *p)
{
  while (process_backlog(p) > 0 && p->in >= 0) {
    ssize_t n = write(p->in, p->input.data + p->written, process_backlog(p));
    if (n >= 0) {
      p->written += (size_t)n;
      p->taken += (uint64_t)n;
    } else if (errno == EAGAIN) {
      break;
    } else if (errno != EINTR) {
      close_fd(&p->in);
      return -1;
    }
  }
  /* Moved only when the larger part has been written, so each byte is moved once at most. */
  if (p->written > p->input.length / 2) {
    bytes_consume(&p->input, p->written);
    p->written = 0;
  }
  return 0;
}

int process_read(struct process *p, enum process_stream stream)
{
  size_t room;
  if (p->from[stream] < 0)
    return -1;
  char *into = lines_room(&p->lines[stream], READ_BYTES, &room);
  if (into == NULL)
    return PROCESS_NO_MEMORY;
  ssize_t n = read(p->from[stream], into, room);
  if (n > 0) {
    lines_added(&p->lines[stream], (size_t)n);
    return 1;
  }
  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    return 0;
  close_fd(&p->from[stream]);
  return -1;
}

/* Whether it is gone. It stays to be waited for, so its group still has its name. */
static int is_gone(const struct process *p)
{
  siginfo_t info = {.si_pid = 0};
  return waitid(P_PID, (id_t)p->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0;
}

/* The kernel closes its output a little before it is gone. */
int process_ended(struct process *p, struct error *how)
{
  const struct timespec moment = {.tv_nsec = MOMENT_NS};
  int status;
  if (p->pid == 0)
    return -1;
  for (int i = 0; i < LAST_MOMENTS && !is_gone(p); i++)
    (void)nanosleep(&moment, NULL);
  if (!is_gone(p))
    return -1;
  (void)kill(-p->pid, SIGKILL); /* what it started and left behind */
  if (waitpid(p->pid, &status, 0) != p->pid)
    return -1;
  p->pid = 0;
  if (WIFSIGNALED(status))
    error_set(how, "was killed by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
  else
    error_set(how, "exited with status %d", WEXITSTATUS(status));
  return 0;
}
