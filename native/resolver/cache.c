#include "cache.h"

#include <stdlib.h>
#include <string.h>

enum { DO_BIT = 0x8000 };

/* Everything besides the name that an answer depends on. */
static uint32_t asked_of(const struct question *question) {
  uint32_t flags = question->flags & (FLAG_RECURSE | FLAG_UNCHECKED);
  return flags << 16 | (question->edns_flags & DO_BIT) | question->edns;
}

/* What the client added for the server alone must not be answered from memory. */
static bool may_share(const struct question *question) { return !question->odd && !question->edns_options; }

static uint64_t hash_of(uint64_t scope, uint32_t asked, const struct question *question) {
  uint64_t hash = 14695981039346656037u ^ scope ^ (uint64_t)asked << 24 ^ (uint64_t)question->type << 8 ^ question->class;
  for (const char *c = question->name; *c != '\0'; c++) hash = (hash ^ (uint8_t)*c) * 1099511628211u;
  return hash ^ hash >> 32;
}

static bool is_answer(const struct cache_entry *entry, uint64_t scope, uint32_t asked, const struct question *question) {
  return entry->message != NULL && entry->scope == scope && entry->asked == asked &&
         answers_question(question, read_u16(entry->message), entry->message, entry->len);
}

static void forget(struct cache_entry *entry) {
  free(entry->message);
  *entry = (struct cache_entry){0};
}

size_t cache_find(const struct cache *cache, uint64_t scope, const struct question *question, uint8_t *answer, int64_t now) {
  uint32_t asked = asked_of(question);
  if (!may_share(question)) return 0;
  const struct cache_entry *set = cache->entries[hash_of(scope, asked, question) % CACHE_SETS];
  for (const struct cache_entry *entry = set; entry < set + CACHE_WAYS; entry++) {
    if (!is_answer(entry, scope, asked, question)) continue;
    if (entry->ends_at <= now) return 0;
    memcpy(answer, entry->message, entry->len);
    message_age(answer, entry->len, (uint32_t)((now - entry->stored_at) / 1000));
    return entry->len;
  }
  return 0;
}

void cache_store(struct cache *cache, uint64_t scope, const struct question *question, const uint8_t *answer, size_t len, int64_t now) {
  uint32_t lifetime = len > CACHE_BYTES || !may_share(question) ? 0 : message_lifetime(answer, len);
  uint8_t *copy = lifetime == 0 ? NULL : malloc(len);
  if (copy == NULL) return;
  uint32_t asked = asked_of(question);
  struct cache_entry *set = cache->entries[hash_of(scope, asked, question) % CACHE_SETS], *place = set;
  for (struct cache_entry *entry = set; entry < set + CACHE_WAYS; entry++) {
    if (is_answer(entry, scope, asked, question)) {
      place = entry;
      break;
    }
    if (entry->ends_at < place->ends_at) place = entry; /* a free one ends at 0 */
  }
  forget(place);
  memcpy(copy, answer, len);
  *place = (struct cache_entry){
      .scope = scope, .stored_at = now, .ends_at = now + (int64_t)lifetime * 1000, .asked = asked, .len = (uint16_t)len, .message = copy};
}

void cache_clear(struct cache *cache) {
  for (size_t i = 0; i < CACHE_SETS; i++) {
    for (size_t way = 0; way < CACHE_WAYS; way++) forget(&cache->entries[i][way]);
  }
}
