/* The command line. */
#include "monitor.h"

enum { MAX_FILES = 1000, MAX_MS = 1000 * 60 * 60 };

struct rule {
  const char *name;
  enum { FLAG, STRING, NUMBER, SIZE } kind;
  size_t offset; /* in struct monitor */
  uint64_t max;
};
#define RULE(name, kind, field, max) {name, kind, offsetof(struct monitor, field), max}

static const struct rule RULES[] = {
    RULE("--dir", STRING, options.dir, 0),
    RULE("--terminal", FLAG, options.terminal, 0),
    RULE("--console-size", SIZE, options.rows, UINT16_MAX),
    RULE("--stdin", FLAG, options.stdin_open, 0),
    RULE("--stdin-once", FLAG, options.stdin_once, 0),
    RULE("--hold", FLAG, held, 0),
    RULE("--null", STRING, options.null_path, 0),
    RULE("--log", STRING, log.path, 0),
    RULE("--log-max-bytes", NUMBER, log.max_bytes, INT64_MAX),
    RULE("--log-max-files", NUMBER, log.max_files, MAX_FILES),
    RULE("--oom-score-adj", STRING, options.oom_score_adj, 0),
    RULE("--oom-v1", STRING, options.oom_v1, 0),
    RULE("--oom-v2", STRING, options.oom_v2, 0),
    RULE("--drain-ms", NUMBER, options.drain_ms, MAX_MS),
    RULE("--stall-ms", NUMBER, options.stall_ms, MAX_MS),
};

bool size_parse(char *size, char separator, unsigned short *rows, unsigned short *cols) {
  char *middle = strchr(size, separator);
  uint64_t row, col;
  if (middle == NULL) return false;
  *middle = '\0';
  if (!number_parse(size, UINT16_MAX, &row) || !number_parse(middle + 1, UINT16_MAX, &col)) return false;
  *rows = (unsigned short)row;
  *cols = (unsigned short)col;
  return true;
}

static const struct rule *find_rule(const char *name) {
  for (size_t i = 0; i < sizeof RULES / sizeof *RULES; i++) {
    if (strcmp(RULES[i].name, name) == 0) return &RULES[i];
  }
  return NULL;
}

/* `value` is the next argument, NULL at the end. */
static bool apply(struct monitor *m, const struct rule *rule, char *value) {
  void *field = (char *)m + rule->offset;
  if (rule->kind == FLAG) return *(bool *)field = true;
  if (value == NULL || strcmp(value, "--") == 0) return false;
  if (rule->kind == NUMBER) return number_parse(value, rule->max, field);
  if (rule->kind == SIZE) return size_parse(value, 'x', &m->options.rows, &m->options.cols);
  *(const char **)field = value;
  return true;
}

const char *options_parse(struct monitor *m, char **argv) {
  m->options = (struct options){.null_path = "/dev/null", .drain_ms = 2000, .stall_ms = 10000};
  m->log.max_files = 1;
  char **arg = argv + (argv[0] != NULL);
  for (; *arg != NULL && strcmp(*arg, "--") != 0; arg++) {
    const struct rule *rule = find_rule(*arg);
    if (rule == NULL || !apply(m, rule, arg[1])) return *arg;
    if (rule->kind != FLAG) arg++;
  }
  if (m->options.dir == NULL) return "--dir";
  if (m->log.max_files == 0) return "--log-max-files";
  if (*arg == NULL || arg[1] == NULL) return "-- RUNTIME";
  m->options.runtime = arg + 1;
  return NULL;
}
