/* tare-resolver: see protocol.md. */
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "opener.h"
#include "resolver.h"

enum { NOBODY = 65534, DESCRIPTORS = 65536, FIRST_ENGINE_MS = 10000 };

/* Two for every container and one for every query elsewhere, where we are allowed as many. */
static int raise_descriptors(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return -1;
  limit.rlim_cur = limit.rlim_max;
  if (limit.rlim_max > DESCRIPTORS) limit.rlim_cur = DESCRIPTORS;
  return setrlimit(RLIMIT_NOFILE, &limit);
}

/* Apart from the engine: own session, own signals, nothing of it but the standard streams. */
static int detach(void) {
  static const int ignored[] = {SIGHUP, SIGINT, SIGPIPE, SIGTTIN, SIGTTOU};
  if (syscall(SYS_close_range, 3U, ~0U, 0U) < 0 || (getsid(0) != getpid() && setsid() < 0)) return -1;
  for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++) {
    if (signal(ignored[i], SIG_IGN) == SIG_ERR) return -1;
  }
  return raise_descriptors();
}

/* From here on this process can do nothing but talk on the descriptors it has, and ask the opener for more. */
static int lock_up(void) {
  static const char EMPTY[] = "empty";
  struct rlimit none = {0, 0};
  if (mkdir(EMPTY, 0555) < 0 && errno != EEXIST) return -1;
  if (chroot(EMPTY) < 0 || chdir("/") < 0 || setrlimit(RLIMIT_NPROC, &none) < 0) return -1;
  if (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 || setresuid(NOBODY, NOBODY, NOBODY) < 0) return -1;
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* Without it no container could be served any more; the engine starts the two anew. */
static void opener_gone(struct resolver *r, struct source *source, uint32_t events) {
  (void)source;
  (void)events;
  r->quits = true;
}

static const char *prepare(struct resolver *r, const char *dir) {
  r->alone_until = now_ms() + FIRST_ENGINE_MS;
  if (detach() < 0 || prctl(PR_SET_NAME, "tare-resolver") < 0) return "detach";
  if (chdir(dir) < 0) return dir;
  if (getrandom(&r->random, sizeof r->random, 0) != sizeof r->random) return "getrandom";
  r->random |= 1; /* never 0 */
  r->opener = (struct source){.ready = opener_gone, .fd = opener_start()};
  r->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (r->opener.fd < 0 || r->epoll_fd < 0 || source_add(r, &r->opener, 0) < 0) return "opener";
  if (control_listen(r, "control.sock") < 0) return "control.sock";
  return lock_up() < 0 ? "lock up" : NULL;
}

/* The opener ends with its descriptor; nothing of us is left when we are gone. */
static void leave(struct resolver *r) {
  while (r->sandboxes != NULL) sandbox_close(r, r->sandboxes);
  records_begin(&r->records);
  records_end(&r->records);
  cache_clear(&r->cache);
  sources_bury(r);
  fd_close(&r->opener.fd);
  (void)waitpid(-1, NULL, 0);
}

int main(int argc, char **argv) {
  /* Mapped, so that only pages in use count; the tables are most of it. */
  struct resolver *r = mmap(NULL, sizeof *r, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (r == MAP_FAILED || argc != 5 || strcmp(argv[1], "--dir") != 0 || strcmp(argv[3], "--build") != 0) {
    (void)fprintf(stderr, "usage: tare-resolver --dir DIR --build WORD\n");
    return 2;
  }
  r->build = argv[4];
  const char *failed = prepare(r, argv[2]);
  if (failed != NULL) {
    printf("failed %s: %s\n", failed, strerror(errno));
    return 1;
  }
  printf("listening\n");
  if (fflush(stdout) != 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0) return 1;
  bool ended = loop_run(r) == 0;
  leave(r);
  return ended ? 0 : 1;
}
