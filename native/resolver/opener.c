#include "opener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "../base.h"
#include "redirect.h"

enum { PATH_BYTES = 256, MAX_SENT = 2, BACKLOG = 128, BURST_BYTES = 1024 * 1024 };
static const uint32_t ADDRESS = 0x7f00000b; /* 127.0.0.11 */

struct request {
  enum { NETNS, LISTEN, SOCKET } wants;
  int family, type;
  char path[PATH_BYTES];
};

struct outcome {
  int error, count;
};

/* One message with up to MAX_SENT descriptors beside it. */
static int send_with(int fd, const void *data, size_t len, const int *fds, int count) {
  char space[CMSG_SPACE(MAX_SENT * sizeof(int))] = {0};
  struct iovec part = {.iov_base = (void *)data, .iov_len = len};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  if (count > 0) {
    size_t bytes = (size_t)count * sizeof(int);
    message.msg_control = space;
    message.msg_controllen = CMSG_SPACE(bytes);
    *CMSG_FIRSTHDR(&message) = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(bytes)};
    memcpy(CMSG_DATA(CMSG_FIRSTHDR(&message)), fds, bytes);
  }
  ssize_t n;
  do n = sendmsg(fd, &message, MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
  return n == (ssize_t)len ? 0 : -1;
}

/* Returns the number of descriptors received, or -1. */
static int receive_with(int fd, void *data, size_t len, int fds[MAX_SENT]) {
  char space[CMSG_SPACE(MAX_SENT * sizeof(int))];
  struct iovec part = {.iov_base = data, .iov_len = len};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
  ssize_t n;
  do n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
  while (n < 0 && errno == EINTR);
  if (n != (ssize_t)len) {
    if (n >= 0) errno = EPIPE;
    return -1;
  }
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  if (header == NULL || header->cmsg_type != SCM_RIGHTS) return 0;
  size_t bytes = header->cmsg_len - CMSG_LEN(0);
  memcpy(fds, CMSG_DATA(header), bytes);
  return (int)(bytes / sizeof(int));
}

/* A thousand queries at once wait instead of being lost; idle it costs nothing. */
static int bound_socket(int type, in_port_t *port) {
  int burst = BURST_BYTES;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(ADDRESS)};
  socklen_t len = sizeof address;
  int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &burst, sizeof burst) < 0 ||
      bind(fd, (struct sockaddr *)&address, len) < 0 || getsockname(fd, (struct sockaddr *)&address, &len) < 0 ||
      (type == SOCK_STREAM && listen(fd, BACKLOG) < 0)) {
    fd_close(&fd);
    return -1;
  }
  *port = address.sin_port;
  return fd;
}

/* Port 53 itself stays free for a server of the container's own. */
static int listening_sockets(int fds[2]) {
  in_port_t udp_port = 0, tcp_port = 0;
  fds[0] = bound_socket(SOCK_DGRAM, &udp_port);
  fds[1] = fds[0] < 0 ? -1 : bound_socket(SOCK_STREAM, &tcp_port);
  if (fds[1] >= 0 && redirect_ports(htonl(ADDRESS), udp_port, tcp_port) == 0) return 2;
  int error = errno;
  fd_close(&fds[0]);
  fd_close(&fds[1]);
  errno = error;
  return -1;
}

/* Returns the number of descriptors, or -1 with errno. */
static int carry_out(const struct request *request, int netns_fd, int home_fd, int fds[2]) {
  if (request->wants == NETNS) {
    fds[0] = open(request->path, O_RDONLY | O_CLOEXEC);
    return fds[0] < 0 ? -1 : 1;
  }
  if (setns(netns_fd, CLONE_NEWNET) < 0) return -1;
  int count = 1;
  if (request->wants == LISTEN) count = listening_sockets(fds);
  else fds[0] = socket(request->family, request->type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  int error = errno;
  if (setns(home_fd, CLONE_NEWNET) < 0) _exit(1); /* lost in there, it must do nothing more */
  errno = error;
  return fds[0] < 0 ? -1 : count;
}

static _Noreturn void serve(int fd) {
  int home_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  if (home_fd < 0 || prctl(PR_SET_NAME, "tare-opener") < 0) _exit(1);
  for (;;) {
    struct request request;
    struct outcome outcome = {0};
    int received[MAX_SENT] = {-1, -1}, fds[2] = {-1, -1};
    if (receive_with(fd, &request, sizeof request, received) < 0) _exit(0);
    request.path[PATH_BYTES - 1] = '\0';
    int count = carry_out(&request, received[0], home_fd, fds);
    if (count < 0) outcome.error = errno;
    else outcome.count = count;
    if (send_with(fd, &outcome, sizeof outcome, fds, outcome.count) < 0) _exit(0);
    for (int i = 0; i < MAX_SENT; i++) {
      fd_close(&received[i]);
      fd_close(&fds[i]);
    }
  }
}

int opener_start(void) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) return -1;
  pid_t pid = fork();
  if (pid == 0) {
    if (syscall(SYS_close_range, STDIN_FILENO, STDOUT_FILENO, 0U) < 0) _exit(1);
    fd_close(&pair[0]);
    serve(pair[1]);
  }
  fd_close(&pair[1]);
  if (pid < 0) fd_close(&pair[0]);
  return pair[0];
}

/* Returns the number of descriptors put into `fds`, or -1 with errno. */
static int ask(int opener_fd, const struct request *request, int netns_fd, int fds[2]) {
  struct outcome outcome = {0};
  if (send_with(opener_fd, request, sizeof *request, &netns_fd, netns_fd >= 0) < 0) return -1;
  int count = receive_with(opener_fd, &outcome, sizeof outcome, fds);
  if (count < 0) return -1;
  errno = outcome.error != 0 ? outcome.error : EMFILE;
  return count == outcome.count && count > 0 ? count : -1;
}

int opener_netns(int opener_fd, const char *path) {
  struct request request = {.wants = NETNS};
  int fds[MAX_SENT] = {-1, -1};
  if (strlen(path) >= PATH_BYTES) {
    errno = ENAMETOOLONG;
    return -1;
  }
  memcpy(request.path, path, strlen(path));
  return ask(opener_fd, &request, -1, fds) < 0 ? -1 : fds[0];
}

int opener_listen(int opener_fd, int netns_fd, int sockets[2]) {
  struct request request = {.wants = LISTEN};
  return ask(opener_fd, &request, netns_fd, sockets) < 0 ? -1 : 0;
}

int opener_socket(int opener_fd, int netns_fd, int family, int type) {
  struct request request = {.wants = SOCKET, .family = family, .type = type};
  int fds[MAX_SENT] = {-1, -1};
  return ask(opener_fd, &request, netns_fd, fds) < 0 ? -1 : fds[0];
}
