/* The life of a program: it leaves the engine behind, then its power, serves, and lets go of everything. */
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "service.h"

enum { NOBODY = 65534, FIRST_ENGINE_MS = 10000 };

/* As many as we are allowed. */
static int raise_descriptors(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return -1;
  limit.rlim_cur = limit.rlim_max;
  return setrlimit(RLIMIT_NOFILE, &limit);
}

/* Apart from the engine: own session, own signals, nothing of it but the standard streams, many descriptors. */
static int detach(void) {
  static const int ignored[] = {SIGHUP, SIGINT, SIGPIPE, SIGTTIN, SIGTTOU};
  if (syscall(SYS_close_range, 3U, ~0U, 0U) < 0 || (getsid(0) != getpid() && setsid() < 0)) return -1;
  for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++) {
    if (signal(ignored[i], SIG_IGN) == SIG_ERR) return -1;
  }
  return raise_descriptors();
}

static int keep_only(uint32_t capabilities) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{.effective = capabilities, .permitted = capabilities}};
  return (int)syscall(SYS_capset, &header, data);
}

/* From here on this process can do nothing but use the descriptors it has, and these capabilities. */
static int lock_up(uint32_t capabilities) {
  static const char EMPTY[] = "empty";
  struct rlimit none = {0, 0};
  if (mkdir(EMPTY, 0555) < 0 && errno != EEXIST) return -1;
  if (chroot(EMPTY) < 0 || chdir("/") < 0 || setrlimit(RLIMIT_NPROC, &none) < 0) return -1;
  if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 || setgroups(0, NULL) < 0) return -1;
  if (setresgid(NOBODY, NOBODY, NOBODY) < 0 || setresuid(NOBODY, NOBODY, NOBODY) < 0) return -1;
  if (keep_only(capabilities) < 0) return -1;
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static const char *begin(struct service *s, const char *dir) {
  s->alone_until = now_ms() + FIRST_ENGINE_MS;
  if (detach() < 0 || prctl(PR_SET_NAME, s->program->name) < 0) return "detach";
  if (chdir(dir) < 0) return dir;
  if ((s->epoll_fd = epoll_create1(EPOLL_CLOEXEC)) < 0) return "epoll";
  const char *failed = s->program->prepare(s);
  if (failed != NULL) return failed;
  if (door_open(s, "control.sock") < 0) return "control.sock";
  return lock_up(s->program->capabilities) < 0 ? "lock up" : NULL;
}

int service_main(struct service *s, const struct program *program, int argc, char **argv) {
  if (argc != 5 || strcmp(argv[1], "--dir") != 0 || strcmp(argv[3], "--build") != 0) {
    (void)fprintf(stderr, "usage: %s --dir DIR --build WORD\n", program->name);
    return 2;
  }
  s->program = program;
  s->build = argv[4];
  const char *failed = begin(s, argv[2]);
  if (failed != NULL) {
    printf("failed %s: %s\n", failed, strerror(errno));
    return 1;
  }
  printf("listening\n");
  if (fflush(stdout) != 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0) return 1;
  bool ended = service_run(s) == 0;
  program->leave(s);
  bury(s);
  return ended ? 0 : 1;
}
