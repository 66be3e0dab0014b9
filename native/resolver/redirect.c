#include "redirect.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stddef.h>
#include <sys/socket.h>

#include "../base.h"

enum { BATCH_BYTES = 8192, ANSWER_BYTES = 8192, RAW_PRIORITY = -300 };
enum { SOURCE_ADDRESS = 12, DESTINATION_ADDRESS = 16, SOURCE_PORT = 0, DESTINATION_PORT = 2, UDP_SUM = 6, TCP_SUM = 16 };

static const char TABLE[] = "tare-dns", CHAIN[] = "output";

/* Netlink messages one after another; attributes nest. The buffer is ample for the one batch there is. */
struct batch {
  uint32_t sequence;
  size_t len;
  struct nlmsghdr *message;
  _Alignas(NLMSG_ALIGNTO) char data[BATCH_BYTES];
};

/* What one direction of one protocol is matched by and turned into. */
struct rewrite {
  uint8_t protocol, address_at, port_at, sum_at;
  in_port_t from, to;
};

static void *append(struct batch *b, size_t len) {
  void *at = b->data + b->len;
  memset(at, 0, NLMSG_ALIGN(len));
  b->len += NLMSG_ALIGN(len);
  return at;
}

static void message_begin(struct batch *b, int type, int flags, uint8_t family, int subsystem) {
  b->message = append(b, sizeof *b->message);
  b->message->nlmsg_type = (uint16_t)type;
  b->message->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
  b->message->nlmsg_seq = ++b->sequence;
  struct nfgenmsg *head = append(b, sizeof *head);
  *head = (struct nfgenmsg){.nfgen_family = family, .version = NFNETLINK_V0, .res_id = htons((uint16_t)subsystem)};
}

static void message_end(struct batch *b) {
  b->message->nlmsg_len = (uint32_t)(b->data + b->len - (char *)b->message);
}

static void change_begin(struct batch *b, int type, int flags) {
  message_begin(b, NFNL_SUBSYS_NFTABLES << 8 | type, flags, NFPROTO_IPV4, 0);
}

static void put(struct batch *b, uint16_t type, const void *value, size_t len) {
  struct nlattr *attribute = append(b, NLA_HDRLEN + len);
  attribute->nla_type = type;
  attribute->nla_len = (uint16_t)(NLA_HDRLEN + len);
  memcpy((char *)attribute + NLA_HDRLEN, value, len);
}

static void put_u32(struct batch *b, uint16_t type, uint32_t value) {
  value = htonl(value);
  put(b, type, &value, sizeof value);
}

static void put_string(struct batch *b, uint16_t type, const char *text) { put(b, type, text, strlen(text) + 1); }

static struct nlattr *nest_begin(struct batch *b, uint16_t type) {
  struct nlattr *nest = append(b, NLA_HDRLEN);
  nest->nla_type = type | NLA_F_NESTED;
  return nest;
}

static void nest_end(struct batch *b, struct nlattr *nest) { nest->nla_len = (uint16_t)(b->data + b->len - (char *)nest); }

struct expression {
  struct nlattr *element, *data;
};

static struct expression expression_begin(struct batch *b, const char *name) {
  struct nlattr *element = nest_begin(b, NFTA_LIST_ELEM);
  put_string(b, NFTA_EXPR_NAME, name);
  return (struct expression){element, nest_begin(b, NFTA_EXPR_DATA)};
}

static void expression_end(struct batch *b, struct expression expression) {
  nest_end(b, expression.data);
  nest_end(b, expression.element);
}

static void put_value(struct batch *b, uint16_t type, const void *value, size_t len) {
  struct nlattr *nest = nest_begin(b, type);
  put(b, NFTA_DATA_VALUE, value, len);
  nest_end(b, nest);
}

static void load(struct batch *b, uint32_t base, uint32_t offset, uint32_t len) {
  struct expression expression = expression_begin(b, "payload");
  put_u32(b, NFTA_PAYLOAD_DREG, NFT_REG_1);
  put_u32(b, NFTA_PAYLOAD_BASE, base);
  put_u32(b, NFTA_PAYLOAD_OFFSET, offset);
  put_u32(b, NFTA_PAYLOAD_LEN, len);
  expression_end(b, expression);
}

static void load_protocol(struct batch *b) {
  struct expression expression = expression_begin(b, "meta");
  put_u32(b, NFTA_META_DREG, NFT_REG_1);
  put_u32(b, NFTA_META_KEY, NFT_META_L4PROTO);
  expression_end(b, expression);
}

static void expect(struct batch *b, const void *value, size_t len) {
  struct expression expression = expression_begin(b, "cmp");
  put_u32(b, NFTA_CMP_SREG, NFT_REG_1);
  put_u32(b, NFTA_CMP_OP, NFT_CMP_EQ);
  put_value(b, NFTA_CMP_DATA, value, len);
  expression_end(b, expression);
}

static void store_port(struct batch *b, const struct rewrite *rewrite) {
  struct expression expression = expression_begin(b, "immediate");
  put_u32(b, NFTA_IMMEDIATE_DREG, NFT_REG_1);
  put_value(b, NFTA_IMMEDIATE_DATA, &rewrite->to, sizeof rewrite->to);
  expression_end(b, expression);
  expression = expression_begin(b, "payload");
  put_u32(b, NFTA_PAYLOAD_SREG, NFT_REG_1);
  put_u32(b, NFTA_PAYLOAD_BASE, NFT_PAYLOAD_TRANSPORT_HEADER);
  put_u32(b, NFTA_PAYLOAD_OFFSET, rewrite->port_at);
  put_u32(b, NFTA_PAYLOAD_LEN, sizeof rewrite->to);
  put_u32(b, NFTA_PAYLOAD_CSUM_TYPE, NFT_PAYLOAD_CSUM_INET);
  put_u32(b, NFTA_PAYLOAD_CSUM_OFFSET, rewrite->sum_at);
  expression_end(b, expression);
}

static void add_rule(struct batch *b, in_addr_t address, const struct rewrite *rewrite, int flags) {
  change_begin(b, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND | flags);
  put_string(b, NFTA_RULE_TABLE, TABLE);
  put_string(b, NFTA_RULE_CHAIN, CHAIN);
  struct nlattr *expressions = nest_begin(b, NFTA_RULE_EXPRESSIONS);
  load(b, NFT_PAYLOAD_NETWORK_HEADER, rewrite->address_at, sizeof address);
  expect(b, &address, sizeof address);
  load_protocol(b);
  expect(b, &rewrite->protocol, sizeof rewrite->protocol);
  load(b, NFT_PAYLOAD_TRANSPORT_HEADER, rewrite->port_at, sizeof rewrite->from);
  expect(b, &rewrite->from, sizeof rewrite->from);
  store_port(b, rewrite);
  nest_end(b, expressions);
  message_end(b);
}

static void change_table(struct batch *b, int type, int flags) {
  change_begin(b, type, flags);
  put_string(b, NFTA_TABLE_NAME, TABLE);
  message_end(b);
}

static void add_chain(struct batch *b) {
  change_begin(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE);
  put_string(b, NFTA_CHAIN_TABLE, TABLE);
  put_string(b, NFTA_CHAIN_NAME, CHAIN);
  struct nlattr *hook = nest_begin(b, NFTA_CHAIN_HOOK);
  put_u32(b, NFTA_HOOK_HOOKNUM, NF_INET_LOCAL_OUT);
  put_u32(b, NFTA_HOOK_PRIORITY, (uint32_t)RAW_PRIORITY);
  nest_end(b, hook);
  put_string(b, NFTA_CHAIN_TYPE, "filter");
  message_end(b);
}

static void write_batch(struct batch *b, in_addr_t address, in_port_t udp_port, in_port_t tcp_port, bool replaces) {
  in_port_t dns = htons(53);
  const struct rewrite rewrites[] = {
      {IPPROTO_UDP, DESTINATION_ADDRESS, DESTINATION_PORT, UDP_SUM, dns, udp_port},
      {IPPROTO_UDP, SOURCE_ADDRESS, SOURCE_PORT, UDP_SUM, udp_port, dns},
      {IPPROTO_TCP, DESTINATION_ADDRESS, DESTINATION_PORT, TCP_SUM, dns, tcp_port},
      {IPPROTO_TCP, SOURCE_ADDRESS, SOURCE_PORT, TCP_SUM, tcp_port, dns},
  };
  size_t last = sizeof rewrites / sizeof *rewrites - 1;
  message_begin(b, NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
  message_end(b);
  if (replaces) change_table(b, NFT_MSG_DELTABLE, 0);
  change_table(b, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL);
  add_chain(b);
  for (size_t i = 0; i <= last; i++) add_rule(b, address, &rewrites[i], i == last ? NLM_F_ACK : 0);
  message_begin(b, NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
  message_end(b);
}

/* The first failure, or the one acknowledgement. */
static int read_outcome(int fd) {
  _Alignas(NLMSG_ALIGNTO) char data[ANSWER_BYTES];
  ssize_t n = recv(fd, data, sizeof data, 0);
  if (n < (ssize_t)NLMSG_LENGTH(sizeof(struct nlmsgerr))) return -1;
  const struct nlmsghdr *message = (const struct nlmsghdr *)data;
  const struct nlmsgerr *outcome = NLMSG_DATA(message);
  errno = message->nlmsg_type == NLMSG_ERROR ? -outcome->error : EPROTO;
  return errno == 0 ? 0 : -1;
}

static int commit(const struct batch *b) {
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
  if (fd < 0) return -1;
  int failed = send(fd, b->data, b->len, 0) != (ssize_t)b->len ? -1 : read_outcome(fd);
  int error = errno;
  fd_close(&fd);
  errno = error;
  return failed;
}

/*
 * Nearly always there is no table yet. To delete one to be sure would cost milliseconds: closing the socket waits until the kernel has freed
 * what was deleted (nft_rcv_nl_event), a grace period of RCU.
 */
int redirect_ports(in_addr_t address, in_port_t udp_port, in_port_t tcp_port) {
  struct batch fresh = {0}, replacing = {0};
  write_batch(&fresh, address, udp_port, tcp_port, false);
  int failed = commit(&fresh);
  if (failed == 0 || errno != EEXIST) return failed;
  write_batch(&replacing, address, udp_port, tcp_port, true);
  return commit(&replacing);
}
