/* Running the OCI runtime once, and what became of it. */
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "monitor.h"

/* The process must not inherit the signals that we, or the engine, ignore or block. */
static int spawn(struct monitor *m, const int stdio[3]) {
  char **argv = m->options.runtime;
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t all, none;
  memset(&all, 0xff, sizeof all); /* sigfillset(3) leaves out two of libc's own, which posix_spawn(3) then ignores */
  int error = sigemptyset(&none);
  if (error == 0) error = posix_spawn_file_actions_init(&actions);
  if (error != 0) return error;
  error = posix_spawnattr_init(&attributes);
  if (error == 0) {
    for (int fd = 0; fd < 3 && error == 0; fd++) error = posix_spawn_file_actions_adddup2(&actions, stdio[fd], fd);
    if (error == 0) error = posix_spawnattr_setsigdefault(&attributes, &all);
    if (error == 0) error = posix_spawnattr_setsigmask(&attributes, &none);
    if (error == 0) error = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    if (error == 0) error = posix_spawnp(&m->runtime_pid, argv[0], &actions, &attributes, argv, environ);
    (void)posix_spawnattr_destroy(&attributes);
  }
  (void)posix_spawn_file_actions_destroy(&actions);
  return error;
}

/* A pipe between us (non-blocking) and the process; `reading` says which end is ours. */
static int make_pipe(int *ours, int *theirs, bool reading) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) return -1;
  *ours = ends[reading ? 0 : 1];
  *theirs = ends[reading ? 1 : 0];
  if (reading) (void)fcntl(*ours, F_SETPIPE_SZ, 4 * READ_BYTES); /* if refused, only slower */
  return fd_nonblock(*ours);
}

/* Takes the runtime's score on for a moment, which the runtime and all that it starts inherit. */
static int spawn_scored(struct monitor *m, const int stdio[3]) {
  const char *path = "/proc/self/oom_score_adj", *wanted = m->options.oom_score_adj;
  char own[16];
  int fd = wanted == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
  ssize_t len = fd < 0 ? 0 : read(fd, own, sizeof own);
  if (len <= 0 || write(fd, wanted, strlen(wanted)) < 0) wanted = NULL; /* not ours to lower: the child keeps what we have */
  int error = spawn(m, stdio);
  if (wanted != NULL) (void)fd_write_all(fd, own, (size_t)len);
  fd_close(&fd);
  return error;
}

int runtime_spawn(struct monitor *m) {
  int null_fd = open(m->options.null_path, O_RDWR | O_CLOEXEC), stdio[3] = {null_fd, null_fd, null_fd}, error;
  const char *culprit = null_fd < 0 ? m->options.null_path : m->options.runtime[0];
  bool piped = !m->options.terminal; /* else only the runtime's own words come by stderr */
  if (null_fd < 0 || (piped && m->options.stdin_open && make_pipe(&m->input_fd, &stdio[0], false) < 0) ||
      (piped && make_pipe(&m->out.fd, &stdio[1], true) < 0) || make_pipe(&m->err.fd, &stdio[2], true) < 0) {
    error = errno;
  } else {
    error = spawn_scored(m, stdio);
  }
  for (int i = 0; i < 3; i++) {
    if (stdio[i] != null_fd) fd_close(&stdio[i]);
  }
  fd_close(&null_fd);
  if (error == 0) return 0;
  errno = error;
  status_failed_errno(m, culprit);
  return -1;
}

static void failed(struct monitor *m, int status) {
  char message[MESSAGE_BYTES];
  size_t len = fd_read_tail("runtime.log", message, sizeof message);
  if (len == 0) {
    ssize_t n = read(m->err.fd, message, sizeof message - 1);
    len = n < 0 ? 0 : (size_t)n;
  }
  while (len > 0 && message[len - 1] == '\n') len--;
  message[len] = '\0';
  if (len == 0)
    (void)snprintf(message, sizeof message, "%s %s %d", m->options.runtime[0],
                   WIFSIGNALED(status) ? "was killed by signal" : "ended with status",
                   WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
  status_failed(m, message);
}

static pid_t read_pid(void) {
  char digits[16];
  uint64_t pid;
  (void)fd_read_tail("pid", digits, sizeof digits);
  digits[strcspn(digits, "\n")] = '\0';
  return number_parse(digits, INT32_MAX, &pid) ? (pid_t)pid : 0;
}

/* What starting took, libc's start-up above all, is not needed any more: the kernel maps again the little that is. */
static void forget_code(void) {
  extern char __executable_start[], etext[];
  (void)madvise(__executable_start, (size_t)(etext - __executable_start), MADV_DONTNEED);
}

void runtime_ended(struct monitor *m, int status) {
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    failed(m, status);
    return;
  }
  if (m->options.terminal) {
    if (m->master_fd < 0) terminal_take(m);
    fd_close(&m->err.fd);
  }
  m->pid = read_pid();
  if (m->options.terminal && m->master_fd < 0) {
    status_failed(m, "the runtime sent no terminal");
  } else if (m->pid <= 0) {
    status_failed(m, "the runtime left no pid");
  } else {
    char line[32];
    (void)snprintf(line, sizeof line, "started %d\n", m->pid);
    m->phase = RUNNING;
    status_say(m, line);
    oom_watch(&m->oom, m->options.oom_v1, m->options.oom_v2);
    forget_code();
  }
}
