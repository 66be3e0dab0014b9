/* The process's standard streams and its terminal. */
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "monitor.h"

/* Closes the pipe, or lets go of the terminal, which input and output share. */
static void stream_close(const struct monitor *m, int *fd) {
  if (*fd == m->master_fd) *fd = -1;
  fd_close(fd);
}

static void output_log(struct monitor *m, struct output *output, const char *data, size_t len, bool last) {
  size_t taken = log_write(&m->log, output->stream, data, len, last);
  output->held = len - taken;
  memcpy(output->line, data + taken, output->held);
}

void output_read(struct monitor *m, struct output *output) {
  char *chunk = m->chunk + LOG_LINE_BYTES;
  ssize_t n = read(output->fd, chunk, READ_BYTES);
  if (n < 0 && errno == EINTR) return;
  if (n < 0 && errno == EAGAIN) {
    output->owed = 0;
    return;
  }
  if (n <= 0) { /* a terminal without holders says EIO */
    output_end(m, output);
    return;
  }
  output->owed -= n < output->owed ? (int)n : output->owed;
  clients_output(m, output->stream, chunk, (size_t)n);
  if (m->log.path == NULL) return;
  char *start = chunk - output->held;
  memcpy(start, output->line, output->held);
  output_log(m, output, start, output->held + (size_t)n, false);
}

void output_end(struct monitor *m, struct output *output) {
  if (output->held > 0) output_log(m, output, output->line, output->held, true);
  output->owed = 0;
  stream_close(m, &output->fd);
}

void input_flush(struct monitor *m) {
  if (m->input_fd < 0 && m->console_fd >= 0) return; /* the terminal is still to come */
  ssize_t n = (ssize_t)m->input_len; /* what comes after the end is for nobody */
  if (m->input_fd >= 0 && m->input_len > 0) n = write(m->input_fd, m->input + m->input_at, m->input_len);
  if (n < 0 && errno != EAGAIN && errno != EINTR) { /* the process reads no more */
    m->input_len = 0;
    m->input_ends = true;
  }
  if (n > 0) {
    m->input_at += (size_t)n;
    m->input_len -= (size_t)n;
  }
  if (m->input_len == 0 && m->input_ends) stream_close(m, &m->input_fd);
}

void input_end(struct monitor *m) {
  if (m->options.terminal) return;
  m->input_ends = true;
  input_flush(m);
}

int unix_listen(const char *name, int backlog) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  memcpy(address.sun_path, name, strlen(name) + 1);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  mode_t mask = umask(0177);
  if (fd >= 0 && (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, backlog) < 0)) fd_close(&fd);
  (void)umask(mask);
  return fd;
}

int terminal_size(struct monitor *m) {
  struct winsize size = {.ws_row = m->options.rows, .ws_col = m->options.cols};
  if (m->master_fd < 0 || (size.ws_row == 0 && size.ws_col == 0)) return 0;
  return ioctl(m->master_fd, TIOCSWINSZ, &size);
}

/* The descriptor comes with a message whose text means nothing (runc, docs/terminals.md). */
static int receive_fd(int connection) {
  char text[64], control[CMSG_SPACE(sizeof(int))] __attribute__((aligned(sizeof(size_t))));
  struct iovec part = {.iov_base = text, .iov_len = sizeof text};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  int fd = -1;
  if (recvmsg(connection, &message, MSG_CMSG_CLOEXEC) < 0) return -1;
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  if (header != NULL && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS)
    memcpy(&fd, CMSG_DATA(header), sizeof fd);
  return fd;
}

void terminal_take(struct monitor *m) {
  struct timeval patience = {.tv_sec = 1}; /* the sender is the trusted runtime, and at it */
  int connection = accept4(m->console_fd, NULL, NULL, SOCK_CLOEXEC);
  if (connection >= 0 && setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0)
    m->master_fd = receive_fd(connection);
  fd_close(&connection);
  if (m->master_fd < 0) return;
  fd_close(&m->console_fd);
  (void)unlink("console.sock");
  if (fd_nonblock(m->master_fd) < 0 || terminal_size(m) < 0) {
    fd_close(&m->master_fd);
    return;
  }
  m->slave_fd = ioctl(m->master_fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  m->out.fd = m->input_fd = m->master_fd;
}
