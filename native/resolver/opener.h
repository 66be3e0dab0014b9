/*
 * The privileged half: a process that reads no packet. It opens namespaces and makes sockets in them for the resolver, which has no
 * power of its own. Every call blocks for the fraction of a millisecond that this takes.
 */
#pragma once

#include <sys/socket.h>

/* Starts the process; returns the descriptor to reach it by, or -1 with errno. It ends when that is closed. */
int opener_start(void);
/* Opens the network namespace of this path. -1 with errno. */
int opener_netns(int opener_fd, const char *path);
/* Sockets that answer on 127.0.0.11:53 in the namespace: UDP, and TCP listening. -1 with errno. */
int opener_listen(int opener_fd, int netns_fd, int sockets[2]);
/* A socket in the namespace, not bound and not connected. -1 with errno. */
int opener_socket(int opener_fd, int netns_fd, int family, int type);
