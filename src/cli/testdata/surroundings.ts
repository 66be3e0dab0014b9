/** For tests: a command line run in the process, its output kept, against an engine whose answers are recorded. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Io } from "../io.ts";
import { runCli } from "../main.ts";

export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/** What the process would be given beside its arguments. */
export interface Given {
  readonly host?: string;
  readonly stdin?: string;
  readonly terminal?: boolean;
  readonly configDir?: string;
  readonly variables?: Readonly<Record<string, string>>;
}

export interface KeptIo extends Io {
  readonly written: { stdout: string; stderr: string };
}

export function keptIo({ stdin = "", terminal = false }: Given = {}): KeptIo {
  const written = { stdout: "", stderr: "" };
  const into = (name: keyof typeof written): Io["stdout"] => ({
    async write(bytes) {
      written[name] += typeof bytes === "string" ? bytes : Buffer.from(bytes).toString();
    },
  });
  return {
    written,
    stdin: (async function* () {
      yield Buffer.from(stdin);
    })(),
    stdout: into("stdout"),
    stderr: into("stderr"),
    isTerminal: () => terminal,
    terminalSize: () => (terminal ? { rows: 24, columns: 80 } : undefined),
    enterRawMode: () => nothing,
    onSignal: () => nothing,
  };
}

const nothing: Disposable = { [Symbol.dispose]: () => undefined };

/** `argv` without the program. */
export async function run(argv: readonly string[], given: Given = {}): Promise<Ran> {
  const io = keptIo(given);
  const env = {
    host: given.host ?? "unix:///nowhere/tare.sock",
    root: "/nowhere",
    run: "/nowhere",
    engineCommand: ["false"],
    configDir: given.configDir ?? "/nowhere",
    variables: given.variables ?? {},
    cwd: "/nowhere",
    version: "0.0.0",
  };
  const code = await runCli(argv, env, io);
  return { ...io.written, code };
}

/** An HTTP server on a socket of its own; `answer` is given the method and the path without its version. */
export interface Recorded extends Disposable {
  readonly host: string;
}

export function serveRecorded(answer: (request: string, url: URL) => Response): Recorded {
  const directory = mkdtempSync(join(tmpdir(), "recorded-"));
  const unix = join(directory, "sock");
  const server = Bun.serve({
    unix,
    fetch(request) {
      const url = new URL(request.url);
      return answer(`${request.method} ${url.pathname.replace(/^\/v[\d.]+/, "")}`, url);
    },
  });
  return {
    host: `unix://${unix}`,
    [Symbol.dispose]() {
      void server.stop(true);
      rmSync(directory, { recursive: true });
    },
  };
}
