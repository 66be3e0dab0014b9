/** The start path: root file system, network, bundle, monitor. Everything that can wait is somewhere else.
 *
 * The intent ("starting") is written first; an engine that dies on the way finds it and asks the monitor what came of it.
 */
import { existsSync, mkdirSync } from "node:fs";
import { nowRfc3339 } from "../../base/clock.ts";
import { processStartTime } from "../../kernel/process.ts";
import type { ContainerState } from "../../state/container-record.ts";
import { type EngineContext, tell } from "../context.ts";
import { watchHealth } from "../health/watch.ts";
import * as messages from "../messages.ts";
import { tellAddress, withLinks } from "../network/links.ts";
import type { MonitorHandle, Sandbox } from "../ports.ts";
import { takeMounts } from "../volume/run-mounts.ts";
import { cleanUpRun, removeBundle } from "./clean-up.ts";
import type { Container } from "./container.ts";
import { prepareEtc } from "./etc.ts";
import { watchExit } from "./exit.ts";
import { resolveJoins } from "./join.ts";
import { logTarget } from "./log-target.ts";
import { removeEnded } from "./remove.ts";
import { connect, tellConnections } from "./sandbox.ts";

/** The user's start: forgets an earlier stop and earlier restarts. Throws notModified when it runs already. */
export async function startContainer(ctx: EngineContext, container: Container): Promise<void> {
  using _held = await ctx.locks.acquire(container.id);
  checkStartable(container);
  container.cancelRestart?.();
  await launch(ctx, container, { stopRequested: false, restartCount: 0 });
}

function checkStartable(container: Container): void {
  switch (container.phase.at) {
    case "running":
      throw messages.alreadyStarted();
    case "paused":
      throw messages.startPaused();
    case "removing":
    case "dead":
      throw messages.startMarked();
    case "created":
    case "starting":
    case "restarting":
    case "exited":
  }
}

/**
 * Runs the container; `change` is recorded together with the intent. The caller holds its lock. A failed start is recorded, undone
 * and thrown with Docker's status.
 */
export async function launch(ctx: EngineContext, container: Container, change: Partial<ContainerState>): Promise<void> {
  const before = container.phase.at === "created" ? container.phase : ({ at: "exited" } as const);
  let monitor: MonitorHandle | undefined;
  try {
    const sandbox = await connect(ctx, container);
    const { sandboxId, endpoints, ports } = sandbox;
    container.update({ phase: { at: "starting" }, error: "", sandboxId, endpoints, ports, ...change });
    monitor = await spawn(ctx, container, sandbox);
    const { pid } = await monitor.started;
    settle(ctx, container, monitor, pid);
  } catch (error) {
    const failure = ctx.runtime.explain(error, "container");
    await cleanUpRun(ctx, container);
    container.update({ phase: before, exitCode: failure.exitCode, error: failure.message });
    tell(ctx, container, "die", { exitCode: String(failure.exitCode), execDuration: "0" });
    if (container.spec.hostConfig.AutoRemove) await removeEnded(ctx, container);
    throw monitor === undefined ? error : messages.startFailed(failure, error);
  }
}

async function spawn(ctx: EngineContext, container: Container, sandbox: Sandbox): Promise<MonitorHandle> {
  const { id, config, hostConfig, imageId } = container.spec;
  const { paths } = ctx;
  const log = logTarget(hostConfig.LogConfig, paths.log(id));
  const rootfs = paths.rootfs(id);
  const bundle = paths.bundle(id);
  if (existsSync(bundle)) removeBundle(ctx, id);
  mkdirSync(rootfs, { recursive: true, mode: 0o710 });
  ctx.roots.mount(id, imageId, rootfs, hostConfig.AutoRemove);
  const mounts = await takeMounts(ctx, container);
  const joinPid = resolveJoins(ctx, hostConfig);
  const etc = prepareEtc(ctx, container, sandbox.endpoints);
  ctx.runtime.writeBundle(bundle, {
    id,
    config: withLinks(ctx, container),
    hostConfig,
    rootfs,
    etc,
    mounts,
    netnsPath: sandbox.netnsPath,
    joinPid,
    hostname: container.spec.config.Hostname,
  });
  const hold = container.pendingAttaches.size > 0;
  const monitor = ctx.runtime.run(id, hostConfig.Runtime, {
    dir: bundle,
    terminal: config.Tty,
    stdin: config.OpenStdin,
    stdinOnce: config.StdinOnce,
    ...(log === undefined ? {} : { log }),
    consoleSize: hostConfig.ConsoleSize,
    hold,
  });
  if (hold) await connectAttaches(container, monitor);
  return monitor;
}

/** Clients that attached before the start see everything from the first byte. */
async function connectAttaches(container: Container, monitor: MonitorHandle): Promise<void> {
  const pending = [...container.pendingAttaches];
  container.pendingAttaches.clear();
  await Promise.allSettled(pending.map((attach) => attach(monitor)));
  monitor.release();
}

/** Records that the process runs, tells it, and begins to watch it. */
function settle(ctx: EngineContext, container: Container, monitor: MonitorHandle, pid: number): void {
  container.update({
    phase: { at: "running", pid, pidStart: processStartTime(pid) ?? 0 },
    startedAt: nowRfc3339(),
    exitCode: 0,
    oomKilled: false,
  });
  ctx.network.handedOver(container.id, pid);
  tellAddress(ctx, container);
  tellConnections(ctx, container, "connect");
  tell(ctx, container, "start");
  watch(ctx, container, monitor, false);
}

/** Goes on with a run that an earlier engine began. */
export function adoptRun(ctx: EngineContext, container: Container, monitor: MonitorHandle, pid: number): void {
  if (container.live === undefined) return settle(ctx, container, monitor, pid);
  ctx.network.handedOver(container.id, pid);
  monitor.release();
  watch(ctx, container, monitor, true);
}

function watch(ctx: EngineContext, container: Container, monitor: MonitorHandle, found: boolean): void {
  container.monitor = monitor;
  container.runEnded = watchExit(ctx, { container, launch }, monitor);
  container.stopHealth = watchHealth(ctx, container, found);
}
