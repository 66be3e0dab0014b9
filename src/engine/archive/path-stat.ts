/** What a file thread found, as the API tells it. */
import { posix } from "node:path";
import { toRfc3339 } from "../../base/clock.ts";
import type { PathFacts } from "../../files/threads/protocol.ts";
import type { FileStat, FileType } from "../../kernel/read-at.ts";
import type { PathStat } from "../../wire/archive.ts";
import { FILE_MODE } from "../../wire/file-mode.ts";

const KINDS: Readonly<Record<FileType, number>> = {
  file: 0,
  directory: FILE_MODE.DIRECTORY,
  symlink: FILE_MODE.SYMLINK,
  char: FILE_MODE.DEVICE + FILE_MODE.CHAR_DEVICE,
  block: FILE_MODE.DEVICE,
  fifo: FILE_MODE.NAMED_PIPE,
  socket: FILE_MODE.SOCKET,
};

const SPECIAL: readonly (readonly [bit: number, mode: number])[] = [
  [0o4000, FILE_MODE.SET_UID],
  [0o2000, FILE_MODE.SET_GID],
  [0o1000, FILE_MODE.STICKY],
];

/** `path` is absolute, with its trailing slash or dot. */
export function toPathStat(path: string, { stat, target }: PathFacts): PathStat {
  return {
    name: baseName(path),
    size: stat.size,
    mode: toFileMode(stat),
    mtime: toRfc3339(BigInt(stat.mtimeSec) * 1_000_000_000n + BigInt(stat.mtimeNsec)),
    linkTarget: Buffer.from(target, "latin1").toString(),
  };
}

function toFileMode({ type, mode }: FileStat): number {
  const special = SPECIAL.filter(([bit]) => (mode & bit) !== 0).map(([, value]) => value);
  return [KINDS[type], mode & 0o777, ...special].reduce((sum, part) => sum + part);
}

/** Go's filepath.Base: "/" of the root, "." of a path that ends in it. */
export function baseName(path: string): string {
  return posix.basename(path) || "/";
}
