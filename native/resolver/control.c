/* What engines tell: one line a request, as protocol.md has them, each answered by one line. */
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "resolver.h"

enum { BACKLOG = 16, MAX_WORDS = 512, ANSWER_CHARS = 256, FIRST_BYTES = 4096 };

struct engine {
  struct source source;
  struct engine *next;
  size_t len, room;
  char *line;
};

/* A request in words. A handler returns NULL, or why it could not be done. */
struct request {
  int count;
  char *words[MAX_WORDS];
};

typedef const char *handler(struct resolver *r, const struct request *request);

static const char *const NOT_ONE = "not understood";

/* Cuts the next word off *rest; "-" stands for none. */
static char *next_word(char **rest, const char *separator) {
  return *rest == NULL || strcmp(*rest, "-") == 0 ? NULL : strsep(rest, separator);
}

static const char *put(struct resolver *r, const struct request *request) {
  char *const *words = request->words;
  struct endpoint *endpoint = request->count == 5 ? endpoint_put(&r->records, words[1], words[2]) : NULL;
  char *addresses = words[3], *names = words[4], *word;
  bool whole = endpoint != NULL;
  while (whole && (word = next_word(&addresses, ",")) != NULL) whole = endpoint_address(&r->records, endpoint, word);
  while (whole && (word = next_word(&names, ",")) != NULL) whole = endpoint_name(&r->records, endpoint, word);
  if (whole) return NULL;
  if (endpoint != NULL) endpoint_drop(&r->records, words[1]);
  return NOT_ONE;
}

static const char *drop(struct resolver *r, const struct request *request) {
  endpoint_drop(&r->records, request->words[1]);
  return NULL;
}

/* ID,NAME[,ALIAS,TARGET]… */
static bool attach(struct resolver *r, struct sandbox *sandbox, char *word) {
  char *id = strsep(&word, ","), *name = strsep(&word, ","), *alias, *target;
  struct attachment *attachment = name == NULL ? NULL : sandbox_attach(r, sandbox, id, name);
  if (attachment == NULL) return false;
  while ((alias = strsep(&word, ",")) != NULL) {
    if ((target = strsep(&word, ",")) == NULL || !attachment_link(attachment, alias, target)) return false;
  }
  return true;
}

/* host:ADDRESS or own:ADDRESS, with commas between. */
static bool set_upstreams(struct sandbox *sandbox, char *words) {
  char *word;
  while ((word = next_word(&words, ",")) != NULL) {
    const char *kind = strsep(&word, ":");
    if (word == NULL || !sandbox_upstream(sandbox, word, strcmp(kind, "host") == 0)) return false;
  }
  return true;
}

static const char *serve(struct resolver *r, const struct request *request) {
  struct sandbox *sandbox = request->count >= 5 ? sandbox_open(r, request->words[1], request->words[2]) : NULL;
  if (sandbox == NULL) return request->count >= 5 ? strerror(errno) : NOT_ONE;
  sandbox_clear(r, sandbox);
  sandbox->stale = false;
  sandbox->ndots = strcmp(request->words[3], "1") == 0;
  bool whole = set_upstreams(sandbox, request->words[4]);
  for (int i = 5; whole && i < request->count; i++) whole = attach(r, sandbox, request->words[i]);
  return whole ? NULL : NOT_ONE;
}

static const char *hold(struct resolver *r, const struct request *request) {
  struct sandbox *sandbox = sandbox_find(r, request->words[1]);
  uint64_t pid;
  if (sandbox == NULL || !number_parse(request->words[2], INT32_MAX, &pid)) return NOT_ONE;
  return sandbox_hold(r, sandbox, (pid_t)pid) < 0 ? strerror(errno) : NULL;
}

static const char *forget(struct resolver *r, const struct request *request) {
  struct sandbox *sandbox = sandbox_find(r, request->words[1]);
  if (sandbox != NULL) sandbox_close(r, sandbox);
  return NULL;
}

/* An engine of another build does not rely on what this one understands: it has us end, and starts its own. */
static const char *hello(struct resolver *r, const struct request *request) {
  return strcmp(request->words[1], r->build) == 0 ? NULL : "another build";
}

static const char *begin(struct resolver *r, const struct request *request) {
  (void)request;
  records_begin(&r->records);
  for (struct sandbox *sandbox = r->sandboxes; sandbox != NULL; sandbox = sandbox->next) sandbox->stale = true;
  return NULL;
}

static const char *end(struct resolver *r, const struct request *request) {
  (void)request;
  records_end(&r->records);
  for (struct sandbox *sandbox = r->sandboxes, *next; sandbox != NULL; sandbox = next) {
    next = sandbox->next;
    if (sandbox->stale) sandbox_close(r, sandbox);
  }
  return NULL;
}

static const char *quit(struct resolver *r, const struct request *request) {
  (void)request;
  r->quits = true;
  return NULL;
}

static const struct {
  const char *name;
  int least; /* words, with the name */
  handler *handle;
} REQUESTS[] = {
    {"hello", 2, hello}, {"put", 5, put},       {"drop", 2, drop}, {"serve", 5, serve}, {"hold", 3, hold},
    {"forget", 2, forget}, {"begin", 1, begin}, {"end", 1, end},   {"quit", 1, quit},
};

static const char *carry_out(struct resolver *r, char *line) {
  struct request request = {0};
  char *word;
  while ((word = strsep(&line, " ")) != NULL) {
    if (request.count == MAX_WORDS) return NOT_ONE;
    request.words[request.count++] = word;
  }
  for (size_t i = 0; i < sizeof REQUESTS / sizeof *REQUESTS; i++) {
    bool is = strcmp(request.words[0], REQUESTS[i].name) == 0 && request.count >= REQUESTS[i].least;
    if (is) return REQUESTS[i].handle(r, &request);
  }
  return NOT_ONE;
}

static void engine_close(struct resolver *r, struct engine *engine) {
  struct engine **at = &r->engines;
  while (*at != engine) at = &(*at)->next;
  *at = engine->next;
  free(engine->line);
  source_end(r, &engine->source);
}

/* Carries out every whole line. False when the engine does not take the answers. */
static bool take_lines(struct resolver *r, struct engine *engine) {
  char *line = engine->line, *end_of_line;
  while ((end_of_line = memchr(line, '\n', engine->len - (size_t)(line - engine->line))) != NULL) {
    char answer[ANSWER_CHARS];
    *end_of_line = '\0';
    const char *problem = carry_out(r, line);
    int len = snprintf(answer, sizeof answer, problem == NULL ? "ok\n" : "error %s\n", problem);
    if (send(engine->source.fd, answer, (size_t)len, MSG_NOSIGNAL) != len) return false;
    line = end_of_line + 1;
  }
  engine->len -= (size_t)(line - engine->line);
  memmove(engine->line, line, engine->len);
  return true;
}

static bool grow(struct engine *engine) {
  size_t room = engine->room == 0 ? FIRST_BYTES : engine->room * 2;
  char *line = room > LINE_BYTES ? NULL : realloc(engine->line, room);
  if (line == NULL) return false;
  engine->line = line;
  engine->room = room;
  return true;
}

static void engine_ready(struct resolver *r, struct source *source, uint32_t events) {
  struct engine *engine = (struct engine *)source;
  (void)events;
  ssize_t n = engine->len == engine->room && !grow(engine)
                  ? 0
                  : recv(source->fd, engine->line + engine->len, engine->room - engine->len, 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n > 0) engine->len += (size_t)n;
  if (n <= 0 || !take_lines(r, engine)) engine_close(r, engine);
}

/* The door is closed to everybody but root by its mode and its directory's; this is for who opens them. */
static bool is_root(int fd) {
  struct ucred peer;
  socklen_t len = sizeof peer;
  return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.uid == 0;
}

static void door_ready(struct resolver *r, struct source *source, uint32_t events) {
  (void)events;
  int fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  struct engine *engine = fd >= 0 && is_root(fd) ? calloc(1, sizeof *engine) : NULL;
  if (engine != NULL) engine->source = (struct source){.ready = engine_ready, .fd = fd};
  if (engine == NULL || source_add(r, &engine->source, EPOLLIN) < 0) {
    free(engine);
    fd_close(&fd);
    return;
  }
  engine->next = r->engines;
  r->engines = engine;
}

int control_listen(struct resolver *r, const char *name) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  memcpy(address.sun_path, name, strlen(name));
  if (unlink(name) < 0 && errno != ENOENT) return -1;
  r->door = (struct source){.ready = door_ready, .fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (r->door.fd < 0 || fchmod(r->door.fd, 0600) < 0) return -1;
  if (bind(r->door.fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(r->door.fd, BACKLOG) < 0) return -1;
  return source_add(r, &r->door, EPOLLIN);
}
