/**
 * File systems that only a descriptor leads to: mounted in a directory of their own, opened and unmounted within one moment. They go
 * when the descriptor is closed, or with the engine.
 */
import { mkdirSync, readdirSync, rmdirSync } from "node:fs";
import { hasCode } from "../../base/errors.ts";
import { createId } from "../../base/ids.ts";
import { openPath } from "../../kernel/at.ts";
import type { OwnedFd } from "../../kernel/fd.ts";
import type { EngineContext } from "../context.ts";

type Mounter = Pick<EngineContext, "paths" | "roots">;

/** `mount` mounts at the target that it is given. The caller closes what comes back. */
export function openDetached(ctx: Mounter, mount: (target: string) => void): OwnedFd {
  const target = `${ctx.paths.views}/${createId()}`;
  mkdirSync(target, { recursive: true, mode: 0o710 });
  try {
    mount(target);
    return openPath(target);
  } finally {
    remove(ctx, target);
  }
}

/** Unmounts what an engine that was killed in that moment has left. */
export function sweepDetached(ctx: Mounter): void {
  for (const name of namesIn(ctx.paths.views)) remove(ctx, `${ctx.paths.views}/${name}`);
}

function remove({ roots }: Mounter, target: string): void {
  roots.unmount(target);
  rmdirSync(target);
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  }
}
