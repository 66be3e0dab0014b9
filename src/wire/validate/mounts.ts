/** Binds, mounts and tmpfs of a request, and that no two of them go to one place (moby v28 daemon/volume/mounts/validate.go). */
import { posix } from "node:path";
import { invalidParameter } from "../../base/errors.ts";
import type { HostConfig, Mount } from "../host-config.ts";
import { checkVolumeName, parseBind } from "./binds.ts";
import { checkAbsolute, checkTarget, cleanTarget } from "./mount-target.ts";

const OPTIONS_OF = {
  bind: "BindOptions",
  volume: "VolumeOptions",
  tmpfs: "TmpfsOptions",
  image: "ImageOptions",
} as const;
type KnownType = keyof typeof OPTIONS_OF;
const PROPAGATION = new Set(["", "private", "rprivate", "slave", "rslave", "shared", "rshared"]);
/** The others have fields of their own, or are none of the client's business. */
const TMPFS_OPTIONS = new Set(["exec", "noexec"]);

export function checkMounts(host: HostConfig): void {
  const mounts = host.Mounts ?? [];
  for (const mount of mounts) checkMount(mount);
  const targets = [
    ...(host.Binds ?? []).map((spec) => parseBind(spec).destination),
    ...mounts.map((mount) => cleanTarget(mount.Target)),
    ...Object.keys(host.Tmpfs ?? {}).map(tmpfsTarget),
  ];
  const duplicate = targets.find((target, index) => targets.indexOf(target) !== index);
  if (duplicate !== undefined) throw invalidParameter(`Duplicate mount point: ${duplicate}`);
}

function tmpfsTarget(path: string): string {
  const problem = checkTarget(path);
  if (problem !== undefined) throw invalidParameter(problem);
  return cleanTarget(path);
}

function checkMount(mount: Mount): void {
  checkForeignOptions(mount);
  const problem = mountProblem(mount);
  if (problem !== undefined) throw invalidParameter(`invalid mount config for type "${mount.Type}": ${problem}`);
  if (mount.Type === "volume" && mount.Source) checkVolumeName(mount.Source);
}

/** Options of a type that the mount is not of. */
function checkForeignOptions(mount: Mount): void {
  for (const field of ["VolumeOptions", "BindOptions", "TmpfsOptions"] as const) {
    if (mount[field] !== undefined && field !== (OPTIONS_OF[mount.Type as KnownType] ?? "")) {
      throw invalidParameter(`${field} must not be specified on mount type "${mount.Type}"`);
    }
  }
}

function mountProblem(mount: Mount): string | undefined {
  if (mount.Target === "") return "field Target must not be empty";
  const source = mount.Source ?? "";
  const target = checkTarget(mount.Target);
  switch (mount.Type) {
    case "bind":
      if (source === "") return "field Source must not be empty";
      return target ?? checkAbsolute(source) ?? bindProblem(mount);
    case "volume":
      return target ?? volumeProblem(mount);
    case "tmpfs":
      if (source !== "") return "field Source must not be specified";
      return target ?? tmpfsProblem(mount);
    case "image":
      return target ?? imageProblem(mount);
    case "npipe":
    case "cluster":
    default:
      return "mount type unknown";
  }
}

function bindProblem({ BindOptions: options }: Mount): string | undefined {
  const propagation = options?.Propagation ?? "";
  return PROPAGATION.has(propagation) ? undefined : `invalid propagation mode: ${propagation}`;
}

function volumeProblem({ Source: source, VolumeOptions: options }: Mount): string | undefined {
  const subpath = options?.Subpath ?? "";
  if (subpath === "") return undefined;
  return source ? subpathProblem(subpath) : "must not set Subpath when using anonymous volumes";
}

function imageProblem({ Source: source, ImageOptions: options }: Mount): string | undefined {
  if (!source) return "field Source must not be empty";
  return subpathProblem(options?.Subpath ?? "");
}

/** As it is written: what links on the way make of it is found at the start. */
function subpathProblem(subpath: string): string | undefined {
  const climbs = /^\.\.(\/|$)/.test(posix.normalize(subpath));
  return subpath.startsWith("/") || climbs ? "subpath must be a relative path within the volume" : undefined;
}

function tmpfsProblem({ TmpfsOptions: options }: Mount): string | undefined {
  for (const [name = ""] of options?.Options ?? []) {
    if (!TMPFS_OPTIONS.has(name)) return `invalid option: ${name}`;
  }
  return (options?.SizeBytes ?? 0) < 0 ? "SizeBytes must not be negative" : undefined;
}
