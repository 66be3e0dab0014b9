/** Removing a container. Deleting its row is the moment it is gone; what a killed engine leaves of it is swept at the next start. */
import { rmSync } from "node:fs";
import { SIGKILL } from "../../base/signals.ts";
import { type EngineContext, tell } from "../context.ts";
import * as messages from "../messages.ts";
import { cleanUpRun } from "./clean-up.ts";
import type { Container } from "./container.ts";
import { signalContainer } from "./signal.ts";

export interface RemoveOptions {
  readonly force: boolean;
  readonly volumes: boolean;
  readonly link: boolean;
}

/** Throws a conflict when it is up and not forced, or when another request removes it already. */
export async function removeContainer(ctx: EngineContext, container: Container, options: RemoveOptions): Promise<void> {
  while (ctx.registry.byId(container.id) === container) {
    if (container.phase.at === "removing") throw messages.removalInProgress(container.id);
    if (await removeIfDown(ctx, container, options)) return;
    await signalContainer(ctx, container, SIGKILL);
    await container.runEnded;
  }
}

/** False when it is up and has to be killed first: whoever waits for its end must not hold the lock. */
async function removeIfDown(ctx: EngineContext, container: Container, { force }: RemoveOptions): Promise<boolean> {
  using _held = await ctx.locks.acquire(container.id);
  if (ctx.registry.byId(container.id) !== container) return true;
  if (!force) checkRemovable(container);
  if (container.live !== undefined) {
    container.update({ stopRequested: true });
    return false;
  }
  container.cancelRestart?.();
  await removeNow(ctx, container);
  return true;
}

function checkRemovable(container: Container): void {
  const { at } = container.phase;
  if (at === "paused" || at === "restarting") throw messages.removeAlive(container.id, at);
  if (at === "running") throw messages.removeRunning(container.id);
}

/** Removes it now; the caller holds its lock and nothing of it runs. */
export async function removeNow(ctx: EngineContext, container: Container): Promise<void> {
  const { id } = container;
  container.update({ phase: { at: "removing" } });
  ctx.execs.forget(container);
  ctx.rows.delete(id);
  ctx.registry.delete(container);
  tell(ctx, container, "destroy");
  container.tellRemoved();
  await cleanUpRun(ctx, container);
  await ctx.roots.remove(id);
  rmSync(ctx.paths.container(id), { recursive: true, force: true });
}
