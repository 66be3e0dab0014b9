/* TCP connections: what one side sends is spliced to the other through a pipe, so no byte of it comes up to this process. */
#include <netinet/tcp.h>
#include <stdlib.h>

#include "relay.h"

enum { CHUNK_BYTES = 65536, ROUNDS = 16, ACCEPTS = 64, CLIENT = 0, TARGET = 1 };

/* One direction, from side i to side 1 - i. */
struct half {
  int pipe[2];
  size_t held; /* bytes in the pipe */
  bool ended;  /* nothing comes any more, */
  bool shut;   /* and the other side has been told */
};

struct stream {
  struct mortal mortal;
  struct source sides[2];
  struct half halves[2];
  bool connected, is_busy;
  struct stream *next_busy;
  struct stream *previous, *next;
};

static void stream_close(struct relay *r, struct stream *stream) {
  for (int i = 0; i < 2; i++) {
    source_end(&stream->sides[i]);
    fd_close(&stream->halves[i].pipe[0]);
    fd_close(&stream->halves[i].pipe[1]);
  }
  if (stream->previous == NULL) r->streams = stream->next;
  else stream->previous->next = stream->next;
  if (stream->next != NULL) stream->next->previous = stream->previous;
  r->stream_count--;
  if (!stream->is_busy) free_later(&r->service, &stream->mortal);
}

/* What is lost on one side is lost on the other: a reset is told by a reset. */
static void stream_reset(struct relay *r, struct stream *stream) {
  static const struct linger RESET = {.l_onoff = 1};
  for (int i = 0; i < 2; i++) (void)setsockopt(stream->sides[i].fd, SOL_SOCKET, SO_LINGER, &RESET, sizeof RESET);
  stream_close(r, stream);
}

/* Moves bytes until both ends would block. Returns 0 then, 1 when there is more to do, -1 with errno. */
static int half_pump(struct half *half, int from, int to) {
  for (int round = 0; round < ROUNDS; round++) {
    bool moved = false;
    if (!half->ended && half->held < CHUNK_BYTES) {
      ssize_t n = splice(from, NULL, half->pipe[1], NULL, CHUNK_BYTES - half->held, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
      if (n < 0 && errno != EAGAIN && errno != EINTR) return -1;
      if (n == 0) half->ended = true;
      if (n > 0) half->held += (size_t)n;
      moved = n > 0;
    }
    if (half->held > 0) {
      ssize_t n = splice(half->pipe[0], NULL, to, NULL, half->held, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
      if (n < 0 && errno != EAGAIN && errno != EINTR) return -1;
      if (n > 0) half->held -= (size_t)n;
      moved = moved || n > 0;
    }
    if (!moved) break;
    if (round == ROUNDS - 1) return 1;
  }
  if (half->ended && half->held == 0 && !half->shut) {
    half->shut = true;
    if (shutdown(to, SHUT_WR) < 0 && errno != ENOTCONN) return -1;
  }
  return 0;
}

static void stream_pump(struct relay *r, struct stream *stream) {
  int client = stream->sides[CLIENT].fd, target = stream->sides[TARGET].fd;
  int there = half_pump(&stream->halves[CLIENT], client, target);
  int back = there < 0 ? -1 : half_pump(&stream->halves[TARGET], target, client);
  if (there < 0 || back < 0) {
    stream_reset(r, stream);
  } else if (stream->halves[CLIENT].shut && stream->halves[TARGET].shut) {
    stream_close(r, stream);
  } else if ((there > 0 || back > 0) && !stream->is_busy) {
    stream->is_busy = true;
    stream->next_busy = r->busy;
    r->busy = stream;
  }
}

bool streams_go_on(struct relay *r) {
  struct stream *stream = r->busy, *next;
  r->busy = NULL;
  for (; stream != NULL; stream = next) {
    next = stream->next_busy;
    stream->is_busy = false;
    if (stream->sides[CLIENT].fd < 0) free_later(&r->service, &stream->mortal);
    else stream_pump(r, stream);
  }
  return r->busy != NULL;
}

void streams_close(struct relay *r) {
  while (r->streams != NULL) stream_close(r, r->streams);
  (void)streams_go_on(r); /* frees the busy ones */
}

/* Both sides are watched for changes only, so that nothing has to be told to the kernel on the way. */
static void side_ready(struct service *s, struct source *source, uint32_t events) {
  struct relay *r = (struct relay *)s;
  struct stream *stream = source->owner;
  if (!stream->connected) {
    if (source != &stream->sides[TARGET]) return;
    int problem = 0;
    socklen_t len = sizeof problem;
    if (getsockopt(source->fd, SOL_SOCKET, SO_ERROR, &problem, &len) < 0 || problem != 0) return stream_reset(r, stream);
    if ((events & EPOLLOUT) == 0) return;
    stream->connected = true;
  }
  stream_pump(r, stream);
}

static int half_open(struct half *half) { return pipe2(half->pipe, O_CLOEXEC | O_NONBLOCK); }

/* The client's connection is ours from here on. -1 with errno. */
static int stream_open(struct relay *r, struct stream *stream, const union address *target) {
  static const int ON = 1;
  struct source *sides = stream->sides;
  if (half_open(&stream->halves[CLIENT]) < 0 || half_open(&stream->halves[TARGET]) < 0) return -1;
  sides[TARGET].fd = socket(target->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
  if (sides[TARGET].fd < 0) return -1;
  for (int i = 0; i < 2; i++) {
    sides[i].ready = side_ready;
    sides[i].owner = stream;
    if (setsockopt(sides[i].fd, IPPROTO_TCP, TCP_NODELAY, &ON, sizeof ON) < 0) return -1;
    if (setsockopt(sides[i].fd, SOL_SOCKET, SO_KEEPALIVE, &ON, sizeof ON) < 0) return -1;
  }
  if (connect(sides[TARGET].fd, &target->any, address_len(target)) < 0 && errno != EINPROGRESS) return -1;
  for (int i = 0; i < 2; i++) {
    if (source_add(&r->service, &sides[i], EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET) < 0) return -1;
  }
  return 0;
}

/* False when nobody waits any more. */
static bool accept_one(struct relay *r, const struct port *port) {
  int fd = accept4(port->source.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0) return false;
  struct stream *stream = r->stream_count < r->max_streams ? calloc(1, sizeof *stream) : NULL;
  if (stream == NULL) {
    fd_close(&fd);
    return true;
  }
  r->stream_count++;
  stream->next = r->streams;
  if (stream->next != NULL) stream->next->previous = stream;
  r->streams = stream;
  stream->sides[CLIENT].fd = fd;
  stream->sides[TARGET].fd = -1;
  for (int i = 0; i < 2; i++) stream->halves[i].pipe[0] = stream->halves[i].pipe[1] = -1;
  if (stream_open(r, stream, &port->target) < 0) stream_reset(r, stream);
  return true;
}

void stream_accept(struct service *s, struct source *source, uint32_t events) {
  (void)events;
  for (int i = 0; i < ACCEPTS && accept_one((struct relay *)s, source->owner); i++) continue;
}
