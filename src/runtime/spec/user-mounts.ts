/** The mounts a user asked for in any of Docker's three ways (Binds, Mounts, Tmpfs), as one list. Reads no file system. */
import { invalidParameter } from "../../base/errors.ts";
import type { HostConfig, Mount } from "../../wire/host-config.ts";
import {
  checkDestination,
  cleanPath,
  DEFAULT_PROPAGATION,
  PROPAGATIONS,
  parseBind,
  type UserMount,
} from "./bind-notation.ts";
import { mergeTmpfsOptions, toTmpfsOptions } from "./tmpfs.ts";

type MountConfig = Pick<HostConfig, "Binds" | "Mounts" | "Tmpfs">;

/** Shallow destinations first, so that a mount never hides one that lies in it. Throws invalidParameter in Docker's words. */
export function userMounts({ Binds, Mounts = [], Tmpfs = {} }: MountConfig): UserMount[] {
  const mounts = [...(Binds ?? []).map(parseBind), ...Mounts.map(parseMount)];
  const taken = new Set<string>();
  for (const { destination } of mounts) {
    if (taken.has(destination)) throw invalidParameter(`Duplicate mount point: ${destination}`);
    taken.add(destination);
  }
  const tmpfs = Object.entries(Tmpfs).map(([path, options]) => parseTmpfs(path, options));
  return [...tmpfs.filter(({ destination }) => !taken.has(destination)), ...mounts].sort(
    (a, b) => depth(a.destination) - depth(b.destination),
  );
}

const depth = (path: string): number => path.split("/").length;

const PLAIN = {
  source: "",
  readOnly: false,
  propagation: DEFAULT_PROPAGATION,
  recursive: true,
  recursiveReadOnly: true,
  createSource: false,
  options: [],
} as const;

function parseTmpfs(path: string, options: string): UserMount {
  checkDestination(path);
  return { ...PLAIN, type: "tmpfs", destination: cleanPath(path), options: mergeTmpfsOptions(options) };
}

function parseMount(mount: Mount): UserMount {
  checkOptionKinds(mount);
  const refuse = (why: string): Error => invalidParameter(`invalid mount config for type "${mount.Type}": ${why}`);
  if (mount.Target === "") throw refuse("field Target must not be empty");
  try {
    checkDestination(mount.Target);
  } catch (error) {
    throw refuse(error instanceof Error ? error.message : "");
  }
  const destination = cleanPath(mount.Target);
  switch (mount.Type) {
    case "bind":
      return { ...parseBindOptions(mount, refuse), destination };
    case "tmpfs":
      if ((mount.Source ?? "") !== "") throw refuse("field Source must not be specified");
      return { ...PLAIN, type: "tmpfs", destination, options: toTmpfsOptions(mount) };
    case "volume":
      return { ...PLAIN, type: "volume", source: mount.Source ?? "", destination, readOnly: mount.ReadOnly ?? false };
    case "image":
    case "npipe":
    case "cluster":
  }
  throw refuse("mount type unknown");
}

function parseBindOptions(
  { Source = "", ReadOnly = false, BindOptions = {} }: Mount,
  refuse: (why: string) => Error,
): Omit<UserMount, "destination"> {
  if (Source === "") throw refuse("field Source must not be empty");
  if (!Source.startsWith("/")) throw refuse(`invalid mount path: '${Source}' mount path must be absolute`);
  const wanted = BindOptions.Propagation || DEFAULT_PROPAGATION;
  const propagation = PROPAGATIONS.find((name) => name === wanted);
  if (propagation === undefined) throw refuse(`invalid propagation mode: ${wanted}`);
  return {
    type: "bind",
    source: cleanPath(Source),
    readOnly: ReadOnly,
    propagation,
    recursive: BindOptions.NonRecursive !== true,
    recursiveReadOnly: BindOptions.ReadOnlyNonRecursive !== true,
    createSource: BindOptions.CreateMountpoint === true,
    options: [],
  };
}

/** Options of one kind of mount on another are a mistake, not something to overlook. */
function checkOptionKinds({ Type, BindOptions, VolumeOptions, TmpfsOptions, ImageOptions }: Mount): void {
  const given = { bind: BindOptions, volume: VolumeOptions, tmpfs: TmpfsOptions, image: ImageOptions };
  for (const [kind, options] of Object.entries(given)) {
    if (options === undefined || kind === Type) continue;
    const field = `${kind.charAt(0).toUpperCase()}${kind.slice(1)}Options`;
    throw invalidParameter(`${field} must not be specified on mount type "${Type}"`);
  }
}
