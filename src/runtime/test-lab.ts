/** For tests: a runtime on directories and cgroups of its own, a busybox root, and containers that leave nothing behind. */
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type ContainerId, createId } from "../base/ids.ts";
import { nullLogger } from "../base/log.ts";
import { removeCgroup } from "../kernel/cgroup.ts";
import { detectCgroups } from "../kernel/cgroup-layout.ts";
import type { ContainerConfig } from "../wire/container.ts";
import type { HostConfig } from "../wire/host-config.ts";
import type { MonitorHandle } from "./monitor/types.ts";
import { createRuntime, type OciRuntime } from "./runtime.ts";
import type { UserMount } from "./spec/user-mount.ts";
import { CONFIG, HOST_CONFIG } from "./test-config.ts";

const NATIVE = resolve(import.meta.dir, "../../native");
const APPLETS =
  "sh cat ls id mount sleep true env pwd grep ps stat touch head kill echo hostname ulimit mkdir dd unshare sysctl df".split(
    " ",
  );

export interface Wanted {
  readonly config?: Partial<ContainerConfig>;
  readonly hostConfig?: Partial<HostConfig>;
  readonly mounts?: readonly UserMount[];
  readonly joinPid?: { readonly pid?: number; readonly ipc?: number; readonly network?: number };
}

interface Output {
  readonly exitCode: number;
  readonly output: string;
}

interface RunningContainer {
  readonly id: ContainerId;
  readonly pid: number;
  readonly hostConfig: HostConfig;
  readonly monitor: MonitorHandle;
  exec(
    args: readonly string[],
    wanted?: Partial<{ user: string; workingDir: string; env: string[]; privileged: boolean }>,
  ): Promise<Output>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface Lab {
  readonly dir: string;
  readonly rootfs: string;
  readonly cgroupParent: string;
  readonly runtime: OciRuntime;
  /** Runs a shell command to its end; rejects as `started` does. */
  sh(script: string, wanted?: Wanted): Promise<Output>;
  run(args: readonly string[], wanted?: Wanted): Promise<Output>;
  start(args: readonly string[], wanted?: Wanted): Promise<RunningContainer>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A root with busybox, passwd and group in `directory`. */
function makeBusyboxRoot(directory: string): void {
  for (const name of ["bin", "etc", "proc", "sys", "dev", "tmp", "root"])
    mkdirSync(join(directory, name), { recursive: true });
  copyFileSync("/bin/busybox", join(directory, "bin/busybox"));
  chmodSync(join(directory, "bin/busybox"), 0o755);
  for (const name of APPLETS) symlinkSync("busybox", join(directory, "bin", name));
  writeFileSync(
    join(directory, "etc/passwd"),
    "root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1::/:/bin/false\nann:x:1000:1000:Ann:/people/ann:/bin/sh\n",
  );
  writeFileSync(
    join(directory, "etc/group"),
    "root:x:0:\ndaemon:x:1:ann\nann:x:1000:\nwheel:x:10:root,ann\naudio:x:29:\n",
  );
}

/** `name` tells the labs of one test file apart. */
export async function createLab(name: string): Promise<Lab> {
  const dir = mkdtempSync(join(tmpdir(), `tare-${name}-`));
  const cgroupParent = `/tare-test-${process.pid}-${name}`;
  const rootfs = join(dir, "root");
  await Bun.$`sh ${join(NATIVE, "build.sh")}`.quiet();
  makeBusyboxRoot(rootfs);
  const runtime = createRuntime({
    root: join(dir, "state"),
    run: join(dir, "run"),
    cgroupParent,
    monitorPath: join(NATIVE, "build/tare-monitor"),
    initPath: join(NATIVE, "build/tare-init"),
    consoleSizePath: join(NATIVE, "build/tare-console-size"),
    runtimes: {},
    defaultRuntime: undefined,
    searchPath: "/usr/sbin:/usr/bin:/sbin:/bin",
    log: nullLogger,
  });
  const start = (args: readonly string[], wanted: Wanted = {}): Promise<RunningContainer> =>
    startContainer({ dir, rootfs, runtime }, args, wanted);
  const run = async (args: readonly string[], wanted?: Wanted): Promise<Output> => {
    await using container = await start(args, wanted);
    const exit = await container.monitor.exited;
    return { exitCode: exit?.exitCode ?? -1, output: readLog(logPath(dir, container.id)) };
  };
  return {
    dir,
    rootfs,
    cgroupParent,
    runtime,
    start,
    run,
    sh: (script, wanted) => run(["sh", "-c", script], wanted),
    async [Symbol.asyncDispose]() {
      const left = runtime.list();
      for (const id of left) await runtime.destroyOrphan(id);
      await removeCgroup(detectCgroups(), cgroupParent);
      rmSync(dir, { recursive: true, force: true });
      if (left.length > 0) throw new Error(`containers left behind: ${left.join(", ")}`);
    },
  };
}

type Place = Pick<Lab, "dir" | "rootfs" | "runtime">;

const logPath = (dir: string, id: string): string => join(dir, `${id}.log`);

async function startContainer(
  { dir, rootfs, runtime }: Place,
  args: readonly string[],
  wanted: Wanted,
): Promise<RunningContainer> {
  const id = createId();
  const bundle = join(dir, "run/containers", id);
  const hostConfig = { ...HOST_CONFIG, ...wanted.hostConfig };
  const config = { ...CONFIG, Cmd: [...args], ...wanted.config };
  const destroy = async (): Promise<void> => {
    await runtime.destroy(id, hostConfig.Runtime, hostConfig);
    rmSync(bundle, { recursive: true, force: true });
  };
  mkdirSync(bundle, { recursive: true });
  try {
    const joins = wanted.joinPid === undefined ? {} : { joinPid: wanted.joinPid };
    const request = {
      id,
      config,
      hostConfig,
      rootfs,
      mounts: wanted.mounts ?? [],
      etc: writeEtc(dir),
      netnsPath: undefined,
      hostname: config.Hostname,
    };
    runtime.writeBundle(bundle, { ...request, ...joins });
    const monitor = runtime.run(id, hostConfig.Runtime, {
      dir: bundle,
      terminal: config.Tty,
      stdin: config.OpenStdin,
      stdinOnce: config.StdinOnce,
      log: { path: logPath(dir, id), maxBytes: 0, maxFiles: 1 },
      hold: false,
    });
    const { pid } = await monitor.started;
    const place = { dir: bundle, log: dir, runtime };
    return {
      id,
      pid,
      hostConfig,
      monitor,
      exec: (command, options) => execIn(place, { id, pid, config, hostConfig }, command, options ?? {}),
      [Symbol.asyncDispose]: destroy,
    };
  } catch (error) {
    await destroy();
    throw error;
  }
}

function writeEtc(dir: string): { hosts: string; resolvConf: string; hostname: string } {
  const etc = { hosts: join(dir, "hosts"), resolvConf: join(dir, "resolv.conf"), hostname: join(dir, "hostname") };
  for (const path of Object.values(etc)) writeFileSync(path, "127.0.0.1 localhost\n");
  return etc;
}

let execs = 0;

async function execIn(
  place: { readonly dir: string; readonly log: string; readonly runtime: OciRuntime },
  { id, pid, config, hostConfig }: { id: ContainerId; pid: number; config: ContainerConfig; hostConfig: HostConfig },
  args: readonly string[],
  wanted: Partial<{ user: string; workingDir: string; env: string[]; privileged: boolean }>,
): Promise<Output> {
  const name = `exec-${++execs}`;
  const dir = join(place.dir, name);
  const log = join(place.log, `${name}.log`);
  mkdirSync(dir);
  const request = {
    dir,
    terminal: false,
    stdin: false,
    stdinOnce: false,
    hold: false,
    log: { path: log, maxBytes: 0, maxFiles: 1 },
  };
  const monitor = place.runtime.exec(id, hostConfig.Runtime, request, {
    config,
    hostConfig,
    initPid: pid,
    args,
    env: [],
    user: "",
    workingDir: "",
    terminal: false,
    privileged: false,
    consoleSize: undefined,
    ...wanted,
  });
  await monitor.started;
  const exit = await monitor.exited;
  return { exitCode: exit?.exitCode ?? -1, output: readLog(log) };
}

/** The payload of a log in CRI format. */
function readLog(path: string): string {
  const records = readFileSync(path, "utf8").split("\n").filter(Boolean);
  return records
    .map((record) => /^\S+ \S+ ([FP]) (.*)$/s.exec(record))
    .map((match) => `${match?.[2]}${match?.[1] === "F" ? "\n" : ""}`)
    .join("");
}
