/* tare-relay: see protocol.md. */
#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "relay.h"

enum { FIRST_ENGINE_MS = 10000 };

static bool is_needed(struct service *s) { return ((struct relay *)s)->ports != NULL; }

static int tick(struct service *s) {
  struct relay *r = (struct relay *)s;
  int next = sessions_tick(r);
  return streams_go_on(r) ? 0 : next;
}

/* Half of the descriptors are for connections, a quarter for clients of datagrams, the rest for ports. */
static int share_descriptors(struct relay *r) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return -1;
  r->max_streams = limit.rlim_cur / 2 / STREAM_DESCRIPTORS;
  r->max_sessions = limit.rlim_cur / 4 < MAX_SESSIONS ? limit.rlim_cur / 4 : MAX_SESSIONS;
  return 0;
}

static const char *prepare(struct relay *r, const char *dir) {
  r->service.alone_until = now_ms() + FIRST_ENGINE_MS;
  r->service.requests = PORT_REQUESTS;
  r->service.is_needed = is_needed;
  r->service.tick = tick;
  if (life_detach() < 0 || prctl(PR_SET_NAME, "tare-relay") < 0 || share_descriptors(r) < 0) return "detach";
  if (chdir(dir) < 0) return dir;
  r->service.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (r->service.epoll_fd < 0 || door_open(&r->service, "control.sock") < 0) return "control.sock";
  return life_lock_up(1U << CAP_NET_BIND_SERVICE) < 0 ? "lock up" : NULL;
}

int main(int argc, char **argv) {
  /* Mapped, so that only pages in use count; the tables are most of it. */
  struct relay *r = mmap(NULL, sizeof *r, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (r == MAP_FAILED || argc != 5 || strcmp(argv[1], "--dir") != 0 || strcmp(argv[3], "--build") != 0) {
    (void)fprintf(stderr, "usage: tare-relay --dir DIR --build WORD\n");
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
  ports_close(r);
  streams_close(r);
  bury(&r->service);
  return ended ? 0 : 1;
}
