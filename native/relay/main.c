/* tare-relay: see protocol.md. */
#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "relay.h"

/* Half of the descriptors are for connections, a quarter for clients of datagrams, the rest for ports. */
static const char *prepare(struct service *s) {
  struct relay *r = (struct relay *)s;
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return "descriptors";
  r->max_streams = limit.rlim_cur / 2 / STREAM_DESCRIPTORS;
  r->max_sessions = limit.rlim_cur / 4 < MAX_SESSIONS ? limit.rlim_cur / 4 : MAX_SESSIONS;
  return NULL;
}

static bool is_needed(struct service *s) { return ((struct relay *)s)->ports != NULL; }

static int tick(struct service *s) {
  struct relay *r = (struct relay *)s;
  int next = sessions_tick(r);
  return streams_go_on(r) ? 0 : next;
}

static void leave(struct service *s) {
  ports_close((struct relay *)s);
  streams_close((struct relay *)s);
}

int main(int argc, char **argv) {
  static const struct program RELAY = {
      .name = "tare-relay",
      .requests = PORT_REQUESTS,
      .capabilities = 1U << CAP_NET_BIND_SERVICE,
      .prepare = prepare,
      .is_needed = is_needed,
      .tick = tick,
      .leave = leave,
  };
  /* Mapped, so that only pages in use count; the tables are most of it. */
  struct relay *r = mmap(NULL, sizeof *r, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return r == MAP_FAILED ? 1 : service_main(&r->service, &RELAY, argc, argv);
}
