/** `shared` and `slave` binds only mean something where the host's own mount takes part; Docker refuses the others (moby validateRootfsPropagation …). */
import { realpathSync } from "node:fs";
import { systemError } from "../base/errors.ts";
import { type MountInfo, readMounts } from "../kernel/mountinfo.ts";
import type { UserMount } from "./spec/user-mount.ts";

/** Throws a system error in Docker's words. Reads the mount table only for the binds that need it. */
export function checkPropagation({ source, propagation }: UserMount): void {
  const wanted = propagation.replace(/^r/, "");
  if (wanted === "private") return;
  const { target, propagation: own } = mountOf(realpathSync(source), readMounts());
  const isShared = own.some((word) => word.startsWith("shared:"));
  const isSlave = own.some((word) => word.startsWith("master:"));
  if (isShared || (wanted === "slave" && isSlave)) return;
  const kind = wanted === "slave" ? "shared or slave" : "shared";
  throw systemError(`path ${source} is mounted on ${target} but it is not a ${kind} mount`);
}

/** The mount that a path lies on: the deepest, and of those at one place the latest. */
function mountOf(path: string, mounts: readonly MountInfo[]): Pick<MountInfo, "target" | "propagation"> {
  const holds = ({ target }: MountInfo): boolean => target === "/" || path === target || path.startsWith(`${target}/`);
  const found = mounts.filter(holds).toSorted((a, b) => a.target.length - b.target.length);
  return found.at(-1) ?? { target: "/", propagation: [] };
}
