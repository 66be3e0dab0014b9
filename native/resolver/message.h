/* DNS messages on the wire (RFC 1035, 2308, 6891): reading what anybody may have sent, writing answers. No state, no input or output. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  HEADER_BYTES = 12,
  NAME_CHARS = 256,       /* of a name as text, with its NUL; the wire's 255 bytes never need more */
  UDP_BYTES = 512,        /* what every client takes by UDP */
  EDNS_BYTES = 1232,      /* what we say that we take */
  MESSAGE_BYTES = 65535,
  ANSWER_TTL = 600,
};

enum { TYPE_A = 1, TYPE_SOA = 6, TYPE_PTR = 12, TYPE_AAAA = 28, TYPE_OPT = 41, TYPE_ANY = 255 };
enum { CLASS_IN = 1, CLASS_ANY = 255 };
enum { RCODE_OK = 0, RCODE_FORMAT = 1, RCODE_FAILURE = 2, RCODE_NAME = 3, RCODE_UNKNOWN = 4, RCODE_REFUSED = 5 };
enum { FLAG_RESPONSE = 0x8000, FLAG_TRUNCATED = 0x0200, FLAG_RECURSE = 0x0100, FLAG_RECURSION = 0x0080, FLAG_UNCHECKED = 0x0010 };

struct question {
  uint16_t id, flags, type, class;
  size_t end;                /* of the question in the message */
  char written[NAME_CHARS];  /* without the last dot, as it was asked */
  char name[NAME_CHARS];     /* in lower case */
  bool odd;                  /* a label holds a dot or a NUL: the text stands for another name */
  bool edns, edns_options;
  uint16_t edns_bytes;       /* what the client takes by UDP */
  uint32_t edns_flags;       /* extended code, version, DO */
};

/* Reads a query. Returns RCODE_OK, the code to refuse it with (the question then may be incomplete), or -1: not to be answered. */
int question_read(struct question *question, const uint8_t *message, size_t len);
/* True when the message is an answer to the question, asked with this id. */
bool answers_question(const struct question *question, uint16_t id, const uint8_t *message, size_t len);

/* An answer that is being written. */
struct reply {
  uint8_t *data;
  size_t len, max;
  uint16_t answers;
  bool truncated;
};

/* Begins with header and question. `max` is at least UDP_BYTES; room for the end is kept free. */
void reply_begin(struct reply *reply, uint8_t *data, size_t max, const struct question *question, const uint8_t *query);
/* Adds a record to the question's name. What has no room is left out, and the reply says so. */
void reply_add(struct reply *reply, uint16_t type, const uint8_t *content, size_t len);
/* Finishes; the length is the message's. */
void reply_end(struct reply *reply, const struct question *question, int rcode);
/* Writes a whole answer without records, to anything that has a header. Returns its length. */
size_t reply_refuse(uint8_t data[UDP_BYTES], const struct question *question, const uint8_t *query, int rcode);

/* Writes a dotted name in wire form. Returns its length, 0 when it is none. */
size_t name_write(uint8_t data[NAME_CHARS], const char *text);

/* Seconds that an answer from elsewhere may be kept; 0 when not at all. */
uint32_t message_lifetime(const uint8_t *message, size_t len);
/* Makes every record this much older. The message has been walked before. */
void message_age(uint8_t *message, size_t len, uint32_t seconds);

static inline uint16_t read_u16(const uint8_t *at) { return (uint16_t)(at[0] << 8 | at[1]); }
static inline void write_u16(uint8_t *at, uint16_t value) {
  at[0] = (uint8_t)(value >> 8);
  at[1] = (uint8_t)value;
}
