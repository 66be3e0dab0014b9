/* Status lines to the engine and the watchers, and the exit record. */
#include "monitor.h"

static const char RECORD[] = "exit", TEMPORARY[] = "exit.tmp";

int status_reserve(struct monitor *m) {
  char blank[128] = {0};
  m->record_fd = open(TEMPORARY, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  return m->record_fd < 0 ? -1 : fd_write_all(m->record_fd, blank, sizeof blank);
}

static void record(struct monitor *m, const char *line, size_t len) {
  if (m->record_fd < 0) return;
  bool written = lseek(m->record_fd, 0, SEEK_SET) == 0 && fd_write_all(m->record_fd, line, len) == 0 &&
                 ftruncate(m->record_fd, (off_t)len) == 0 && fsync(m->record_fd) == 0;
  if (!written || rename(TEMPORARY, RECORD) < 0) (void)unlink(TEMPORARY);
  fd_close(&m->record_fd);
}

void status_say(struct monitor *m, const char *line) {
  size_t room = STATUS_BYTES - m->status_len, len = strlen(line);
  if (len > room) len = room;
  memcpy(m->status + m->status_len, line, len);
  m->status_len += len;
  if (m->status_fd >= 0 && fd_write_all(m->status_fd, line, len) < 0) fd_close(&m->status_fd);
  clients_status(m, line, len);
}

/* The record comes before the end of the socket, so that who no longer finds the one finds the other. */
static void say_last(struct monitor *m, const char *line) {
  m->phase = ENDED;
  record(m, line, strlen(line));
  clients_shut_door(m);
  status_say(m, line);
}

void status_failed(struct monitor *m, const char *message) {
  char line[sizeof "failed " + 2 * MESSAGE_BYTES] = "failed ", *at = line + strlen(line);
  for (; *message != '\0' && at < line + sizeof line - 3; message++) {
    char escaped = *message == '\\' ? '\\' : *message == '\n' ? 'n' : *message == '\r' ? 'r' : '\0';
    if (escaped != '\0') *at++ = '\\';
    if (escaped != '\0' || (unsigned char)*message >= ' ') *at++ = escaped != '\0' ? escaped : *message;
  }
  memcpy(at, "\n", 2);
  say_last(m, line);
}

void status_failed_errno(struct monitor *m, const char *what) {
  char message[MESSAGE_BYTES];
  (void)snprintf(message, sizeof message, "%s: %s", what, strerror(errno));
  status_failed(m, message);
}

void status_exited(struct monitor *m) {
  char time[TIMESTAMP_BYTES], line[128];
  timestamp(time, m->exited_at);
  (void)snprintf(line, sizeof line, "exited %d %d %.*s\n", m->exit_code, m->oom.kills > 0, TIMESTAMP_BYTES, time);
  say_last(m, line);
}
