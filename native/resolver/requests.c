/* What engines tell: endpoints and sandboxes, as protocol.md has it. */
#include "resolver.h"

static const char *const NOT_ONE = "not understood";

/* Cuts the next word off *rest; "-" stands for none. */
static char *next_word(char **rest, const char *separator) {
  return *rest == NULL || strcmp(*rest, "-") == 0 ? NULL : strsep(rest, separator);
}

static const char *put(struct service *s, const struct request *request) {
  struct resolver *r = (struct resolver *)s;
  char *const *words = request->words;
  struct endpoint *endpoint = endpoint_put(&r->records, words[1], words[2]);
  char *addresses = words[3], *names = words[4], *word;
  bool whole = endpoint != NULL;
  while (whole && (word = next_word(&addresses, ",")) != NULL) whole = endpoint_address(&r->records, endpoint, word);
  while (whole && (word = next_word(&names, ",")) != NULL) whole = endpoint_name(&r->records, endpoint, word);
  if (whole) return NULL;
  if (endpoint != NULL) endpoint_drop(&r->records, words[1]);
  return NOT_ONE;
}

static const char *drop(struct service *s, const struct request *request) {
  struct resolver *r = (struct resolver *)s;
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

static const char *serve(struct service *s, const struct request *request) {
  struct resolver *r = (struct resolver *)s;
  struct sandbox *sandbox = sandbox_open(r, request->words[1], request->words[2]);
  if (sandbox == NULL) return strerror(errno);
  sandbox_clear(r, sandbox);
  sandbox->stale = false;
  sandbox->ndots = strcmp(request->words[3], "1") == 0;
  bool whole = set_upstreams(sandbox, request->words[4]);
  for (int i = 5; whole && i < request->count; i++) whole = attach(r, sandbox, request->words[i]);
  return whole ? NULL : NOT_ONE;
}

static const char *hold(struct service *s, const struct request *request) {
  struct resolver *r = (struct resolver *)s;
  struct sandbox *sandbox = sandbox_find(r, request->words[1]);
  uint64_t pid;
  if (sandbox == NULL) return "not served";
  if (!number_parse(request->words[2], INT32_MAX, &pid)) return NOT_ONE;
  return sandbox_hold(r, sandbox, (pid_t)pid) < 0 ? strerror(errno) : NULL;
}

static const char *forget(struct service *s, const struct request *request) {
  struct resolver *r = (struct resolver *)s;
  struct sandbox *sandbox = sandbox_find(r, request->words[1]);
  if (sandbox != NULL) sandbox_close(r, sandbox);
  return NULL;
}

static const char *begin(struct service *s, const struct request *request) {
  struct resolver *r = (struct resolver *)s;
  (void)request;
  records_begin(&r->records);
  for (struct sandbox *sandbox = r->sandboxes; sandbox != NULL; sandbox = sandbox->next) sandbox->stale = true;
  return NULL;
}

static const char *end(struct service *s, const struct request *request) {
  struct resolver *r = (struct resolver *)s;
  (void)request;
  records_end(&r->records);
  for (struct sandbox *sandbox = r->sandboxes, *next; sandbox != NULL; sandbox = next) {
    next = sandbox->next;
    if (sandbox->stale) sandbox_close(r, sandbox);
  }
  return NULL;
}

const struct request_kind REQUESTS[] = {
    {"put", 5, put},       {"drop", 2, drop},   {"serve", -5, serve}, {"hold", 3, hold},
    {"forget", 2, forget}, {"begin", 1, begin}, {"end", 1, end},      {NULL, 0, NULL},
};
