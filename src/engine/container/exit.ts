/** The end of a run: record it, tell it, then restart, remove or just clean up. */
import { nowRfc3339, toUnixMs } from "../../base/clock.ts";
import { messageOf } from "../../base/errors.ts";
import { SIGKILL } from "../../base/signals.ts";
import type { ContainerState } from "../../state/container-record.ts";
import { type EngineContext, tell } from "../context.ts";
import { unwatched } from "../health/assess.ts";
import type { ExitRecord, MonitorHandle } from "../ports.ts";
import { cleanUpRun } from "./clean-up.ts";
import type { Container } from "./container.ts";
import { removeEnded } from "./remove.ts";
import { restartDelayMs, shouldRestart } from "./restart-policy.ts";
import { tellConnections } from "./sandbox.ts";

/** What is known of a process whose monitor was killed: nothing, so it is killed as well. */
const LOST_EXIT_CODE = 128 + SIGKILL;

/** Starts the container again; the caller holds its lock. Given from outside, since starting also watches for the end. */
export type Launch = (ctx: EngineContext, container: Container, change: Partial<ContainerState>) => Promise<void>;

/** A run to watch: whose it is, and how to begin the next one. */
export interface WatchedRun {
  readonly container: Container;
  readonly launch: Launch;
}

/** Resolves (never rejects) once the end of this run has been dealt with. */
export async function watchExit(ctx: EngineContext, run: WatchedRun, monitor: MonitorHandle): Promise<void> {
  void monitor.oomKilled.then((killed) => killed && noteOom(ctx, run.container));
  const record = await monitor.exited;
  try {
    await endRun(ctx, run, record);
  } catch (error) {
    ctx.log.error("container.exit.failed", { container: run.container.id, error: messageOf(error) });
  }
}

/** The container may live on: only one of its processes was killed. */
function noteOom(ctx: EngineContext, container: Container): void {
  container.update({ oomKilled: true });
  tell(ctx, container, "oom");
}

/** Also for a run whose end was found at the start of the engine. */
export async function endRun(ctx: EngineContext, run: WatchedRun, record: ExitRecord | undefined): Promise<void> {
  const { container } = run;
  using _held = await ctx.locks.acquire(container.id);
  container.monitor = undefined;
  container.stopHealth?.();
  container.stopHealth = undefined;
  const finishedAt = record?.finishedAt ?? nowRfc3339();
  const exitCode = record?.exitCode ?? LOST_EXIT_CODE;
  const oomKilled = record?.oomKilled ?? false;
  const durationMs = Math.max(0, toUnixMs(finishedAt) - toUnixMs(container.state.startedAt));
  const { restartCount, stopRequested } = container.state;
  const { RestartPolicy: policy, AutoRemove: autoRemove } = container.spec.hostConfig;
  const restart = shouldRestart(policy, { exitCode, durationMs, restartCount, stopRequested });
  const end: Partial<ContainerState> = {
    phase: { at: restart ? "restarting" : "exited" },
    finishedAt,
    exitCode,
    oomKilled,
    ...unwatched(container.state.health),
  };
  const vanishes = autoRemove && !restart;
  if (vanishes) container.updateUnwritten(end);
  else container.update(end);
  tellConnections(ctx, container, "disconnect");
  tell(ctx, container, "die", { exitCode: String(exitCode), execDuration: String(Math.floor(durationMs / 1000)) });
  if (vanishes) return removeEnded(ctx, container);
  container.tellExit();
  await cleanUpRun(ctx, container);
  if (restart) scheduleRestart(ctx, run, durationMs);
}

/** Delays double per container as long as its runs are short; kept in memory only. */
const delays = new WeakMap<Container, number>();

export function scheduleRestart(ctx: EngineContext, run: WatchedRun, durationMs: number): void {
  const { container } = run;
  const delayMs = restartDelayMs(delays.get(container) ?? 0, durationMs);
  delays.set(container, delayMs);
  const timer = setTimeout(() => ctx.background.run("container.restart.failed", () => restartNow(ctx, run)), delayMs);
  container.cancelRestart = () => {
    clearTimeout(timer);
    container.cancelRestart = undefined;
  };
}

async function restartNow(ctx: EngineContext, { container, launch }: WatchedRun): Promise<void> {
  using _held = await ctx.locks.acquire(container.id);
  container.cancelRestart = undefined;
  if (container.phase.at !== "restarting") return;
  await launch(ctx, container, { restartCount: container.state.restartCount + 1 });
}
