/* Addresses of both families. */
#include <arpa/inet.h>

#include "relay.h"

bool address_parse(union address *address, const char *ip, const char *port) {
  uint64_t number;
  memset(address, 0, sizeof *address);
  if (!number_parse(port, UINT16_MAX, &number)) return false;
  if (inet_pton(AF_INET, ip, &address->v4.sin_addr) == 1) {
    address->v4.sin_family = AF_INET;
    address->v4.sin_port = htons((uint16_t)number);
    return true;
  }
  address->v6.sin6_family = AF_INET6;
  address->v6.sin6_port = htons((uint16_t)number);
  return inet_pton(AF_INET6, ip, &address->v6.sin6_addr) == 1;
}

socklen_t address_len(const union address *address) {
  return address->any.sa_family == AF_INET ? sizeof address->v4 : sizeof address->v6;
}

/* They are zeroed before anything is written into them. */
bool address_equal(const union address *a, const union address *b) { return memcmp(a, b, sizeof *a) == 0; }
