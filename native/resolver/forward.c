/* Queries on their way to servers elsewhere: each from a port of its own, under a number that only the server is told. */
#include <stdlib.h>
#include <sys/random.h>

#include "opener.h"
#include "resolver.h"

enum {
  NEXT_MS = 1500,   /* a server that is silent for so long is not waited for alone */
  ANSWER_MS = 5000, /* how long the last one has */
  LOOK_MS = 100,
  PREFIX_BYTES = 2, /* of a message by TCP */
};

/* A query at one server. By TCP `data` is what is left to be sent, then what has come. */
struct ask {
  struct mortal mortal;
  struct source source;
  struct forward *forward;
  bool sent;
  uint8_t *data;
  size_t at, len;
};

struct forward {
  struct forward *next, *previous;
  struct asker asker;
  struct question question;
  uint16_t id;
  int64_t next_at, ends_at;
  unsigned asked, open;
  struct ask *asks[MAX_UPSTREAMS];
  size_t len;
  uint8_t query[]; /* under our id */
};

static void ask_ready(struct service *s, struct source *source, uint32_t events);

static void ask_end(struct resolver *r, struct ask *ask) {
  struct forward *forward = ask->forward;
  for (size_t i = 0; i < MAX_UPSTREAMS; i++) {
    if (forward->asks[i] == ask) forward->asks[i] = NULL;
  }
  forward->open--;
  free(ask->data);
  source_end(&ask->source);
  free_later(&r->service, &ask->mortal);
}

static void forward_end(struct resolver *r, struct forward *forward) {
  for (size_t i = 0; i < MAX_UPSTREAMS; i++) {
    if (forward->asks[i] != NULL) ask_end(r, forward->asks[i]);
  }
  if (forward->next != NULL) forward->next->previous = forward->previous;
  if (forward->previous != NULL) forward->previous->next = forward->next;
  else r->forwards = forward->next;
  r->forward_count--;
  forward->asker.sandbox->forward_count--;
  free(forward);
}

static int socket_for(struct resolver *r, const struct sandbox *sandbox, const struct upstream *upstream, int type) {
  int family = upstream->address.any.sa_family;
  if (upstream->from_host) return socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  return opener_socket(r->opener.fd, sandbox->netns_fd, family, type);
}

/* By TCP the query is sent once the connection stands. Returns -1 when the server cannot be asked at all. */
static int ask_send(struct ask *ask, const struct upstream *upstream, bool tcp) {
  const struct forward *forward = ask->forward;
  int connected = connect(ask->source.fd, &upstream->address.any, upstream->len);
  if (!tcp) return connected < 0 || send(ask->source.fd, forward->query, forward->len, 0) < 0 ? -1 : 0;
  if (connected < 0 && errno != EINPROGRESS) return -1;
  ask->len = PREFIX_BYTES + forward->len;
  ask->data = malloc(ask->len);
  if (ask->data == NULL) return -1;
  write_u16(ask->data, (uint16_t)forward->len);
  memcpy(ask->data + PREFIX_BYTES, forward->query, forward->len);
  return 0;
}

static bool ask_open(struct resolver *r, struct forward *forward, unsigned number) {
  const struct sandbox *sandbox = forward->asker.sandbox;
  const struct upstream *upstream = &sandbox->upstreams[number];
  bool tcp = forward->asker.client != NULL;
  struct ask *ask = calloc(1, sizeof *ask);
  if (ask == NULL) return false;
  int fd = socket_for(r, sandbox, upstream, tcp ? SOCK_STREAM : SOCK_DGRAM);
  *ask = (struct ask){.source = {.ready = ask_ready, .owner = ask, .fd = fd}, .forward = forward};
  if (fd < 0 || ask_send(ask, upstream, tcp) < 0 || source_add(&r->service, &ask->source, tcp ? EPOLLOUT : EPOLLIN) < 0) {
    fd_close(&ask->source.fd);
    free(ask->data);
    free(ask);
    return false;
  }
  forward->asks[number] = ask;
  forward->open++;
  return true;
}

/* Asks the next server that can be asked; false when there is none. */
static bool ask_next(struct resolver *r, struct forward *forward) {
  while (forward->asked < forward->asker.sandbox->upstream_count) {
    if (!ask_open(r, forward, forward->asked++)) continue;
    forward->next_at = now_ms() + NEXT_MS;
    forward->ends_at = now_ms() + ANSWER_MS;
    return true;
  }
  return false;
}

bool forward_begin(struct resolver *r, const struct asker *asker, const struct question *question, const uint8_t *query, size_t len) {
  struct sandbox *sandbox = asker->sandbox;
  if (r->forward_count == MAX_FORWARDS || sandbox->forward_count == MAX_SANDBOX_FORWARDS) return false;
  struct forward *forward = calloc(1, sizeof *forward + len);
  if (forward == NULL) return false;
  forward->asker = *asker;
  forward->question = *question;
  forward->len = len;
  memcpy(forward->query, query, len);
  if (r->forward_count++ == 0) r->forwards_at = now_ms() + LOOK_MS;
  sandbox->forward_count++;
  forward->next = r->forwards;
  if (forward->next != NULL) forward->next->previous = forward;
  r->forwards = forward;
  bool numbered = getrandom(&forward->id, sizeof forward->id, 0) == sizeof forward->id;
  write_u16(forward->query, forward->id);
  if (numbered && ask_next(r, forward)) return true;
  forward_end(r, forward);
  return false;
}

/* Whatever is left is asked; when nothing is, there is no answer. */
static void ask_failed(struct resolver *r, struct ask *ask) {
  struct forward *forward = ask->forward;
  ask_end(r, ask);
  if (ask_next(r, forward) || forward->open > 0) return;
  query_refuse(r, &forward->asker, &forward->question, forward->query, RCODE_FAILURE);
  forward_end(r, forward);
}

/* A server that will not say is as good as none. Some repeat no question when they refuse it. */
static void ask_answered(struct resolver *r, struct ask *ask, uint8_t *answer, size_t len) {
  struct forward *forward = ask->forward;
  const struct asker *asker = &forward->asker;
  int rcode = read_u16(answer + 2) & 0xf;
  if (rcode == RCODE_FAILURE || rcode == RCODE_REFUSED) {
    ask_failed(r, ask);
    return;
  }
  cache_store(&r->cache, asker->sandbox->scope, &forward->question, answer, len, now_ms());
  query_answer(r, asker, &forward->question, answer, len);
  forward_end(r, forward);
}

static bool is_answer(const struct forward *forward, const uint8_t *message, size_t len) {
  if (answers_question(&forward->question, forward->id, message, len)) return true;
  return len == HEADER_BYTES && read_u16(message) == forward->id && (read_u16(message + 2) & FLAG_RESPONSE) != 0 &&
         (read_u16(message + 2) & 0xf) != RCODE_OK;
}

static void datagram_ready(struct resolver *r, struct ask *ask) {
  ssize_t n = recv(ask->source.fd, r->packet, sizeof r->packet, 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n < 0) ask_failed(r, ask);
  else if (is_answer(ask->forward, r->packet, (size_t)n)) ask_answered(r, ask, r->packet, (size_t)n);
}

static int stream_send(struct resolver *r, struct ask *ask) {
  ssize_t n = send(ask->source.fd, ask->data + ask->at, ask->len - ask->at, MSG_NOSIGNAL);
  if (n < 0) return errno == EAGAIN || errno == EINTR ? 0 : -1;
  ask->at += (size_t)n;
  if (ask->at < ask->len) return 0;
  ask->sent = true;
  ask->at = 0;
  ask->len = PREFIX_BYTES;
  return source_change(&r->service, &ask->source, EPOLLIN);
}

/* Reads what has come of the length, then of the message. */
static int stream_receive(struct ask *ask) {
  ssize_t n = recv(ask->source.fd, ask->data + ask->at, ask->len - ask->at, 0);
  if (n < 0) return errno == EAGAIN || errno == EINTR ? 0 : -1;
  if (n == 0) return -1;
  ask->at += (size_t)n;
  if (ask->at == PREFIX_BYTES && ask->len == PREFIX_BYTES) {
    ask->len += read_u16(ask->data);
    uint8_t *grown = realloc(ask->data, ask->len);
    if (grown == NULL) return -1;
    ask->data = grown;
  }
  return 0;
}

static void stream_ready(struct resolver *r, struct ask *ask) {
  if ((ask->sent ? stream_receive(ask) : stream_send(r, ask)) < 0) {
    ask_failed(r, ask);
    return;
  }
  size_t len = ask->len - PREFIX_BYTES;
  if (!ask->sent || ask->at < ask->len || ask->len == PREFIX_BYTES) return;
  memcpy(r->packet, ask->data + PREFIX_BYTES, len);
  if (is_answer(ask->forward, r->packet, len)) ask_answered(r, ask, r->packet, len);
  else ask_failed(r, ask);
}

static void ask_ready(struct service *s, struct source *source, uint32_t events) {
  struct resolver *r = (struct resolver *)s;
  struct ask *ask = source->owner;
  (void)events;
  if (ask->forward->asker.client != NULL) stream_ready(r, ask);
  else datagram_ready(r, ask);
}

void forward_cancel(struct resolver *r, const struct sandbox *sandbox, const struct client *client) {
  for (struct forward *forward = r->forwards, *next; forward != NULL; forward = next) {
    next = forward->next;
    if (forward->asker.sandbox == sandbox && (client == NULL || forward->asker.client == client)) forward_end(r, forward);
  }
}

bool forward_awaited(const struct resolver *r, const struct client *client) {
  const struct forward *forward = r->forwards;
  while (forward != NULL && forward->asker.client != client) forward = forward->next;
  return forward != NULL;
}

static void look_after(struct resolver *r, struct forward *forward, int64_t now) {
  if (now >= forward->next_at && ask_next(r, forward)) return;
  if (now < forward->ends_at) return;
  query_refuse(r, &forward->asker, &forward->question, forward->query, RCODE_FAILURE);
  forward_end(r, forward);
}

int forward_tick(struct resolver *r) {
  int64_t now = now_ms();
  if (r->forwards == NULL) return -1;
  if (now < r->forwards_at) return (int)(r->forwards_at - now);
  for (struct forward *forward = r->forwards, *next; forward != NULL; forward = next) {
    next = forward->next;
    look_after(r, forward, now);
  }
  r->forwards_at = now + LOOK_MS;
  return r->forwards == NULL ? -1 : LOOK_MS;
}
