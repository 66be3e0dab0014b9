/** Removing a container. Deleting its row is the moment it is gone; what a killed engine leaves of it is swept at the next start. */
import { rmSync } from "node:fs";
import { messageOf, systemError } from "../../base/errors.ts";
import { SIGKILL } from "../../base/signals.ts";
import { type EngineContext, tell } from "../context.ts";
import * as messages from "../messages.ts";
import { removeOwned, settleOwnership } from "../volume/references.ts";
import { releaseMounts } from "../volume/run-mounts.ts";
import { cleanUpRun } from "./clean-up.ts";
import type { Container } from "./container.ts";
import { signalContainer } from "./signal.ts";

export interface RemoveOptions {
  /** The reference as the client wrote it, for the messages. */
  readonly ref: string;
  readonly force: boolean;
  /** Its anonymous volumes go with it. */
  readonly volumes: boolean;
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
async function removeIfDown(
  ctx: EngineContext,
  container: Container,
  { ref, force, volumes }: RemoveOptions,
): Promise<boolean> {
  using _held = await ctx.locks.acquire(container.id);
  if (ctx.registry.byId(container.id) !== container) return true;
  if (!force) checkRemovable(container, ref);
  if (container.live !== undefined) {
    container.update({ stopRequested: true });
    return false;
  }
  container.cancelRestart?.();
  settleOwnership(ctx, container, volumes);
  await removeNow(ctx, container);
  return true;
}

function checkRemovable(container: Container, ref: string): void {
  const { at } = container.phase;
  if (at === "paused" || at === "restarting") throw messages.removeAlive(ref, at);
  if (at === "running") throw messages.removeRunning(ref);
}

/** Its files go first, its record last. What cannot be removed stays as "dead", to be removed again. The caller holds the lock. */
async function removeNow(ctx: EngineContext, container: Container): Promise<void> {
  container.update({ phase: { at: "removing" } });
  try {
    await discard(ctx, container);
    await removeOwned(ctx, container);
  } catch (error) {
    container.update({ phase: { at: "dead" }, error: messageOf(error) });
    throw systemError(`unable to remove container ${container.id}: ${messageOf(error)}`, { cause: error });
  }
  forget(ctx, container);
}

/**
 * For a container that ends with its run, whose client waits for just that: its record goes first, its name is free at once, and
 * the files follow. Those that an engine's death leaves belong to no record and are swept. The caller holds the lock.
 */
export async function removeEnded(ctx: EngineContext, container: Container): Promise<void> {
  settleOwnership(ctx, container, true);
  releaseMounts(ctx, container);
  const volumesRemoved = removeOwned(ctx, container);
  forget(ctx, container);
  await discard(ctx, container);
  await volumesRemoved;
}

function forget(ctx: EngineContext, container: Container): void {
  ctx.execs.forget(container);
  ctx.rows.delete(container.id);
  ctx.registry.delete(container);
  tell(ctx, container, "destroy");
  container.tellRemoved();
}

async function discard(ctx: EngineContext, container: Container): Promise<void> {
  await cleanUpRun(ctx, container);
  await ctx.roots.remove(container.id);
  rmSync(ctx.paths.container(container.id), { recursive: true, force: true });
}

/** Finishes a removal that an earlier engine had begun. */
export async function finishRemoval(ctx: EngineContext, container: Container): Promise<void> {
  using _held = await ctx.locks.acquire(container.id);
  await removeNow(ctx, container);
}
