/** The mounts of a run: volumes and images made available, subpaths opened so that no later change of a link redirects them. */
import { readdirSync, rmdirSync } from "node:fs";
import { posix } from "node:path";
import { hasCode, invalidParameter, messageOf, systemError } from "../../base/errors.ts";
import type { ContainerId } from "../../base/ids.ts";
import { openInRoot, openPath } from "../../kernel/at.ts";
import { O } from "../../kernel/open-flags.ts";
import { mergeTmpfsOptions } from "../../runtime/spec/tmpfs.ts";
import { DEFAULT_PROPAGATION, type UserMount } from "../../runtime/spec/user-mount.ts";
import type { ContainerMount, ImageMount, VolumeMount } from "../../state/container-mount.ts";
import type { ContainerSpec } from "../../state/container-record.ts";
import type { Container } from "../container/container.ts";
import type { EngineContext } from "../context.ts";

/** Everything that a run of the container mounts, those of `--tmpfs` included; shallow destinations first. Pure. */
export function mountsOf({
  mounts,
  hostConfig,
}: Pick<ContainerSpec, "mounts" | "hostConfig">): readonly ContainerMount[] {
  const tmpfs = Object.entries(hostConfig.Tmpfs ?? {});
  if (tmpfs.length === 0) return mounts;
  const extra = tmpfs.map(
    ([path, options]): ContainerMount => ({
      type: "tmpfs",
      destination: posix.normalize(path).replace(/(?<=.)\/+$/, ""),
      readOnly: false,
      mode: "",
      options: mergeTmpfsOptions(options),
    }),
  );
  const depth = ({ destination }: ContainerMount): number => destination.split("/").length;
  const taken = new Set(mounts.map(({ destination }) => destination));
  return [...extra.filter(({ destination }) => !taken.has(destination)), ...mounts].toSorted(
    (a, b) => depth(a) - depth(b),
  );
}

/** The mounts of one run as the runtime takes them. Their descriptors have to stay open until the process runs. */
export interface RunMounts extends Disposable {
  readonly list: readonly UserMount[];
}

/** Makes everything available that the container mounts, until releaseMounts(). The bundle's directory exists. */
export async function takeMounts(ctx: EngineContext, { spec }: Container): Promise<RunMounts> {
  using opened = new DisposableStack();
  const list: UserMount[] = [];
  for (const mount of mountsOf(spec)) list.push(await take(ctx, spec, mount, opened));
  const kept = opened.move();
  return { list, [Symbol.dispose]: () => kept.dispose() };
}

async function take(
  ctx: EngineContext,
  spec: ContainerSpec,
  mount: ContainerMount,
  opened: DisposableStack,
): Promise<UserMount> {
  switch (mount.type) {
    case "bind":
      return { ...mount, options: [] };
    case "tmpfs":
      return { ...mount, ...PLAIN };
    case "volume": {
      await ctx.volumes.acquire(mount.volume, spec.id);
      tellVolume(ctx, spec.id, mount, "mount");
      const data = ctx.volumes.dataPath(mount.volume);
      return { ...mount, ...FROM_HOST, source: openSubpath(data, mount.subpath, opened) };
    }
    case "image": {
      const files = imagePath(ctx, spec, mount);
      ctx.roots.mountImage(mount.imageId, files);
      return { ...mount, ...FROM_HOST, source: openSubpath(files, mount.subpath, opened) };
    }
  }
}

const PLAIN = {
  source: "",
  propagation: DEFAULT_PROPAGATION,
  recursive: true,
  recursiveReadOnly: "ifPossible",
  createSource: false,
} as const;

const FROM_HOST = { ...PLAIN, type: "bind", options: [] } as const;

/** Where the image of a mount is mounted during a run. */
export function imagePath(
  { paths }: Pick<EngineContext, "paths">,
  { id, mounts }: ContainerSpec,
  mount: ImageMount,
): string {
  return `${imagesDirectory(paths.bundle(id))}/${mounts.indexOf(mount)}`;
}

const imagesDirectory = (bundle: string): string => `${bundle}/images`;

/**
 * A path that leads to the file which `subpath` leads to now, whatever becomes of the links on the way (row 6 of the security table).
 * Throws in Docker's words when there is none, or it lies outside.
 */
function openSubpath(base: string, subpath: string, opened: DisposableStack): string {
  if (subpath === "") return base;
  using root = openPath(base);
  try {
    const file = opened.use(openInRoot(root.fd, subpath, { flags: O.PATH, beneath: true }));
    return `/proc/${process.pid}/fd/${file.fd}`;
  } catch (error) {
    const path = posix.join(base, subpath);
    if (hasCode(error, "EXDEV")) {
      const why = `path concatenation escapes the base directory, base: ${base}, subpath: ${subpath}`;
      throw invalidParameter(why, { cause: error });
    }
    const why = hasCode(error, "ENOENT") ? "no such file or directory" : messageOf(error);
    throw systemError(`cannot access path ${path}: lstat ${path}: ${why}`, { cause: error });
  }
}

/** Gives back what the container's last run had taken. Idempotent. */
export function releaseMounts(ctx: EngineContext, { spec }: Container): void {
  const held = new Set<string>();
  for (const mount of spec.mounts) {
    if (mount.type !== "volume") continue;
    if (ctx.volumes.release(mount.volume, spec.id)) held.add(mount.volume);
    if (held.has(mount.volume)) tellVolume(ctx, spec.id, mount, "unmount");
  }
}

/** After a restart of the engine: the container's run, or what is left of it, still has its volumes. */
export function adoptMounts(ctx: EngineContext, { spec }: Container): void {
  for (const mount of spec.mounts) if (mount.type === "volume") ctx.volumes.adopt(mount.volume, spec.id);
}

/** Unmounts the images of a run. Idempotent. */
export function unmountImages(ctx: Pick<EngineContext, "roots">, bundle: string): void {
  const directory = imagesDirectory(bundle);
  for (const name of namesIn(directory)) {
    ctx.roots.unmount(`${directory}/${name}`);
    rmdirSync(`${directory}/${name}`);
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  }
}

/** In Docker's attributes, which name the place for a mount only. */
function tellVolume(ctx: EngineContext, container: ContainerId, mount: VolumeMount, action: "mount" | "unmount"): void {
  const place = { destination: mount.destination, propagation: "", "read/write": String(!mount.readOnly) };
  ctx.events.publish({
    type: "volume",
    action,
    id: mount.volume,
    attributes: { container, driver: "local", ...(action === "mount" ? place : {}) },
  });
}
