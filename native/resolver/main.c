/* tare-resolver: see protocol.md. */
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/wait.h>

#include "opener.h"
#include "resolver.h"

enum { FIRST_ENGINE_MS = 10000 };

static bool is_needed(struct service *s) { return ((struct resolver *)s)->sandboxes != NULL; }

static int tick(struct service *s) {
  struct resolver *r = (struct resolver *)s;
  int forwards = forward_tick(r), clients = clients_tick(r);
  return forwards < 0 || (clients >= 0 && clients < forwards) ? clients : forwards;
}

/* Without it no container could be served any more; the engine starts the two anew. */
static void opener_gone(struct service *s, struct source *source, uint32_t events) {
  (void)source;
  (void)events;
  s->quits = true;
}

static const char *prepare(struct resolver *r, const char *dir) {
  struct service *s = &r->service;
  s->alone_until = now_ms() + FIRST_ENGINE_MS;
  s->requests = REQUESTS;
  s->is_needed = is_needed;
  s->tick = tick;
  if (life_detach() < 0 || prctl(PR_SET_NAME, "tare-resolver") < 0) return "detach";
  if (chdir(dir) < 0) return dir;
  if (getrandom(&r->random, sizeof r->random, 0) != sizeof r->random) return "getrandom";
  r->random |= 1; /* never 0 */
  r->opener = (struct source){.ready = opener_gone, .fd = opener_start()};
  s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (r->opener.fd < 0 || s->epoll_fd < 0 || source_add(s, &r->opener, 0) < 0) return "opener";
  if (door_open(s, "control.sock") < 0) return "control.sock";
  return life_lock_up(0) < 0 ? "lock up" : NULL;
}

/* The opener ends with its descriptor; nothing of us is left when we are gone. */
static void leave(struct resolver *r) {
  while (r->sandboxes != NULL) sandbox_close(r, r->sandboxes);
  records_begin(&r->records);
  records_end(&r->records);
  cache_clear(&r->cache);
  bury(&r->service);
  source_end(&r->opener);
  (void)waitpid(-1, NULL, 0);
}

int main(int argc, char **argv) {
  /* Mapped, so that only pages in use count; the tables are most of it. */
  struct resolver *r = mmap(NULL, sizeof *r, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (r == MAP_FAILED || argc != 5 || strcmp(argv[1], "--dir") != 0 || strcmp(argv[3], "--build") != 0) {
    (void)fprintf(stderr, "usage: tare-resolver --dir DIR --build WORD\n");
    return 2;
  }
  r->service.build = argv[4];
  const char *failed = prepare(r, argv[2]);
  if (failed != NULL) {
    printf("failed %s: %s\n", failed, strerror(errno));
    return 1;
  }
  printf("listening\n");
  if (fflush(stdout) != 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0) return 1;
  bool ended = service_run(&r->service) == 0;
  leave(r);
  return ended ? 0 : 1;
}
