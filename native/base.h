/* Small helpers: descriptors, numbers, time; and what every part needs of libc. */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TIMESTAMP_BYTES = 30 };

/* Closes and forgets; -1 is nothing. close(2) on Linux frees the descriptor even when it reports an error. */
void fd_close(int *fd);
/* Returns -1 with errno on failure. */
int fd_nonblock(int fd);
/* Writes everything. Returns -1 with errno on failure. */
int fd_write_all(int fd, const char *data, size_t len);
/* Reads the last bytes of a file, one less than `cap`, and a NUL. Returns their number; an unreadable file has none. */
size_t fd_read_tail(const char *path, char *data, size_t cap);

/* Milliseconds of the monotonic clock. */
int64_t now_ms(void);
/* Puts "2026-01-02T03:04:05.123456789Z", without a NUL. */
void timestamp(char out[TIMESTAMP_BYTES], struct timespec time);

/* Reads a decimal number of at most `max` that fills the whole string. */
bool number_parse(const char *string, uint64_t max, uint64_t *number);
