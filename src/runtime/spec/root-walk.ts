/**
 * Follows a path as a process inside a root directory would, links and all, without opening anything. It answers where a
 * path leads while the tree stands still; whoever acts on a tree that may change resolves again, in the kernel.
 */
import { readlinkSync } from "node:fs";
import { hasCode, invalidParameter } from "../../base/errors.ts";

const MOST_LINKS = 40;

/** Where on the host something in the container lies; undefined for what is nowhere but in the container. */
export type HostPath = (inside: string) => string | undefined;

/** The absolute path inside `root` that `path` leads to, as far as it exists; the rest is taken as written. Throws on a loop. */
export function walkInRoot(root: string, path: string): string {
  return walk(path, (inside) => root + inside);
}

/** The same in a root over parts of which other things lie. */
export function walk(path: string, hostPath: HostPath): string {
  const left = path.split("/").reverse();
  const reached: string[] = [];
  let links = 0;
  for (let part = left.pop(); part !== undefined; part = left.pop()) {
    if (part === "" || part === ".") continue;
    if (part === "..") {
      reached.pop();
      continue;
    }
    // The links of procfs lead to whatever the reader's own process has: they are left as they are written.
    const target = reached[0] === "proc" ? undefined : linkTarget(hostPath(`/${[...reached, part].join("/")}`));
    if (target === undefined) {
      reached.push(part);
      continue;
    }
    if (++links > MOST_LINKS) throw invalidParameter(`${path}: too many levels of symbolic links`);
    if (target.startsWith("/")) reached.length = 0;
    left.push(...target.split("/").reverse());
  }
  return `/${reached.join("/")}`;
}

/** readlink(2): EINVAL is anything but a link. */
const NOT_A_LINK = ["EINVAL", "ENOENT", "ENOTDIR", "EACCES"];

/** Undefined for anything but a link, also when there is nothing. */
function linkTarget(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    return readlinkSync(path);
  } catch (error) {
    if (NOT_A_LINK.some((code) => hasCode(error, code))) return undefined;
    throw error;
  }
}
