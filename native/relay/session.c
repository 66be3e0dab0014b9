/* UDP: each client has a socket of its own towards the container, so that answers find back, under the address that it had asked. */
#include <stdlib.h>

#include "relay.h"

enum { BURST = 64, CONTROL_BYTES = 64 };

/* Which of the host's addresses a datagram came to, and an answer leaves by. */
union own_address {
  struct in_pktinfo v4;
  struct in6_pktinfo v6;
};

struct session {
  struct mortal mortal;
  struct source source; /* connected to the container */
  struct session *next; /* in its bucket */
  struct session *older, *newer;
  struct port *port;
  union address client;
  union own_address own;
  int64_t last_at;
};

int session_prepare(int fd, int family) {
  static const int ON = 1;
  return family == AF_INET ? setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &ON, sizeof ON)
                           : setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &ON, sizeof ON);
}

/* FNV-1a over what tells clients apart. */
static struct session **bucket(struct relay *r, const struct port *port, const union address *client) {
  const uint8_t *bytes = (const uint8_t *)client;
  uint32_t hash = 2166136261u ^ (uint32_t)((uintptr_t)port >> 4);
  for (size_t i = 0; i < sizeof *client; i++) hash = (hash ^ bytes[i]) * 16777619u;
  return &r->sessions[hash % SESSION_BUCKETS];
}

static void age_unlink(struct relay *r, struct session *session) {
  if (session->older == NULL) r->oldest = session->newer;
  else session->older->newer = session->newer;
  if (session->newer == NULL) r->newest = session->older;
  else session->newer->older = session->older;
}

static void age_link(struct relay *r, struct session *session) {
  session->last_at = now_ms();
  session->newer = NULL;
  session->older = r->newest;
  if (r->newest == NULL) r->oldest = session;
  else r->newest->newer = session;
  r->newest = session;
}

static void session_end(struct relay *r, struct session *session) {
  struct session **at = bucket(r, session->port, &session->client);
  while (*at != session) at = &(*at)->next;
  *at = session->next;
  age_unlink(r, session);
  r->session_count--;
  source_end(&session->source);
  free_later(&r->service, &session->mortal);
}

void sessions_end(struct relay *r, const struct port *port) {
  for (struct session *session = r->oldest, *next; session != NULL; session = next) {
    next = session->newer;
    if (session->port == port) session_end(r, session);
  }
}

int sessions_tick(struct relay *r) {
  if (r->oldest == NULL) return -1;
  int64_t now = now_ms();
  while (r->oldest != NULL && r->oldest->last_at + SESSION_MS <= now) session_end(r, r->oldest);
  return r->oldest == NULL ? -1 : (int)(r->oldest->last_at + SESSION_MS - now);
}

static void session_touch(struct relay *r, struct session *session) {
  age_unlink(r, session);
  age_link(r, session);
}

static void answer(struct session *session, uint8_t *packet, size_t len) {
  union {
    struct cmsghdr align;
    char bytes[CONTROL_BYTES];
  } control = {0};
  struct iovec part = {.iov_base = packet, .iov_len = len};
  struct msghdr message = {
      .msg_name = &session->client,
      .msg_namelen = address_len(&session->client),
      .msg_iov = &part,
      .msg_iovlen = 1,
      .msg_control = control.bytes,
  };
  bool v4 = session->client.any.sa_family == AF_INET;
  size_t size = v4 ? sizeof session->own.v4 : sizeof session->own.v6;
  message.msg_controllen = CMSG_SPACE(size);
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = v4 ? IPPROTO_IP : IPPROTO_IPV6;
  header->cmsg_type = v4 ? IP_PKTINFO : IPV6_PKTINFO;
  header->cmsg_len = CMSG_LEN(size);
  memcpy(CMSG_DATA(header), &session->own, size);
  (void)sendmsg(session->port->source.fd, &message, 0); /* like any datagram, it may be lost */
}

/* Answers of the container; an error is what it says of an earlier datagram, such as that nobody listens. */
static void session_ready(struct service *s, struct source *source, uint32_t events) {
  struct relay *r = (struct relay *)s;
  struct session *session = source->owner;
  (void)events;
  for (int i = 0; i < BURST; i++) {
    ssize_t n = recv(source->fd, r->packet, sizeof r->packet, 0);
    if (n < 0) return;
    session_touch(r, session);
    answer(session, r->packet, (size_t)n);
  }
}

static struct session *session_open(struct relay *r, struct port *port, const union address *client) {
  struct session *session = calloc(1, sizeof *session);
  if (session == NULL) return NULL;
  const union address *target = &port->target;
  int fd = socket(target->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  session->source = (struct source){.ready = session_ready, .owner = session, .fd = fd};
  if (fd < 0 || connect(fd, &target->any, address_len(target)) < 0 ||
      source_add(&r->service, &session->source, EPOLLIN) < 0) {
    fd_close(&session->source.fd);
    free(session);
    return NULL;
  }
  session->port = port;
  session->client = *client;
  struct session **at = bucket(r, port, client);
  session->next = *at;
  *at = session;
  age_link(r, session);
  if (++r->session_count > r->max_sessions) session_end(r, r->oldest);
  return session;
}

static struct session *session_of(struct relay *r, struct port *port, const union address *client) {
  struct session *session = *bucket(r, port, client);
  while (session != NULL && (session->port != port || !address_equal(&session->client, client))) session = session->next;
  if (session == NULL) return session_open(r, port, client);
  session_touch(r, session);
  return session;
}

/* An answer leaves from the address, by whichever interface leads to the client. */
static void remember_own(struct session *session, struct msghdr *message) {
  for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header != NULL; header = CMSG_NXTHDR(message, header)) {
    if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO) {
      memcpy(&session->own.v4, CMSG_DATA(header), sizeof session->own.v4);
      session->own.v4.ipi_spec_dst = session->own.v4.ipi_addr;
      session->own.v4.ipi_ifindex = 0;
    }
    if (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_PKTINFO) {
      memcpy(&session->own.v6, CMSG_DATA(header), sizeof session->own.v6);
      if (!IN6_IS_ADDR_LINKLOCAL(&session->own.v6.ipi6_addr)) session->own.v6.ipi6_ifindex = 0;
    }
  }
}

void session_receive(struct service *s, struct source *source, uint32_t events) {
  struct relay *r = (struct relay *)s;
  (void)events;
  for (int i = 0; i < BURST; i++) {
    union {
      struct cmsghdr align;
      char bytes[CONTROL_BYTES];
    } control;
    union address client = {0};
    struct iovec part = {.iov_base = r->packet, .iov_len = sizeof r->packet};
    struct msghdr message = {
        .msg_name = &client,
        .msg_namelen = sizeof client,
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = control.bytes,
        .msg_controllen = sizeof control.bytes,
    };
    ssize_t n = recvmsg(source->fd, &message, 0);
    if (n < 0) return;
    struct session *session = session_of(r, source->owner, &client);
    if (session == NULL) continue;
    remember_own(session, &message);
    (void)send(session->source.fd, r->packet, (size_t)n, 0);
  }
}
