/**
 * What can be learned of files relative to an open directory, without following a link: statx(2), readlinkat(2), extended
 * attributes and the holes of a file. The counterpart of at.ts, which makes and changes files; names are as there.
 */
import type { DirFd, Name } from "./at.ts";
import { EINVAL, SysError } from "./errno.ts";
import { briefCstr, check, cstr, libc } from "./ffi.ts";

const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_NO_AUTOMOUNT = 0x800;
const AT_EMPTY_PATH = 0x1000;
const STATX_BASIC_STATS = 0x7ff;
const STATX_BYTES = 256;

const SEEK_DATA = 3;
const SEEK_HOLE = 4;

const lib = libc({
  statx: { args: ["i32", "ptr", "i32", "u32", "ptr"], returns: "i32" },
  readlinkat: { args: ["i32", "ptr", "ptr", "u64"], returns: "i64" },
  flistxattr: { args: ["i32", "ptr", "u64"], returns: "i64" },
  fgetxattr: { args: ["i32", "ptr", "ptr", "u64"], returns: "i64" },
  lseek: { args: ["i32", "i64", "i32"], returns: "i64" },
  getdents64: { args: ["i32", "ptr", "u64"], returns: "i64" },
});

export type FileType = "file" | "directory" | "symlink" | "char" | "block" | "fifo" | "socket";

export interface FileStat {
  readonly type: FileType;
  /** Permission bits with set-user-id and its like. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Bytes that have room on the disk; less than `size` for a file with holes. */
  readonly allocated: number;
  readonly links: number;
  /** Unique together with `device`. */
  readonly inode: bigint;
  /** Of the file system, "major:minor". */
  readonly device: string;
  readonly mtimeSec: number;
  readonly mtimeNsec: number;
  /** Of a device node itself. */
  readonly major: number;
  readonly minor: number;
}

const S_IFMT = 0o170000;
const TYPES: Readonly<Record<number, FileType>> = {
  0o100000: "file",
  0o040000: "directory",
  0o120000: "symlink",
  0o020000: "char",
  0o060000: "block",
  0o010000: "fifo",
  0o140000: "socket",
};

const EMPTY = cstr("");
const statBytes = Buffer.alloc(STATX_BYTES);
const statView = new DataView(statBytes.buffer, statBytes.byteOffset, STATX_BYTES);

/** Of `name` itself, also when it is a symbolic link. */
export function statAt(dir: DirFd, name: Name): FileStat {
  const text = briefCstr(name);
  const flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT;
  check("statx", name, () => lib().statx(dir, text, flags, STATX_BASIC_STATS, statBytes));
  return decodeStat();
}

/** The same; undefined when there is nothing of that name. */
export function statIfThere(dir: DirFd, name: Name): FileStat | undefined {
  try {
    return statAt(dir, name);
  } catch (error) {
    if (!(error instanceof SysError) || error.code !== "ENOENT") throw error;
    return undefined;
  }
}

/** Of an open file; an O_PATH descriptor will do. */
export function statFd(fd: number): FileStat {
  check("statx", `fd ${fd}`, () => lib().statx(fd, EMPTY, AT_EMPTY_PATH, STATX_BASIC_STATS, statBytes));
  return decodeStat();
}

const u32 = (at: number): number => statView.getUint32(at, true);
/** Numbers that are far from 2^53: quicker than by way of a big one. */
const u64 = (at: number): number => u32(at + 4) * 2 ** 32 + u32(at);

/** Nearly all files that are looked at one after the other are on one device. */
let lastDevice = { major: -1, minor: -1, name: "" };

function deviceName(major: number, minor: number): string {
  if (lastDevice.major !== major || lastDevice.minor !== minor) {
    lastDevice = { major, minor, name: `${major}:${minor}` };
  }
  return lastDevice.name;
}

/** struct statx, in linux/stat.h. */
function decodeStat(): FileStat {
  const mode = statView.getUint16(28, true);
  const type = TYPES[mode & S_IFMT];
  if (type === undefined) throw new SysError("statx", EINVAL, "file", `mode 0${mode.toString(8)}`);
  return {
    type,
    mode: mode & 0o7777,
    uid: u32(20),
    gid: u32(24),
    size: u64(40),
    allocated: u64(48) * 512,
    links: u32(16),
    inode: statView.getBigUint64(32, true),
    device: deviceName(u32(136), u32(140)),
    mtimeSec: Number(statView.getBigInt64(112, true)),
    mtimeNsec: u32(120),
    major: u32(128),
    minor: u32(132),
  };
}

/** PATH_MAX; the kernel keeps no longer target. */
const linkBytes = Buffer.alloc(4096);

/** The target of an open symbolic link (O_PATH | O_NOFOLLOW), with one character a byte. */
export function readLink(fd: number): string {
  const length = check("readlinkat", `fd ${fd}`, () =>
    Number(lib().readlinkat(fd, EMPTY, linkBytes, linkBytes.length)),
  );
  return linkBytes.toString("latin1", 0, length);
}

/** XATTR_LIST_MAX and XATTR_SIZE_MAX. */
const XATTR_BYTES = 65_536;
const xattrBytes = Buffer.alloc(XATTR_BYTES);

/** The names of an open file's extended attributes; a real descriptor, not an O_PATH one. None where the file system has none. */
export function listXattrs(fd: number): string[] {
  let length: number;
  try {
    length = check("flistxattr", `fd ${fd}`, () => Number(lib().flistxattr(fd, xattrBytes, XATTR_BYTES)));
  } catch (error) {
    if (!(error instanceof SysError) || error.code !== "EOPNOTSUPP") throw error;
    return [];
  }
  return length === 0 ? [] : xattrBytes.toString("latin1", 0, length - 1).split("\0");
}

/** The value of one; undefined when it is gone. */
export function getXattr(fd: number, attribute: string): Buffer | undefined {
  const name = cstr(attribute);
  try {
    const length = check("fgetxattr", `${attribute} of fd ${fd}`, () =>
      Number(lib().fgetxattr(fd, name, xattrBytes, XATTR_BYTES)),
    );
    return Buffer.from(xattrBytes.subarray(0, length));
  } catch (error) {
    if (error instanceof SysError && (error.code === "ENODATA" || error.code === "EOPNOTSUPP")) return undefined;
    throw error;
  }
}

/** The next stretch of an open file that holds data, from `offset` on; undefined when only a hole is left. */
export function nextData(fd: number, offset: number): { readonly start: number; readonly end: number } | undefined {
  try {
    const start = check("lseek", `fd ${fd}`, () => Number(lib().lseek(fd, offset, SEEK_DATA)));
    const end = check("lseek", `fd ${fd}`, () => Number(lib().lseek(fd, start, SEEK_HOLE)));
    return { start, end };
  } catch (error) {
    if (error instanceof SysError && error.code === "ENXIO") return undefined;
    throw error;
  }
}

/** Room for about a hundred entries with short names. */
const direntBytes = Buffer.alloc(4096);

/** How many entries a freshly opened directory has, counted no further than `most`: quick for a directory of any size. */
export function countEntries(fd: number, most: number): number {
  let count = 0;
  while (count < most) {
    const length = check("getdents64", `fd ${fd}`, () => Number(lib().getdents64(fd, direntBytes, direntBytes.length)));
    if (length === 0) return count;
    for (let at = 0; at < length; at += direntBytes.readUInt16LE(at + 16)) if (!isDots(at + 19)) count++;
  }
  return most;
}

/** Whether "." or ".." stands there. */
function isDots(at: number): boolean {
  const [first, second, third] = direntBytes.subarray(at, at + 3);
  return first === 0x2e && (second === 0 || (second === 0x2e && third === 0));
}
