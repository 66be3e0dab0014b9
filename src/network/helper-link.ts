/**
 * The engine's side of a small process that outlives it: finding or starting it by its directory, requests and their answers in order. The
 * processes' own side is native/service.
 */
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { hasCode, systemError } from "../base/errors.ts";
import { connectUnix, type SocketStream } from "../base/socket-stream.ts";

export interface HelperProgram {
  /** The program to start. */
  readonly path: string;
  /** The process's own directory; two of one machine never share one. */
  readonly dir: string;
}

/** An answer other than "ok". */
export class HelperRefusal extends Error {
  /** What it said, such as "EADDRINUSE". */
  readonly reason: string;

  constructor(request: string, reason: string) {
    super(`refused: ${request}: ${reason}`);
    this.reason = reason;
  }
}

/** Closed by either side; whoever waits for an answer then is refused with a system error. */
export class HelperLink {
  readonly #stream: SocketStream;
  readonly #waiting: { readonly line: string; readonly answer: PromiseWithResolvers<void> }[] = [];
  /** Settles when the process has gone, or the connection. */
  readonly closed: Promise<void>;
  #isOpen = true;

  constructor(stream: SocketStream) {
    this.#stream = stream;
    this.closed = this.#read();
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Sends requests together; each promise is settled by its own answer, rejected with a HelperRefusal. */
  ask(...lines: readonly string[]): Promise<void>[] {
    const asked = lines.map((line) => ({ line, answer: Promise.withResolvers<void>() }));
    if (!this.#isOpen) for (const { answer } of asked) answer.reject(gone());
    else this.#waiting.push(...asked);
    // A failure to write ends the connection, which refuses them all.
    this.#stream.write(Buffer.from(`${lines.join("\n")}\n`)).catch(() => this.#stream.close());
    return asked.map(({ answer }) => answer.promise);
  }

  close(): void {
    this.#stream.close();
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    let text = "";
    for await (const chunk of this.#stream.readable) {
      text += decoder.decode(chunk, { stream: true });
      const lines = text.split("\n");
      text = lines.pop() ?? "";
      for (const line of lines) this.#settle(line);
    }
    this.#isOpen = false;
    this.#stream.close();
    for (const { answer } of this.#waiting.splice(0)) answer.reject(gone());
  }

  #settle(said: string): void {
    const asked = this.#waiting.shift();
    if (said === "ok") asked?.answer.resolve();
    else asked?.answer.reject(new HelperRefusal(asked.line, said.replace(/^error /, "")));
  }
}

const gone = (): Error => systemError("the helper process has gone");

/** The process that runs in the directory, if it is of this build; one of another is ended. */
export async function findHelper(program: HelperProgram): Promise<HelperLink | undefined> {
  const stream = await connectUnix(join(program.dir, "control.sock")).catch((error: unknown) => {
    if (hasCode(error, "ENOENT") || hasCode(error, "ECONNREFUSED")) return undefined;
    throw error;
  });
  if (stream === undefined) return undefined;
  const link = new HelperLink(stream);
  try {
    await Promise.all(link.ask(`hello ${buildOf(program)}`));
    return link;
  } catch {
    await endHelper(link);
    return undefined;
  }
}

/** Resolves once the process is gone. */
export async function endHelper(link: HelperLink): Promise<void> {
  await Promise.allSettled(link.ask("quit"));
  await link.closed;
}

/** Starts the process and connects to it. It outlives us. */
export async function startHelper(program: HelperProgram): Promise<HelperLink> {
  const { path, dir } = program;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const child = Bun.spawn([path, "--dir", dir, "--build", buildOf(program)], {
    cwd: "/",
    env: {},
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
  });
  child.unref();
  const said = (await child.stdout.text()).trim();
  if (said !== "listening") throw systemError(`${path} did not start: ${said}`);
  return new HelperLink(await connectUnix(join(dir, "control.sock")));
}

/** The release writes the file anew only when its content is another. */
function buildOf({ path }: HelperProgram): string {
  const { size, mtimeMs } = statSync(path);
  return `${size}-${mtimeMs}`;
}
