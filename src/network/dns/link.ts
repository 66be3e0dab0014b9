/** The engine's connection to its resolver process: finding or starting it, requests and their answers in order. */
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { hasCode, systemError } from "../../base/errors.ts";
import { connectUnix, type SocketStream } from "../../base/socket-stream.ts";

export interface ResolverProgram {
  /** The program to start. */
  readonly path: string;
  /** The process's own directory; two of one machine never share one. */
  readonly dir: string;
}

/** Closed by either side; whoever waits for an answer then is refused. */
export class ResolverLink {
  readonly #stream: SocketStream;
  readonly #waiting: PromiseWithResolvers<void>[] = [];
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

  /** Sends requests together; each promise is settled by its own answer. */
  ask(...lines: readonly string[]): Promise<void>[] {
    const asked = lines.map(() => Promise.withResolvers<void>());
    this.#waiting.push(...asked);
    // A failure to write ends the connection, which refuses them all.
    this.#stream.write(Buffer.from(`${lines.join("\n")}\n`)).catch(() => this.#stream.close());
    return asked.map(({ promise }) => promise);
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
    for (const asked of this.#waiting.splice(0)) asked.reject(systemError("the resolver has gone"));
  }

  #settle(line: string): void {
    const asked = this.#waiting.shift();
    if (line === "ok") asked?.resolve();
    else asked?.reject(systemError(`the resolver refused: ${line.replace(/^error /, "")}`));
  }
}

/** The process that runs in the directory, if it is of this build; one of another is ended. */
export async function findResolver(program: ResolverProgram): Promise<ResolverLink | undefined> {
  const stream = await connectUnix(join(program.dir, "control.sock")).catch((error: unknown) => {
    if (hasCode(error, "ENOENT") || hasCode(error, "ECONNREFUSED")) return undefined;
    throw error;
  });
  if (stream === undefined) return undefined;
  const link = new ResolverLink(stream);
  try {
    await Promise.all(link.ask(`hello ${buildOf(program)}`));
    return link;
  } catch {
    await endResolver(link);
    return undefined;
  }
}

/** Resolves once the process is gone. */
export async function endResolver(link: ResolverLink): Promise<void> {
  await Promise.allSettled(link.ask("quit"));
  await link.closed;
}

/** Starts the process and connects to it. It outlives us. */
export async function startResolver(program: ResolverProgram): Promise<ResolverLink> {
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
  if (said !== "listening") throw systemError(`the resolver did not start: ${said}`);
  return new ResolverLink(await connectUnix(join(dir, "control.sock")));
}

/** The release writes the file anew only when its content is another. */
function buildOf({ path }: ResolverProgram): string {
  const { size, mtimeMs } = statSync(path);
  return `${size}-${mtimeMs}`;
}
