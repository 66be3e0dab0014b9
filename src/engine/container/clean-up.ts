/** What a run leaves behind once its process is gone: cgroups, mounts, the network, the bundle. All of it idempotent. */
import { rmdirSync, rmSync } from "node:fs";
import { hasCode } from "../../base/errors.ts";
import type { ContainerId } from "../../base/ids.ts";
import type { EngineContext } from "../context.ts";
import { releaseMounts, unmountPrepared } from "../volume/run-mounts.ts";
import type { Container } from "./container.ts";
import { disconnect } from "./sandbox.ts";

export async function cleanUpRun(ctx: EngineContext, container: Container): Promise<void> {
  const { id, hostConfig } = container.spec;
  await ctx.runtime.destroy(id, hostConfig.Runtime, hostConfig);
  disconnect(ctx, container);
  removeBundle(ctx, id);
  releaseMounts(ctx, container);
}

/** Unmounts the root and deletes the run directory. A root that is still mounted makes rmdir fail, never loses its files. */
export function removeBundle(ctx: EngineContext, id: ContainerId): void {
  const rootfs = ctx.paths.rootfs(id);
  ctx.roots.unmount(rootfs);
  unmountPrepared(ctx.paths.bundle(id));
  try {
    rmdirSync(rootfs);
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
  }
  rmSync(ctx.paths.bundle(id), { recursive: true, force: true });
}
