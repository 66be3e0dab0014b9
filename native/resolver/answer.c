/* Answers from the records, by Docker's rules: which of a container's networks is asked for what. */
#include <strings.h>

#include "resolver.h"

enum { MAX_FOUND = 4096 }; /* more do not fit into a message */

/* A way to read a name: all of it on any network, or its beginning on the network that the rest names. */
struct reading {
  char name[NAME_CHARS];
  const char *network; /* NULL: any */
};

static bool is_on(const struct attachment *attachment, const struct reading *reading) {
  return reading->network == NULL || strcmp(attachment->name, reading->network) == 0;
}

static const struct link *link_of(const struct attachment *attachment, const char *alias) {
  const struct link *link = attachment->links;
  while (link != NULL && strcasecmp(link->alias, alias) != 0) link = link->next;
  return link;
}

static const struct name *find_on(struct resolver *r, const struct attachment *attachment, const char *name) {
  return records_find(&r->records, attachment->network, name, false);
}

/* A link's alias goes before every name, and hides it. */
static const struct name *find(struct resolver *r, const struct sandbox *sandbox, const struct reading *reading) {
  const struct name *found = NULL;
  const struct attachment *at;
  for (at = sandbox->attachments; at != NULL && found == NULL; at = at->next) {
    const struct link *link = is_on(at, reading) ? link_of(at, reading->name) : NULL;
    if (link != NULL) found = find_on(r, at, link->target);
  }
  for (at = sandbox->attachments; at != NULL && found == NULL; at = at->next) {
    if (is_on(at, reading) && link_of(at, reading->name) == NULL) found = find_on(r, at, reading->name);
  }
  return found;
}

/* The name as a whole comes first, then the shorter beginnings. */
static const struct name *find_name(struct resolver *r, const struct sandbox *sandbox, const struct question *question) {
  struct reading reading = {0};
  size_t at = strlen(question->name);
  memcpy(reading.name, question->name, at);
  const struct name *found = find(r, sandbox, &reading);
  while (found == NULL && at-- > 1) {
    if (question->name[at] != '.') continue;
    reading.name[at] = '\0';
    reading.network = question->written + at + 1;
    found = find(r, sandbox, &reading);
  }
  return found;
}

static size_t collect(const struct name *name, uint16_t type, const struct address *found[MAX_FOUND]) {
  size_t count = 0;
  for (; name != NULL; name = records_next(name)) {
    const struct endpoint *endpoint = name->endpoint;
    for (const struct address *at = endpoint->addresses; at < endpoint->addresses + endpoint->address_count; at++) {
      bool wanted = type == TYPE_ANY || type == (at->len == 4 ? TYPE_A : TYPE_AAAA);
      if (wanted && count < MAX_FOUND) found[count++] = at;
    }
  }
  return count;
}

/* xorshift64*: for the order of addresses, nothing that must not be guessed. */
static uint64_t random_next(struct resolver *r) {
  r->random ^= r->random >> 12;
  r->random ^= r->random << 25;
  r->random ^= r->random >> 27;
  return r->random * 2685821657736338717u;
}

/* In an order that changes, so that who takes the first shares the load among all. */
static void add_addresses(struct resolver *r, const struct name *name, uint16_t type, struct reply *reply) {
  const struct address *found[MAX_FOUND];
  size_t count = collect(name, type, found);
  for (size_t left = count; left > 0; left--) {
    size_t chosen = random_next(r) % left;
    const struct address *address = found[chosen];
    found[chosen] = found[left - 1];
    reply_add(reply, address->len == 4 ? TYPE_A : TYPE_AAAA, address->bytes, address->len);
  }
}

static bool add_pointer(struct resolver *r, const struct sandbox *sandbox, const struct question *question, struct reply *reply) {
  for (const struct attachment *at = sandbox->attachments; at != NULL; at = at->next) {
    const struct name *found = records_find(&r->records, at->network, question->name, true);
    char text[2 * NAME_CHARS];
    uint8_t wire[NAME_CHARS];
    if (found == NULL || found->endpoint->title == NULL) continue;
    (void)snprintf(text, sizeof text, "%s.%s", found->endpoint->title, at->name);
    size_t len = name_write(wire, text);
    if (len == 0) continue;
    reply_add(reply, TYPE_PTR, wire, len);
    return true;
  }
  return false;
}

bool answer_local(struct resolver *r, const struct sandbox *sandbox, const struct question *question, struct reply *reply) {
  if (question->odd || (question->class != CLASS_IN && question->class != CLASS_ANY)) return false;
  if (question->type == TYPE_PTR && add_pointer(r, sandbox, question, reply)) return true;
  const struct name *name = find_name(r, sandbox, question);
  if (name == NULL) return false;
  add_addresses(r, name, question->type, reply);
  return true;
}
