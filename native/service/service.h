/*
 * What the small processes beside the engine have in common: one loop over descriptors, a door by which engines come with requests, and a
 * life without privileges that outlasts any engine.
 */
#pragma once

#include <sys/epoll.h>

#include "../base.h"

struct service;
struct engine;

/* A descriptor that is watched. */
struct source {
  void (*ready)(struct service *s, struct source *source, uint32_t events);
  void *owner;
  int fd;
};

/* Begins what must not be freed while events for it may be at hand. */
struct mortal {
  struct mortal *next;
};

enum { MAX_WORDS = 512 };

/* A line in words. */
struct request {
  int count;
  char *words[MAX_WORDS];
};

struct request_kind {
  const char *name;
  int count; /* of words, with the name; -N is N or more */
  /* Returns NULL, or why it could not be done. */
  const char *(*carry_out)(struct service *s, const struct request *request);
};

/* What makes one program another than the next. */
struct program {
  const char *name;
  const struct request_kind *requests; /* up to one without a name; "hello" and "quit" are answered already */
  uint32_t capabilities;               /* a mask of those that it keeps */
  const char *(*prepare)(struct service *s); /* in its directory, with all its power: NULL, or what failed, with errno */
  bool (*is_needed)(struct service *s);      /* although there is no engine */
  int (*tick)(struct service *s);            /* before each wait: milliseconds until the next one at the latest, or -1 */
  void (*left_alone)(struct service *s);     /* by the last engine; NULL when that is no matter */
  void (*leave)(struct service *s);          /* lets go of everything */
};

/* The first member of what each program knows. */
struct service {
  const struct program *program;
  const char *build;
  int epoll_fd;
  bool quits;
  int64_t alone_until;
  struct source door;
  struct engine *engines;
  struct mortal *dead;
};

/* loop.c: */
/* Watches the source; -1 with errno. */
int source_add(struct service *s, struct source *source, uint32_t events);
/* Watches it for other events from now on. */
int source_change(struct service *s, struct source *source, uint32_t events);
/* Stops watching and closes the descriptor. Idempotent. */
void source_end(struct source *source);
/* Frees it at the end of the round. */
void free_later(struct service *s, struct mortal *mortal);
/* Frees at once; to be called when no event is being handled. */
void bury(struct service *s);
/* Runs until nobody needs us. -1 with errno when waiting itself fails. */
int service_run(struct service *s);

/* door.c: opens the engines' door in the working directory. -1 with errno. */
int door_open(struct service *s, const char *name);

/* life.c: the whole life of a program, from its command line to its exit status. */
int service_main(struct service *s, const struct program *program, int argc, char **argv);
