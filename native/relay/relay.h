/* The context that all parts of the relay share, and what each part does. */
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include "../service/service.h"

enum {
  STREAM_DESCRIPTORS = 6,
  MAX_SESSIONS = 8192,   /* UDP clients that are remembered, */
  SESSION_MS = 90000,    /* and for how long without a word (Docker's) */
  PACKET_BYTES = 65536,
  SESSION_BUCKETS = 4096,
};

union address {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
};

/* A port of the host that is held, and where what comes there goes. */
struct port {
  struct mortal mortal;
  struct source source; /* the socket; -1 for a protocol that this kernel has no sockets of */
  struct port *next;
  int protocol;
  bool stale; /* not opened again since `begin` */
  union address host, target;
};

struct relay {
  struct service service; /* first */
  struct port *ports;
  struct stream *streams;
  struct stream *busy; /* more to do in the next round */
  size_t stream_count, max_streams; /* TCP connections under way: as many as leave descriptors for the ports */
  size_t session_count, max_sessions;
  struct session *sessions[SESSION_BUCKETS];
  struct session *oldest, *newest; /* by their last word */
  uint8_t packet[PACKET_BYTES];
};

/* port.c: the requests of protocol.md. */
extern const struct request_kind PORT_REQUESTS[];
void ports_close(struct relay *r);

/* address.c: */
/* False for what is no address of either family or no port. */
bool address_parse(union address *address, const char *ip, const char *port);
socklen_t address_len(const union address *address);
bool address_equal(const union address *a, const union address *b);

/* stream.c: */
/* Takes a connection from a port's socket and opens one to its target. */
void stream_accept(struct service *s, struct source *source, uint32_t events);
/* Goes on with those that had more to do. True when there are any left. */
bool streams_go_on(struct relay *r);
void streams_close(struct relay *r);

/* session.c: */
/* Takes datagrams from a port's socket and sends each on in its client's name. */
void session_receive(struct service *s, struct source *source, uint32_t events);
/* Prepares a port's socket to tell which of our addresses was meant. -1 with errno. */
int session_prepare(int fd, int family);
/* Forgets the clients of a port. */
void sessions_end(struct relay *r, const struct port *port);
/* Forgets those that were silent for too long; milliseconds until the next one, or -1. */
int sessions_tick(struct relay *r);
