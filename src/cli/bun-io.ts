/**
 * The process's own standard streams through Bun's native sinks and its terminal binding: `process.stdin`, `process.stdout` and
 * node:tty cost 15 ms each to load, these a tenth of one together.
 */
import type { Io, Output, TerminalSize } from "./io.ts";

/** What `process.binding("tty_wrap")` holds, in Node's terms: libuv's TTY handle. */
interface TtyBinding {
  readonly isTTY: (fd: number) => boolean;
  readonly TTY: new (
    fd: number,
    context: object,
  ) => {
    /** Fills [columns, rows]; false when it cannot. */
    getWindowSize(size: [number, number]): boolean;
    setRawMode(mode: number): unknown;
  };
}

/** libuv's uv_tty_mode_t. */
const MODE_NORMAL = 0;
/** As cfmakeraw(3), output processing off as well: the container's terminal has done it already. */
const MODE_IO = 2;

export function bunIo(): Io {
  return {
    get stdin() {
      return Bun.stdin.stream();
    },
    stdout: sinkOf(() => Bun.stdout),
    stderr: sinkOf(() => Bun.stderr),
    isTerminal: (fd) => ttyBinding().isTTY(fd),
    terminalSize,
    enterRawMode,
    onSignal: (name, listener) => {
      process.on(name, listener);
      return { [Symbol.dispose]: () => void process.off(name, listener) };
    },
  };
}

/** An internal door, named in no type: the cast is the decoder. */
function ttyBinding(): TtyBinding {
  return (process as unknown as { binding(name: "tty_wrap"): TtyBinding }).binding("tty_wrap");
}

function terminalSize(): TerminalSize | undefined {
  const { isTTY, TTY } = ttyBinding();
  const size: [number, number] = [0, 0];
  return isTTY(1) && new TTY(1, {}).getWindowSize(size) ? { columns: size[0], rows: size[1] } : undefined;
}

function enterRawMode(): Disposable {
  const { isTTY, TTY } = ttyBinding();
  if (!isTTY(0)) return { [Symbol.dispose]: () => undefined };
  // The handle remembers the terminal's settings, so the same one has to give them back.
  const terminal = new TTY(0, {});
  terminal.setRawMode(MODE_IO);
  return { [Symbol.dispose]: () => void terminal.setRawMode(MODE_NORMAL) };
}

/** Most commands write to one of the two, many to none, and getting hold of either takes 40 us. */
function sinkOf(file: () => typeof Bun.stdout): Output {
  let sink: ReturnType<typeof Bun.stdout.writer> | undefined;
  return {
    async write(bytes) {
      sink ??= file().writer();
      await Promise.all([sink.write(bytes), sink.flush()]);
    },
  };
}
