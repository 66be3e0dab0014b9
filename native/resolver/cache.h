/* Answers from elsewhere, kept for as long as they allow, in a table of fixed size. */
#pragma once

#include "message.h"

enum { CACHE_SETS = 512, CACHE_WAYS = 4, CACHE_BYTES = 2048 };

struct cache_entry {
  uint64_t scope;
  int64_t stored_at, ends_at;
  uint32_t asked; /* the flags of the question that make its answer another one */
  uint16_t len;
  uint8_t *message; /* NULL: a free place */
};

struct cache {
  struct cache_entry entries[CACHE_SETS][CACHE_WAYS];
};

/* Copies an answer to this very question, asked in this scope, made as old as it is now. Returns its length, 0 when there is none. */
size_t cache_find(const struct cache *cache, uint64_t scope, const struct question *question, uint8_t *answer, int64_t now);
/* Keeps an answer, if it may be kept. */
void cache_store(struct cache *cache, uint64_t scope, const struct question *question, const uint8_t *answer, size_t len, int64_t now);
void cache_clear(struct cache *cache);
