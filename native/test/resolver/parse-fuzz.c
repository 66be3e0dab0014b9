/* Reads spoiled messages out of memory that ends where they end, so that the sanitizer sees every byte read too many. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../resolver/cache.h"
#include "../../resolver/message.h"

enum { MAX_BYTES = 700, SEEDS = 4 };

static const struct {
  size_t len;
  const char *bytes;
} SEED_MESSAGES[SEEDS] = {
    {29, "\x12\x34\x01\0\0\1\0\0\0\0\0\0\3www\7example\0\0\1\0\1"},
    {40, "\x12\x34\x01\x10\0\1\0\0\0\0\0\1\3www\7example\0\0\x1c\0\1\0\0\x29\x04\xd0\0\0\x80\0\0\0"},
    {61, "\x12\x34\x81\x80\0\1\0\2\0\0\0\0\3www\7example\0\0\1\0\1\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\2"},
    {70, "\x12\x34\x81\x83\0\1\0\0\0\1\0\0\3www\7example\0\0\1\0\1\7example\0\0\6\0\1\0\0\0\x3c\0\x16\0\0\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1"},
};

static uint64_t state;

static size_t below(size_t limit) {
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return (size_t)(state * 2685821657736338717u >> 33) % limit;
}

static size_t spoil(uint8_t message[MAX_BYTES]) {
  static const uint8_t likely[] = {0, 1, 2, 12, 0x3f, 0x40, 0xc0, 0xff};
  const size_t seed = below(SEEDS);
  size_t len = SEED_MESSAGES[seed].len;
  memcpy(message, SEED_MESSAGES[seed].bytes, len);
  for (size_t changes = below(6); changes > 0; changes--) {
    size_t at = below(len + 1), more;
    switch (below(4)) {
      case 0: len = at; break;
      case 1: if (at < len) message[at] = likely[below(sizeof likely)]; break;
      case 2: if (at < len) message[at] = (uint8_t)below(256); break;
      default:
        for (more = below(64); more > 0 && len < MAX_BYTES; more--) message[len++] = (uint8_t)below(256);
    }
  }
  return len;
}

static void read_one(struct cache *cache, uint8_t *message, size_t len, const struct question *asked) {
  static uint8_t out[MESSAGE_BYTES];
  struct question question;
  struct reply reply;
  int rcode = question_read(&question, message, len);
  if (rcode > RCODE_OK) (void)reply_refuse(out, &question, message, rcode);
  if (rcode == RCODE_OK) {
    reply_begin(&reply, out, UDP_BYTES, &question, message);
    for (int i = 0; i < 60; i++) reply_add(&reply, TYPE_AAAA, message, len < 16 ? len : 16);
    reply_end(&reply, &question, rcode);
    if (reply.len > UDP_BYTES) abort();
    (void)cache_find(cache, 1, &question, out, 2000);
  }
  if (!answers_question(asked, 0x1234, message, len)) return;
  cache_store(cache, 1, asked, message, len, 1000);
  (void)cache_find(cache, 1, asked, out, 2000);
}

/* parse-fuzz SEED COUNT */
int main(int argc, char **argv) {
  static struct cache cache;
  struct question asked;
  if (argc != 3) return 2;
  state = strtoull(argv[1], NULL, 10) | 1;
  if (question_read(&asked, (const uint8_t *)SEED_MESSAGES[0].bytes, SEED_MESSAGES[0].len) != RCODE_OK) return 2;
  for (unsigned long count = strtoul(argv[2], NULL, 10); count > 0; count--) {
    uint8_t spoilt[MAX_BYTES];
    size_t len = spoil(spoilt);
    uint8_t *exact = malloc(len + (len == 0));
    if (exact == NULL) return 2;
    memcpy(exact, spoilt, len);
    read_one(&cache, exact, len, &asked);
    free(exact);
  }
  cache_clear(&cache);
  return 0;
}
