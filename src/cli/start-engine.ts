/** Starts the engine when none listens, in a session of its own, and waits for its socket to answer. */
import { mkdirSync, openSync, readFileSync, watch } from "node:fs";
import type { CliEnv } from "./command.ts";
import { CommandError } from "./errors.ts";

const DEADLINE_MS = 30_000;
/** The engine's exit status when another one holds its root: then that one's socket is what to wait for. */
const LOCKED_STATUS = 75;
/** In case a change of the directory was not told. */
const RECHECK_MS = 50;

/** Resolves once `connect` succeeds. Throws CommandError with the engine's last words when it ends before. */
export async function startEngine(env: CliEnv, socketPath: string, connect: () => Promise<void>): Promise<void> {
  mkdirSync(env.run, { recursive: true, mode: 0o711 });
  const logPath = `${env.run}/engine.log`;
  const log = openSync(logPath, "a", 0o640);
  using changes = watchDirectory(env.run);
  const command = [...env.engineCommand, "--root", env.root, "--run", env.run, "--host", `unix://${socketPath}`];
  const engine = Bun.spawn(command, { detached: true, stdio: ["ignore", log, log], cwd: "/" });
  engine.unref();
  const deadline = performance.now() + DEADLINE_MS;
  while (!(await succeeds(connect))) {
    const failed = engine.exitCode !== null && engine.exitCode !== LOCKED_STATUS;
    if (failed || engine.signalCode !== null) throw new CommandError(`the engine did not start: ${lastLine(logPath)}`);
    if (performance.now() > deadline) throw new CommandError(`the engine did not answer on ${socketPath} in time`);
    await Promise.race([changes.next(), Bun.sleep(RECHECK_MS)]);
  }
}

async function succeeds(action: () => Promise<void>): Promise<boolean> {
  try {
    await action();
    return true;
  } catch {
    return false;
  }
}

interface DirectoryWatch {
  /** Resolves at the next change. */
  next(): Promise<void>;
  [Symbol.dispose](): void;
}

function watchDirectory(path: string): DirectoryWatch {
  let wake: () => void = () => undefined;
  const watcher = watch(path, () => wake());
  return {
    next: () =>
      new Promise((resolve) => {
        wake = resolve;
      }),
    [Symbol.dispose]: () => watcher.close(),
  };
}

function lastLine(path: string): string {
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  return lines.at(-1) || `see ${path}`;
}
