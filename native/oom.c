/* Out-of-memory kills of the process's memory cgroup, version 1 or 2. */
#include <stdlib.h>
#include <sys/eventfd.h>

#include "monitor.h"

/* cgroup-v1/memory.rst: "write string like '<event_fd> <fd of memory.oom_control>' to cgroup.event_control". */
static int watch_v1(int events, int dir) {
  char line[32];
  int control = openat(dir, "cgroup.event_control", O_WRONLY | O_CLOEXEC);
  int notice = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  int len = snprintf(line, sizeof line, "%d %d", notice, events);
  if (control < 0 || notice < 0 || fd_write_all(control, line, (size_t)len) < 0) fd_close(&notice);
  fd_close(&control);
  return notice;
}

void oom_watch(struct oom *oom, const char *v1, const char *v2) {
  const char *path = v1 != NULL ? v1 : v2;
  int dir = path == NULL ? -1 : open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0) return;
  oom->events_fd = openat(dir, v1 != NULL ? "memory.oom_control" : "memory.events", O_RDONLY | O_CLOEXEC);
  if (oom->events_fd >= 0) oom->notice_fd = v1 != NULL ? watch_v1(oom->events_fd, dir) : oom->events_fd;
  oom->notice = v1 != NULL ? POLLIN : POLLPRI;
  fd_close(&dir);
}

bool oom_read(struct oom *oom) {
  char content[512];
  uint64_t event;
  /* Version 1 tells of a kill just before it happens. */
  bool told = oom->notice == POLLIN && read(oom->notice_fd, &event, sizeof event) > 0;
  ssize_t n = oom->events_fd < 0 ? -1 : pread(oom->events_fd, content, sizeof content - 1, 0);
  if (n <= 0) { /* the cgroup has been removed, which would wake us for ever */
    oom->notice_fd = -1;
    return oom->kills > 0;
  }
  content[n] = '\0';
  const char *count = strstr(content, "oom_kill ");
  if (count != NULL) oom->kills = strtoull(count + strlen("oom_kill "), NULL, 10);
  return told || oom->kills > 0;
}
