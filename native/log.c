#include "log.h"

#include <limits.h>

static int open_file(const char *path, int flags) {
  return open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | flags, 0640);
}

static void adopt(struct log *log, int fd, off_t size) {
  fd_close(&log->fd);
  log->fd = fd;
  log->size = (uint64_t)size;
  log->rotate_at = log->max_bytes == 0 ? UINT64_MAX : log->max_bytes;
}

int log_open(struct log *log) {
  char end = '\n';
  int fd = open_file(log->path, 0);
  off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
  if (size < 0 || (size > 0 && pread(fd, &end, 1, size - 1) != 1) || (end != '\n' && fd_write_all(fd, "\n", 1) < 0)) {
    fd_close(&fd);
    return -1;
  }
  adopt(log, fd, size + (end != '\n'));
  return 0;
}

static int shift_files(const struct log *log) {
  char from[PATH_MAX], to[PATH_MAX];
  for (uint64_t number = log->max_files - 1; number > 0; number--) {
    (void)snprintf(from, sizeof from, number == 1 ? "%s" : "%s.%u", log->path, (unsigned)number - 1);
    (void)snprintf(to, sizeof to, "%s.%u", log->path, (unsigned)number);
    if (rename(from, to) < 0 && errno != ENOENT) return -1;
  }
  return 0;
}

/* When it cannot be done the present file goes on, and the attempt is repeated as far again. */
static void rotate(struct log *log) {
  char fresh[PATH_MAX];
  (void)snprintf(fresh, sizeof fresh, "%s.new", log->path);
  int fd = open_file(fresh, O_TRUNC);
  if (fd >= 0 && shift_files(log) == 0 && rename(fresh, log->path) == 0) {
    adopt(log, fd, 0);
  } else {
    fd_close(&fd);
    log->rotate_at = log->size + log->max_bytes;
  }
}

/* Appends whole records; of a write cut short the torn record is taken back. */
static void append(struct log *log, const char *data, size_t len) {
  size_t done = 0;
  while (done < len) {
    ssize_t n = write(log->fd, data + done, len - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) break;
    done += (size_t)n;
  }
  if (done < len) {
    log->lost_errno = errno;
    const char *end = memrchr(data, '\n', done);
    size_t whole = end == NULL ? 0 : (size_t)(end + 1 - data);
    if (whole == done || ftruncate(log->fd, (off_t)(log->size + whole)) == 0) done = whole;
    log->lost += len - whole;
  }
  log->size += done;
}

static void put_prefix(char prefix[LOG_PREFIX_BYTES], unsigned stream) {
  struct timespec now = {0};
  if (clock_gettime(CLOCK_REALTIME, &now) < 0) now.tv_sec = 0;
  timestamp(prefix, now);
  memcpy(prefix + TIMESTAMP_BYTES, stream == 1 ? " stdout F " : " stderr F ", LOG_PREFIX_BYTES - TIMESTAMP_BYTES);
}

/* Tells of a loss as soon as anything can be written again. */
static void tell_loss(struct log *log) {
  char note[256], prefix[LOG_PREFIX_BYTES];
  uint64_t lost = log->lost;
  put_prefix(prefix, 2);
  int len = snprintf(note, sizeof note, "%.*stare-monitor: %llu bytes of log lost: %s\n", (int)LOG_PREFIX_BYTES, prefix,
                     (unsigned long long)lost, strerror(log->lost_errno));
  log->lost = 0;
  append(log, note, (size_t)len);
  if (log->lost > 0) log->lost = lost;
}

static void flush(struct log *log) {
  if (log->batched == 0) return;
  if (log->lost > 0) tell_loss(log);
  if (log->lost > 0) log->lost += log->batched;
  else append(log, log->batch, log->batched);
  log->batched = 0;
}

static void put_record(struct log *log, const char prefix[LOG_PREFIX_BYTES], const char *data, size_t len) {
  if (log->batched + LOG_PREFIX_BYTES + len + 1 > LOG_BATCH_BYTES) flush(log);
  char *at = log->batch + log->batched;
  memcpy(at, prefix, LOG_PREFIX_BYTES);
  memcpy(at + LOG_PREFIX_BYTES, data, len);
  at[LOG_PREFIX_BYTES + len] = '\n';
  log->batched += LOG_PREFIX_BYTES + len + 1;

  uint64_t size = log->size + log->batched;
  if (size < log->rotate_at || (log->open_lines != 0 && size - log->rotate_at < LOG_OVERRUN_BYTES)) return;
  flush(log);
  if (log->size >= log->rotate_at) rotate(log);
}

size_t log_write(struct log *log, unsigned stream, const char *data, size_t len, bool last) {
  char prefix[LOG_PREFIX_BYTES];
  put_prefix(prefix, stream);
  size_t taken = 0;
  while (taken < len) {
    size_t left = len - taken, window = left < LOG_LINE_BYTES ? left : LOG_LINE_BYTES;
    const char *newline = memchr(data + taken, '\n', window);
    if (newline == NULL && window < LOG_LINE_BYTES && !last) break;
    size_t content = newline == NULL ? window : (size_t)(newline - (data + taken));
    log->open_lines = newline == NULL ? log->open_lines | 1U << stream : log->open_lines & ~(1U << stream);
    prefix[LOG_PREFIX_BYTES - 2] = newline == NULL ? 'P' : 'F';
    put_record(log, prefix, data + taken, content);
    taken += content + (newline != NULL);
  }
  flush(log);
  if (last && log->lost > 0) tell_loss(log);
  return taken;
}
