/* The rules that lead port 53 of our address to the ports where we listen, in the namespace of the calling process. */
#pragma once

#include <netinet/in.h>

/*
 * Replaces the rules. They rewrite ports packet by packet instead of translating connections: so neither a query nor anything else of
 * the container is tracked. All in network byte order. Returns -1 with errno.
 */
int redirect_ports(in_addr_t address, in_port_t udp_port, in_port_t tcp_port);
