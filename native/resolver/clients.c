/* Connections by TCP: any number of queries on each, answers as they come. */
#include <stdlib.h>

#include "resolver.h"

enum {
  PREFIX_BYTES = 2,
  IDLE_MS = 10000,
  LOOK_MS = 1000,
  FIRST_BYTES = 1024,          /* of room for queries */
  BACKLOG_BYTES = 256 * 1024,  /* of answers that are not taken, after which no more is read */
};

struct client {
  struct mortal mortal;
  struct source source;
  struct client *next, *previous;
  struct sandbox *sandbox;
  int64_t idle_at;
  bool ended; /* it will ask nothing more */
  uint8_t *in, *out;
  size_t in_len, in_room, out_at, out_len;
};

static void client_close(struct resolver *r, struct client *client) {
  forward_cancel(r, client->sandbox, client);
  if (client->next != NULL) client->next->previous = client->previous;
  if (client->previous != NULL) client->previous->next = client->next;
  else r->clients = client->next;
  client->sandbox->client_count--;
  free(client->in);
  free(client->out);
  source_end(&client->source);
  free_later(&r->service, &client->mortal);
}

static bool is_behind(const struct client *client) { return client->out_len - client->out_at > BACKLOG_BYTES; }

/* Waits for what can be done next. */
static void watch(struct resolver *r, struct client *client) {
  bool writes = client->out_at < client->out_len, reads = !client->ended && !is_behind(client);
  (void)source_change(&r->service, &client->source, (reads ? EPOLLIN : 0u) | (writes ? EPOLLOUT : 0u));
}

/* Writes what is taken now; who has gone is noticed by the loop. */
static void flush(struct client *client) {
  while (client->out_at < client->out_len) {
    ssize_t n = send(client->source.fd, client->out + client->out_at, client->out_len - client->out_at, MSG_NOSIGNAL);
    if (n < 0) return;
    client->out_at += (size_t)n;
  }
  client->out_at = client->out_len = 0;
}

/* Does not close: the caller may be in the middle of something of this client's. */
void client_send(struct resolver *r, struct client *client, const uint8_t *message, size_t len) {
  uint8_t *grown = realloc(client->out, client->out_len + PREFIX_BYTES + len);
  if (grown == NULL) return;
  client->out = grown;
  write_u16(grown + client->out_len, (uint16_t)len);
  memcpy(grown + client->out_len + PREFIX_BYTES, message, len);
  client->out_len += PREFIX_BYTES + len;
  client->idle_at = now_ms() + IDLE_MS;
  flush(client);
  watch(r, client);
}

/* Takes whole messages out of what has been read. */
static void take_queries(struct resolver *r, struct client *client) {
  const struct asker asker = {.sandbox = client->sandbox, .client = client};
  size_t at = 0;
  while (client->in_len - at >= PREFIX_BYTES && !is_behind(client)) {
    size_t len = read_u16(client->in + at);
    if (client->in_len - at < PREFIX_BYTES + len) break;
    query_take(r, &asker, client->in + at + PREFIX_BYTES, len);
    at += PREFIX_BYTES + len;
  }
  client->in_len -= at;
  memmove(client->in, client->in + at, client->in_len);
}

/* Reads once, with room for the message that has begun. False at an error. */
static bool fill(struct client *client) {
  size_t wanted = client->in_len < PREFIX_BYTES ? FIRST_BYTES : PREFIX_BYTES + (size_t)read_u16(client->in);
  if (wanted > client->in_room) {
    uint8_t *grown = realloc(client->in, wanted);
    if (grown == NULL) return false;
    client->in = grown;
    client->in_room = wanted;
  }
  if (client->in_len == client->in_room) return true;
  ssize_t n = recv(client->source.fd, client->in + client->in_len, client->in_room - client->in_len, 0);
  if (n < 0) return errno == EAGAIN || errno == EINTR;
  if (n == 0) client->ended = true;
  client->in_len += (size_t)n;
  return true;
}

static bool is_done(const struct resolver *r, const struct client *client) {
  return client->ended && client->out_at == client->out_len && !forward_awaited(r, client);
}

static void client_ready(struct service *s, struct source *source, uint32_t events) {
  struct resolver *r = (struct resolver *)s;
  struct client *client = source->owner;
  if ((events & (EPOLLERR | EPOLLHUP)) != 0 || ((events & EPOLLIN) != 0 && !fill(client))) {
    client_close(r, client);
    return;
  }
  flush(client);
  take_queries(r, client);
  if (is_done(r, client)) client_close(r, client);
  else watch(r, client);
}

static void client_open(struct resolver *r, struct sandbox *sandbox, int fd) {
  struct client *client = sandbox->client_count < MAX_SANDBOX_CLIENTS ? calloc(1, sizeof *client) : NULL;
  if (client != NULL) *client = (struct client){.source = {.ready = client_ready, .owner = client, .fd = fd}, .sandbox = sandbox};
  if (client == NULL || source_add(&r->service, &client->source, EPOLLIN) < 0) {
    free(client);
    fd_close(&fd);
    return;
  }
  if (r->clients == NULL) r->clients_at = now_ms() + LOOK_MS;
  client->idle_at = now_ms() + IDLE_MS;
  client->next = r->clients;
  if (client->next != NULL) client->next->previous = client;
  r->clients = client;
  sandbox->client_count++;
}

void clients_accept(struct service *s, struct source *door, uint32_t events) {
  (void)events;
  int fd = accept4(door->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd >= 0) client_open((struct resolver *)s, ((struct ear *)door->owner)->sandbox, fd);
}

void clients_close(struct resolver *r, const struct sandbox *sandbox) {
  for (struct client *client = r->clients, *next; client != NULL; client = next) {
    next = client->next;
    if (client->sandbox == sandbox) client_close(r, client);
  }
}

int clients_tick(struct resolver *r) {
  int64_t now = now_ms();
  if (r->clients == NULL) return -1;
  if (now < r->clients_at) return (int)(r->clients_at - now);
  for (struct client *client = r->clients, *next; client != NULL; client = next) {
    next = client->next;
    if (now >= client->idle_at || is_done(r, client)) client_close(r, client);
  }
  r->clients_at = now + LOOK_MS;
  return r->clients == NULL ? -1 : LOOK_MS;
}
