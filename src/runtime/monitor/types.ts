/** What the monitor is asked for and what it gives (native/protocol.md). */
import type { Duplex } from "../../base/duplex.ts";

/** A process to run: the container's init or an exec session. */
export interface ProcessRequest {
  /** Directory of this run's files: config or process document, attach.sock, exit record. Exists already. */
  readonly dir: string;
  readonly terminal: boolean;
  readonly stdin: boolean;
  /** Close the process's stdin when the first attached client's ends. */
  readonly stdinOnce: boolean;
  /** Where output is logged; undefined for exec sessions and `--log-driver none`. */
  readonly log?: { readonly path: string; readonly maxBytes: number; readonly maxFiles: number };
  /** Initial terminal size. */
  readonly consoleSize?: readonly [height: number, width: number];
  /** Wait with reading output until `release()`, so that clients that attached before the start miss nothing. */
  readonly hold: boolean;
}

export interface ExitRecord {
  /** 128 + signal for a process killed by one. */
  readonly exitCode: number;
  readonly oomKilled: boolean;
  /** RFC 3339 with nanoseconds. */
  readonly finishedAt: string;
}

/** A live monitor, fresh or found again after a restart of the engine. */
export interface MonitorHandle {
  /** Resolves once the process runs; rejects with the runtime's message as a RuntimeFailure. */
  readonly started: Promise<{ pid: number }>;
  /** Resolves once the process is gone and its output is drained. Undefined when the monitor died without a record. */
  readonly exited: Promise<ExitRecord | undefined>;
  /** True at the first process that the kernel kills for want of memory, false at an end without one. */
  readonly oomKilled: Promise<boolean>;
  /** Lets held output flow. Idempotent. */
  release(): void;
  attach(streams: AttachStreams): Promise<Duplex>;
  resize(height: number, width: number): Promise<void>;
}

export interface AttachStreams {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
}
