/** How to speak to an OCI runtime: argument vectors to spawn, run in the bundle's directory. Pure but for `list`. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { hasCode } from "../../base/errors.ts";
import type { CompiledSeccomp } from "../seccomp/cache.ts";
import type { Spec } from "../spec/oci.ts";

/** File names in the bundle that native/protocol.md fixes, or that the monitor's working directory lets stand without a path. */
export const PROCESS_FILE = "process.json";
const PID_FILE = "pid";
const LOG_FILE = "runtime.log";
const CONSOLE_SOCKET = "console.sock";

export interface Driver {
  readonly name: string;
  /** Runs the bundle in the working directory and returns once its process runs. */
  run(id: string, terminal: boolean): string[];
  /** Runs the process document in the working directory inside the container. */
  exec(id: string, terminal: boolean): string[];
  /**
   * Kills what is left and forgets the container. Undefined when its state is nothing but `stateOf(id)`, so that a dead
   * container is forgotten by deleting that, without a process.
   */
  remove(id: string): string[] | undefined;
  /** Directory of what the runtime keeps about the container. */
  stateOf(id: string): string;
  /** Takes linux.resources from this file. */
  update(id: string, resourcesFile: string): string[];
  /** Puts the filter where this runtime looks for it. */
  withSeccomp(spec: Spec, filter: CompiledSeccomp): Spec;
  /**
   * Whether what covers a masked path is the host's null device. Else it is the container's own, and a /dev that others can
   * change decides what the container sees there (CVE-2025-31133). May ask the program.
   */
  masksFromHost(): boolean;
  /** Whether a session's process may run before its terminal has a size. */
  readonly sizesLate: boolean;
  /** Names of what the runtime keeps state for. */
  list(): string[];
}

export interface DriverSettings {
  readonly name: string;
  /** Path of the program and arguments that go before all others. */
  readonly command: readonly string[];
  /** The runtime's own record of its containers. */
  readonly stateDir: string;
}

export interface Dialect {
  /** Before the verb. */
  readonly options: readonly string[];
  readonly keepsFilesOnly: boolean;
  readonly withSeccomp: Driver["withSeccomp"];
  readonly masksFromHost: Driver["masksFromHost"];
  readonly sizesLate: boolean;
}

/** What crun and runc have in common, which is nearly everything. */
export function createDriver({ name, command, stateDir }: DriverSettings, dialect: Dialect): Driver {
  const { options, keepsFilesOnly, withSeccomp, masksFromHost, sizesLate } = dialect;
  const quiet = [...command, "--root", stateDir, ...options];
  const base = [...quiet, "--log", LOG_FILE, "--log-format", "json"];
  const detached = (terminal: boolean): string[] => [
    "--detach",
    "--pid-file",
    PID_FILE,
    ...(terminal ? ["--console-socket", CONSOLE_SOCKET] : []),
  ];
  return {
    name,
    run: (id, terminal) => [...base, "run", ...detached(terminal), "--bundle", ".", id],
    exec: (id, terminal) => [...base, "exec", ...detached(terminal), "--process", PROCESS_FILE, id],
    remove: (id) => (keepsFilesOnly ? undefined : [...quiet, "delete", "--force", id]),
    stateOf: (id) => join(stateDir, id),
    update: (id, resourcesFile) => [...quiet, "update", "--resources", resourcesFile, id],
    withSeccomp,
    masksFromHost,
    sizesLate,
    list: () => listDirectories(stateDir),
  };
}

function listDirectories(directory: string): string[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  }
}
