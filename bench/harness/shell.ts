/** A shell that stays open, so that a timed command costs one fork and exec and nothing else, inside a peer's namespaces too. */

export class Shell {
  readonly #child: Bun.Subprocess<"pipe", "pipe", "inherit">;
  readonly #lines: AsyncIterator<string>;

  /** `prefix` is what enters the place where commands run, such as a command that takes another as its arguments. */
  constructor(prefix: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
    this.#child = Bun.spawn([...prefix, "sh"], {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "inherit",
      env: { PATH: process.env.PATH ?? "/usr/bin:/bin", HOME: "/nonexistent", ...env },
    });
    this.#lines = linesOf(this.#child.stdout);
  }

  /** Runs a command line to its end; its output is dropped. An error tells its exit code. */
  async run(command: string): Promise<void> {
    const code = await this.#ask(`{ ${command}\n} >/dev/null </dev/null; echo $?`);
    if (code !== "0") throw new Error(`${command}: exit code ${code}`);
  }

  /** The first line that a command prints. */
  firstLine(command: string): Promise<string> {
    return this.#ask(`{ ${command}\n} </dev/null | head -n 1`);
  }

  async close(): Promise<void> {
    await this.#child.stdin.end();
    await this.#child.exited;
  }

  async #ask(script: string): Promise<string> {
    await this.#child.stdin.write(`${script}\n`);
    await this.#child.stdin.flush();
    const { done, value } = await this.#lines.next();
    if (done) throw new Error(`the shell ended at: ${script}`);
    return value;
  }
}

async function* linesOf(bytes: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of bytes) {
    rest += decoder.decode(chunk, { stream: true });
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}
