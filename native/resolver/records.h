/* What endpoints are called on their networks, and the other way about: what the engine has told. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "message.h"

enum { ID_CHARS = 65, MAX_ADDRESSES = 16, NAME_BUCKETS = 4096 };

/* A network is nothing but an identity; it lives as long as something holds it. */
struct network {
  struct network *next;
  unsigned holders;
  char id[ID_CHARS];
};

struct address {
  size_t len; /* 4 or 16 */
  uint8_t bytes[16];
};

struct endpoint {
  struct endpoint *next;
  char id[ID_CHARS];
  bool stale; /* not told again since `begin` */
  struct network *network;
  struct name *names;
  char *title; /* the first of its names, as written: what its addresses are called */
  size_t address_count;
  struct address addresses[MAX_ADDRESSES];
};

/* A name of an endpoint in lower case; an address, written as in the zones in-addr.arpa and ip6.arpa, is one as well. */
struct name {
  struct name *next;    /* in its bucket */
  struct name *sibling; /* of the same endpoint */
  struct endpoint *endpoint;
  bool reverse;
  uint32_t hash;
  char text[];
};

struct records {
  struct network *networks;
  struct endpoint *endpoints;
  struct name *buckets[NAME_BUCKETS];
};

/* The network of this id, held once more. NULL without memory. */
struct network *network_hold(struct records *records, const char *id);
void network_release(struct records *records, struct network *network);

/* Makes an endpoint without addresses and names, in place of one that had the id. NULL without memory or for a wrong id. */
struct endpoint *endpoint_put(struct records *records, const char *id, const char *network);
/* False without memory, beyond the limits, or for what is no address. A name that no query can hold is left out. */
bool endpoint_name(struct records *records, struct endpoint *endpoint, const char *text);
bool endpoint_address(struct records *records, struct endpoint *endpoint, const char *text);
/* Idempotent. */
void endpoint_drop(struct records *records, const char *id);

/* Between the two every endpoint has to be put again, or it is dropped. */
void records_begin(struct records *records);
void records_end(struct records *records);

/* The first entry of this name on a network, then the next one of the same; NULL when there is none. */
const struct name *records_find(const struct records *records, const struct network *network, const char *text, bool reverse);
const struct name *records_next(const struct name *name);
