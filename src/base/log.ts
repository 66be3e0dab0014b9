/** Structured logging: a constant event name plus fields, one JSON line each. Log or throw, never both. */

export type LogLevel = "debug" | "info" | "warn" | "error";
export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
  child(fields: LogFields): Logger;
}

const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/** A logger that hands finished lines to `write`, which appends the newline's bytes where they belong. */
export function createLogger(write: (line: string) => void, least: LogLevel = "info", base: LogFields = {}): Logger {
  const at =
    (level: LogLevel) =>
    (event: string, fields: LogFields = {}): void => {
      if (RANK[level] < RANK[least]) return;
      write(JSON.stringify({ time: new Date().toISOString(), level, event, ...base, ...fields }));
    };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: (fields) => createLogger(write, least, { ...base, ...fields }),
  };
}

const silent = (): void => undefined;
export const nullLogger: Logger = {
  debug: silent,
  info: silent,
  warn: silent,
  error: silent,
  child: () => nullLogger,
};
