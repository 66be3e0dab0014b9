#include "records.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* FNV-1a. The names are the engine's, nobody else can choose them to collide. */
static uint32_t hash_of(const struct network *network, const char *text) {
  uint32_t hash = 2166136261u ^ (uint32_t)(uintptr_t)network;
  for (; *text != '\0'; text++) hash = (hash ^ (uint8_t)*text) * 16777619u;
  return hash;
}

static bool is_id(const char *text) {
  size_t len = strlen(text);
  return len > 0 && len < ID_CHARS;
}

struct network *network_hold(struct records *records, const char *id) {
  struct network *network = records->networks;
  while (network != NULL && strcmp(network->id, id) != 0) network = network->next;
  if (network == NULL) {
    network = is_id(id) ? calloc(1, sizeof *network) : NULL;
    if (network == NULL) return NULL;
    memcpy(network->id, id, strlen(id));
    network->next = records->networks;
    records->networks = network;
  }
  network->holders++;
  return network;
}

void network_release(struct records *records, struct network *network) {
  if (network == NULL || --network->holders > 0) return;
  struct network **at = &records->networks;
  while (*at != network) at = &(*at)->next;
  *at = network->next;
  free(network);
}

static void forget_name(struct records *records, struct name *name) {
  struct name **at = &records->buckets[name->hash % NAME_BUCKETS];
  while (*at != name) at = &(*at)->next;
  *at = name->next;
  free(name);
}

/* Takes the endpoint at *at out of the list, with all its names. */
static void remove_endpoint(struct records *records, struct endpoint **at) {
  struct endpoint *endpoint = *at;
  *at = endpoint->next;
  for (struct name *name = endpoint->names, *sibling; name != NULL; name = sibling) {
    sibling = name->sibling;
    forget_name(records, name);
  }
  network_release(records, endpoint->network);
  free(endpoint->title);
  free(endpoint);
}

void endpoint_drop(struct records *records, const char *id) {
  struct endpoint **at = &records->endpoints;
  while (*at != NULL && strcmp((*at)->id, id) != 0) at = &(*at)->next;
  if (*at != NULL) remove_endpoint(records, at);
}

struct endpoint *endpoint_put(struct records *records, const char *id, const char *network) {
  endpoint_drop(records, id);
  struct endpoint *endpoint = is_id(id) ? calloc(1, sizeof *endpoint) : NULL;
  if (endpoint == NULL) return NULL;
  endpoint->network = network_hold(records, network);
  if (endpoint->network == NULL) {
    free(endpoint);
    return NULL;
  }
  memcpy(endpoint->id, id, strlen(id));
  endpoint->next = records->endpoints;
  records->endpoints = endpoint;
  return endpoint;
}

static bool add_name(struct records *records, struct endpoint *endpoint, const char *text, bool reverse) {
  size_t len = strlen(text);
  struct name *name = malloc(sizeof *name + len + 1);
  if (name == NULL) return false;
  for (size_t i = 0; i <= len; i++) name->text[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 'a' - 'A' : text[i]);
  name->hash = hash_of(endpoint->network, name->text);
  name->endpoint = endpoint;
  name->reverse = reverse;
  name->sibling = endpoint->names;
  endpoint->names = name;
  /* Behind the others, so that the oldest endpoint stays the first. */
  struct name **at = &records->buckets[name->hash % NAME_BUCKETS];
  while (*at != NULL) at = &(*at)->next;
  name->next = NULL;
  *at = name;
  return true;
}

static bool has_name(const struct endpoint *endpoint, const char *text) {
  for (const struct name *name = endpoint->names; name != NULL; name = name->sibling) {
    if (!name->reverse && strcasecmp(name->text, text) == 0) return true;
  }
  return false;
}

bool endpoint_name(struct records *records, struct endpoint *endpoint, const char *text) {
  uint8_t wire[NAME_CHARS];
  if (has_name(endpoint, text)) return true;
  if (name_write(wire, text) <= 1) return true;
  if (!add_name(records, endpoint, text, false)) return false;
  if (endpoint->title == NULL) endpoint->title = strdup(text);
  return endpoint->title != NULL;
}

static void write_reverse(char text[NAME_CHARS], const struct address *address) {
  if (address->len == 4) {
    const uint8_t *b = address->bytes;
    (void)snprintf(text, NAME_CHARS, "%u.%u.%u.%u.in-addr.arpa", b[3], b[2], b[1], b[0]);
    return;
  }
  char *at = text;
  for (size_t i = address->len; i-- > 0;) {
    at += snprintf(at, 5, "%x.%x.", address->bytes[i] & 0xfu, address->bytes[i] >> 4u);
  }
  memcpy(at, "ip6.arpa", sizeof "ip6.arpa");
}

bool endpoint_address(struct records *records, struct endpoint *endpoint, const char *text) {
  char reverse[NAME_CHARS];
  if (endpoint->address_count == MAX_ADDRESSES) return false;
  struct address *address = &endpoint->addresses[endpoint->address_count];
  if (inet_pton(AF_INET, text, address->bytes) == 1) address->len = 4;
  else if (inet_pton(AF_INET6, text, address->bytes) == 1) address->len = 16;
  else return false;
  endpoint->address_count++;
  write_reverse(reverse, address);
  return add_name(records, endpoint, reverse, true);
}

void records_begin(struct records *records) {
  for (struct endpoint *endpoint = records->endpoints; endpoint != NULL; endpoint = endpoint->next) endpoint->stale = true;
}

void records_end(struct records *records) {
  struct endpoint **at = &records->endpoints;
  while (*at != NULL) {
    if ((*at)->stale) remove_endpoint(records, at);
    else at = &(*at)->next;
  }
}

static const struct name *matching(const struct name *name, const struct network *network, const char *text, bool reverse) {
  for (; name != NULL; name = name->next) {
    if (name->endpoint->network == network && name->reverse == reverse && strcmp(name->text, text) == 0) return name;
  }
  return NULL;
}

const struct name *records_find(const struct records *records, const struct network *network, const char *text, bool reverse) {
  return matching(records->buckets[hash_of(network, text) % NAME_BUCKETS], network, text, reverse);
}

const struct name *records_next(const struct name *name) {
  return matching(name->next, name->endpoint->network, name->text, name->reverse);
}
