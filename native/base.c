#include "base.h"

#include <stdlib.h>

void fd_close(int *fd) {
  if (*fd >= 0) (void)close(*fd);
  *fd = -1;
}

int fd_nonblock(int fd) {
  int flags = fcntl(fd, F_GETFL);
  return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

int fd_write_all(int fd, const char *data, size_t len) {
  while (len > 0) {
    ssize_t n = write(fd, data, len);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -1;
    data += n;
    len -= (size_t)n;
  }
  return 0;
}

size_t fd_read_tail(const char *path, char *data, size_t cap) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END), most = (off_t)cap - 1;
  ssize_t n = size < 0 ? 0 : pread(fd, data, cap - 1, size > most ? size - most : 0);
  fd_close(&fd);
  if (n < 0) n = 0;
  data[n] = '\0';
  return (size_t)n;
}

int64_t now_ms(void) {
  struct timespec now;
  if (clock_gettime(CLOCK_MONOTONIC, &now) < 0) return 0;
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void put_digits(char *end, int width, unsigned long number) {
  for (; width > 0; width--, number /= 10) *--end = (char)('0' + number % 10);
}

/* By hand because gmtime(3) reads the time zone files. The usual arithmetic of 400-year eras that begin in March. */
void timestamp(char out[TIMESTAMP_BYTES], struct timespec time) {
  unsigned days = (unsigned)(time.tv_sec / 86400) + 719468, second = (unsigned)(time.tv_sec % 86400);
  unsigned era = days / 146097, day = days % 146097;
  unsigned year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
  unsigned day_of_year = day - (365 * year + year / 4 - year / 100), march = (5 * day_of_year + 2) / 153;
  unsigned month = march < 10 ? march + 3 : march - 9;
  memcpy(out, "0000-00-00T00:00:00.000000000Z", TIMESTAMP_BYTES);
  put_digits(out + 4, 4, era * 400 + year + (month <= 2));
  put_digits(out + 7, 2, month);
  put_digits(out + 10, 2, day_of_year - (153 * march + 2) / 5 + 1);
  put_digits(out + 13, 2, second / 3600);
  put_digits(out + 16, 2, second / 60 % 60);
  put_digits(out + 19, 2, second % 60);
  put_digits(out + 29, 9, (unsigned long)time.tv_nsec);
}

bool number_parse(const char *string, uint64_t max, uint64_t *number) {
  char *end;
  errno = 0;
  *number = strtoull(string, &end, 10);
  return *string >= '0' && *string <= '9' && *end == '\0' && errno == 0 && *number <= max;
}
