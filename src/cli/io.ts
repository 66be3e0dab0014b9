/** The command's standard streams and terminal, as the process's own provide them or a test does. */

export interface Output {
  /** Resolves when the bytes are with the kernel, so that awaiting it is the back-pressure. Rejects with EPIPE. */
  write(bytes: string | Uint8Array): Promise<void>;
}

export interface TerminalSize {
  readonly rows: number;
  readonly columns: number;
}

export interface Io {
  /** Read once, by one reader. */
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly stdout: Output;
  readonly stderr: Output;
  isTerminal(fd: 0 | 1 | 2): boolean;
  /** Of the terminal at standard output; undefined when there is none. */
  terminalSize(): TerminalSize | undefined;
  /** Puts the terminal at standard input into raw mode until disposed. No effect where there is none. */
  enterRawMode(): Disposable;
  /** Calls back on each signal of this name until disposed. */
  onSignal(name: NodeJS.Signals, listener: () => void): Disposable;
}
