/* The context that all parts of the resolver share, and what each part does. */
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include "../service/service.h"
#include "cache.h"
#include "message.h"
#include "records.h"

enum {
  MAX_UPSTREAMS = 3,
  MAX_FORWARDS = 4096,         /* queries under way to servers elsewhere, */
  MAX_SANDBOX_FORWARDS = 1024, /* and of one container */
  MAX_SANDBOX_CLIENTS = 64,    /* TCP connections of one container */
};

struct link {
  struct link *next;
  char *alias, *target;
};

/* A sandbox's place on a network. */
struct attachment {
  struct attachment *next;
  struct network *network;
  char *name;
  struct link *links;
};

struct upstream {
  bool from_host;
  socklen_t len;
  union {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
  } address;
};

/* One socket of a sandbox on which queries arrive, or the end of the container's process. */
struct ear {
  struct mortal mortal;
  struct source source;
  struct sandbox *sandbox;
};

struct sandbox {
  struct sandbox *next;
  char id[ID_CHARS];
  bool stale, ndots;
  int netns_fd;
  struct ear *udp, *tcp, *process;
  struct attachment *attachments;
  size_t upstream_count;
  struct upstream upstreams[MAX_UPSTREAMS];
  uint64_t serial, scope; /* answers of servers may be shared between sandboxes of one scope */
  unsigned forward_count, client_count;
};

/* Where an answer goes: by UDP to `peer`, or to a TCP client. */
struct asker {
  struct sandbox *sandbox;
  struct client *client;
  struct sockaddr_in peer;
};

struct resolver {
  struct service service;
  struct source opener;
  uint64_t random, serial;
  struct records records;
  struct sandbox *sandboxes;
  struct cache cache;
  struct forward *forwards;
  unsigned forward_count;
  struct client *clients;
  int64_t forwards_at, clients_at; /* when to look for those that have waited too long */
  uint8_t packet[MESSAGE_BYTES], answer[MESSAGE_BYTES];
};

/* requests.c: what engines tell, as protocol.md has it. */
extern const struct request_kind REQUESTS[];

/* sandbox.c: */
struct sandbox *sandbox_find(struct resolver *r, const char *id);
/* Listens in the namespace of this path, unless the sandbox is there already. NULL with errno. */
struct sandbox *sandbox_open(struct resolver *r, const char *id, const char *netns_path);
/* The end of this process is the end of the sandbox. -1 with errno. */
int sandbox_hold(struct resolver *r, struct sandbox *sandbox, pid_t pid);
/* Forgets networks and servers. */
void sandbox_clear(struct resolver *r, struct sandbox *sandbox);
/* Adds a network behind the others; false without memory. */
struct attachment *sandbox_attach(struct resolver *r, struct sandbox *sandbox, const char *network, const char *name);
bool attachment_link(struct attachment *attachment, const char *alias, const char *target);
/* Adds a server behind the others, up to MAX_UPSTREAMS. False for what is no address. */
bool sandbox_upstream(struct sandbox *sandbox, const char *address, bool from_host);
void sandbox_close(struct resolver *r, struct sandbox *sandbox);

/* query.c: answers a message, now or once a server elsewhere has. */
void query_take(struct resolver *r, const struct asker *asker, const uint8_t *message, size_t len);
/* Sends an answer from elsewhere, which is changed: it gets the asker's id and spelling, and is cut to what the asker takes. */
void query_answer(struct resolver *r, const struct asker *asker, const struct question *question, uint8_t *answer, size_t len);
/* Tells that there is no answer. */
void query_refuse(struct resolver *r, const struct asker *asker, const struct question *question, const uint8_t *query, int rcode);

/* answer.c: writes an answer from the records. False when no network of the sandbox knows the name. */
bool answer_local(struct resolver *r, const struct sandbox *sandbox, const struct question *question, struct reply *reply);

/* forward.c: asks the sandbox's servers. False when there is none, or too much is under way already. */
bool forward_begin(struct resolver *r, const struct asker *asker, const struct question *question, const uint8_t *query, size_t len);
/* Drops what is under way for a sandbox, or for one client of it. */
void forward_cancel(struct resolver *r, const struct sandbox *sandbox, const struct client *client);
/* True while an answer to the client is under way. */
bool forward_awaited(const struct resolver *r, const struct client *client);
/* Moves on what has waited too long. Returns the milliseconds to look again after, or -1. */
int forward_tick(struct resolver *r);

/* clients.c: connections by TCP. */
void clients_accept(struct service *s, struct source *door, uint32_t events);
void client_send(struct resolver *r, struct client *client, const uint8_t *message, size_t len);
/* Closes all of a sandbox. */
void clients_close(struct resolver *r, const struct sandbox *sandbox);
/* Closes those that have been idle. Returns the milliseconds to look again after, or -1. */
int clients_tick(struct resolver *r);
