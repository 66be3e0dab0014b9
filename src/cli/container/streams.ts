/** Joins the command's streams to a container's: input until its end, output to its end, each no faster than the other side takes it. */
import type { Duplex } from "../../base/duplex.ts";
import { demultiplex } from "../../wire/multiplex.ts";
import { CommandError } from "../errors.ts";
import type { Io } from "../io.ts";
import { DetachScanner, parseDetachKeys } from "./detach-keys.ts";

export interface StreamOptions {
  readonly stdin: boolean;
  /** A terminal's raw bytes, not frames. */
  readonly tty: boolean;
  /** "" is the default. */
  readonly detachKeys: string;
}

/** How it ended: the process closed its output, or the user typed the detach keys. */
export type StreamEnd = "ended" | "detached";

/** Throws when a terminal is wanted and standard input is none, which would leave the user without one. */
export function checkTty(io: Io, attachStdin: boolean, tty: boolean): void {
  if (attachStdin && tty && !io.isTerminal(0)) throw new CommandError("the input device is not a TTY");
}

/** Runs until the output ends or the user detaches; the terminal is in raw mode meanwhile. */
export async function joinStreams(io: Io, stream: Duplex, options: StreamOptions): Promise<StreamEnd> {
  const detachKeys = parseDetachKeys(options.detachKeys);
  using terminal = new DisposableStack();
  if (options.tty && options.stdin) terminal.use(io.enterRawMode());
  try {
    const output = copyOutput(io, stream, options.tty).then((): StreamEnd => "ended");
    if (!options.stdin) return await output;
    const { promise: detached, resolve: detach } = Promise.withResolvers<StreamEnd>();
    const scanner = options.tty ? new DetachScanner(detachKeys) : undefined;
    // The output decides when it is over: input that nobody takes any more is no failure.
    void copyInput(io, stream, scanner)
      .catch((): StreamEnd => "ended")
      .then((end) => end === "detached" && detach(end));
    return await Promise.race([output, detached]);
  } finally {
    stream.close();
  }
}

async function copyOutput(io: Io, stream: Duplex, tty: boolean): Promise<void> {
  if (tty) {
    for await (const bytes of stream.readable) await io.stdout.write(bytes);
    return;
  }
  for await (const { stream: number, payload } of demultiplex(stream.readable)) {
    await (number === 2 ? io.stderr : io.stdout).write(payload);
  }
}

async function copyInput(io: Io, stream: Duplex, scanner: DetachScanner | undefined): Promise<StreamEnd> {
  for await (const bytes of io.stdin) {
    if (scanner === undefined) {
      await stream.write(bytes);
      continue;
    }
    const typed = scanner.feed(bytes);
    if (typed.bytes.length > 0) await stream.write(typed.bytes);
    if (typed.detached) return "detached";
  }
  stream.end();
  return "ended";
}

/** Tells the container's terminal the size of ours, now and whenever it changes. No effect without a terminal. */
export function followSize(io: Io, resize: (rows: number, columns: number) => Promise<void>): Disposable {
  const tell = (): void => {
    const size = io.terminalSize();
    // The process may be gone, or not there yet: then nobody needs the size.
    if (size !== undefined) resize(size.rows, size.columns).catch(() => undefined);
  };
  if (io.terminalSize() === undefined) return { [Symbol.dispose]: () => undefined };
  tell();
  return io.onSignal("SIGWINCH", tell);
}

/** Everything but what the kernel tells about our own children and pipes, and what `followSize` handles. */
const FORWARDED = [
  "SIGHUP",
  "SIGINT",
  "SIGQUIT",
  "SIGTERM",
  "SIGUSR1",
  "SIGUSR2",
  "SIGALRM",
  "SIGCONT",
  "SIGTSTP",
  "SIGTTIN",
  "SIGTTOU",
] as const;

/** Passes our signals on to the container. */
export function forwardSignals(io: Io, kill: (signal: string) => Promise<void>): Disposable {
  const listeners = new DisposableStack();
  for (const name of FORWARDED) {
    // A container that is not running has no use for it.
    listeners.use(io.onSignal(name, () => void kill(name.slice(3)).catch(() => undefined)));
  }
  return listeners;
}
