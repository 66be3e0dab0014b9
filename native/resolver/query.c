/* What becomes of a query: an answer from the records, from memory, or from a server elsewhere. */
#include "resolver.h"

enum { MAX_UDP_BYTES = 65507 };

static size_t limit_of(const struct asker *asker, const struct question *question) {
  if (asker->client != NULL) return MESSAGE_BYTES;
  if (!question->edns || question->edns_bytes < UDP_BYTES) return UDP_BYTES;
  return question->edns_bytes < MAX_UDP_BYTES ? question->edns_bytes : MAX_UDP_BYTES;
}

/* Who does not take an answer asks again. */
static void send_to(struct resolver *r, const struct asker *asker, const uint8_t *answer, size_t len) {
  if (asker->client != NULL) {
    client_send(r, asker->client, answer, len);
    return;
  }
  (void)sendto(asker->sandbox->udp->source.fd, answer, len, MSG_DONTWAIT, (const struct sockaddr *)&asker->peer, sizeof asker->peer);
}

void query_refuse(struct resolver *r, const struct asker *asker, const struct question *question, const uint8_t *query, int rcode) {
  uint8_t data[UDP_BYTES];
  send_to(r, asker, data, reply_refuse(data, question, query, rcode));
}

void query_answer(struct resolver *r, const struct asker *asker, const struct question *question, uint8_t *answer, size_t len) {
  write_u16(answer, question->id);
  if (len > limit_of(asker, question)) {
    write_u16(answer + 2, read_u16(answer + 2) | FLAG_TRUNCATED);
    memset(answer + 6, 0, HEADER_BYTES - 6);
    len = question->end;
  }
  send_to(r, asker, answer, len);
}

/* From memory; the name is spelled as it was asked. */
static bool answer_cached(struct resolver *r, const struct asker *asker, const struct question *question, const uint8_t *query) {
  if (asker->sandbox->upstream_count == 0) return false;
  size_t len = cache_find(&r->cache, asker->sandbox->scope, question, r->answer, now_ms());
  if (len == 0) return false;
  memcpy(r->answer + HEADER_BYTES, query + HEADER_BYTES, question->end - HEADER_BYTES);
  query_answer(r, asker, question, r->answer, len);
  return true;
}

/* Left to the client, which tries its search domains. */
static bool stays_here(const struct sandbox *sandbox, const struct question *question) {
  bool address = question->type == TYPE_A || question->type == TYPE_AAAA;
  return address && sandbox->ndots && strchr(question->name, '.') == NULL;
}

void query_take(struct resolver *r, const struct asker *asker, const uint8_t *message, size_t len) {
  struct question question;
  struct reply reply;
  int rcode = question_read(&question, message, len);
  if (rcode < 0) return;
  if (rcode != RCODE_OK) {
    query_refuse(r, asker, &question, message, rcode);
    return;
  }
  reply_begin(&reply, r->answer, limit_of(asker, &question), &question, message);
  if (answer_local(r, asker->sandbox, &question, &reply) || stays_here(asker->sandbox, &question)) {
    reply_end(&reply, &question, RCODE_OK);
    send_to(r, asker, reply.data, reply.len);
  } else if (!answer_cached(r, asker, &question, message) && !forward_begin(r, asker, &question, message, len)) {
    query_refuse(r, asker, &question, message, RCODE_FAILURE);
  }
}
