/* How a process leaves the engine behind, and then its power. */
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "service.h"

enum { NOBODY = 65534 };

/* As many as we are allowed. */
static int raise_descriptors(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return -1;
  limit.rlim_cur = limit.rlim_max;
  return setrlimit(RLIMIT_NOFILE, &limit);
}

int life_detach(void) {
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

int life_lock_up(uint32_t capabilities) {
  static const char EMPTY[] = "empty";
  struct rlimit none = {0, 0};
  if (mkdir(EMPTY, 0555) < 0 && errno != EEXIST) return -1;
  if (chroot(EMPTY) < 0 || chdir("/") < 0 || setrlimit(RLIMIT_NPROC, &none) < 0) return -1;
  if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 || setgroups(0, NULL) < 0) return -1;
  if (setresgid(NOBODY, NOBODY, NOBODY) < 0 || setresuid(NOBODY, NOBODY, NOBODY) < 0) return -1;
  if (keep_only(capabilities) < 0) return -1;
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}
