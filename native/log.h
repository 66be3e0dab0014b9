/* The log file: whole CRI records, appended in batches, rotated between lines; losses are counted and told. */
#pragma once

#include "base.h"

enum {
  LOG_LINE_BYTES = 16 * 1024,  /* a longer line takes several records, as with Docker */
  LOG_BATCH_BYTES = 64 * 1024, /* written at once; holds the longest record */
  LOG_PREFIX_BYTES = TIMESTAMP_BYTES + sizeof " stdout F " - 1,
  LOG_OVERRUN_BYTES = 256 * 1024, /* how far an unended line may exceed the limit before it is divided */
};

struct log {
  const char *path; /* NULL: no log */
  uint64_t max_bytes;
  uint64_t max_files;
  int fd;
  uint64_t size;
  uint64_t rotate_at;
  uint64_t lost;
  int lost_errno;
  unsigned open_lines; /* bit per stream whose last record was partial */
  size_t batched;
  char batch[LOG_BATCH_BYTES];
};

/* Opens whatever stands, or can be made, at the path, and drops the file open before. A torn record at its end gets its
   newline. Returns -1 with errno and keeps the old file. The limits and `path` are set before. */
int log_open(struct log *log);
/* Writes the lines in `data` (stream 1 or 2). Returns the bytes taken: the rest, under LOG_LINE_BYTES, is an unended
   line for the caller to bring again. When `last`, all is taken. */
size_t log_write(struct log *log, unsigned stream, const char *data, size_t len, bool last);
