/** Where the machine's control groups are: version 1 controllers, the version 2 tree, or both side by side. Pure but for the mount table. */
import { type MountInfo, readMounts } from "./mountinfo.ts";

export interface CgroupLayout {
  /** Directory of each version 1 hierarchy by controller ("memory"), or by its name ("name=systemd"). */
  readonly v1: ReadonlyMap<string, string>;
  /** Directory of the version 2 tree; it is the only one when `v1` is empty. */
  readonly v2: string | undefined;
}

/** Mount options of a version 1 hierarchy that name no controller. */
const PLAIN_OPTIONS = new Set(["rw", "ro", "xattr", "noprefix", "clone_children", "cpuset_v2_mode"]);

function controllers(superOptions: string): string[] {
  return superOptions.split(",").filter((option) => !PLAIN_OPTIONS.has(option) && !option.startsWith("release_agent="));
}

/** Reads the layout off a mount table. The first mount of a hierarchy counts, so that later bind mounts change nothing. */
export function toCgroupLayout(mounts: readonly MountInfo[]): CgroupLayout {
  const v1 = new Map<string, string>();
  let v2: string | undefined;
  for (const { type, target, superOptions } of mounts) {
    if (type === "cgroup2") v2 ??= target;
    if (type !== "cgroup") continue;
    for (const controller of controllers(superOptions)) {
      if (!v1.has(controller)) v1.set(controller, target);
    }
  }
  return { v1, v2 };
}

export function detectCgroups(): CgroupLayout {
  return toCgroupLayout(readMounts());
}

export function isPureV2({ v1, v2 }: CgroupLayout): boolean {
  return v2 !== undefined && v1.size === 0;
}

/** Throws RangeError for a path that is not absolute or climbs: it would lead out of the hierarchy. */
function below(hierarchy: string, path: string): string {
  if (!path.startsWith("/") || path.split("/").includes("..")) throw new RangeError(`invalid cgroup path ${path}`);
  return `${hierarchy}${path}`.replace(/\/+$/, "");
}

/** The cgroup's directory in each hierarchy, existing or not, every directory once. */
export function cgroupDirectories({ v1, v2 }: CgroupLayout, path: string): string[] {
  const hierarchies = new Set([...v1.values(), ...(v2 === undefined ? [] : [v2])]);
  return [...hierarchies].map((hierarchy) => below(hierarchy, path));
}

/** The cgroup's directory where this controller is handled: its version 1 hierarchy, or else the version 2 tree. */
export function controllerDirectory({ v1, v2 }: CgroupLayout, controller: string, path: string): string | undefined {
  const hierarchy = v1.get(controller) ?? v2;
  return hierarchy === undefined ? undefined : below(hierarchy, path);
}
