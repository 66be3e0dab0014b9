/** What a view of a container shows over its root: the files that the engine writes for it, volumes, binds, images and tmpfs. */
import { existsSync } from "node:fs";
import { createId } from "../../base/ids.ts";
import type { MountRequest } from "../../files/view-request.ts";
import { openPath } from "../../kernel/at.ts";
import { processStartTime } from "../../kernel/process.ts";
import type { ContainerMount, VolumeMount } from "../../state/container-mount.ts";
import type { Container } from "../container/container.ts";
import type { EngineContext } from "../context.ts";
import { mountsOf } from "../volume/run-mounts.ts";
import { openDetached } from "./detached.ts";

/** Those that are there once the container has run. */
export function etcMounts(ctx: EngineContext, { spec }: Container): MountRequest[] {
  const directory = ctx.paths.container(spec.id);
  return ["hosts", "hostname", "resolv.conf"]
    .map((name) => ({ destination: `/etc/${name}`, source: `${directory}/${name}`, readOnly: false }))
    .filter(({ source }) => existsSync(source));
}

/** Makes volumes and images available until `undo` is disposed of. */
export async function takeViewMounts(
  ctx: EngineContext,
  container: Container,
  undo: AsyncDisposableStack,
): Promise<MountRequest[]> {
  const requests: MountRequest[] = [];
  for (const mount of mountsOf(container.spec)) {
    const source = await sourceOf(ctx, container, mount, undo);
    if (source !== undefined) requests.push({ destination: mount.destination, readOnly: mount.readOnly, ...source });
  }
  return requests;
}

type Source = Pick<MountRequest, "source" | "within">;

/** Undefined for what is there only while the container runs. */
async function sourceOf(
  ctx: EngineContext,
  container: Container,
  mount: ContainerMount,
  undo: AsyncDisposableStack,
): Promise<Source | undefined> {
  switch (mount.type) {
    case "bind":
      return { source: mount.source };
    case "volume":
      return { source: await takeVolume(ctx, mount, undo), within: mount.subpath };
    case "image": {
      const files = undo.use(openDetached(ctx, (target) => ctx.roots.mountImage(container.id, mount.imageId, target)));
      return { source: files.procPath, within: mount.subpath };
    }
    case "tmpfs": {
      const root = liveRoot(container, undo);
      return root === undefined ? undefined : { source: root, within: mount.destination };
    }
  }
}

async function takeVolume(ctx: EngineContext, { volume }: VolumeMount, undo: AsyncDisposableStack): Promise<string> {
  const user = `view ${createId()}`;
  await ctx.volumes.acquire(volume, user);
  undo.defer(() => void ctx.volumes.release(volume, user));
  return ctx.volumes.dataPath(volume);
}

/** The root of the container's process, pinned: its number may be another process's by the time that it is walked. */
function liveRoot({ live }: Container, undo: AsyncDisposableStack): string | undefined {
  if (live === undefined) return undefined;
  using process = openPath(`/proc/${live.pid}`);
  const root = undo.use(openPath(`${process.procPath}/root`));
  return processStartTime(live.pid) === live.pidStart ? root.procPath : undefined;
}
