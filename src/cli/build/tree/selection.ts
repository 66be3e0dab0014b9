/** Which entries of a directory are sent: those that are asked for, without those that .dockerignore's patterns leave out (fsutil, filter). */
import { compilePattern, IgnoreMatcher } from "../../../dockerfile/ignore.ts";
import type { WalkSelection } from "../../../files/walk.ts";
import type { FilesWanted } from "../../../wire/file-transfer.ts";

/** `followed` are the paths that `wanted.follow` has led to. */
export function createSelection(
  { include, exclude, follow }: FilesWanted,
  followed: ReadonlySet<string>,
): WalkSelection {
  const isAll = include.length + follow.length === 0 || followed.has("");
  const included = include.length === 0 ? undefined : new IgnoreMatcher(include);
  const excluded = exclude.length === 0 ? undefined : new IgnoreMatcher(exclude);
  const above = new Set([...followed].flatMap(parentsOf));
  const patterns = include.filter((pattern) => !pattern.startsWith("!")).map((pattern) => pattern.split("/"));
  const isFollowed = (path: string): boolean =>
    followed.size > 0 && (followed.has(path) || parentsOf(path).some((parent) => followed.has(parent)));
  const isWanted = (path: string): boolean => isAll || isFollowed(path) || included?.ignores(path) === true;
  return {
    takes: (path) => isWanted(path) && excluded?.ignores(path) !== true,
    entersBelow: (directory) =>
      excluded?.skipsBelow(directory) !== true &&
      (isWanted(directory) || above.has(directory) || patterns.some((parts) => mayMatchBelow(parts, directory))),
  };
}

/** Without the path itself. */
function parentsOf(path: string): string[] {
  const parts = path.split("/");
  return parts.slice(1).map((_, at) => parts.slice(0, at + 1).join("/"));
}

function mayMatchBelow(pattern: readonly string[], directory: string): boolean {
  const names = directory.split("/");
  for (const [at, name] of names.entries()) {
    const part = pattern[at];
    if (part === undefined) return false;
    if (part.includes("**")) return true;
    if (!compilePattern(part).test(name)) return false;
  }
  return pattern.length > names.length;
}
