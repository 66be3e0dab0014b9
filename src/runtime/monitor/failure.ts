/** The runtime could not start the process. */

export class RuntimeFailure extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "RuntimeFailure";
  }
}

/**
 * The failure that a runtime's log tells: the last error of its JSON lines (crun and runc write `msg` and `level`), else the text as it is.
 * Its beginning may be cut off.
 */
export function toRuntimeFailure(log: string): RuntimeFailure {
  const messages = log.split("\n").flatMap((line) => messageOfLine(line) ?? []);
  return new RuntimeFailure(messages.at(-1) ?? log.trim());
}

function messageOfLine(line: string): string | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    const entry: unknown = JSON.parse(line);
    if (typeof entry !== "object" || entry === null || !("msg" in entry) || typeof entry.msg !== "string")
      return undefined;
    const isError = !("level" in entry) || entry.level === "error" || entry.level === "fatal";
    return isError ? entry.msg : undefined;
  } catch {
    return undefined;
  }
}
