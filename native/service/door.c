/* What engines ask: one line a request, each answered by one line, in order. */
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "service.h"

enum { BACKLOG = 16, LINE_BYTES = 65536, ANSWERS_BYTES = 16384, ANSWER_CHARS = 128 };

struct engine {
  struct mortal mortal;
  struct source source;
  struct engine *next;
  size_t len, answers_len;
  char lines[LINE_BYTES], answers[ANSWERS_BYTES];
};

static const char *const NOT_ONE = "EINVAL";

/* An engine of another build does not rely on what this one understands: it has us end, and starts its own. */
static const char *own_request(struct service *s, const struct request *request) {
  if (request->count == 2 && strcmp(request->words[0], "hello") == 0)
    return strcmp(request->words[1], s->build) == 0 ? NULL : "another build";
  if (request->count != 1 || strcmp(request->words[0], "quit") != 0) return NOT_ONE;
  s->quits = true;
  return NULL;
}

static const char *carry_out(struct service *s, char *line) {
  struct request request = {0};
  char *word;
  while ((word = strsep(&line, " ")) != NULL) {
    if (request.count == MAX_WORDS) return NOT_ONE;
    request.words[request.count++] = word;
  }
  for (const struct request_kind *kind = s->program->requests; kind->name != NULL; kind++) {
    bool counts = kind->count < 0 ? request.count >= -kind->count : request.count == kind->count;
    if (counts && strcmp(request.words[0], kind->name) == 0) return kind->carry_out(s, &request);
  }
  return own_request(s, &request);
}

static void engine_close(struct service *s, struct engine *engine) {
  struct engine **at = &s->engines;
  while (*at != engine) at = &(*at)->next;
  *at = engine->next;
  source_end(&engine->source);
  free_later(s, &engine->mortal);
  s->alone_until = 0; /* an engine was here: nobody else has to be waited for */
  if (s->engines == NULL && s->program->left_alone != NULL) s->program->left_alone(s);
}

/* Together, as each message by itself would take room in the socket. False when the engine does not take them. */
static bool send_answers(struct engine *engine) {
  ssize_t len = (ssize_t)engine->answers_len;
  engine->answers_len = 0;
  return len == 0 || send(engine->source.fd, engine->answers, (size_t)len, MSG_NOSIGNAL) == len;
}

static bool answer(struct engine *engine, const char *problem) {
  if (ANSWERS_BYTES - engine->answers_len < ANSWER_CHARS && !send_answers(engine)) return false;
  char *at = engine->answers + engine->answers_len;
  int len = snprintf(at, ANSWER_CHARS, problem == NULL ? "ok\n" : "error %s\n", problem);
  engine->answers_len += (size_t)len;
  return true;
}

/* Carries out every whole line. False when the engine does not take the answers. */
static bool take_lines(struct service *s, struct engine *engine) {
  char *line = engine->lines, *end;
  while ((end = memchr(line, '\n', engine->len - (size_t)(line - engine->lines))) != NULL) {
    *end = '\0';
    if (!answer(engine, carry_out(s, line))) return false;
    line = end + 1;
  }
  engine->len -= (size_t)(line - engine->lines);
  memmove(engine->lines, line, engine->len);
  return engine->len < LINE_BYTES && send_answers(engine);
}

static void engine_ready(struct service *s, struct source *source, uint32_t events) {
  struct engine *engine = source->owner;
  (void)events;
  ssize_t n = recv(source->fd, engine->lines + engine->len, LINE_BYTES - engine->len, 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n > 0) engine->len += (size_t)n;
  if (n <= 0 || !take_lines(s, engine)) engine_close(s, engine);
}

/* The door is closed to everybody but root by its mode and its directory's; this is for who opens them. */
static bool is_root(int fd) {
  struct ucred peer;
  socklen_t len = sizeof peer;
  return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.uid == 0;
}

static void door_ready(struct service *s, struct source *source, uint32_t events) {
  (void)events;
  int fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  struct engine *engine = fd >= 0 && is_root(fd) ? calloc(1, sizeof *engine) : NULL;
  if (engine != NULL) engine->source = (struct source){.ready = engine_ready, .owner = engine, .fd = fd};
  if (engine == NULL || source_add(s, &engine->source, EPOLLIN) < 0) {
    free(engine);
    fd_close(&fd);
    return;
  }
  engine->next = s->engines;
  s->engines = engine;
}

int door_open(struct service *s, const char *name) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  memcpy(address.sun_path, name, strlen(name));
  if (unlink(name) < 0 && errno != ENOENT) return -1;
  s->door = (struct source){.ready = door_ready, .fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (s->door.fd < 0 || fchmod(s->door.fd, 0600) < 0) return -1;
  if (bind(s->door.fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(s->door.fd, BACKLOG) < 0) return -1;
  return source_add(s, &s->door, EPOLLIN);
}
