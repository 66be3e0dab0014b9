/** The start of an engine: finds again what the last one left, however it ended, and brings it to order. */
import { existsSync } from "node:fs";
import { messageOf } from "../../base/errors.ts";
import { ZERO_TIME } from "../../state/container-record.ts";
import { cleanUpRun } from "../container/clean-up.ts";
import { Container } from "../container/container.ts";
import { endRun, scheduleRestart } from "../container/exit.ts";
import { finishRemoval } from "../container/remove.ts";
import { startsWithEngine } from "../container/restart-policy.ts";
import { toSandboxRequest } from "../container/sandbox.ts";
import { adoptRun, launch, startContainer } from "../container/start.ts";
import type { EngineContext } from "../context.ts";
import type { MonitorHandle } from "../ports.ts";
import { adoptMounts } from "../volume/run-mounts.ts";
import { recoverExecs } from "./execs.ts";
import { planRecovery, type RecoveryStep } from "./plan.ts";
import { sweep } from "./sweep.ts";

/** Loads every record, recovers all containers side by side, sweeps what belongs to nobody. Resolves before restart policies act. */
export async function recover(ctx: EngineContext): Promise<void> {
  for (const record of ctx.rows.all()) ctx.registry.add(new Container(ctx.rows, record));
  const containers = ctx.registry.all();
  await Promise.all(containers.map((container) => recoverContainer(ctx, container)));
  await recoverExecs(ctx);
  await sweep(ctx);
}

/** Starts what its policy wants to run whenever an engine does. Failures are recorded with the container. */
export function startByPolicy(ctx: EngineContext): void {
  for (const container of ctx.registry.all()) {
    const { phase, stopRequested, startedAt } = container.state;
    if (phase.at !== "exited" || startedAt === ZERO_TIME) continue;
    if (!startsWithEngine(container.spec.hostConfig.RestartPolicy, stopRequested)) continue;
    ctx.background.run("recovery.start.failed", () => startContainer(ctx, container));
  }
}

async function recoverContainer(ctx: EngineContext, container: Container): Promise<void> {
  const bundle = ctx.paths.bundle(container.id);
  try {
    if (existsSync(bundle)) adoptMounts(ctx, container);
    const monitor = existsSync(bundle) ? await ctx.runtime.reconnect(bundle) : undefined;
    const exitRecord = ctx.runtime.exitRecord(bundle) !== undefined;
    const step = planRecovery(container.phase.at, { monitor: monitor !== undefined, exitRecord });
    if (step !== "tidy") ctx.log.info("recovery.step", { container: container.id, from: container.phase.at, step });
    await ACTIONS[step](ctx, container, monitor);
  } catch (error) {
    ctx.log.error("recovery.failed", { container: container.id, error: messageOf(error) });
  }
}

type Action = (ctx: EngineContext, container: Container, monitor: MonitorHandle | undefined) => Promise<void>;

const ACTIONS: Readonly<Record<RecoveryStep, Action>> = {
  adopt: async (ctx, container, monitor) => {
    if (container.phase.at === "running") await thaw(ctx, container);
    if (monitor !== undefined) await adopt(ctx, container, monitor);
  },
  end: (ctx, container) => endRun(ctx, { container, launch }, ctx.runtime.exitRecord(ctx.paths.bundle(container.id))),
  rollBack: (ctx, container) => rollBack(ctx, container),
  restartLater: async (ctx, container) => {
    await cleanUpRun(ctx, container);
    scheduleRestart(ctx, { container, launch }, 0);
  },
  remove: (ctx, container) => finishRemoval(ctx, container),
  tidy: async (ctx, container) => {
    if (existsSync(ctx.paths.bundle(container.id))) await cleanUpRun(ctx, container);
  },
};

/** A monitor that was found may still be starting its process; a start that fails now is rolled back. */
async function adopt(ctx: EngineContext, container: Container, monitor: MonitorHandle): Promise<void> {
  const { endpoints, ports } = container.state;
  ctx.network.adopt(container.id, { request: toSandboxRequest(container), endpoints, ports });
  try {
    const { pid } = await monitor.started;
    adoptRun(ctx, container, monitor, pid);
  } catch (error) {
    const failure = ctx.runtime.explain(error, "container");
    await rollBack(ctx, container);
    container.update({ exitCode: failure.exitCode, error: failure.message });
  }
}

/** The last engine may have died while it kept the processes still, to pause or to commit them. What has ended is past thawing. */
async function thaw(ctx: EngineContext, container: Container): Promise<void> {
  try {
    await ctx.runtime.resume(container.id, container.spec.hostConfig);
  } catch (error) {
    ctx.log.info("recovery.not.thawed", { container: container.id, error: messageOf(error) });
  }
}

async function rollBack(ctx: EngineContext, container: Container): Promise<void> {
  await cleanUpRun(ctx, container);
  container.update({ phase: { at: container.state.startedAt === ZERO_TIME ? "created" : "exited" } });
}
