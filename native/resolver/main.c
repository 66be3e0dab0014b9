/* tare-resolver: see protocol.md. */
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/wait.h>

#include "opener.h"
#include "resolver.h"

static bool is_needed(struct service *s) { return ((struct resolver *)s)->sandboxes != NULL; }

/* What is held for no process yet was the engine's alone: nobody would tell of its end. */
static void left_alone(struct service *s) {
  struct resolver *r = (struct resolver *)s;
  for (struct sandbox *sandbox = r->sandboxes, *next; sandbox != NULL; sandbox = next) {
    next = sandbox->next;
    if (sandbox->process == NULL) sandbox_close(r, sandbox);
  }
}

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

static const char *prepare(struct service *s) {
  struct resolver *r = (struct resolver *)s;
  if (getrandom(&r->random, sizeof r->random, 0) != sizeof r->random) return "getrandom";
  r->random |= 1; /* never 0 */
  r->opener = (struct source){.ready = opener_gone, .fd = opener_start()};
  return r->opener.fd < 0 || source_add(s, &r->opener, 0) < 0 ? "opener" : NULL;
}

/* The opener ends with its descriptor; nothing of us is left when we are gone. */
static void leave(struct service *s) {
  struct resolver *r = (struct resolver *)s;
  while (r->sandboxes != NULL) sandbox_close(r, r->sandboxes);
  records_begin(&r->records);
  records_end(&r->records);
  cache_clear(&r->cache);
  source_end(&r->opener);
  (void)waitpid(-1, NULL, 0);
}

int main(int argc, char **argv) {
  static const struct program RESOLVER = {
      .name = "tare-resolver",
      .requests = REQUESTS,
      .prepare = prepare,
      .is_needed = is_needed,
      .tick = tick,
      .left_alone = left_alone,
      .leave = leave,
  };
  /* Mapped, so that only pages in use count; the tables are most of it. */
  struct resolver *r = mmap(NULL, sizeof *r, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return r == MAP_FAILED ? 1 : service_main(&r->service, &RESOLVER, argc, argv);
}
