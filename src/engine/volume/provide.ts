/** The volumes of a container that is being created: made where they are missing, and filled with what the image has in their place. */
import { hasCode, systemError } from "../../base/errors.ts";
import { openInRoot, openPath } from "../../kernel/at.ts";
import type { OwnedFd } from "../../kernel/fd.ts";
import { O } from "../../kernel/open-flags.ts";
import type { VolumeMount } from "../../state/container-mount.ts";
import { removeBundle } from "../container/clean-up.ts";
import type { Container } from "../container/container.ts";
import type { EngineContext } from "../context.ts";
import type { PlannedMount } from "./plan.ts";

/** What a failure leaves half done is undone with the container: its own volumes are marked as its own. */
export async function provideVolumes(
  ctx: EngineContext,
  container: Container,
  planned: readonly PlannedMount[],
): Promise<void> {
  for (const { request, mount } of planned) {
    if (request === undefined || mount.type !== "volume") continue;
    ctx.volumes.create(mount.anonymous ? { ...request, owner: container.id } : request);
  }
  const toFill = planned.flatMap(({ copy, mount }) =>
    copy && mount.type === "volume" && mayBeFilled(ctx, mount) ? [mount] : [],
  );
  if (toFill.length > 0) await fillFromImage(ctx, container, toFill);
}

const mayBeFilled = ({ volumes }: EngineContext, { volume, subpath }: VolumeMount): boolean =>
  subpath !== "" || !volumes.hasContent(volume);

/** The image is mounted where the container's root will be, so that a start finds it, or a sweep, should the engine die here. */
async function fillFromImage(ctx: EngineContext, { spec }: Container, mounts: readonly VolumeMount[]): Promise<void> {
  const rootfs = ctx.paths.rootfs(spec.id);
  await using _unmount = { [Symbol.asyncDispose]: async () => removeBundle(ctx, spec.id) };
  ctx.roots.mountImage(spec.id, spec.imageId, rootfs);
  using root = openPath(rootfs);
  for (const mount of mounts) {
    using directory = openDirectory(root, rootfs, mount);
    const { volume: name, subpath } = mount;
    if (directory !== undefined) await ctx.volumes.fill({ name, subpath }, directory.procPath);
  }
}

/** Undefined when the image has nothing there. Throws when it has a file, which only a file of a volume can be mounted over. */
function openDirectory(root: OwnedFd, rootfs: string, mount: VolumeMount): OwnedFd | undefined {
  const { destination, anonymous, subpath } = mount;
  try {
    return openInRoot(root.fd, destination, { flags: O.RDONLY | O.DIRECTORY });
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    if (!hasCode(error, "ENOTDIR")) throw error;
    if (subpath !== "") return undefined;
    const path = `${rootfs}${destination}`;
    throw systemError(
      anonymous ? `cannot mount volume over existing file, file exists ${path}` : `source ${path} is not directory`,
      { cause: error },
    );
  }
}
