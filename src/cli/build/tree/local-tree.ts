/** A directory of the user's as it is sent to the engine: entries in fsutil's order, owners left out, contents when they are asked for. */
import { type BigIntStats, lstatSync, readdirSync, readlinkSync } from "node:fs";
import { hasCode } from "../../../base/errors.ts";
import type { FileStat, FilesWanted, OutgoingTree } from "../../../wire/file-transfer.ts";
import { followPaths } from "./follow.ts";
import { createSelection, type Selection } from "./selection.ts";

/** Entries between which other work may run. */
const YIELD_EVERY = 256;

/** `root` is absolute. */
export function localTree(root: string, wanted: FilesWanted): OutgoingTree {
  return {
    entries: entriesOf(root, createSelection(wanted, followPaths(root, wanted.follow))),
    read: (path) => Bun.file(`${root}/${path}`).stream(),
  };
}

async function* entriesOf(root: string, selection: Selection): AsyncGenerator<FileStat> {
  let count = 0;
  for (const entry of walk(root, selection)) {
    yield entry;
    if (++count % YIELD_EVERY === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}

interface Level {
  /** With a slash at its end, or "". */
  readonly prefix: string;
  /** What is to come, backwards. */
  readonly names: string[];
}

/** A directory that is not asked for is sent with the first entry below it that is. */
function* walk(root: string, selection: Selection): Generator<FileStat> {
  const links = new Map<string, string>();
  const levels: Level[] = [{ prefix: "", names: namesIn(root) }];
  let held: FileStat[] = [];
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const { prefix, names } = level;
    const name = names.pop();
    held = held.filter(({ path }) => prefix.startsWith(`${path}/`));
    if (name === undefined) {
      levels.pop();
      continue;
    }
    const path = prefix + name;
    const isTaken = selection.takes(path);
    const mayHold = selection.entersBelow(path);
    if (!isTaken && !mayHold) continue;
    const about = lstatIfThere(`${root}/${path}`);
    if (about === undefined || about.isSocket()) continue;
    if (isTaken) {
      yield* held;
      held = [];
      yield toFileStat(root, path, about, links);
    }
    if (!about.isDirectory() || !mayHold) continue;
    if (!isTaken) held.push(toFileStat(root, path, about, links));
    levels.push({ prefix: `${path}/`, names: namesIn(`${root}/${path}`) });
  }
}

/** Backwards, by their bytes. */
function namesIn(directory: string): string[] {
  const names = readdirSync(directory);
  const isPlain = names.every((name) => /^[\x20-\x7e]*$/.test(name));
  if (isPlain) return names.sort().reverse();
  return names.sort((a, b) => Buffer.compare(Buffer.from(b), Buffer.from(a)));
}

function lstatIfThere(path: string): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true });
  } catch (error) {
    // Gone since its directory was read.
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** The second name of a file tells the first, in place of its content. */
function toFileStat(root: string, path: string, about: BigIntStats, links: Map<string, string>): FileStat {
  const type = typeOf(about);
  const file = `${about.dev}:${about.ino}`;
  const first = type === "file" && about.nlink > 1n ? links.get(file) : undefined;
  if (type === "file" && about.nlink > 1n && first === undefined) links.set(file, path);
  const isDevice = type === "char" || type === "block";
  return {
    path,
    type,
    mode: Number(about.mode & 0o7777n),
    uid: 0,
    gid: 0,
    size: type === "file" && first === undefined ? Number(about.size) : 0,
    mtimeNs: about.mtimeNs,
    linkName: type === "symlink" ? readlinkSync(`${root}/${path}`) : (first ?? ""),
    major: isDevice ? majorOf(about.rdev) : 0,
    minor: isDevice ? minorOf(about.rdev) : 0,
    xattrs: new Map(),
  };
}

function typeOf(about: BigIntStats): FileStat["type"] {
  if (about.isDirectory()) return "directory";
  if (about.isSymbolicLink()) return "symlink";
  if (about.isCharacterDevice()) return "char";
  if (about.isBlockDevice()) return "block";
  return about.isFIFO() ? "fifo" : "file";
}

/** gnu_dev_major(3). */
const majorOf = (device: bigint): number => Number(((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n));
const minorOf = (device: bigint): number => Number((device & 0xffn) | ((device >> 12n) & 0xffffff00n));
