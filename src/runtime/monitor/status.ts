/** The monitor's status lines, as they come from its pipe, its socket and the exit record (native/protocol.md). */
import type { ExitRecord } from "./types.ts";

export type Status =
  | { readonly at: "listening" }
  | { readonly at: "started"; readonly pid: number }
  | { readonly at: "failed"; readonly message: string }
  | { readonly at: "oom" }
  | { readonly at: "exited"; readonly record: ExitRecord };

/** Undefined for a line that says nothing to us. */
export function parseStatus(line: string): Status | undefined {
  const space = line.indexOf(" ");
  const word = space < 0 ? line : line.slice(0, space);
  const rest = space < 0 ? "" : line.slice(space + 1);
  switch (word) {
    case "listening":
      return { at: "listening" };
    case "started":
      return /^[1-9]\d*$/.test(rest) ? { at: "started", pid: Number(rest) } : undefined;
    case "oom":
      return { at: "oom" };
    case "failed":
      return { at: "failed", message: unescapeMessage(rest) };
    case "exited": {
      const [, code, oom, finishedAt] = /^(\d{1,3}) ([01]) (\S+)$/.exec(rest) ?? [];
      if (finishedAt === undefined) return undefined;
      return { at: "exited", record: { exitCode: Number(code), oomKilled: oom === "1", finishedAt } };
    }
    default:
      return undefined;
  }
}

const ESCAPES: Readonly<Record<string, string>> = { "\\n": "\n", "\\r": "\r", "\\\\": "\\" };

function unescapeMessage(text: string): string {
  return text.replace(/\\[nr\\]/g, (escape) => ESCAPES[escape] ?? escape);
}

/** Cuts a byte stream into its whole lines; an unended last one is dropped, since its writer was cut off. */
export async function* statusLines(source: AsyncIterable<Uint8Array>): AsyncGenerator<Status> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of source) {
    const lines = (text + decoder.decode(chunk, { stream: true })).split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) {
      const status = parseStatus(line);
      if (status !== undefined) yield status;
    }
  }
}
