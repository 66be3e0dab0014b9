/*
 * queries NAME CLIENTS SECONDS FRESH       asks the first server of /etc/resolv.conf for an address, as many at a time as there are clients,
 *                                          each from a socket of its own or, FRESH being 1, from a new one each time as libc does; prints
 *                                          answers a second and the 99th percentile of their microseconds
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CLIENTS = 256, MAX_SAMPLES = 4000000, MESSAGE_BYTES = 512, PATIENCE_MS = 2000 };

struct client {
  int fd;
  uint64_t asked_at;
};

static struct client clients[MAX_CLIENTS];
static uint32_t samples[MAX_SAMPLES];
static unsigned char query[MESSAGE_BYTES] = {0x12, 0x34, 1, 0, 0, 1};
static size_t query_len = 12;
static struct sockaddr_in server = {.sin_family = AF_INET};

static uint64_t now_us(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
}

static int fail(const char *what) {
  perror(what);
  exit(1);
}

static void read_server(void) {
  char line[256], address[64];
  FILE *file = fopen("/etc/resolv.conf", "r");
  server.sin_port = htons(53);
  while (file != NULL && fgets(line, sizeof line, file) != NULL) {
    if (sscanf(line, "nameserver %63s", address) == 1 && inet_pton(AF_INET, address, &server.sin_addr) == 1) return;
  }
  fail("/etc/resolv.conf");
}

static void write_query(const char *name) {
  for (;;) {
    size_t label = strcspn(name, ".");
    query[query_len++] = (unsigned char)label;
    memcpy(query + query_len, name, label);
    query_len += label;
    if (name[label] == '\0') break;
    name += label + 1;
  }
  memcpy(query + query_len, "\0\0\1\0\1", 5);
  query_len += 5;
}

static void connect_client(int epoll_fd, struct client *client) {
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
  client->fd = socket(AF_INET, SOCK_DGRAM, 0);
  if (client->fd < 0 || connect(client->fd, (struct sockaddr *)&server, sizeof server) < 0) fail("connect");
  if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, client->fd, &event) < 0) fail("epoll");
}

static void ask(struct client *client) {
  client->asked_at = now_us();
  if (send(client->fd, query, query_len, 0) < 0) fail("send");
}

static int by_size(const void *a, const void *b) {
  uint32_t one = *(const uint32_t *)a, other = *(const uint32_t *)b;
  return one < other ? -1 : one > other;
}

int main(int argc, char **argv) {
  if (argc != 5) return 2;
  int count = atoi(argv[2]), fresh = atoi(argv[4]), epoll_fd = epoll_create1(0);
  size_t answers = 0;
  read_server();
  write_query(argv[1]);
  uint64_t started = now_us(), ends = started + (uint64_t)(atof(argv[3]) * 1e6);
  for (int i = 0; i < count; i++) {
    connect_client(epoll_fd, &clients[i]);
    ask(&clients[i]);
  }
  while (now_us() < ends && answers < MAX_SAMPLES) {
    struct epoll_event event;
    unsigned char answer[MESSAGE_BYTES];
    if (epoll_wait(epoll_fd, &event, 1, PATIENCE_MS) != 1) fail("no answer");
    struct client *client = event.data.ptr;
    ssize_t n = recv(client->fd, answer, sizeof answer, 0);
    if (n < 12 || answer[7] == 0) fail("an answer without an address");
    samples[answers++] = (uint32_t)(now_us() - client->asked_at);
    if (fresh) {
      close(client->fd);
      connect_client(epoll_fd, client);
    }
    ask(client);
  }
  double seconds = (double)(now_us() - started) / 1e6;
  qsort(samples, answers, sizeof *samples, by_size);
  printf("%.0f %u\n", (double)answers / seconds, samples[answers * 99 / 100]);
  return 0;
}
