/** A program on a pseudo-terminal, driven as a person would: type, and wait for what appears. */

export interface TerminalOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly rows?: number;
  readonly columns?: number;
}

export class TerminalSession {
  readonly #child: Bun.Subprocess;
  readonly #terminal: Bun.Terminal;
  readonly #decoder = new TextDecoder();
  readonly #watchers = new Set<() => void>();
  #seen = "";
  #read = 0;

  constructor(argv: readonly string[], options: TerminalOptions = {}) {
    this.#terminal = new Bun.Terminal({
      rows: options.rows ?? 24,
      cols: options.columns ?? 80,
      data: (_terminal, bytes) => {
        this.#seen += this.#decoder.decode(bytes, { stream: true });
        for (const wake of this.#watchers) wake();
      },
    });
    this.#child = Bun.spawn([...argv], {
      terminal: this.#terminal,
      ...(options.env === undefined ? {} : { env: options.env }),
    });
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Everything shown so far. */
  get screen(): string {
    return this.#seen;
  }

  type(text: string): void {
    this.#terminal.write(text);
  }

  resize(rows: number, columns: number): void {
    this.#terminal.resize(columns, rows);
  }

  /** Waits until `wanted` appears after what earlier calls have waited for. */
  async expect(wanted: string | RegExp, timeoutMs = 60_000): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const look = (): void => {
      const found = this.#find(wanted);
      if (found !== undefined) resolve(found);
    };
    const timer = setTimeout(() => {
      reject(new Error(`${wanted} did not appear within ${timeoutMs} ms; shown so far:\n${this.#seen}`));
    }, timeoutMs);
    this.#watchers.add(look);
    look();
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#watchers.delete(look);
    }
  }

  /** The program's exit code. */
  async exit(timeoutMs = 60_000): Promise<number> {
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), timeoutMs);
    try {
      return await this.#child.exited;
    } finally {
      clearTimeout(timer);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.exited;
    this.#terminal.close();
  }

  #find(wanted: string | RegExp): string | undefined {
    const unread = this.#seen.slice(this.#read);
    const match = typeof wanted === "string" ? literalMatch(unread, wanted) : wanted.exec(unread);
    if (match === null) return undefined;
    this.#read += match.index + match[0].length;
    return match[0];
  }
}

function literalMatch(text: string, wanted: string): { index: number; 0: string } | null {
  const index = text.indexOf(wanted);
  return index < 0 ? null : { index, 0: wanted };
}
