#include "message.h"

#include <string.h>

enum { OPT_BYTES = 11, MAX_LABEL = 63, MAX_WIRE_NAME = 255, NEGATIVE_SECONDS = 30, POSITIVE_SECONDS = 3600 };

static uint32_t read_u32(const uint8_t *at) { return (uint32_t)read_u16(at) << 16 | read_u16(at + 2); }

static void write_u32(uint8_t *at, uint32_t value) {
  write_u16(at, (uint16_t)(value >> 16));
  write_u16(at + 2, (uint16_t)value);
}

static char to_lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c; }

/* Returns where the question's name ends, 0 when it is none. It comes first, so nothing can be pointed to. */
static size_t read_name(struct question *question, const uint8_t *message, size_t len) {
  size_t at = HEADER_BYTES, out = 0;
  for (;;) {
    if (at >= len) return 0;
    size_t label = message[at++];
    if (label == 0) break;
    if (label > MAX_LABEL || at + label > len || at + label - HEADER_BYTES >= MAX_WIRE_NAME) return 0;
    if (out > 0) question->written[out++] = '.';
    for (size_t i = 0; i < label; i++) {
      char c = (char)message[at + i];
      if (c == '.' || c == '\0') question->odd = true;
      question->written[out++] = c;
    }
    at += label;
  }
  question->written[out] = '\0';
  for (size_t i = 0; i <= out; i++) question->name[i] = to_lower(question->written[i]);
  return at;
}

/* Returns where a name in a record ends, 0 beyond the message. A pointer is its end. */
static size_t skip_name(const uint8_t *message, size_t len, size_t at) {
  while (at < len) {
    size_t label = message[at];
    if (label == 0) return at + 1;
    if (label >= 0xc0) return at + 2 <= len ? at + 2 : 0;
    if (label > MAX_LABEL) return 0;
    at += 1 + label;
  }
  return 0;
}

struct record {
  uint16_t type;
  size_t class_at, ttl_at, content;
  uint16_t content_len;
};

/* Reads the record at *at and moves on. False when there is no whole one. */
static bool next_record(const uint8_t *message, size_t len, size_t *at, struct record *record) {
  size_t name_end = skip_name(message, len, *at);
  if (name_end == 0 || name_end + 10 > len) return false;
  record->type = read_u16(message + name_end);
  record->class_at = name_end + 2;
  record->ttl_at = name_end + 4;
  record->content = name_end + 10;
  record->content_len = read_u16(message + name_end + 8);
  *at = record->content + record->content_len;
  return *at <= len;
}

/* A client's EDNS options stand in an OPT record among the last. */
static bool read_additional(struct question *question, const uint8_t *message, size_t len) {
  size_t at = question->end, records = (size_t)read_u16(message + 6) + read_u16(message + 8) + read_u16(message + 10);
  struct record record;
  for (; records > 0; records--) {
    if (!next_record(message, len, &at, &record)) return false;
    if (record.type != TYPE_OPT) continue;
    if (question->edns) return false;
    question->edns = true;
    question->edns_bytes = read_u16(message + record.class_at);
    question->edns_flags = read_u32(message + record.ttl_at);
    question->edns_options = record.content_len > 0;
  }
  return true;
}

int question_read(struct question *question, const uint8_t *message, size_t len) {
  if (len < HEADER_BYTES) return -1;
  *question = (struct question){.id = read_u16(message), .flags = read_u16(message + 2)};
  if ((question->flags & FLAG_RESPONSE) != 0) return -1;
  if ((question->flags >> 11 & 0xf) != 0) return RCODE_UNKNOWN;
  if (read_u16(message + 4) != 1) return RCODE_FORMAT;
  size_t name_end = read_name(question, message, len);
  if (name_end == 0 || name_end + 4 > len) return RCODE_FORMAT;
  question->type = read_u16(message + name_end);
  question->class = read_u16(message + name_end + 2);
  question->end = name_end + 4;
  return read_additional(question, message, len) ? RCODE_OK : RCODE_FORMAT;
}

bool answers_question(const struct question *question, uint16_t id, const uint8_t *message, size_t len) {
  struct question echo = {0};
  if (len < HEADER_BYTES || read_u16(message) != id || (read_u16(message + 2) & FLAG_RESPONSE) == 0) return false;
  if (read_u16(message + 4) != 1) return false;
  size_t name_end = read_name(&echo, message, len);
  return name_end != 0 && name_end + 4 == question->end && question->end <= len &&
         memcmp(echo.name, question->name, NAME_CHARS) == 0 && read_u16(message + name_end) == question->type &&
         read_u16(message + name_end + 2) == question->class;
}

void reply_begin(struct reply *reply, uint8_t *data, size_t max, const struct question *question, const uint8_t *query) {
  size_t end = question->end < HEADER_BYTES ? HEADER_BYTES : question->end;
  *reply = (struct reply){.data = data, .len = end, .max = max - OPT_BYTES};
  memset(data, 0, HEADER_BYTES);
  memcpy(data + HEADER_BYTES, query + HEADER_BYTES, end - HEADER_BYTES);
  write_u16(data, question->id);
  write_u16(data + 4, end > HEADER_BYTES);
}

void reply_add(struct reply *reply, uint16_t type, const uint8_t *content, size_t len) {
  uint8_t *at = reply->data + reply->len;
  if (reply->len + 12 + len > reply->max) {
    reply->truncated = true;
    return;
  }
  write_u16(at, 0xc000 | HEADER_BYTES); /* the question's name */
  write_u16(at + 2, type);
  write_u16(at + 4, CLASS_IN);
  write_u32(at + 6, ANSWER_TTL);
  write_u16(at + 10, (uint16_t)len);
  memcpy(at + 12, content, len);
  reply->len += 12 + len;
  reply->answers++;
}

void reply_end(struct reply *reply, const struct question *question, int rcode) {
  unsigned kept = question->flags & (0x7800 | FLAG_RECURSE | FLAG_UNCHECKED);
  unsigned truncated = reply->truncated ? FLAG_TRUNCATED : 0;
  write_u16(reply->data + 2, (uint16_t)(FLAG_RESPONSE | FLAG_RECURSION | kept | truncated | (unsigned)rcode));
  write_u16(reply->data + 6, reply->answers);
  if (!question->edns) return;
  uint8_t *opt = reply->data + reply->len;
  memset(opt, 0, OPT_BYTES);
  write_u16(opt + 1, TYPE_OPT);
  write_u16(opt + 3, EDNS_BYTES);
  write_u32(opt + 5, question->edns_flags & 0x8000); /* DO is repeated */
  write_u16(reply->data + 10, 1);
  reply->len += OPT_BYTES;
}

size_t reply_refuse(uint8_t data[UDP_BYTES], const struct question *question, const uint8_t *query, int rcode) {
  struct reply reply;
  reply_begin(&reply, data, UDP_BYTES, question, query);
  reply_end(&reply, question, rcode);
  return reply.len;
}

size_t name_write(uint8_t data[NAME_CHARS], const char *text) {
  size_t len = 0;
  while (*text != '\0') {
    size_t label = strcspn(text, ".");
    if (label == 0 || label > MAX_LABEL || len + label + 2 > MAX_WIRE_NAME) return 0;
    data[len++] = (uint8_t)label;
    memcpy(data + len, text, label);
    len += label;
    text += label;
    if (*text == '.') text++;
  }
  data[len++] = 0;
  return len;
}

static uint32_t smaller(uint32_t a, uint32_t b) { return a < b ? a : b; }

/* What a negative answer's SOA allows: the smaller of its own time and its last field. */
static uint32_t negative_lifetime(const uint8_t *message, const struct record *soa) {
  if (soa->content_len < 22) return 0;
  return smaller(read_u32(message + soa->ttl_at), read_u32(message + soa->content + soa->content_len - 4));
}

uint32_t message_lifetime(const uint8_t *message, size_t len) {
  uint16_t flags = read_u16(message + 2), answers = read_u16(message + 6);
  size_t records = (size_t)answers + read_u16(message + 8) + read_u16(message + 10), at = skip_name(message, len, HEADER_BYTES);
  uint32_t lifetime = POSITIVE_SECONDS, negative = 0;
  int rcode = flags & 0xf;
  if (at == 0 || (flags & FLAG_TRUNCATED) != 0 || (rcode != RCODE_OK && rcode != RCODE_NAME)) return 0;
  at += 4;
  for (size_t i = 0; i < records; i++) {
    struct record record;
    if (!next_record(message, len, &at, &record)) return 0;
    if (record.type == TYPE_OPT) continue;
    if (i >= answers && record.type == TYPE_SOA) negative = negative_lifetime(message, &record);
    lifetime = smaller(lifetime, read_u32(message + record.ttl_at));
  }
  if (at != len) return 0;
  return rcode == RCODE_OK && answers > 0 ? lifetime : smaller(smaller(lifetime, negative), NEGATIVE_SECONDS);
}

void message_age(uint8_t *message, size_t len, uint32_t seconds) {
  size_t records = (size_t)read_u16(message + 6) + read_u16(message + 8) + read_u16(message + 10);
  size_t at = skip_name(message, len, HEADER_BYTES) + 4;
  for (struct record record; records > 0 && next_record(message, len, &at, &record); records--) {
    if (record.type == TYPE_OPT) continue;
    uint32_t ttl = read_u32(message + record.ttl_at);
    write_u32(message + record.ttl_at, ttl > seconds ? ttl - seconds : 0);
  }
}
