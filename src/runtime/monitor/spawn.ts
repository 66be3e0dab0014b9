/** Starting a monitor, which runs the OCI runtime once and stays with the process. */
import { Monitor } from "./handle.ts";
import type { MonitorHandle, ProcessRequest } from "./types.ts";

export interface MonitorSpawn extends ProcessRequest {
  /** The program. */
  readonly monitorPath: string;
  /**
   * The runtime's command line. It runs in `dir`, so it may name the files of the protocol without a path, and has to name them:
   * `--pid-file pid`, `--log runtime.log`, and with a terminal `--console-socket console.sock` (longer paths exceed a socket address).
   */
  readonly argv: readonly string[];
  /** The runtime's environment. Default empty. */
  readonly env?: Readonly<Record<string, string>>;
  /** What the process has for stdin when it has none of its own; the host's /dev/null when left out. Opened before `started` settles. */
  readonly nullPath?: string;
  /** How readily the kernel kills the process for want of memory; as readily as the engine, which systemd protects, when left out. */
  readonly oomScoreAdj?: number;
  /** The process's memory cgroup, to notice out-of-memory kills. The runtime may have yet to make it. */
  readonly oomCgroup?: { readonly version: 1 | 2; readonly path: string };
  /** How long background processes may keep the output open after the process has ended. Default 2 s, as Docker gives exec sessions. */
  readonly drainMs?: number;
}

/** Returns at once. Throws only when the program cannot be spawned at all. */
export function spawnMonitor(options: MonitorSpawn): MonitorHandle {
  const { monitorPath, dir, argv, env = {}, hold } = options;
  const child = Bun.spawn([monitorPath, ...monitorFlags(options), "--", ...argv], {
    cwd: dir,
    env: { ...env },
    stdin: hold ? "pipe" : "ignore",
    stdout: "pipe",
    stderr: "ignore",
  });
  child.unref();
  const { stdin } = child;
  return new Monitor(dir, child.stdout, () => {
    // The end of its control pipe lets the output flow. A monitor that is gone has nothing to let flow.
    Promise.resolve(stdin?.end()).catch(() => undefined);
  });
}

function monitorFlags(options: MonitorSpawn): string[] {
  const { dir, terminal, stdin, stdinOnce, hold, log, consoleSize, nullPath, oomScoreAdj, oomCgroup, drainMs } =
    options;
  const flags = ["--dir", dir];
  if (terminal) flags.push("--terminal");
  if (terminal && consoleSize !== undefined) flags.push("--console-size", consoleSize.join("x"));
  if (stdin) flags.push("--stdin");
  if (stdin && stdinOnce) flags.push("--stdin-once");
  if (hold) flags.push("--hold");
  if (nullPath !== undefined) flags.push("--null", nullPath);
  if (log !== undefined) flags.push("--log", log.path, ...rotationFlags(log));
  if (oomScoreAdj !== undefined) flags.push("--oom-score-adj", String(oomScoreAdj));
  if (oomCgroup !== undefined) flags.push(`--oom-v${oomCgroup.version}`, oomCgroup.path);
  if (drainMs !== undefined) flags.push("--drain-ms", String(drainMs));
  return flags;
}

/** Docker's -1 is "no limit", which is 0 here. */
function rotationFlags({ maxBytes, maxFiles }: { maxBytes: number; maxFiles: number }): string[] {
  return ["--log-max-bytes", String(Math.max(0, maxBytes)), "--log-max-files", String(Math.max(1, maxFiles))];
}
