/*
 * pings SOCKET   asks an engine every millisecond whether it is there, on one connection and ahead of ordinary processes; at SIGTERM prints
 *                the median, the 99th and the 99.9th percentile and the longest wait for an answer in milliseconds, and how many took
 *                longer than 20
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { MAX_SAMPLES = 4000000, ANSWER_BYTES = 4096, EVERY_US = 1000, LONG_US = 20000 };

static const char REQUEST[] = "GET /_ping HTTP/1.1\r\nHost: engine\r\n\r\n";
static const char ANSWER_END[] = "\r\n\r\nOK";
static uint32_t samples[MAX_SAMPLES];
static volatile sig_atomic_t over;

static void end(int signal) {
  (void)signal;
  over = 1;
}

static int fail(const char *what) {
  perror(what);
  exit(1);
}

static uint64_t now_us(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
}

static int connect_to(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) return fail("path");
  strcpy(address.sun_path, path);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0) return fail("connect");
  return fd;
}

/* Microseconds until the whole answer was there. */
static uint64_t ping(int fd) {
  char answer[ANSWER_BYTES];
  size_t have = 0;
  uint64_t asked_at = now_us();
  if (write(fd, REQUEST, sizeof REQUEST - 1) < 0) fail("write");
  while (memmem(answer, have, ANSWER_END, sizeof ANSWER_END - 1) == NULL) {
    ssize_t count = read(fd, answer + have, sizeof answer - have);
    if (count < 0) fail("read");
    if (count == 0) exit(1);
    have += (size_t)count;
  }
  return now_us() - asked_at;
}

static int by_size(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

static void print(size_t count) {
  size_t late = 0;
  qsort(samples, count, sizeof *samples, by_size);
  for (size_t at = 0; at < count; at++) late += samples[at] > LONG_US;
  printf("%.3f %.3f %.3f %.3f %zu\n", samples[count / 2] / 1e3, samples[count * 99 / 100] / 1e3,
         samples[count * 999 / 1000] / 1e3, samples[count - 1] / 1e3, late);
}

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  /* Not to wait for a processor itself. */
  struct sched_param ahead = {.sched_priority = 1};
  sched_setscheduler(0, SCHED_FIFO, &ahead);
  struct sigaction action = {.sa_handler = end, .sa_flags = SA_RESTART};
  sigaction(SIGTERM, &action, NULL);
  int fd = connect_to(argv[1]);
  size_t count = 0;
  while (!over && count < MAX_SAMPLES) {
    uint64_t took = ping(fd);
    samples[count++] = (uint32_t)took;
    if (took < EVERY_US) usleep((useconds_t)(EVERY_US - took));
  }
  print(count);
  return 0;
}
