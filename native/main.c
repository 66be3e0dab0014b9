/* tare-monitor: see protocol.md. */
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "monitor.h"

/* Apart from the engine: own session, own signals, no descriptor of it but the two pipes. */
static int detach(struct monitor *m) {
  static const int ignored[] = {SIGHUP, SIGINT, SIGTERM, SIGPIPE, SIGXFSZ, SIGTTIN, SIGTTOU};
  sigset_t child;
  if (syscall(SYS_close_range, 3U, ~0U, 0U) < 0 || (getsid(0) != getpid() && setsid() < 0)) return -1;
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0 || prctl(PR_SET_PDEATHSIG, 0) < 0 || prctl(PR_SET_NAME, "tare-monitor") < 0)
    return -1;
  for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++) {
    if (signal(ignored[i], SIG_IGN) == SIG_ERR) return -1;
  }
  if (signal(SIGCHLD, SIG_DFL) == SIG_ERR || sigemptyset(&child) < 0 || sigaddset(&child, SIGCHLD) < 0) return -1;
  if (sigprocmask(SIG_SETMASK, &child, NULL) < 0) return -1;
  m->signal_fd = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
  int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (m->signal_fd < 0 || null_fd < 0 || dup2(null_fd, STDERR_FILENO) < 0) return -1;
  if (!m->held && dup2(null_fd, STDIN_FILENO) < 0) return -1;
  fd_close(&null_fd);
  return m->held ? fd_nonblock(STDIN_FILENO) : 0;
}

static int clean_directory(const char *dir) {
  static const char *const names[] = {"exit", "exit.tmp", "pid", "runtime.log", "attach.sock", "console.sock"};
  if (chdir(dir) < 0) return -1;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (unlink(names[i]) < 0 && errno != ENOENT) return -1;
  }
  return 0;
}

static int prepare(struct monitor *m) {
  const char *failed = NULL;
  if (detach(m) < 0) failed = "cannot detach";
  else if (clean_directory(m->options.dir) < 0) failed = m->options.dir;
  else if (status_reserve(m) < 0) failed = "exit record";
  else if (m->log.path != NULL && log_open(&m->log) < 0) failed = m->log.path;
  else if ((m->listen_fd = unix_listen("attach.sock", SOMAXCONN)) < 0) failed = "attach.sock";
  else if (m->options.terminal && (m->console_fd = unix_listen("console.sock", 1)) < 0) failed = "console.sock";
  if (failed != NULL) status_failed_errno(m, failed);
  return failed == NULL ? 0 : -1;
}

static void init(struct monitor *m) {
  m->signal_fd = m->listen_fd = m->console_fd = m->record_fd = m->log.fd = -1;
  m->master_fd = m->slave_fd = m->input_fd = m->out.fd = m->err.fd = m->oom.events_fd = m->oom.notice_fd = -1;
  m->control_fd = STDIN_FILENO;
  m->status_fd = STDOUT_FILENO;
  m->out.stream = 1;
  m->err.stream = 2;
  for (size_t i = 0; i < MAX_CLIENTS; i++) m->clients[i].fd = -1;
}

int main(int argc, char **argv) {
  /* Mapped, so that only pages in use count; the buffers are most of it. */
  struct monitor *m = mmap(NULL, sizeof *m, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (m == MAP_FAILED || argc < 1) return 1;
  init(m);
  const char *wrong = options_parse(m, argv);
  if (wrong != NULL) {
    errno = EINVAL;
    status_failed_errno(m, wrong);
    return 1;
  }
  if (prepare(m) < 0 || runtime_spawn(m) < 0) return 1;
  status_say(m, "listening\n");
  return loop_run(m) < 0 || m->pid <= 0 ? 1 : 0;
}
