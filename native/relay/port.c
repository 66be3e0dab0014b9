/* The ports of the host that are held, and the requests that open and close them. */
#include <stdlib.h>

#include "relay.h"

enum { BACKLOG = 4096 };

static const struct {
  const char *name;
  int number, type;
} PROTOCOLS[] = {
    {"tcp", IPPROTO_TCP, SOCK_STREAM},
    {"udp", IPPROTO_UDP, SOCK_DGRAM},
    {"sctp", IPPROTO_SCTP, SOCK_STREAM},
};
enum { PROTOCOL_COUNT = sizeof PROTOCOLS / sizeof *PROTOCOLS };

static int protocol_index(const char *name) {
  for (int i = 0; i < PROTOCOL_COUNT; i++) {
    if (strcmp(PROTOCOLS[i].name, name) == 0) return i;
  }
  return -1;
}

static struct port **port_find(struct relay *r, int protocol, const union address *host) {
  struct port **at = &r->ports;
  while (*at != NULL && ((*at)->protocol != protocol || !address_equal(&(*at)->host, host))) at = &(*at)->next;
  return at;
}

static void port_close(struct relay *r, struct port **at) {
  struct port *port = *at;
  *at = port->next;
  sessions_end(r, port);
  source_end(&port->source);
  free_later(&r->service, &port->mortal);
}

/* While we listen nobody else can, whatever is left of earlier connections; datagrams know no listening, nor anything left. */
static int hold(int fd, int protocol, const union address *host) {
  static const int ON = 1;
  int family = host->any.sa_family;
  bool listens = protocol != IPPROTO_UDP;
  if (family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &ON, sizeof ON) < 0) return -1;
  if (listens && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &ON, sizeof ON) < 0) return -1;
  if (!listens && session_prepare(fd, family) < 0) return -1;
  if (bind(fd, &host->any, address_len(host)) < 0) return -1;
  return listens ? listen(fd, BACKLOG) : 0;
}

/* What no relay could carry is led to the container by the kernel, or nowhere. */
static void refuse(struct service *s, struct source *source, uint32_t events) {
  (void)s;
  (void)events;
  int fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC);
  fd_close(&fd);
}

static int port_listen(struct relay *r, struct port *port, int type) {
  struct source *source = &port->source;
  source->owner = port;
  source->ready = port->protocol == IPPROTO_TCP   ? stream_accept
                  : port->protocol == IPPROTO_UDP ? session_receive
                                                  : refuse;
  source->fd = socket(port->host.any.sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, port->protocol);
  if (source->fd < 0 && port->protocol == IPPROTO_SCTP && errno == EPROTONOSUPPORT) return 0;
  if (source->fd < 0 || hold(source->fd, port->protocol, &port->host) < 0) return -1;
  return source_add(&r->service, source, EPOLLIN);
}

/* open PROTOCOL HOST-ADDRESS HOST-PORT ADDRESS PORT */
static const char *open_port(struct service *s, const struct request *request) {
  struct relay *r = (struct relay *)s;
  char *const *words = request->words;
  int index = protocol_index(words[1]);
  union address host, target;
  if (index < 0 || !address_parse(&host, words[2], words[3]) || !address_parse(&target, words[4], words[5])) return "EINVAL";
  struct port *port = *port_find(r, PROTOCOLS[index].number, &host);
  if (port != NULL) {
    bool same = address_equal(&port->target, &target);
    if (!port->stale && !same) return "EADDRINUSE";
    if (!same) sessions_end(r, port);
    port->target = target;
    port->stale = false;
    return NULL;
  }
  port = calloc(1, sizeof *port);
  if (port == NULL) return "ENOMEM";
  port->protocol = PROTOCOLS[index].number;
  port->host = host;
  port->target = target;
  if (port_listen(r, port, PROTOCOLS[index].type) < 0) {
    const char *problem = strerrorname_np(errno);
    fd_close(&port->source.fd);
    free(port);
    return problem;
  }
  port->next = r->ports;
  r->ports = port;
  return NULL;
}

/* close PROTOCOL HOST-ADDRESS HOST-PORT */
static const char *close_port(struct service *s, const struct request *request) {
  struct relay *r = (struct relay *)s;
  int index = protocol_index(request->words[1]);
  union address host;
  if (index < 0 || !address_parse(&host, request->words[2], request->words[3])) return "EINVAL";
  struct port **at = port_find(r, PROTOCOLS[index].number, &host);
  if (*at != NULL) port_close(r, at);
  return NULL;
}

static const char *begin(struct service *s, const struct request *request) {
  (void)request;
  for (struct port *port = ((struct relay *)s)->ports; port != NULL; port = port->next) port->stale = true;
  return NULL;
}

static const char *end(struct service *s, const struct request *request) {
  struct relay *r = (struct relay *)s;
  (void)request;
  for (struct port **at = &r->ports; *at != NULL;) {
    if ((*at)->stale) port_close(r, at);
    else at = &(*at)->next;
  }
  return NULL;
}

void ports_close(struct relay *r) {
  while (r->ports != NULL) port_close(r, &r->ports);
}

const struct request_kind PORT_REQUESTS[] = {
    {"open", 6, open_port}, {"close", 4, close_port}, {"begin", 1, begin}, {"end", 1, end}, {NULL, 0, NULL},
};
