/**
 * What an overlay's upper directory changes in the tree below it, as `docker diff` tells it: moby compares both trees whole
 * (pkg/archive/changes.go), while here only what the upper directory holds is looked at. Sorted by path.
 */
import { readdirSync } from "node:fs";
import { hasCode } from "../base/errors.ts";
import { type FileStat, getXattr } from "../kernel/read-at.ts";
import type { Place, TreeView } from "./view.ts";
import { OPAQUE_XATTR } from "./xattrs.ts";

export type ChangeKind = "modified" | "added" | "deleted";

export interface Change {
  /** From the root, with a slash first and one character a byte. */
  readonly path: string;
  readonly kind: ChangeKind;
}

export function treeChanges(upper: TreeView, lower: TreeView): Change[] {
  const changes: Change[] = [];
  const walk: Walk = { upper, lower, changes };
  collect(walk, { path: "", below: lower });
  return changes;
}

interface Walk {
  readonly upper: TreeView;
  readonly lower: TreeView;
  readonly changes: Change[];
}

interface Directory {
  readonly path: string;
  /** Undefined when the tree below has no directory there. */
  readonly below: TreeView | undefined;
}

function collect(walk: Walk, { path, below }: Directory): void {
  using directory = walk.upper.openDirectory(path);
  const names = readdirSync(directory.procPath, { encoding: "latin1" });
  const isOpaque = below !== undefined && getXattr(directory.fd, OPAQUE_XATTR)?.toString() === "y";
  const hidden = isOpaque ? namesIn(below, path) : [];
  for (const name of [...new Set([...names, ...hidden])].sort()) {
    const full = path === "" ? name : `${path}/${name}`;
    using found = ifThere(() => walk.upper.child({ fd: directory.fd, path, mount: walk.upper.root }, name));
    if (found === undefined) walk.changes.push({ path: `/${full}`, kind: "deleted" });
    else compare(walk, found, below === undefined ? undefined : statBelow(below, full));
  }
}

function compare(walk: Walk, { stat, path }: Place, old: FileStat | undefined): void {
  const name = `/${path}`;
  if (isWhiteout(stat)) {
    if (old !== undefined) walk.changes.push({ path: name, kind: "deleted" });
    return;
  }
  const at = walk.changes.length;
  if (stat.type === "directory") collect(walk, { path, below: old?.type === "directory" ? walk.lower : undefined });
  const isChanged = walk.changes.length > at || old === undefined || isDifferent(stat, old);
  if (isChanged) walk.changes.splice(at, 0, { path: name, kind: old === undefined ? "added" : "modified" });
}

const isWhiteout = ({ type, major, minor }: FileStat): boolean => type === "char" && major === 0 && minor === 0;

/** Sizes and times of directories change with their content, which is compared by itself. */
function isDifferent(now: FileStat, old: FileStat): boolean {
  if (now.type !== old.type || now.mode !== old.mode || now.uid !== old.uid || now.gid !== old.gid) return true;
  if (now.major !== old.major || now.minor !== old.minor) return true;
  return now.type !== "directory" && (now.size !== old.size || !isSameTime(now, old));
}

/** Archives often have whole seconds only. */
function isSameTime(now: FileStat, old: FileStat): boolean {
  if (now.mtimeSec !== old.mtimeSec) return false;
  return now.mtimeNsec === 0 || old.mtimeNsec === 0 || now.mtimeNsec === old.mtimeNsec;
}

function namesIn(tree: TreeView, path: string): string[] {
  using directory = ifThere(() => tree.openDirectory(path));
  return directory === undefined ? [] : readdirSync(directory.procPath, { encoding: "latin1" });
}

function statBelow(tree: TreeView, path: string): FileStat | undefined {
  using place = ifThere(() => tree.locate(path, { follow: false }));
  return place?.stat;
}

function ifThere<T>(open: () => T): T | undefined {
  try {
    return open();
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "ELOOP"].some((code) => hasCode(error, code))) return undefined;
    throw error;
  }
}
