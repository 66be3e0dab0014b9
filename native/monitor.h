/* The one context that all parts of the monitor share, the life it goes through, and what each part does. */
#pragma once

#include <poll.h>
#include <sys/types.h>

#include "log.h"

enum {
  READ_BYTES = 64 * 1024,
  INPUT_BYTES = 16 * 1024,
  MAX_CLIENTS = 64,
  REQUEST_BYTES = 64,
  MESSAGE_BYTES = 8 * 1024,
  STATUS_BYTES = 2 * MESSAGE_BYTES + 256, /* all of a run's lines; a message may double when escaped */
  FRAME_BYTES = 8,
};

/* The command line, as protocol.md describes it; the log's part stands in its own struct. */
struct options {
  const char *dir;
  bool terminal, stdin_open, stdin_once;
  unsigned short rows, cols;
  const char *null_path, *oom_score_adj, *oom_v1, *oom_v2;
  uint64_t drain_ms, stall_ms;
  char **runtime; /* its argument vector, NULL-terminated */
};

enum phase {
  STARTING, /* the runtime runs */
  RUNNING,  /* the process runs */
  DRAINING, /* the process is gone, its output may go on */
  ENDED,    /* all said and recorded; clients take their last bytes */
};

/* One direction of output: a pipe, or the terminal's master as stream 1. */
struct output {
  int fd;
  unsigned stream; /* 1 stdout, 2 stderr */
  int owed;        /* bytes that the process had written when it ended and that are still to be read */
  size_t held;     /* of an unended line */
  char line[LOG_LINE_BYTES];
};

struct client {
  int fd; /* -1: a free place */
  enum { CLIENT_NEW, CLIENT_ATTACHED, CLIENT_WATCHING } kind;
  bool sends;       /* its input goes to the process */
  unsigned streams; /* bit per stream that it takes */
  size_t requested;
  char request[REQUEST_BYTES];
  char *backlog; /* what the socket did not take yet; NULL is nothing */
  size_t backlog_at, backlog_len;
  int64_t stalled_at;
};

struct oom {
  int events_fd; /* memory.oom_control or memory.events; both count "oom_kill" */
  int notice_fd; /* what to poll: an eventfd, or events_fd itself */
  short notice;  /* and for what */
  uint64_t kills;
};

struct monitor {
  struct options options;
  enum phase phase;
  bool held; /* output waits for "go" */
  int signal_fd, listen_fd, console_fd, record_fd;
  int status_fd, control_fd; /* our own stdout and stdin */

  pid_t runtime_pid, pid;
  int exit_code;
  bool oom_told;
  struct timespec exited_at;
  int64_t drain_until;

  int master_fd;
  int slave_fd; /* keeps the terminal from hanging up while the process lives */
  int input_fd; /* stdin's pipe or the master; -1 when closed */
  bool input_ends;
  size_t input_at, input_len, status_len;

  struct log log;
  struct oom oom;
  struct output out, err;
  struct client clients[MAX_CLIENTS];
  char status[STATUS_BYTES]; /* all lines so far, for watchers */
  char input[INPUT_BYTES];
  char chunk[LOG_LINE_BYTES + READ_BYTES]; /* a frame's head, then a held line, is put in front of what was read */
};

/* options.c: sets what the command line says. Returns NULL, or the argument that cannot be understood. */
const char *options_parse(struct monitor *m, char **argv);
/* Reads "<rows><separator><cols>", cutting the string at the separator. */
bool size_parse(char *size, char separator, unsigned short *rows, unsigned short *cols);

/* runtime.c: running the OCI runtime once on new streams. Says `failed` itself and then returns -1. */
int runtime_spawn(struct monitor *m);
/* The runtime has ended with this wait status: says `started` or `failed`. */
void runtime_ended(struct monitor *m, int status);

/* streams.c: the process's standard streams and its terminal. */
/* Listens on a unix socket of mode 0600 in the working directory. Returns -1 with errno. */
int unix_listen(const char *name, int backlog);
/* Reads once and hands on to log and clients. The descriptor is -1 after the end. */
void output_read(struct monitor *m, struct output *output);
/* Logs the held line, if any, as a partial one, and closes. */
void output_end(struct monitor *m, struct output *output);
/* Writes what the process takes now of m->input. */
void input_flush(struct monitor *m);
/* No more input: stdin is closed once everything is written. A terminal stays. */
void input_end(struct monitor *m);
/* Takes the terminal's master if the runtime has sent it by now. */
void terminal_take(struct monitor *m);
/* Applies the size of the options. Returns -1 with errno; without a master yet there is nothing to do. */
int terminal_size(struct monitor *m);

/* clients.c: the socket's clients. Takes everybody who waits at the door and serves their requests. */
void clients_accept(struct monitor *m);
/* No more clients; the socket's name is removed. */
void clients_shut_door(struct monitor *m);
/* A free place for a client, or NULL. */
struct client *clients_place(struct monitor *m);
struct pollfd client_poll(const struct monitor *m, const struct client *client);
void client_ready(struct monitor *m, struct client *client, short events);
/* Throws unread input away: it would turn the peer's end of file into a reset. */
void client_close(struct client *client);
/* Sends output to all who take the stream. Overwrites the FRAME_BYTES before `data`. */
void clients_output(struct monitor *m, unsigned stream, char *data, size_t len);
/* Sends status lines to the watchers. */
void clients_status(struct monitor *m, const char *lines, size_t len);
/* True while an attached client has not taken what it was sent. */
bool clients_behind(const struct monitor *m);
/* Disconnects who stalls the log. Returns the milliseconds until somebody would, or -1. */
int clients_stalled(struct monitor *m);

/* status.c: takes the space of the exit record, so that a disk that fills up later cannot lose it. -1 with errno. */
int status_reserve(struct monitor *m);
/* Says a line that others follow. */
void status_say(struct monitor *m, const char *line);
/* Says the last line: `failed <message>`, or how the process exited. It goes on record first. */
void status_failed(struct monitor *m, const char *message);
void status_failed_errno(struct monitor *m, const char *what);
void status_exited(struct monitor *m);

/* oom.c: opens what the kernel has; without a memory cgroup there is nothing to watch and no error. */
void oom_watch(struct oom *oom, const char *v1, const char *v2);
/* Reads the number of kills anew. True when there was one, or is just about to be. */
bool oom_read(struct oom *oom);

/* loop.c: runs until the process has ended and everybody has been told. -1 with errno when polling itself fails. */
int loop_run(struct monitor *m);
