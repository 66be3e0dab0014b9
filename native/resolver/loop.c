/* The one loop over all descriptors, and what is let go of in it. */
#include <stdlib.h>
#include <sys/epoll.h>

#include "resolver.h"

enum { EVENTS = 64 };

static int control(struct resolver *r, int operation, struct source *source, uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = source};
  return epoll_ctl(r->epoll_fd, operation, source->fd, &event);
}

int source_add(struct resolver *r, struct source *source, uint32_t events) {
  return control(r, EPOLL_CTL_ADD, source, events);
}

int source_change(struct resolver *r, struct source *source, uint32_t events) {
  return control(r, EPOLL_CTL_MOD, source, events);
}

void source_end(struct resolver *r, struct source *source) {
  fd_close(&source->fd); /* the kernel stops watching with that: nobody else has the description */
  source->ready = NULL;
  source->dead = r->graves;
  r->graves = source;
}

void sources_bury(struct resolver *r) {
  while (r->graves != NULL) {
    struct source *source = r->graves;
    r->graves = source->dead;
    free(source);
  }
}

static int sooner(int a, int b) { return a < 0 || (b >= 0 && b < a) ? b : a; }

/* Without an engine there is somebody to wait for only at the beginning, or while containers are served. */
static int until_alone(struct resolver *r) {
  if (r->engines != NULL || r->sandboxes != NULL) return -1;
  int64_t left = r->alone_until - now_ms();
  if (left <= 0) r->quits = true;
  return left > 0 ? (int)left : 0;
}

/* xorshift64*: for the order of addresses, nothing that must not be guessed. */
uint64_t random_next(struct resolver *r) {
  r->random ^= r->random >> 12;
  r->random ^= r->random << 25;
  r->random ^= r->random >> 27;
  return r->random * 2685821657736338717u;
}

int loop_run(struct resolver *r) {
  struct epoll_event events[EVENTS];
  for (;;) {
    int wait = sooner(forward_tick(r), sooner(clients_tick(r), until_alone(r)));
    sources_bury(r);
    if (r->quits) return 0;
    int count = epoll_wait(r->epoll_fd, events, EVENTS, wait);
    if (count < 0 && errno != EINTR) return -1;
    for (int i = 0; i < count; i++) {
      struct source *source = events[i].data.ptr;
      if (source->ready != NULL) source->ready(r, source, events[i].events);
    }
  }
}
