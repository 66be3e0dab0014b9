/**
 * Copies a tree of files with owners, modes, times, extended attributes, hard links, devices and holes, sharing contents where
 * the file system can. No link is followed: what somebody puts in the way of a walk makes it fail or is copied as what it is.
 * A copy that was interrupted can be gone on with: a file is as its original, its time included, only once it is whole.
 * Blocking; for a worker unless the tree is small.
 */
import { readdirSync } from "node:fs";
import { hasCode } from "../base/errors.ts";
import {
  fchmod,
  fchown,
  fchownat,
  futimens,
  linkat,
  makedev,
  mkdirat,
  mknodat,
  openat,
  openInRoot,
  setxattr,
  symlinkat,
  utimensat,
} from "../kernel/at.ts";
import type { OwnedFd } from "../kernel/fd.ts";
import { O } from "../kernel/open-flags.ts";
import {
  countEntries,
  type FileStat,
  getXattr,
  listXattrs,
  readLink,
  statAt,
  statFd,
  statIfThere,
} from "../kernel/read-at.ts";
import { copyContents } from "./copy-contents.ts";
import { removeEntry } from "./remove-entry.ts";

/** So far. */
export interface Copied {
  readonly files: number;
  readonly bytes: number;
}

/** `to` is an empty directory, or one that an interrupted copy left, and takes the attributes of `from`. `checkpoint` is called often and may throw to stop. */
export function copyTree(from: OwnedFd, to: OwnedFd, checkpoint: (copied: Copied) => void): Copied {
  const copy = new TreeCopy(from, to, checkpoint);
  copy.run();
  return copy.copied;
}

/** Few files in one directory: copying them takes about a millisecond. */
export function isSmallTree(directory: OwnedFd): boolean {
  if (countEntries(directory.fd, SMALL_COUNT + 1) > SMALL_COUNT) return false;
  const names = readdirSync(directory.procPath, { encoding: "buffer" });
  const stats = names.map((name) => statAt(directory.fd, name));
  return (
    stats.every(({ type }) => type !== "directory") && stats.reduce((sum, { size }) => sum + size, 0) <= SMALL_BYTES
  );
}

const SMALL_COUNT = 32;
const SMALL_BYTES = 1024 * 1024;

const DIRECTORY = O.RDONLY | O.DIRECTORY;
const TOP = Buffer.from(".");
const SLASH = Buffer.from("/");

const TYPE_BITS = { char: 0o020000, block: 0o060000, fifo: 0o010000, socket: 0o140000 } as const;

/** A directory on both sides. */
interface Pair {
  readonly path: Buffer;
  readonly from: OwnedFd;
  readonly to: OwnedFd;
}

class TreeCopy {
  readonly #from: OwnedFd;
  readonly #to: OwnedFd;
  readonly #checkpoint: (copied: Copied) => void;
  /** Directories in the order of their making; their times are set last, when nothing is put into them any more. */
  readonly #directories: Buffer[] = [TOP];
  /** Files with several names, by inode: where the first copy lies. */
  readonly #linked = new Map<string, { readonly directory: Buffer; readonly name: Buffer }>();
  #files = 0;
  #bytes = 0;

  constructor(from: OwnedFd, to: OwnedFd, checkpoint: (copied: Copied) => void) {
    this.#from = from;
    this.#to = to;
    this.#checkpoint = checkpoint;
  }

  get copied(): Copied {
    return { files: this.#files, bytes: this.#bytes };
  }

  run(): void {
    // Grows while it is walked.
    for (const path of this.#directories) this.#inside(path, (pair) => this.#copyDirectory(pair));
    for (const path of this.#directories.toReversed()) {
      this.#inside(path, ({ from, to }) => copyAttributes(from.fd, to.fd, statFd(from.fd)));
    }
  }

  /** Both sides of one directory, reached from the top without a link. */
  #inside(path: Buffer, act: (pair: Pair) => void): void {
    using from = openInRoot(this.#from.fd, path, { flags: DIRECTORY, noSymlinks: true });
    using to = openInRoot(this.#to.fd, path, { flags: DIRECTORY, noSymlinks: true });
    act({ path, from, to });
  }

  #copyDirectory(pair: Pair): void {
    const names = readdirSync(pair.from.procPath, { encoding: "buffer" });
    removeOthers(pair.to, names);
    for (const name of names) {
      try {
        this.#copyEntry(pair, name, statAt(pair.from.fd, name));
      } catch (error) {
        // Deleted meanwhile.
        if (!hasCode(error, "ENOENT")) throw error;
      }
      this.#checkpoint(this.copied);
    }
  }

  #copyEntry(pair: Pair, name: Buffer, stat: FileStat): void {
    const there = statIfThere(pair.to.fd, name);
    if (stat.type === "directory") {
      if (there !== undefined && there.type !== "directory") removeEntry(pair.to.fd, name);
      if (there?.type !== "directory") mkdirat(pair.to.fd, name, 0o700);
      this.#directories.push(Buffer.concat([pair.path, SLASH, name]));
      return;
    }
    this.#files++;
    // Links are made anew: which of their names was copied first is not known any more.
    const isDone = there !== undefined && stat.links === 1 && isSame(there, stat);
    if (isDone) this.#bytes += stat.type === "file" ? stat.size : 0;
    if (isDone) return;
    if (there !== undefined) removeEntry(pair.to.fd, name);
    if (stat.links > 1 && this.#copyLink(pair, name, stat)) return;
    switch (stat.type) {
      case "file":
        return this.#copyFile(pair, name);
      case "symlink":
        return copySymlink(pair, name, stat);
      case "char":
      case "block":
      case "fifo":
      case "socket":
        return copyNode(pair, name, stat, stat.type);
    }
  }

  /** True when the file has been copied under another name, to which this one is now a link. */
  #copyLink({ path, to }: Pair, name: Buffer, { device, inode }: FileStat): boolean {
    const key = `${device} ${inode}`;
    const first = this.#linked.get(key);
    if (first === undefined) {
      this.#linked.set(key, { directory: path, name });
      return false;
    }
    using directory = openInRoot(this.#to.fd, first.directory, { flags: DIRECTORY, noSymlinks: true });
    linkat(directory.fd, first.name, to.fd, name);
    return true;
  }

  #copyFile(pair: Pair, name: Buffer): void {
    // A fifo that has taken its place would block.
    using from = openat(pair.from.fd, name, O.RDONLY | O.NONBLOCK);
    const stat = statFd(from.fd);
    if (stat.type !== "file") return;
    using to = openat(pair.to.fd, name, O.WRONLY | O.CREAT | O.EXCL, 0o600);
    copyContents(from.fd, to.fd, stat.size, (bytes) => {
      this.#bytes += bytes;
      this.#checkpoint(this.copied);
    });
    copyAttributes(from.fd, to.fd, stat);
  }
}

/** What an interrupted copy made of something that has gone since. */
function removeOthers(to: OwnedFd, names: readonly Buffer[]): void {
  const there = readdirSync(to.procPath, { encoding: "buffer" });
  if (there.length === 0) return;
  const wanted = new Set(names.map((name) => name.toString("latin1")));
  for (const name of there) if (!wanted.has(name.toString("latin1"))) removeEntry(to.fd, name);
}

const COMPARED = ["type", "mode", "uid", "gid", "size", "mtimeSec", "mtimeNsec"] as const;

const isSame = (one: FileStat, other: FileStat): boolean => COMPARED.every((fact) => one[fact] === other[fact]);

function copySymlink({ from, to }: Pair, name: Buffer, stat: FileStat): void {
  using link = openat(from.fd, name, O.PATH);
  symlinkat(Buffer.from(readLink(link.fd), "latin1"), to.fd, name);
  fchownat(to.fd, name, stat.uid, stat.gid);
  utimensat(to.fd, name, modifiedNs(stat), modifiedNs(stat));
}

function copyNode({ to }: Pair, name: Buffer, stat: FileStat, type: keyof typeof TYPE_BITS): void {
  mknodat(to.fd, name, TYPE_BITS[type] | 0o600, makedev(stat.major, stat.minor));
  using node = openat(to.fd, name, O.PATH);
  fchown(node.fd, stat.uid, stat.gid);
  fchmod(node.fd, stat.mode);
  futimens(node.fd, modifiedNs(stat), modifiedNs(stat));
}

/** In this order: a change of owner clears set-user-id and capabilities, and each of the others changes a time. */
function copyAttributes(from: number, to: number, stat: FileStat): void {
  fchown(to, stat.uid, stat.gid);
  for (const attribute of listXattrs(from)) copyXattr(from, to, attribute);
  fchmod(to, stat.mode);
  futimens(to, modifiedNs(stat), modifiedNs(stat));
}

/** What the other file system does not keep is left out. */
function copyXattr(from: number, to: number, attribute: string): void {
  const value = getXattr(from, attribute);
  if (value === undefined) return;
  try {
    setxattr(to, attribute, value);
  } catch (error) {
    if (!hasCode(error, "EOPNOTSUPP")) throw error;
  }
}

const modifiedNs = ({ mtimeSec, mtimeNsec }: FileStat): bigint => BigInt(mtimeSec) * 1_000_000_000n + BigInt(mtimeNsec);
