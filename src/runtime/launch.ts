/** Starts processes under monitors, and says in Docker's words why one did not start. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { hasCode, messageOf } from "../base/errors.ts";
import { type CgroupLayout, controllerDirectory } from "../kernel/cgroup-layout.ts";
import { CONFIG_FILE } from "./bundle.ts";
import { type Driver, PROCESS_FILE } from "./driver/driver.ts";
import {
  classifyFailure,
  classifyRefusal,
  type Failure,
  type FailureContext,
  Refusal,
  StartError,
} from "./driver/failure.ts";
import { RuntimeFailure } from "./monitor/failure.ts";
import { spawnMonitor } from "./monitor/spawn.ts";
import type { MonitorHandle, ProcessRequest } from "./monitor/types.ts";
import type { Nothing } from "./nothing.ts";

export interface Launch {
  readonly kind: "container" | "exec";
  readonly driver: Driver;
  readonly id: string;
  readonly process: ProcessRequest;
  /** Of an exec session: what it has for stdin when nobody attaches one. Let go once it runs. */
  readonly nothing?: Nothing;
  /** Set here too: crun gives sessions none, and containers none that is 0. */
  readonly oomScoreAdj?: number;
  /** Of the container, to notice that the kernel kills in it for want of memory. */
  readonly cgroup?: string | undefined;
}

export interface LaunchDeps {
  readonly monitorPath: string;
  readonly consoleSizePath: string;
  readonly cgroups: () => CgroupLayout;
}

/** Returns at once; `started` rejects with a StartError. */
export function launch(request: Launch, deps: LaunchDeps): MonitorHandle {
  const { monitorPath, cgroups } = deps;
  const { kind, driver, id, process, cgroup, nothing, oomScoreAdj } = request;
  const { dir, terminal } = process;
  const oomCgroup = cgroup === undefined ? undefined : memoryCgroup(cgroups(), cgroup);
  const argv = kind === "container" ? driver.run(id, terminal) : driver.exec(id, terminal);
  const monitor = spawnMonitor({
    ...process,
    monitorPath,
    argv,
    env: environmentOf(request, deps),
    ...(oomScoreAdj === undefined ? {} : { oomScoreAdj }),
    ...(nothing === undefined ? {} : { nullPath: nothing.path }),
    ...(oomCgroup === undefined ? {} : { oomCgroup }),
  });
  const started = monitor.started.catch((error: unknown) => {
    throw new StartError(explainFailure(error, { kind, runtime: driver.name, command: readCommand(kind, dir) }), {
      cause: error,
    });
  });
  // Whoever asks gets the rejection; nobody has to ask.
  started.catch(() => undefined).finally(() => nothing?.[Symbol.dispose]());
  return {
    started,
    exited: monitor.exited,
    oomKilled: monitor.oomKilled,
    release: () => monitor.release(),
    attach: (streams) => monitor.attach(streams),
    resize: (height, width) => monitor.resize(height, width),
  };
}

/** Of the runtime itself. */
function environmentOf({ kind, driver, process }: Launch, { consoleSizePath }: LaunchDeps): Record<string, string> {
  const { terminal, consoleSize } = process;
  if (kind === "container" || !terminal || consoleSize === undefined || !driver.sizesLate) return {};
  return { LD_PRELOAD: consoleSizePath, TARE_CONSOLE_SIZE: consoleSize.join(" ") };
}

/** Errors that are not a runtime's own count as "anything else". */
export function explainFailure(error: unknown, context: FailureContext): Failure {
  if (error instanceof StartError) return error;
  if (error instanceof RuntimeFailure) return classifyFailure(error.message, context);
  return { exitCode: 128, message: messageOf(error) };
}

/** Writes a document; what is refused of it is told as the runtime's own refusal. */
export function writeDocument({ kind, runtime }: Pick<FailureContext, "kind" | "runtime">, write: () => void): void {
  try {
    write();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new StartError(classifyRefusal(error, { kind, runtime, command: "" }), { cause: error });
  }
}

/** What was to be executed, of a document that did not start. */
function readCommand(kind: Launch["kind"], dir: string): string {
  const document = readDocument(join(dir, kind === "container" ? CONFIG_FILE : PROCESS_FILE));
  const process = kind === "container" ? field(document, "process") : document;
  const args = field(process, "args");
  if (!Array.isArray(args)) return "";
  return String(args[0] ?? "");
}

/** Where the container's memory is counted. */
function memoryCgroup(layout: CgroupLayout, cgroup: string): { version: 1 | 2; path: string } | undefined {
  const path = controllerDirectory(layout, "memory", cgroup);
  return path === undefined ? undefined : { version: layout.v1.has("memory") ? 1 : 2, path };
}

/** The cgroup that the bundle in `dir` asks for; undefined without a bundle. */
export function readCgroupPath(dir: string): string | undefined {
  const path = field(field(readDocument(join(dir, CONFIG_FILE)), "linux"), "cgroupsPath");
  return typeof path === "string" ? path : undefined;
}

function field(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return new Map<string, unknown>(Object.entries(value)).get(name);
}

/** Undefined when there is no readable document. */
function readDocument(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    if (hasCode(error, "ENOENT") || hasCode(error, "ENOTDIR") || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
