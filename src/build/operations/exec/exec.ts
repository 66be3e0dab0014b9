/** RUN: one overlay, one process started as containers are, one layer. What was there only to run it is taken away again. */
import { mkdirSync, rmSync } from "node:fs";
import { formatDurationMs } from "../../../base/duration.ts";
import { type ContainerId, createId } from "../../../base/ids.ts";
import { umountIfMounted } from "../../../kernel/mounts.ts";
import type { MonitorHandle } from "../../../runtime/monitor/types.ts";
import { emptyConfig, emptyEndpoint, emptyHostConfig } from "../../../wire/empty.ts";
import type { HostConfig } from "../../../wire/host-config.ts";
import { demultiplex } from "../../../wire/multiplex.ts";
import { BuildFailure, StartFailure } from "../../failure.ts";
import type { ExecOperation } from "../../operation.ts";
import type { Step } from "../../solver/solver.ts";
import { EMPTY_TREE, type Tree, type TreeStore } from "../../tree.ts";
import type { CacheMounts } from "./cache-mounts.ts";
import { createClippedOutput } from "./clipped-output.ts";
import { FOREIGN_EXIT_CODE, foreignProgram } from "./foreign-program.ts";
import { type PreparedMounts, prepareMounts } from "./mounts.ts";
import type { StepEtcFiles, StepNetwork, StepRuntime } from "./ports.ts";
import { MountStubs } from "./stubs.ts";

export interface ExecDeps {
  /** Runs lie here while they last; swept at the engine's start. */
  readonly runDir: string;
  readonly trees: TreeStore;
  readonly caches: CacheMounts;
  readonly network: StepNetwork;
  readonly runtime: StepRuntime;
  readonly etcFiles: StepEtcFiles;
  readonly cgroupParent: string;
}

export interface ExecRequest {
  readonly inputs: readonly Tree[];
  readonly step: Step;
}

const HOSTNAME = "buildkitsandbox";

/** Throws BuildFailure with the exit code of a process that failed. */
export async function runProcess(
  deps: ExecDeps,
  operation: ExecOperation,
  { inputs, step }: ExecRequest,
): Promise<Tree> {
  checkEntitlements(operation, step);
  await using undo = new AsyncDisposableStack();
  const layer = undo.use(deps.trees.begin(inputs[0] ?? EMPTY_TREE));
  const id = createId();
  const dir = `${deps.runDir}/${id}`;
  mkdirSync(`${dir}/rootfs`, { recursive: true, mode: 0o710 });
  undo.defer(() => rmSync(dir, { recursive: true, force: true }));
  layer.mountAt(`${dir}/rootfs`);
  undo.defer(() => void umountIfMounted(`${dir}/rootfs`));
  const mounts = undo.use(await prepareMounts(deps, operation, { dir, inputs, step }));
  const stubs = new MountStubs(
    `${dir}/rootfs`,
    mounts.binds.map(({ destination }) => destination),
  );
  await run(deps, operation, { id, dir, mounts, step });
  stubs.remove();
  umountIfMounted(`${dir}/rootfs`, 0);
  return await layer.commit();
}

function checkEntitlements({ network, security }: ExecOperation, { build }: Step): void {
  const needed = [
    ...(network === "host" ? ["network.host"] : []),
    ...(security === "insecure" ? ["security.insecure"] : []),
  ];
  const missing = needed.find((name) => !build.entitlements.includes(name));
  if (missing !== undefined) throw new BuildFailure(`${missing} is not allowed`, { kind: "forbidden" });
}

interface Run {
  readonly id: ContainerId;
  readonly dir: string;
  readonly mounts: PreparedMounts;
  readonly step: Step;
}

async function run(deps: ExecDeps, operation: ExecOperation, { id, dir, mounts, step }: Run): Promise<void> {
  const { network, runtime, etcFiles } = deps;
  await using undo = new AsyncDisposableStack();
  const hostConfig = toHostConfig(deps, operation);
  const hostname = operation.hostname || HOSTNAME;
  const config = {
    ...emptyConfig(),
    Cmd: [...operation.args],
    // Without a value it is taken away: a step has no host name among its variables.
    Env: ["HOSTNAME", ...operation.env, ...mounts.env],
    User: operation.user,
    WorkingDir: operation.workingDir,
  };
  const endpoints = { [hostConfig.NetworkMode]: emptyEndpoint() };
  const sandbox = await network.acquire(id, { name: id.slice(0, 12), config, hostConfig, endpoints });
  undo.defer(() => network.release(id));
  const etc = etcFiles.write(dir, { hostname, domainname: "", hostConfig, endpoints: sandbox.endpoints, links: [] });
  const { netnsPath } = sandbox;
  const bundle = { id, config, hostConfig, rootfs: `${dir}/rootfs`, etc, mounts: mounts.binds, netnsPath, hostname };
  runtime.writeBundle(dir, bundle);
  const destroy = () => runtime.destroy(id, hostConfig.Runtime, hostConfig);
  undo.defer(destroy);
  const process = { dir, terminal: false, stdin: false, stdinOnce: false, hold: true };
  step.signal.throwIfAborted();
  const ends = endsOf(operation, step);
  const monitor = runtime.run(id, hostConfig.Runtime, process);
  // Once it runs: what is destroyed while it starts would start nevertheless. The clean-up tries again, and tells.
  const stop = (): void => void monitor.started.then(destroy).catch(() => undefined);
  ends.signal.addEventListener("abort", stop, { once: true });
  undo.defer(() => ends.signal.removeEventListener("abort", stop));
  await follow(deps, monitor, { id, operation, step, isLate: ends.isLate });
}

/** A process ends when nobody wants it any more, and when its time is over. */
function endsOf({ limits }: ExecOperation, { signal }: Step): { signal: AbortSignal; isLate: () => boolean } {
  if (limits.timeMs === 0) return { signal, isLate: () => false };
  const late = AbortSignal.timeout(limits.timeMs);
  return { signal: AbortSignal.any([signal, late]), isLate: () => late.aborted };
}

interface Followed {
  readonly id: ContainerId;
  readonly operation: ExecOperation;
  readonly step: Step;
  readonly isLate: () => boolean;
}

/** Tells the output as it comes, until the process has ended. */
async function follow(
  { network, runtime }: ExecDeps,
  monitor: MonitorHandle,
  { id, operation, step, isLate }: Followed,
): Promise<void> {
  // A process that cannot be started may be gone before anybody is attached: why it could not says more.
  const attaching = monitor.attach({ stdin: false, stdout: true, stderr: true }).finally(() => monitor.release());
  attaching.catch(() => undefined);
  try {
    const { pid } = await monitor.started;
    network.handedOver(id, pid);
  } catch (error) {
    const { exitCode, message } = runtime.explain(error, "container");
    step.tell({ kind: "log", stream: "stderr", bytes: Buffer.from(`${message}\n`) });
    throw new StartFailure(failure(operation, { exitCode }).message, { exitCode, reason: message });
  }
  const output = await attaching;
  let foreign: string | undefined;
  const clipped = createClippedOutput();
  for await (const { stream: number, payload } of demultiplex(output.readable)) {
    const stream = number === 2 ? "stderr" : "stdout";
    foreign = stream === "stderr" ? foreignProgram(payload) : undefined;
    const bytes = clipped(stream, foreign === undefined ? payload : Buffer.from(foreign));
    if (bytes !== undefined) step.tell({ kind: "log", stream, bytes: Uint8Array.from(bytes) });
  }
  const record = await monitor.exited;
  step.signal.throwIfAborted();
  const exitCode = foreign === undefined ? (record?.exitCode ?? 255) : FOREIGN_EXIT_CODE;
  if (exitCode === 0) return;
  if (record?.oomKilled === true) throw failure(operation, { exitCode, message: "cannot allocate memory" });
  if (!isLate()) throw failure(operation, { exitCode });
  throw failure(operation, { exitCode, message: `it took longer than ${formatDurationMs(operation.limits.timeMs)}` });
}

function failure(
  { shown }: ExecOperation,
  { exitCode, message }: { exitCode: number; message?: string },
): BuildFailure {
  const why = message === undefined ? `exit code: ${exitCode}` : message;
  return new BuildFailure(`process ${JSON.stringify(shown)} did not complete successfully: ${why}`, { exitCode });
}

function toHostConfig({ runtime, cgroupParent }: ExecDeps, operation: ExecOperation): HostConfig {
  const { limits, network, security, extraHosts } = operation;
  return {
    ...emptyHostConfig(),
    NetworkMode: network === "default" ? "bridge" : network,
    IpcMode: "private",
    CgroupnsMode: "private",
    ShmSize: limits.shmBytes || 64 * 1024 * 1024,
    Runtime: runtime.defaultName,
    Privileged: security === "insecure",
    ExtraHosts: [...extraHosts],
    Memory: limits.memoryBytes,
    MemorySwap: limits.memorySwapBytes,
    CpuShares: limits.cpuShares,
    CpuPeriod: limits.cpuPeriodUs,
    CpuQuota: limits.cpuQuotaUs,
    CpusetCpus: limits.cpusetCpus,
    CpusetMems: limits.cpusetMems,
    PidsLimit: limits.pids === 0 ? null : limits.pids,
    Ulimits: limits.ulimits.map(({ name, soft, hard }) => ({ Name: name, Soft: soft, Hard: hard })),
    CgroupParent: limits.cgroupParent || cgroupParent,
  };
}
