/** The user's own files as the ends of a copy. Errors are Go's. */
import { lstatSync, readlinkSync, realpathSync, type Stats, statSync } from "node:fs";
import { hasCode } from "../../base/errors.ts";
import { absolutePath } from "../container/paths.ts";
import { CommandError } from "../errors.ts";
import { baseOf, clean, endsInSlash, keepEnding, keepName, splitEntry } from "./paths.ts";
import type { CopyDestination, CopySource } from "./plan.ts";

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "no such file or directory",
  EACCES: "permission denied",
  ENOTDIR: "not a directory",
  ELOOP: "too many levels of symbolic links",
  ENAMETOOLONG: "file name too long",
};
const MAX_LINKS = 10;

/** Absolute, with the slash or dot that `path` ends in. */
export function toLocalPath(cwd: string, path: string): string {
  return keepEnding(clean(absolutePath(cwd, path)), path);
}

/** The real path. What is not there is named by the last link that leads to it. */
function followed(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
    const end = localEnd(path);
    return go("lstat", end, (at) => realpathSync(at));
  }
}

/** A source has to be there. Its last link is followed only when asked to. */
export function localSource(path: string, follow: boolean): CopySource {
  const { path: resolved, name } = follow ? keepName(path, go("lstat", path, followed)) : resolveParent(path);
  return { path: resolved, name, isDirectory: go("lstat", resolved, (at) => lstatSync(at)).isDirectory() };
}

function resolveParent(path: string): { path: string; name: string } {
  const slash = path.lastIndexOf("/") + 1;
  const parent = go("lstat", path.slice(0, slash), (at) => realpathSync(at));
  const resolved = `${parent === "/" ? "" : parent}/${path.slice(slash)}`;
  return { path: resolved, name: endsInSlash(path) && baseOf(path) !== baseOf(resolved) ? baseOf(path) : "" };
}

/** A destination, or at least the directory that it goes into, has to be there. Links are followed, also to nowhere. */
export function localDestination(original: string): CopyDestination {
  const path = localEnd(original);
  const found = lstatIfThere(path);
  return found === undefined ? missingDestination(path) : { path, kind: found.isDirectory() ? "directory" : "other" };
}

/** Where the links of a path's last name lead, there or not. */
function localEnd(original: string): string {
  let path = original;
  for (let links = 0; links <= MAX_LINKS; links++) {
    if (lstatIfThere(path)?.isSymbolicLink() !== true) return path;
    const target = readlinkSync(path.replace(/\/+$/, ""));
    path = target.startsWith("/") ? target : clean(`${splitEntry(path).directory}/${target}`);
  }
  throw new CommandError(`too many symlinks in ${original}`);
}

function missingDestination(path: string): CopyDestination {
  const { directory } = splitEntry(path);
  if (!go("stat", directory, (at) => statSync(at)).isDirectory()) throw new CommandError("not a directory");
  return { path, kind: undefined };
}

/** Refuses what no file can be written to, before anything is asked of the engine (docker/cli, ValidateOutputPath). */
export function checkLocalDestination(path: string): void {
  const { directory } = splitEntry(path);
  if (statIfThere(directory) === undefined) {
    throw new CommandError(`invalid output path: directory ${JSON.stringify(directory)} does not exist`);
  }
  const found = statIfThere(path);
  if (found?.isCharacterDevice() === true || found?.isBlockDevice() === true) {
    throw new CommandError(
      `invalid output path: ${JSON.stringify(path)} must be a directory or a regular file: got a device`,
    );
  }
}

function lstatIfThere(path: string): Stats | undefined {
  return ifThere(() => go("lstat", path, (at) => lstatSync(at)));
}

function statIfThere(path: string): Stats | undefined {
  return ifThere(() => go("stat", path, (at) => statSync(at)));
}

function ifThere<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (error instanceof CommandError && hasCode(error.cause, "ENOENT")) return undefined;
    throw error;
  }
}

/** Runs a look at a file; its failure reads as in Go. */
function go<T>(call: "lstat" | "stat", path: string, look: (path: string) => T): T {
  try {
    return look(path);
  } catch (cause) {
    const code = Object.keys(REASONS).find((known) => hasCode(cause, known));
    if (code === undefined) throw cause;
    throw new CommandError(`${call} ${path}: ${REASONS[code]}`, 1, { cause });
  }
}
