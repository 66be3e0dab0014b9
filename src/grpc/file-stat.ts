/** fsutil's description of a file, whose mode has Go's bits, as ours and back. What a client says is checked here. Pure. */
import { invalidParameter } from "../base/errors.ts";
import type { Stat } from "../wire/buildkit/common.ts";
import type { FileStat } from "../wire/file-transfer.ts";
import type { Sendable } from "../wire/protobuf/message.ts";

const GO = {
  directory: 2 ** 31,
  symlink: 1 << 27,
  device: 1 << 26,
  fifo: 1 << 25,
  socket: 1 << 24,
  setuid: 1 << 23,
  setgid: 1 << 22,
  char: 1 << 21,
  sticky: 1 << 20,
} as const;

const has = (mode: number, bit: number): boolean => Math.floor(mode / bit) % 2 === 1;

function typeOf(mode: number): FileStat["type"] | undefined {
  if (has(mode, GO.directory)) return "directory";
  if (has(mode, GO.symlink)) return "symlink";
  if (has(mode, GO.device)) return has(mode, GO.char) ? "char" : "block";
  if (has(mode, GO.fifo)) return "fifo";
  return has(mode, GO.socket) ? undefined : "file";
}

/** Undefined for a socket, which nobody can send. Throws invalidParameter for a path that could lead elsewhere. */
export function fromStat(stat: Stat): FileStat | undefined {
  const type = typeOf(stat.mode);
  if (type === undefined) return undefined;
  checkPath(stat.path);
  if (type === "file" && stat.linkName !== "") checkPath(stat.linkName);
  const special = (bit: number, mode: number): number => (has(stat.mode, bit) ? mode : 0);
  const { path, uid, gid, size, linkName, major, minor, xattrs } = stat;
  return {
    path,
    type,
    mode: (stat.mode % 0o1000) | special(GO.setuid, 0o4000) | special(GO.setgid, 0o2000) | special(GO.sticky, 0o1000),
    uid,
    gid,
    size,
    mtimeNs: stat.modTime,
    linkName,
    major,
    minor,
    xattrs,
  };
}

const TYPE_BITS: Readonly<Record<FileStat["type"], number>> = {
  file: 0,
  directory: GO.directory,
  symlink: GO.symlink,
  char: GO.device + GO.char,
  block: GO.device,
  fifo: GO.fifo,
};

export function toStat(entry: FileStat): Sendable<Stat> {
  const { path, type, mode, uid, gid, size, mtimeNs, linkName, major, minor, xattrs } = entry;
  const special = (mode & 0o4000 ? GO.setuid : 0) + (mode & 0o2000 ? GO.setgid : 0) + (mode & 0o1000 ? GO.sticky : 0);
  const bits = TYPE_BITS[type] + special + (mode & 0o777);
  return { path, mode: bits, uid, gid, size, modTime: mtimeNs, linkName, major, minor, xattrs };
}

/** A component that is none, "." or "..", also for a path that is empty, absolute or ends with a slash. */
const UNCLEAN = /(?:^|\/)\.{0,2}(?:\/|$)|\0/;

function checkPath(path: string): void {
  if (UNCLEAN.test(path)) throw invalidParameter(`invalid path ${JSON.stringify(path)} in a transfer of files`);
}

const SLASH = 0x2f;
const FIRST_SURROGATE = 0xd800;

/** fsutil's order: by the components of the path, so that what a directory holds follows it. */
export function comparePaths(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const [left, right] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (left === right) continue;
    if (left === SLASH) return -1;
    if (right === SLASH) return 1;
    // From there on the order of the bytes is another one.
    if (left >= FIRST_SURROGATE && right >= FIRST_SURROGATE) return Buffer.from(a).compare(Buffer.from(b));
    return left - right;
  }
  return a.length - b.length;
}
