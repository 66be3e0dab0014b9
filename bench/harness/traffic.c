/*
 * traffic sink PORT                        takes what comes, one connection after another, and sends nothing
 * traffic greet PORT                       says one byte to whoever connects, and waits until that has gone
 * traffic send ADDRESS PORT SECONDS        sends as fast as it can; prints MB/s
 * traffic connect ADDRESS PORT SECONDS     connects, waits for the byte, and begins anew; prints connections a second. Each ends by a
 *                                          reset, so that none lingers on and is in the way of one of the same ports
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CHUNK_BYTES = 256 * 1024, BACKLOG = 1024 };

static char chunk[CHUNK_BYTES];

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int fail(const char *what) {
  perror(what);
  exit(1);
}

static void serve(const char *port, int greets) {
  static const int ON = 1;
  struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(port))};
  int door = socket(AF_INET, SOCK_STREAM, 0);
  if (door < 0 || setsockopt(door, SOL_SOCKET, SO_REUSEADDR, &ON, sizeof ON) < 0) fail("socket");
  if (bind(door, (struct sockaddr *)&own, sizeof own) < 0 || listen(door, BACKLOG) < 0) fail("listen");
  for (;;) {
    int fd = accept(door, NULL, NULL);
    if (fd < 0) continue;
    if (greets) (void)!write(fd, "x", 1);
    while (read(fd, chunk, sizeof chunk) > 0) continue;
    close(fd);
  }
}

static int reach(const char *address, const char *port) {
  struct sockaddr_in target = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(port))};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0 || inet_pton(AF_INET, address, &target.sin_addr) != 1) fail(address);
  if (connect(fd, (struct sockaddr *)&target, sizeof target) < 0) fail("connect");
  return fd;
}

static double send_for(int fd, double seconds) {
  double started = now(), bytes = 0;
  while (now() - started < seconds) {
    ssize_t n = write(fd, chunk, sizeof chunk);
    if (n < 0) fail("write");
    bytes += (double)n;
  }
  return bytes / (now() - started) / 1e6;
}

static double connect_for(const char *address, const char *port, double seconds) {
  static const struct linger RESET = {.l_onoff = 1};
  double started = now(), count = 0;
  while (now() - started < seconds) {
    int fd = reach(address, port);
    if (read(fd, chunk, 1) != 1) fail("read");
    if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &RESET, sizeof RESET) < 0) fail("linger");
    close(fd);
    count++;
  }
  return count / (now() - started);
}

int main(int argc, char **argv) {
  if (argc == 3 && (strcmp(argv[1], "sink") == 0 || strcmp(argv[1], "greet") == 0)) serve(argv[2], argv[1][0] == 'g');
  if (argc != 5) return 2;
  double seconds = atof(argv[4]);
  if (strcmp(argv[1], "send") == 0) printf("%.1f\n", send_for(reach(argv[2], argv[3]), seconds));
  else printf("%.1f\n", connect_for(argv[2], argv[3], seconds));
  return 0;
}
