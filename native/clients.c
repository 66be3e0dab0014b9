/* The socket's clients: requests, attach streams both ways, watchers. */
#include <stdlib.h>
#include <sys/socket.h>

#include "monitor.h"

enum { SEND_BUFFER_BYTES = 1024 * 1024, BACKLOG_BYTES = 1024 * 1024 };

void client_close(struct client *client) {
  char waste[512];
  while (recv(client->fd, waste, sizeof waste, MSG_DONTWAIT) > 0) continue;
  fd_close(&client->fd);
  free(client->backlog);
  client->backlog = NULL;
}

/* Sends what the socket takes now. A peer that is gone takes everything, and no stream any more. */
static size_t send_some(struct client *client, const char *data, size_t len) {
  ssize_t n = send(client->fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);
  client->stalled_at = now_ms();
  if (n >= 0) return (size_t)n;
  if (errno == EAGAIN || errno == EINTR) return 0;
  client->streams = 0;
  return len;
}

/* What the socket does not take is kept: while the process lives one chunk, since output waits for those behind. */
static void client_send(struct client *client, const char *data, size_t len) {
  size_t sent = client->backlog == NULL ? send_some(client, data, len) : 0;
  if (sent == len) return;
  size_t kept = client->backlog_len, most = kept + len - sent;
  if (client->backlog != NULL) memmove(client->backlog, client->backlog + client->backlog_at, kept);
  char *grown = most > BACKLOG_BYTES ? NULL : realloc(client->backlog, most);
  if (grown == NULL) {
    client_close(client);
    return;
  }
  memcpy(grown + kept, data + sent, len - sent);
  client->backlog = grown;
  client->backlog_at = 0;
  client->backlog_len = most;
}

static void client_flush(struct client *client) {
  size_t sent = send_some(client, client->backlog + client->backlog_at, client->backlog_len);
  client->backlog_at += sent;
  client->backlog_len -= sent;
  if (client->backlog_len > 0) return;
  free(client->backlog);
  client->backlog = NULL;
}

void clients_output(struct monitor *m, unsigned stream, char *data, size_t len) {
  size_t head = m->options.terminal ? 0 : FRAME_BYTES;
  const char frame[FRAME_BYTES] = {(char)stream,      0,                  0,                 0,
                                   (char)(len >> 24), (char)(len >> 16), (char)(len >> 8), (char)len};
  memcpy(data - head, frame, head);
  for (struct client *client = m->clients; client < m->clients + MAX_CLIENTS; client++) {
    if (client->fd >= 0 && (client->streams & 1U << stream) != 0) client_send(client, data - head, head + len);
  }
}

void clients_status(struct monitor *m, const char *lines, size_t len) {
  for (struct client *client = m->clients; client < m->clients + MAX_CLIENTS; client++) {
    if (client->fd >= 0 && client->kind == CLIENT_WATCHING) client_send(client, lines, len);
  }
}

bool clients_behind(const struct monitor *m) {
  for (const struct client *client = m->clients; client < m->clients + MAX_CLIENTS; client++) {
    if (client->fd >= 0 && client->backlog != NULL && client->kind == CLIENT_ATTACHED) return true;
  }
  return false;
}

int clients_stalled(struct monitor *m) {
  int64_t least = -1;
  for (struct client *client = m->clients; client < m->clients + MAX_CLIENTS; client++) {
    if (client->fd < 0 || client->backlog == NULL || m->log.path == NULL) continue;
    int64_t left = client->stalled_at + (int64_t)m->options.stall_ms - now_ms();
    if (left <= 0) client_close(client);
    else if (least < 0 || left < least) least = left;
  }
  return (int)least;
}

static const char *serve_attach(struct client *client, const char *wanted) {
  if (strlen(wanted) != 5 || strspn(wanted, "01 ") != 5 || wanted[1] != ' ' || wanted[3] != ' ')
    return "error attach wants three of 0 and 1\n";
  client->kind = CLIENT_ATTACHED;
  client->sends = wanted[0] == '1';
  client->streams = (wanted[2] == '1' ? 1U << 1 : 0) | (wanted[4] == '1' ? 1U << 2 : 0);
  return "ok\n";
}

/* Serves a request and returns the answer. A client that is to stay gets its new kind. */
static const char *serve(struct monitor *m, struct client *client, char *line) {
  if (strncmp(line, "attach ", 7) == 0) return serve_attach(client, line + 7);
  if (strncmp(line, "resize ", 7) == 0) {
    if (!m->options.terminal) return "error the process has no terminal\n";
    if (!size_parse(line + 7, ' ', &m->options.rows, &m->options.cols)) return "error resize wants rows and columns\n";
    return terminal_size(m) < 0 ? "error the size cannot be set\n" : "ok\n";
  }
  if (strcmp(line, "reopen-log") == 0) {
    if (m->log.path == NULL) return "error there is no log\n";
    return log_open(&m->log) < 0 ? "error the log cannot be opened\n" : "ok\n";
  }
  if (strcmp(line, "close-stdin") == 0) {
    input_end(m);
    return "ok\n";
  }
  if (strcmp(line, "watch") != 0) return "error unknown request\n";
  client->kind = CLIENT_WATCHING;
  return m->status;
}

/* Reads the request line, and no byte that belongs to the stream after it. */
static void client_request(struct monitor *m, struct client *client) {
  char *at = client->request + client->requested;
  size_t room = REQUEST_BYTES - client->requested;
  ssize_t n = recv(client->fd, at, room, MSG_PEEK | MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  const char *newline = n <= 0 ? NULL : memchr(at, '\n', (size_t)n);
  size_t part = newline != NULL ? (size_t)(newline + 1 - at) : n < 0 ? 0 : (size_t)n;
  if (part == 0 || (newline == NULL && part == room) || recv(client->fd, at, part, MSG_DONTWAIT) != (ssize_t)part) {
    client_close(client);
    return;
  }
  client->requested += part;
  if (newline == NULL) return;
  client->request[client->requested - 1] = '\0';
  const char *answer = serve(m, client, client->request);
  client_send(client, answer, strlen(answer));
  if (client->kind == CLIENT_NEW && client->fd >= 0) client_close(client);
}

static void client_input(struct monitor *m, struct client *client) {
  ssize_t n = recv(client->fd, m->input, INPUT_BYTES, MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n > 0) {
    m->input_at = 0;
    m->input_len = (size_t)n;
    input_flush(m);
  } else {
    client->sends = false;
    if (m->options.stdin_once) input_end(m);
  }
}

struct pollfd client_poll(const struct monitor *m, const struct client *client) {
  bool reads = client->kind == CLIENT_NEW || (client->sends && m->input_len == 0), writes = client->backlog != NULL;
  /* A hang-up cannot be masked, and would wake us again and again while the client's input has to wait. */
  bool asleep = client->sends && !reads && !writes;
  return (struct pollfd){.fd = asleep ? -1 : client->fd, .events = (reads ? POLLIN : 0) | (writes ? POLLOUT : 0)};
}

void client_ready(struct monitor *m, struct client *client, short events) {
  bool gone = (events & (POLLHUP | POLLERR)) != 0;
  if (client->backlog != NULL) client_flush(client);
  if (client->kind == CLIENT_NEW) client_request(m, client);
  else if (client->sends && m->input_len == 0 && (gone || (events & POLLIN) != 0)) client_input(m, client);
  else if (gone && !client->sends) client_close(client);
}

/* Nobody but the owner and root, whatever the directory's mode says. */
static bool trusted(int fd) {
  struct ucred peer;
  socklen_t len = sizeof peer;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0) return false;
  return peer.uid == 0 || peer.uid == geteuid();
}

struct client *clients_place(struct monitor *m) {
  for (struct client *client = m->clients; client < m->clients + MAX_CLIENTS; client++) {
    if (client->fd < 0) return client;
  }
  return NULL;
}

void clients_accept(struct monitor *m) {
  struct client *client;
  while ((client = clients_place(m)) != NULL) {
    int fd = accept4(m->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), room = SEND_BUFFER_BYTES;
    if (fd < 0) return;
    *client = (struct client){.fd = fd};
    /* Beyond wmem_max only root may go; less room is no error. */
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room) < 0)
      (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    if (trusted(fd)) client_request(m, client);
    else client_close(client);
  }
}

void clients_shut_door(struct monitor *m) {
  if (m->listen_fd < 0) return;
  fd_close(&m->listen_fd);
  (void)unlink("attach.sock"); /* gone already when the directory is */
}
