/**
 * Follows a path as a process inside a root directory would, links and all, without opening anything. It answers where a
 * path leads while the tree stands still; whoever acts on a tree that may change resolves again, in the kernel.
 */
import { readlinkSync } from "node:fs";
import { hasCode, invalidParameter } from "../../base/errors.ts";

const MOST_LINKS = 40;

/** The absolute path inside `root` that `path` leads to, as far as it exists; the rest is taken as written. Throws on a loop. */
export function walkInRoot(root: string, path: string): string {
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
    const target = reached[0] === "proc" ? undefined : linkTarget(`${root}/${[...reached, part].join("/")}`);
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
function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    if (NOT_A_LINK.some((code) => hasCode(error, code))) return undefined;
    throw error;
  }
}
