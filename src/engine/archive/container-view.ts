/**
 * A container's file tree for the file threads, as the container sees it: its root and everything that it mounts, by its record.
 * Until the view of a container that does not run is closed, nobody may start the container: one upper directory cannot serve two
 * mounts.
 */

import type { ViewRequest } from "../../files/view-request.ts";
import { openPath } from "../../kernel/at.ts";
import type { OwnedFd } from "../../kernel/fd.ts";
import type { Container } from "../container/container.ts";
import type { EngineContext } from "../context.ts";
import * as messages from "../messages.ts";
import { openDetached } from "./detached.ts";
import { etcMounts, takeViewMounts } from "./view-mounts.ts";

export interface ContainerView extends AsyncDisposable {
  readonly request: ViewRequest;
}

/** Throws a conflict for a container that is being removed. */
export async function openContainerView(ctx: EngineContext, container: Container): Promise<ContainerView> {
  await using undo = new AsyncDisposableStack();
  const root = undo.use(await openRoot(ctx, container, undo));
  const mounts = [...etcMounts(ctx, container), ...(await takeViewMounts(ctx, container, undo))];
  return viewOf({ root: root.procPath, readOnly: container.spec.hostConfig.ReadonlyRootfs, mounts }, undo);
}

/** The container's root alone, without what is mounted over it. */
export async function openBareView(ctx: EngineContext, container: Container): Promise<ContainerView> {
  await using undo = new AsyncDisposableStack();
  const root = undo.use(await openRoot(ctx, container, undo));
  return viewOf({ root: root.procPath }, undo);
}

function viewOf(request: ViewRequest, undo: AsyncDisposableStack): ContainerView {
  const held = undo.move();
  return { request, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

async function openRoot(ctx: EngineContext, container: Container, undo: AsyncDisposableStack): Promise<OwnedFd> {
  const { id, imageId } = container.spec;
  // No await in between: a run that is over has said so before its root is unmounted.
  if (container.live !== undefined) return openPath(ctx.paths.rootfs(id));
  undo.use(await ctx.locks.acquire(id));
  if (container.live !== undefined) return openPath(ctx.paths.rootfs(id));
  const { at } = container.phase;
  if (at === "removing" || at === "dead") throw messages.copyMarked(id);
  return openDetached(ctx, (target) => ctx.roots.mount(id, imageId, target, false));
}
