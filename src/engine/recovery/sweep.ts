/** Deletes what belongs to no container: whatever an engine that was killed had made before, or not yet deleted after, its row. */
import { readdirSync, rmSync } from "node:fs";
import { hasCode } from "../../base/errors.ts";
import type { ContainerId } from "../../base/ids.ts";
import { sweepDetached } from "../archive/detached.ts";
import { removeBundle } from "../container/clean-up.ts";
import type { EngineContext } from "../context.ts";

export async function sweep(ctx: EngineContext): Promise<void> {
  sweepDetached(ctx);
  const isOrphan = (id: ContainerId): boolean => ctx.registry.byId(id) === undefined;
  const left = new Set([...ctx.runtime.list(), ...entries(ctx.paths.runContainers)].filter(isOrphan));
  for (const id of left) {
    await ctx.runtime.destroyOrphan(id);
    removeBundle(ctx, id);
  }
  for (const id of (await ctx.roots.list()).filter(isOrphan)) await ctx.roots.remove(id);
  for (const id of entries(ctx.paths.containers).filter(isOrphan)) {
    rmSync(ctx.paths.container(id), { recursive: true, force: true });
  }
  await ctx.volumes.sweep((id) => !isOrphan(id));
  ctx.background.run("recovery.volumes.failed", () => ctx.volumes.clear());
  if (left.size > 0) ctx.log.info("recovery.swept", { containers: [...left] });
}

function entries(directory: string): ContainerId[] {
  try {
    return readdirSync(directory) as ContainerId[];
  } catch (error) {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  }
}
