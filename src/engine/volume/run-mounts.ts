/** The mounts of a run: volumes and images made available, subpaths opened so that no later change of a link redirects them. */
import { fstatSync, mkdirSync, readdirSync, rmdirSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { dirname, posix } from "node:path";
import { hasCode } from "../../base/errors.ts";
import type { ContainerId } from "../../base/ids.ts";
import { MS, mount, umountIfMounted } from "../../kernel/mounts.ts";
import { mergeTmpfsOptions } from "../../runtime/spec/tmpfs.ts";
import { DEFAULT_PROPAGATION, type UserMount } from "../../runtime/spec/user-mount.ts";
import type { ContainerMount, ImageMount, VolumeMount } from "../../state/container-mount.ts";
import type { ContainerSpec } from "../../state/container-record.ts";
import { openSubpath } from "../../volume/subpath.ts";
import type { HostConfig } from "../../wire/host-config.ts";
import type { Container } from "../container/container.ts";
import type { EngineContext } from "../context.ts";

type MountConfig = Pick<ContainerSpec, "mounts"> & { readonly hostConfig: Pick<HostConfig, "Tmpfs"> };

/** Everything that a run of the container mounts, those of `--tmpfs` included; shallow destinations first. Pure. */
export function mountsOf({ mounts, hostConfig }: MountConfig): readonly ContainerMount[] {
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

/** Makes everything available that the container mounts, until releaseMounts() and unmountPrepared(). The bundle's directory exists. */
export async function takeMounts(ctx: EngineContext, { spec }: Container): Promise<UserMount[]> {
  const list: UserMount[] = [];
  for (const mount of mountsOf(spec)) list.push(await take(ctx, spec, mount));
  return list;
}

async function take(ctx: EngineContext, spec: ContainerSpec, mount: ContainerMount): Promise<UserMount> {
  switch (mount.type) {
    case "bind":
      return { ...mount, options: [] };
    case "tmpfs":
      return { ...mount, ...PLAIN };
    case "volume":
      return { ...mount, ...FROM_HOST, source: await takeVolume(ctx, spec, mount) };
    case "image":
      return { ...mount, ...FROM_HOST, source: takeImage(ctx, spec, mount) };
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

async function takeVolume(ctx: EngineContext, spec: ContainerSpec, mount: VolumeMount): Promise<string> {
  await ctx.volumes.acquire(mount.volume, spec.id);
  tellVolume(ctx, spec.id, mount, "mount");
  const data = ctx.volumes.dataPath(mount.volume);
  return mount.subpath === "" ? data : bindSubpath(data, mount.subpath, preparedPath(ctx, spec, mount));
}

function takeImage(ctx: EngineContext, spec: ContainerSpec, mount: ImageMount): string {
  const target = preparedPath(ctx, spec, mount);
  if (mount.subpath === "") {
    ctx.roots.mountImage(spec.id, mount.imageId, target);
    return target;
  }
  const whole = `${target}.image`;
  ctx.roots.mountImage(spec.id, mount.imageId, whole);
  return bindSubpath(whole, mount.subpath, target);
}

/** Where something of a run is mounted for the runtime to bind from. */
export function preparedPath(
  { paths }: Pick<EngineContext, "paths">,
  { id, mounts }: ContainerSpec,
  mount: ContainerMount,
): string {
  return `${preparedDirectory(paths.bundle(id))}/${mounts.indexOf(mount)}`;
}

const preparedDirectory = (bundle: string): string => `${bundle}/mounts`;

/**
 * Binds what `subpath` leads to at this moment, so that no later change of a link on the way redirects it (row 6 of the security
 * table). Throws in Docker's words when there is nothing, or it lies outside.
 */
function bindSubpath(base: string, subpath: string, target: string): string {
  using file = openSubpath(base, subpath);
  mkdirSync(dirname(target), { recursive: true });
  if (fstatSync(file.fd).isDirectory()) mkdirSync(target);
  else writeFileSync(target, "");
  mount({ source: file.procPath, target, flags: MS.BIND | MS.REC });
  return target;
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

/** Unmounts what was mounted for a run to bind from. Idempotent; what is still mounted makes it fail, never lose its files. */
export function unmountPrepared(bundle: string): void {
  const directory = preparedDirectory(bundle);
  for (const name of namesIn(directory)) {
    const path = `${directory}/${name}`;
    umountIfMounted(path);
    if (statSync(path).isDirectory()) rmdirSync(path);
    else unlinkSync(path);
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
