/** Paths of a directory that are asked for, with the links on the way to them: where a link leads is wanted as well (fsutil, FollowLinks). */
import { lstatSync, readdirSync, readlinkSync } from "node:fs";
import { posix } from "node:path";
import { hasCode } from "../../../base/errors.ts";
import { compilePattern } from "../../../dockerfile/ignore.ts";

const WILDCARD = /[*?[\\]/;
/** As many links as the kernel follows in one walk, path_resolution(7). */
const MAX_LINKS = 40;

/** Clean paths relative to `root`, "" for all of it. Links end at the root. What is not there is left out. */
export function followPaths(root: string, paths: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const path of paths) follow({ root, found, links: 0 }, "", partsOf(path));
  return found;
}

interface Walk {
  readonly root: string;
  readonly found: Set<string>;
  readonly links: number;
}

const partsOf = (path: string): string[] =>
  posix
    .normalize(`/${path}`)
    .split("/")
    .filter((part) => part !== "");

function follow(walk: Walk, directory: string, [part, ...rest]: readonly string[]): void {
  if (part === undefined) {
    walk.found.add(directory);
    return;
  }
  if (part === "**") {
    walk.found.add(directory);
    return;
  }
  for (const name of WILDCARD.test(part) ? matchesIn(walk.root, directory, part) : [part]) {
    const path = posix.join(directory, name);
    const target = linkTarget(walk.root, path);
    if (target === undefined) {
      follow(walk, path, rest);
    } else {
      walk.found.add(path);
      const next = { ...walk, links: walk.links + 1 };
      const from = target.startsWith("/") ? target : `${directory}/${target}`;
      if (next.links <= MAX_LINKS) follow(next, "", [...partsOf(from), ...rest]);
    }
  }
}

function matchesIn(root: string, directory: string, pattern: string): string[] {
  const expression = compilePattern(pattern);
  try {
    return readdirSync(posix.join(root, directory)).filter((name) => expression.test(name));
  } catch (error) {
    if (hasCode(error, "ENOENT") || hasCode(error, "ENOTDIR")) return [];
    throw error;
  }
}

/** Undefined for what is no link, or not there. */
function linkTarget(root: string, path: string): string | undefined {
  const full = posix.join(root, path);
  try {
    return lstatSync(full).isSymbolicLink() ? readlinkSync(full) : undefined;
  } catch (error) {
    if (hasCode(error, "ENOENT") || hasCode(error, "ENOTDIR")) return undefined;
    throw error;
  }
}
