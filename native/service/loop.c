/* The one loop over all descriptors, and what is let go of in it. */
#include <stdlib.h>

#include "service.h"

enum { EVENTS = 64 };

static int control(struct service *s, int operation, struct source *source, uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = source};
  return epoll_ctl(s->epoll_fd, operation, source->fd, &event);
}

int source_add(struct service *s, struct source *source, uint32_t events) {
  return control(s, EPOLL_CTL_ADD, source, events);
}

int source_change(struct service *s, struct source *source, uint32_t events) {
  return control(s, EPOLL_CTL_MOD, source, events);
}

void source_end(struct source *source) {
  fd_close(&source->fd); /* the kernel stops watching with that: nobody else has the description */
  source->ready = NULL;
}

void free_later(struct service *s, struct mortal *mortal) {
  mortal->next = s->dead;
  s->dead = mortal;
}

void bury(struct service *s) {
  while (s->dead != NULL) {
    struct mortal *mortal = s->dead;
    s->dead = mortal->next;
    free(mortal);
  }
}

/* Without an engine there is somebody to wait for only at the beginning. */
static int until_alone(struct service *s) {
  if (s->engines != NULL || s->program->is_needed(s)) return -1;
  int64_t left = s->alone_until - now_ms();
  if (left <= 0) s->quits = true;
  return left > 0 ? (int)left : 0;
}

static int sooner(int a, int b) { return a < 0 || (b >= 0 && b < a) ? b : a; }

int service_run(struct service *s) {
  struct epoll_event events[EVENTS];
  for (;;) {
    int wait = sooner(s->program->tick(s), until_alone(s));
    bury(s);
    if (s->quits) return 0;
    int count = epoll_wait(s->epoll_fd, events, EVENTS, wait);
    if (count < 0 && errno != EINTR) return -1;
    for (int i = 0; i < count; i++) {
      struct source *source = events[i].data.ptr;
      if (source->ready != NULL) source->ready(s, source, events[i].events);
    }
  }
}
