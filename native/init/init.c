/*
 * tare-init: pid 1 of containers started with --init, found there as /sbin/docker-init.
 *
 *     tare-init [--] COMMAND [ARGUMENT...]
 *
 * Runs the command in a process group of its own, in the foreground of the terminal if there is one, passes every signal on to it, reaps whatever
 * ends, and ends with the command's status: its exit code, 128 + the signal that killed it, 127 when there is no such command,
 * 126 when it cannot be run. When it ends, the kernel ends everything else in the pid namespace.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOT_FOUND = 127, NOT_EXECUTABLE = 126, BROKEN = 125 };

static int complain(const char *what, int status) {
  fprintf(stderr, "tare-init: %s: %s\n", what, strerror(errno));
  return status;
}

/* Signals of our own faults, which are nobody else's business. */
static bool is_fault(int signal) {
  return signal == SIGFPE || signal == SIGILL || signal == SIGSEGV || signal == SIGBUS || signal == SIGABRT || signal == SIGTRAP || signal == SIGSYS;
}

/* The set of signals that are waited for: all that can be and are not faults. */
static void waited_signals(sigset_t *set) {
  (void)sigfillset(set);
  for (int signal = 1; signal < NSIG; signal++)
    if (is_fault(signal)) (void)sigdelset(set, signal);
}

/* In the child: never returns. A background process may take the terminal only while SIGTTOU is blocked, as it is here. */
static void run_command(char **argv, const sigset_t *original) {
  if (setpgid(0, 0) < 0) _exit(complain("setpgid", BROKEN));
  if (tcsetpgrp(STDIN_FILENO, getpid()) < 0 && errno != ENOTTY && errno != ENXIO && errno != EBADF)
    _exit(complain("tcsetpgrp", BROKEN));
  if (sigprocmask(SIG_SETMASK, original, NULL) < 0) _exit(complain("sigprocmask", BROKEN));
  (void)execvp(argv[0], argv);
  _exit(complain(argv[0], errno == ENOENT ? NOT_FOUND : NOT_EXECUTABLE));
}

static int exit_code(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Reaps all that have ended. Returns the command's exit code once it is among them, else -1. */
static int reap(pid_t command) {
  int status, code = -1;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
    if (pid == command) code = exit_code(status);
  return code;
}

/* Passes signals on until the command has ended; returns its exit code. */
static int watch(pid_t command, const sigset_t *waited) {
  for (;;) {
    int signal = sigwaitinfo(waited, NULL);
    if (signal < 0) {
      if (errno == EINTR) continue;
      return complain("sigwaitinfo", BROKEN);
    }
    if (signal != SIGCHLD) {
      (void)kill(command, signal); /* It may have ended just now. */
      continue;
    }
    int code = reap(command);
    if (code >= 0) return code;
  }
}

int main(int argc, char **argv) {
  sigset_t waited, original;
  char **command = argv + 1;
  if (argc > 1 && strcmp(command[0], "--") == 0) command++;
  if (argc < 2 || *command == NULL) {
    fputs("usage: tare-init [--] COMMAND [ARGUMENT...]\n", stderr);
    return BROKEN;
  }
  waited_signals(&waited);
  if (sigprocmask(SIG_SETMASK, &waited, &original) < 0) return complain("sigprocmask", BROKEN);
  pid_t pid = fork();
  if (pid < 0) return complain("fork", BROKEN);
  if (pid == 0) run_command(command, &original);
  return watch(pid, &waited);
}
