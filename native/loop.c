/* The one poll loop, and what each event leads to. */
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "monitor.h"

enum { SIGNALS, DOOR, CONTROL, CONSOLE, OUT, ERR, INPUT, OOM, FIXED };

/* The line "go", or the end of file. */
static void control_read(struct monitor *m) {
  char word[8];
  if (read(m->control_fd, word, sizeof word) < 0 && (errno == EAGAIN || errno == EINTR)) return;
  m->held = false;
  fd_close(&m->control_fd);
}

static void process_ended(struct monitor *m, int exit_code) {
  m->exit_code = exit_code;
  m->phase = DRAINING;
  m->drain_until = now_ms() + (int64_t)m->options.drain_ms;
  if (clock_gettime(CLOCK_REALTIME, &m->exited_at) < 0) m->exited_at.tv_sec = 0;
  if (m->out.fd < 0 || ioctl(m->out.fd, FIONREAD, &m->out.owed) < 0) m->out.owed = 0;
  if (m->err.fd < 0 || ioctl(m->err.fd, FIONREAD, &m->err.owed) < 0) m->err.owed = 0;
  fd_close(&m->slave_fd);
}

/* Before the runtime has ended nobody else is reaped: its word says which of our adopted children is the process. */
static void reap(struct monitor *m) {
  struct signalfd_siginfo signal;
  int status;
  pid_t pid;
  if (read(m->signal_fd, &signal, sizeof signal) < 0) return;
  if (m->phase == STARTING) {
    if (waitpid(m->runtime_pid, &status, WNOHANG) != m->runtime_pid) return;
    runtime_ended(m, status);
  }
  while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
    if (m->phase != RUNNING || pid != m->pid) continue;
    process_ended(m, WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
  }
  if (pid < 0 && errno == ECHILD && m->phase == RUNNING) process_ended(m, 255); /* it never became our child */
}

static bool outputs_flow(const struct monitor *m) {
  return (m->phase == RUNNING || m->phase == DRAINING) && !m->held && !clients_behind(m);
}

static void oom_check(struct monitor *m) {
  if (!oom_read(&m->oom) || m->oom_told) return;
  m->oom_told = true;
  status_say(m, "oom\n");
}

/* Ends the drain when nobody has the output open any more, or the time is over: what the process had written is read
   then, whether clients are behind or not. Returns the milliseconds to look again after, or -1. */
static int drain(struct monitor *m) {
  if (m->phase != DRAINING || m->held) return -1;
  int64_t left = m->drain_until - now_ms();
  if (left > 0 && (m->out.fd >= 0 || m->err.fd >= 0)) return (int)left;
  while (m->out.owed > 0) output_read(m, &m->out);
  while (m->err.owed > 0) output_read(m, &m->err);
  output_end(m, &m->out);
  output_end(m, &m->err);
  oom_check(m);
  status_exited(m);
  return -1;
}

static void fixed_polls(struct monitor *m, struct pollfd polls[FIXED]) {
  bool flow = outputs_flow(m), sends = m->input_len > 0;
  polls[SIGNALS] = (struct pollfd){.fd = m->signal_fd, .events = POLLIN};
  polls[DOOR] = (struct pollfd){.fd = clients_place(m) == NULL ? -1 : m->listen_fd, .events = POLLIN};
  polls[CONTROL] = (struct pollfd){.fd = m->held ? m->control_fd : -1, .events = POLLIN};
  polls[CONSOLE] = (struct pollfd){.fd = m->console_fd, .events = POLLIN};
  polls[OUT] = (struct pollfd){.fd = flow ? m->out.fd : -1, .events = POLLIN};
  polls[ERR] = (struct pollfd){.fd = flow ? m->err.fd : -1, .events = POLLIN};
  /* Idle, a pipe still tells that its reader has gone; a terminal's hang-up is the output's business. */
  polls[INPUT] = (struct pollfd){.fd = sends || !m->options.terminal ? m->input_fd : -1, .events = sends ? POLLOUT : 0};
  polls[OOM] = (struct pollfd){.fd = m->oom.notice_fd, .events = m->oom.notice};
}

static void dispatch(struct monitor *m, const struct pollfd polls[FIXED]) {
  if (polls[DOOR].revents != 0) clients_accept(m);
  if (polls[CONTROL].revents != 0) control_read(m);
  if (polls[CONSOLE].revents != 0) terminal_take(m);
  if ((polls[INPUT].revents & POLLERR) != 0) m->input_ends = true;
  if (polls[INPUT].revents != 0) input_flush(m);
  if (polls[OUT].revents != 0 && outputs_flow(m)) output_read(m, &m->out);
  if (polls[ERR].revents != 0 && outputs_flow(m)) output_read(m, &m->err);
  if (polls[OOM].revents != 0) oom_check(m);
  if (polls[SIGNALS].revents != 0) reap(m);
}

int loop_run(struct monitor *m) {
  struct pollfd polls[FIXED + MAX_CLIENTS];
  struct client *polled[MAX_CLIENTS];
  for (;;) {
    int stall = clients_stalled(m), wait = drain(m), clients = 0;
    if (wait < 0 || (stall >= 0 && stall < wait)) wait = stall;
    fixed_polls(m, polls);
    for (struct client *client = m->clients; client < m->clients + MAX_CLIENTS; client++) {
      if (m->phase == ENDED && client->fd >= 0 && client->backlog == NULL) client_close(client);
      if (client->fd < 0) continue;
      polls[FIXED + clients] = client_poll(m, client);
      polled[clients++] = client;
    }
    if (m->phase == ENDED && clients == 0) return 0;
    if (poll(polls, FIXED + (nfds_t)clients, wait) < 0 && errno != EINTR) return -1;
    for (int i = 0; i < clients; i++) {
      if (polls[FIXED + i].revents != 0) client_ready(m, polled[i], polls[FIXED + i].revents);
    }
    dispatch(m, polls);
  }
}
