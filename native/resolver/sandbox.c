/* The namespaces that are served: their sockets, networks and servers. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "opener.h"
#include "resolver.h"

enum { DNS_PORT = 53, BURST = 32 };

struct sandbox *sandbox_find(struct resolver *r, const char *id) {
  struct sandbox *sandbox = r->sandboxes;
  while (sandbox != NULL && strcmp(sandbox->id, id) != 0) sandbox = sandbox->next;
  return sandbox;
}

/* A few at a time, so that no container keeps the others waiting. */
static void udp_ready(struct service *s, struct source *source, uint32_t events) {
  struct resolver *r = (struct resolver *)s;
  struct sandbox *sandbox = ((struct ear *)source->owner)->sandbox;
  (void)events;
  for (int i = 0; i < BURST; i++) {
    struct asker asker = {.sandbox = sandbox};
    socklen_t len = sizeof asker.peer;
    ssize_t n = recvfrom(source->fd, r->packet, sizeof r->packet, 0, (struct sockaddr *)&asker.peer, &len);
    if (n < 0) return;
    query_take(r, &asker, r->packet, (size_t)n);
  }
}

static void process_ready(struct service *s, struct source *source, uint32_t events) {
  (void)events;
  sandbox_close((struct resolver *)s, ((struct ear *)source->owner)->sandbox);
}

/* Takes the descriptor over; it is closed on failure. */
static struct ear *listen_with(struct resolver *r, struct sandbox *sandbox, int fd,
                               void (*ready)(struct service *, struct source *, uint32_t)) {
  struct ear *ear = calloc(1, sizeof *ear);
  if (ear != NULL) {
    *ear = (struct ear){.source = {.ready = ready, .owner = ear, .fd = fd}, .sandbox = sandbox};
    if (source_add(&r->service, &ear->source, EPOLLIN) == 0) return ear;
  }
  free(ear);
  fd_close(&fd);
  return NULL;
}

static void stop_listening(struct resolver *r, struct ear **ear) {
  if (*ear == NULL) return;
  source_end(&(*ear)->source);
  free_later(&r->service, &(*ear)->mortal);
  *ear = NULL;
}

static bool same_namespace(int a, int b) {
  struct stat one, other;
  return fstat(a, &one) == 0 && fstat(b, &other) == 0 && one.st_ino == other.st_ino && one.st_dev == other.st_dev;
}

/* The descriptor is the sandbox's from now on. */
static struct sandbox *open_sandbox(struct resolver *r, const char *id, int netns_fd) {
  int sockets[2];
  struct sandbox *sandbox = calloc(1, sizeof *sandbox);
  if (sandbox == NULL || opener_listen(r->opener.fd, netns_fd, sockets) < 0) {
    free(sandbox);
    fd_close(&netns_fd);
    return NULL;
  }
  memcpy(sandbox->id, id, strlen(id));
  sandbox->netns_fd = netns_fd;
  sandbox->serial = ++r->serial;
  sandbox->next = r->sandboxes;
  r->sandboxes = sandbox;
  sandbox->udp = listen_with(r, sandbox, sockets[0], udp_ready);
  sandbox->tcp = listen_with(r, sandbox, sockets[1], clients_accept);
  if (sandbox->udp != NULL && sandbox->tcp != NULL) return sandbox;
  sandbox_close(r, sandbox);
  errno = ENOMEM;
  return NULL;
}

struct sandbox *sandbox_open(struct resolver *r, const char *id, const char *netns_path) {
  struct sandbox *sandbox = sandbox_find(r, id);
  if (strlen(id) >= ID_CHARS) {
    errno = ENAMETOOLONG;
    return NULL;
  }
  int netns_fd = opener_netns(r->opener.fd, netns_path);
  if (netns_fd < 0) return NULL;
  if (sandbox != NULL && same_namespace(sandbox->netns_fd, netns_fd)) {
    fd_close(&netns_fd);
    return sandbox;
  }
  if (sandbox != NULL) sandbox_close(r, sandbox);
  return open_sandbox(r, id, netns_fd);
}

int sandbox_hold(struct resolver *r, struct sandbox *sandbox, pid_t pid) {
  int fd = (int)syscall(SYS_pidfd_open, pid, 0);
  if (fd < 0) return -1;
  stop_listening(r, &sandbox->process);
  sandbox->process = listen_with(r, sandbox, fd, process_ready);
  return sandbox->process == NULL ? -1 : 0;
}

static void free_links(struct link *link) {
  while (link != NULL) {
    struct link *next = link->next;
    free(link->alias);
    free(link->target);
    free(link);
    link = next;
  }
}

void sandbox_clear(struct resolver *r, struct sandbox *sandbox) {
  while (sandbox->attachments != NULL) {
    struct attachment *attachment = sandbox->attachments;
    sandbox->attachments = attachment->next;
    network_release(&r->records, attachment->network);
    free_links(attachment->links);
    free(attachment->name);
    free(attachment);
  }
  sandbox->upstream_count = 0;
  sandbox->scope = 0;
}

struct attachment *sandbox_attach(struct resolver *r, struct sandbox *sandbox, const char *network, const char *name) {
  struct attachment *attachment = calloc(1, sizeof *attachment), **at = &sandbox->attachments;
  if (attachment == NULL) return NULL;
  attachment->name = strdup(name);
  attachment->network = attachment->name == NULL ? NULL : network_hold(&r->records, network);
  if (attachment->network == NULL) {
    free(attachment->name);
    free(attachment);
    return NULL;
  }
  while (*at != NULL) at = &(*at)->next;
  *at = attachment;
  return attachment;
}

bool attachment_link(struct attachment *attachment, const char *alias, const char *target) {
  struct link *link = calloc(1, sizeof *link);
  if (link == NULL) return false;
  link->next = attachment->links;
  attachment->links = link;
  link->alias = strdup(alias);
  link->target = strdup(target);
  return link->alias != NULL && link->target != NULL;
}

static uint64_t mix(uint64_t hash, const void *data, size_t len) {
  for (size_t i = 0; i < len; i++) hash = (hash ^ ((const uint8_t *)data)[i]) * 1099511628211u;
  return hash;
}

/* What the host's servers say is the same for everybody; what others say may depend on where they are asked from. */
static void widen_scope(struct sandbox *sandbox, const struct upstream *upstream) {
  uint64_t asked_in = upstream->from_host ? 0 : sandbox->serial;
  sandbox->scope = mix(mix(sandbox->scope ^ 14695981039346656037u, &asked_in, sizeof asked_in), &upstream->address, upstream->len);
}

bool sandbox_upstream(struct sandbox *sandbox, const char *address, bool from_host) {
  struct upstream upstream = {.from_host = from_host};
  if (inet_pton(AF_INET, address, &upstream.address.v4.sin_addr) == 1) {
    upstream.address.v4.sin_family = AF_INET;
    upstream.address.v4.sin_port = htons(DNS_PORT);
    upstream.len = sizeof upstream.address.v4;
  } else if (inet_pton(AF_INET6, address, &upstream.address.v6.sin6_addr) == 1) {
    upstream.address.v6.sin6_family = AF_INET6;
    upstream.address.v6.sin6_port = htons(DNS_PORT);
    upstream.len = sizeof upstream.address.v6;
  } else {
    return false;
  }
  if (sandbox->upstream_count == MAX_UPSTREAMS) return true;
  sandbox->upstreams[sandbox->upstream_count++] = upstream;
  widen_scope(sandbox, &upstream);
  return true;
}

void sandbox_close(struct resolver *r, struct sandbox *sandbox) {
  struct sandbox **at = &r->sandboxes;
  while (*at != sandbox) at = &(*at)->next;
  *at = sandbox->next;
  forward_cancel(r, sandbox, NULL);
  clients_close(r, sandbox);
  stop_listening(r, &sandbox->udp);
  stop_listening(r, &sandbox->tcp);
  stop_listening(r, &sandbox->process);
  sandbox_clear(r, sandbox);
  fd_close(&sandbox->netns_fd);
  free(sandbox);
}
