/**
 * File system work relative to an open directory, for trees that somebody else may be changing or has laid traps in.
 * Invariant: a `name` is one component of arbitrary bytes, never empty, ".", ".." or with a slash, and is never followed
 * when it is a symbolic link; only openInRoot() walks a path, and the kernel keeps that walk below its root.
 *
 * Not wrapped, because a name below an open directory is safely reached as `/proc/self/fd/<n>/<name>`: lstat, readlink,
 * readdir of node:fs. Open files are read and written with node:fs by their number.
 */
import { EBADF, EINVAL, SysError } from "./errno.ts";
import { OwnedFd } from "./fd.ts";
import { check, cstr, libc, printable } from "./ffi.ts";
import { O } from "./open-flags.ts";

/** An open directory's number: an OwnedFd's `fd`, or one of node:fs. */
export type DirFd = number;
export type Name = string | Uint8Array;

const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_REMOVEDIR = 0x200;
const AT_EMPTY_PATH = 0x1000;

const SYS_OPENAT2 = 437;
const RESOLVE_NO_MAGICLINKS = 0x02;
const RESOLVE_NO_SYMLINKS = 0x04;
const RESOLVE_BENEATH = 0x08;
const RESOLVE_IN_ROOT = 0x10;

const lib = libc({
  syscall: { args: ["i64", "i64", "ptr", "ptr", "i64"], returns: "i32" },
  openat: { args: ["i32", "ptr", "i32", "u32"], returns: "i32" },
  mkdirat: { args: ["i32", "ptr", "u32"], returns: "i32" },
  symlinkat: { args: ["ptr", "i32", "ptr"], returns: "i32" },
  linkat: { args: ["i32", "ptr", "i32", "ptr", "i32"], returns: "i32" },
  mknodat: { args: ["i32", "ptr", "u32", "u64"], returns: "i32" },
  fchownat: { args: ["i32", "ptr", "u32", "u32", "i32"], returns: "i32" },
  fchmod: { args: ["i32", "u32"], returns: "i32" },
  chmod: { args: ["ptr", "u32"], returns: "i32" },
  utimensat: { args: ["i32", "ptr", "ptr", "i32"], returns: "i32" },
  unlinkat: { args: ["i32", "ptr", "i32"], returns: "i32" },
  renameat: { args: ["i32", "ptr", "i32", "ptr"], returns: "i32" },
  renameat2: { args: ["i32", "ptr", "i32", "ptr", "u32"], returns: "i32" },
  fsetxattr: { args: ["i32", "ptr", "ptr", "u64", "i32"], returns: "i32" },
  setxattr: { args: ["ptr", "ptr", "ptr", "u64", "i32"], returns: "i32" },
});

const SLASH = 0x2f;
const EMPTY = cstr("");

/** The name with its NUL. Throws EINVAL for anything but a single real component. */
function component(name: Name): Buffer {
  const text = cstr(name);
  const bytes = text.subarray(0, -1);
  const dots = (bytes.length === 1 || bytes.length === 2) && bytes.every((byte) => byte === 0x2e);
  if (bytes.length === 0 || dots || bytes.includes(SLASH)) {
    throw new SysError("component", EINVAL, printable(name), "not a single name");
  }
  return text;
}

/** Opens a path as the host sees it, links followed: the place where a safe walk begins. */
export function openPath(path: Name, flags: number = O.PATH | O.DIRECTORY, mode = 0): OwnedFd {
  const text = cstr(path);
  return new OwnedFd(check("open", path, () => lib().openat(AT_FDCWD, text, flags | O.CLOEXEC, mode)));
}

export interface ResolveOptions {
  /** Flags of open(2); O_PATH when left out. */
  readonly flags?: number;
  /** For O_CREAT. */
  readonly mode?: number;
  /** Refuse symbolic links altogether (ELOOP) instead of resolving them below the root. */
  readonly noSymlinks?: boolean;
  /** Refuse what would lead out of the root (EXDEV), absolute links among it, instead of ending there. */
  readonly beneath?: boolean;
}

/**
 * Opens a path the way a process chrooted to `root` would: absolute links and ".." end at `root`, and /proc's magic links
 * are refused (ELOOP). After openat2(2), RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS. EAGAIN, a rename raced by, is retried.
 */
export function openInRoot(
  root: DirFd,
  path: Name,
  { flags = O.PATH, mode = 0, noSymlinks = false, beneath = false }: ResolveOptions = {},
): OwnedFd {
  const text = cstr(path);
  const within = beneath ? RESOLVE_BENEATH : RESOLVE_IN_ROOT;
  const resolve = within | RESOLVE_NO_MAGICLINKS | (noSymlinks ? RESOLVE_NO_SYMLINKS : 0);
  const how = new BigUint64Array([BigInt(flags | O.CLOEXEC), BigInt(mode), BigInt(resolve)]);
  return new OwnedFd(
    retryRaced(() => check("openat2", path, () => lib().syscall(SYS_OPENAT2, root, text, how, how.byteLength))),
  );
}

const RACE_RETRIES = 64;

/** openat2 gives EAGAIN when it cannot tell whether a concurrent rename led outside. */
function retryRaced(open: () => number): number {
  for (let attempt = 1; ; attempt++) {
    try {
      return open();
    } catch (error) {
      if (!(error instanceof SysError) || error.code !== "EAGAIN" || attempt === RACE_RETRIES) throw error;
    }
  }
}

/** Opens or makes `name`, never through a symbolic link (ELOOP). `flags` of open(2), such as O.WRONLY | O.CREAT | O.EXCL. */
export function openat(dir: DirFd, name: Name, flags: number, mode = 0): OwnedFd {
  const text = component(name);
  return new OwnedFd(check("openat", name, () => lib().openat(dir, text, flags | O.NOFOLLOW | O.CLOEXEC, mode)));
}

/** `mode` is cut by the umask. */
export function mkdirat(dir: DirFd, name: Name, mode = 0o755): void {
  const text = component(name);
  check("mkdirat", name, () => lib().mkdirat(dir, text, mode));
}

/** A link called `name` with any text as its target, which is not looked at. */
export function symlinkat(target: Name, dir: DirFd, name: Name): void {
  const [from, text] = [cstr(target), component(name)];
  check("symlinkat", name, () => lib().symlinkat(from, dir, text));
}

/** A hard link `name` to `from`; to a symbolic link itself when `from` is one. */
export function linkat(fromDir: DirFd, from: Name, dir: DirFd, name: Name): void {
  const [source, text] = [component(from), component(name)];
  check("linkat", name, () => lib().linkat(fromDir, source, dir, text, 0));
}

/** Another name of an open file (O_PATH will do) on the same mount. Takes the right to read any file, linkat(2). */
export function linkOpen(fd: number, dir: DirFd, name: Name): void {
  const text = component(name);
  check("linkat", name, () => lib().linkat(fd, EMPTY, dir, text, AT_EMPTY_PATH));
}

/** The kernel's encoding of a device number. */
export function makedev(major: number, minor: number): bigint {
  const [high, low] = [BigInt(major), BigInt(minor)];
  return ((high & 0xfffff000n) << 32n) | ((high & 0xfffn) << 8n) | ((low & 0xffffff00n) << 12n) | (low & 0xffn);
}

/** A device, fifo or socket: `mode` carries the type (S_IFCHR …) and is cut by the umask. */
export function mknodat(dir: DirFd, name: Name, mode: number, device = 0n): void {
  const text = component(name);
  check("mknodat", name, () => lib().mknodat(dir, text, mode, device));
}

/** Changes the owner of `name` itself, also of a symbolic link. Clears set-user-id: chmod comes after. */
export function fchownat(dir: DirFd, name: Name, uid: number, gid: number): void {
  const text = component(name);
  check("fchownat", name, () => lib().fchownat(dir, text, uid, gid, AT_SYMLINK_NOFOLLOW));
}

/** Changes the owner of an open file; an O_PATH descriptor will do. */
export function fchown(fd: number, uid: number, gid: number): void {
  check("fchown", `fd ${fd}`, () => lib().fchownat(fd, EMPTY, uid, gid, AT_EMPTY_PATH));
}

/** Runs the call by descriptor, and by its /proc path where the kernel refuses O_PATH descriptors (EBADF). */
function byDescriptor(fd: number, direct: () => void, byPath: (path: Buffer) => void): void {
  try {
    direct();
  } catch (error) {
    if (!(error instanceof SysError) || error.errno !== EBADF) throw error;
    byPath(cstr(`/proc/self/fd/${fd}`));
  }
}

/** Sets all permission bits of an open file; an O_PATH descriptor of anything but a symbolic link will do. */
export function fchmod(fd: number, mode: number): void {
  const subject = `fd ${fd}`;
  byDescriptor(
    fd,
    () => check("fchmod", subject, () => lib().fchmod(fd, mode)),
    (path) => check("chmod", subject, () => lib().chmod(path, mode)),
  );
}

const NS_PER_S = 1_000_000_000n;

/** Two struct timespec. Floors towards the past, so that times before 1970 keep a nanosecond part of 0 and more. */
function timespecs(...timesNs: readonly bigint[]): BigInt64Array {
  return BigInt64Array.from(
    timesNs.flatMap((ns) => {
      const nanos = ((ns % NS_PER_S) + NS_PER_S) % NS_PER_S;
      return [(ns - nanos) / NS_PER_S, nanos];
    }),
  );
}

/** Sets access and modification time, in nanoseconds since 1970, of `name` itself, also of a symbolic link. */
export function utimensat(dir: DirFd, name: Name, accessedNs: bigint, modifiedNs: bigint): void {
  const [text, times] = [component(name), timespecs(accessedNs, modifiedNs)];
  check("utimensat", name, () => lib().utimensat(dir, text, times, AT_SYMLINK_NOFOLLOW));
}

/** Sets the times of an open file; an O_PATH descriptor will do. */
export function futimens(fd: number, accessedNs: bigint, modifiedNs: bigint): void {
  const times = timespecs(accessedNs, modifiedNs);
  check("futimens", `fd ${fd}`, () => lib().utimensat(fd, EMPTY, times, AT_EMPTY_PATH));
}

/** Sets an extended attribute of an open file; an O_PATH descriptor will do, also of a symbolic link (trusted.* only). */
export function setxattr(fd: number, attribute: string, value: Uint8Array): void {
  const [name, subject] = [cstr(attribute), `${attribute} of fd ${fd}`];
  // A zero-length array has no address that FFI could pass.
  const data = value.length === 0 ? EMPTY : value;
  byDescriptor(
    fd,
    () => check("fsetxattr", subject, () => lib().fsetxattr(fd, name, data, value.length, 0)),
    (path) => check("setxattr", subject, () => lib().setxattr(path, name, data, value.length, 0)),
  );
}

/** Sets an extended attribute of `name` itself, also of a symbolic link. */
export function setxattrat(dir: DirFd, name: Name, attribute: string, value: Uint8Array): void {
  using file = openat(dir, name, O.PATH);
  setxattr(file.fd, attribute, value);
}

/** Removes a file, link or node; with `directory`, an empty directory instead. */
export function unlinkat(dir: DirFd, name: Name, { directory = false } = {}): void {
  const text = component(name);
  check("unlinkat", name, () => lib().unlinkat(dir, text, directory ? AT_REMOVEDIR : 0));
}

export function renameat(fromDir: DirFd, from: Name, dir: DirFd, name: Name): void {
  const [source, text] = [component(from), component(name)];
  check("renameat", name, () => lib().renameat(fromDir, source, dir, text));
}

const RENAME_EXCHANGE = 2;

/** Two names trade places, both at once; they lie on one file system. */
export function exchange(oneDir: DirFd, one: Name, otherDir: DirFd, other: Name): void {
  const [source, text] = [component(one), component(other)];
  check("renameat2", other, () => lib().renameat2(oneDir, source, otherDir, text, RENAME_EXCHANGE));
}
