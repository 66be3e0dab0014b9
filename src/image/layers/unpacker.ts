/**
 * Writes a layer's entries into a directory that becomes a lower layer of overlay mounts. Everything stays below that
 * directory whatever the archive says, and nothing in the archive can pose as overlayfs's own marks.
 */
import { writeSync } from "node:fs";
import { hasCode } from "../../base/errors.ts";
import { type EntryType, nameBytes, type TarEntry, TarError } from "../../base/tar/entry.ts";
import type { TarHandler } from "../../base/tar/reader.ts";
import { cleanPath, joinPath, type LayerPath } from "../../files/layer-path.ts";
import { LayerTree } from "../../files/layer-tree.ts";
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
  setxattr,
  symlinkat,
  utimensat,
} from "../../kernel/at.ts";
import type { OwnedFd } from "../../kernel/fd.ts";
import { O } from "../../kernel/open-flags.ts";
import { isAllowedXattr, OPAQUE_VALUE, OPAQUE_XATTR, parseWhiteout, type Whiteout } from "./whiteout.ts";

const S_IFCHR = 0o020000;
const S_IFBLK = 0o060000;
const S_IFIFO = 0o010000;

export class Unpacker implements TarHandler {
  readonly #tree: LayerTree;
  #file: { fd: OwnedFd; entry: TarEntry } | undefined;
  /** Stamped at the end, since filling a directory changes its time. */
  readonly #directoryTimes = new Map<string, bigint>();
  readonly #hidden = new Set<string>();
  #sizeBytes = 0;

  /** `directory` exists and is empty. */
  constructor(directory: string) {
    this.#tree = new LayerTree(directory);
  }

  /** What the layer adds, counted as Docker counts: bytes of files and of symbolic links' targets. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  entry(entry: TarEntry): void {
    const path = cleanPath(entry.name);
    if (path.name === "") {
      if (entry.type === "directory") this.#attributes(this.#tree.root, entry, "");
      return;
    }
    const whiteout = parseWhiteout(path);
    if (whiteout !== undefined) this.#whiteout(whiteout, path);
    else if (!isOverlayMark(entry)) this.#makers[entry.type](entry, path);
  }

  data(chunk: Uint8Array): void {
    if (this.#file === undefined) return;
    for (let at = 0; at < chunk.length; ) at += writeSync(this.#file.fd.fd, chunk, at);
    this.#sizeBytes += chunk.length;
  }

  end(): void {
    if (this.#file === undefined) return;
    using file = this.#file.fd;
    const { entry } = this.#file;
    this.#file = undefined;
    this.#owner(file, entry);
    futimens(file.fd, entry.mtimeNs, entry.mtimeNs);
  }

  /** After the last entry. */
  finish(): void {
    this.#tree.forget();
    for (const [path, mtimeNs] of this.#directoryTimes) this.#tree.stampDirectory(path, mtimeNs);
  }

  [Symbol.dispose](): void {
    this.#file?.fd.close();
    this.#tree[Symbol.dispose]();
  }

  readonly #makers: Readonly<Record<EntryType, (entry: TarEntry, path: LayerPath) => void>> = {
    file: (entry, path) =>
      this.#tree.put(path, (parent, name) => {
        this.#file = { fd: openat(parent, name, O.WRONLY | O.CREAT | O.EXCL, 0o600), entry };
      }),
    directory: (entry, path) => this.#directory(entry, path),
    link: (entry, path) => this.#link(entry, path),
    symlink: (entry, path) => this.#symlink(entry, path),
    char: (entry, path) => this.#node(entry, path, S_IFCHR),
    block: (entry, path) => this.#node(entry, path, S_IFBLK),
    fifo: (entry, path) => this.#node(entry, path, S_IFIFO),
  };

  #directory(entry: TarEntry, path: LayerPath): void {
    const full = joinPath(path);
    const wasHidden = this.#hidden.delete(full);
    using directory = this.#openOrMake(path);
    this.#attributes(directory, entry, full);
    // The layer hid what was there below and put this in its place: nothing of the old may show through.
    if (wasHidden) setxattr(directory.fd, OPAQUE_XATTR, OPAQUE_VALUE);
  }

  /** A directory met a second time is the same directory; anything else with its name goes away. */
  #openOrMake(path: LayerPath): OwnedFd {
    const make = (parent: number, name: Buffer): void => mkdirat(parent, name, 0o700);
    try {
      make(this.#tree.directory(path.directory), nameBytes(path.name));
    } catch (error) {
      if (!hasCode(error, "EEXIST")) throw error;
    }
    try {
      return this.#tree.openDirectory(path);
    } catch (error) {
      if (!hasCode(error, "ENOTDIR") && !hasCode(error, "ELOOP")) throw error;
    }
    this.#tree.put(path, make);
    return this.#tree.openDirectory(path);
  }

  #link(entry: TarEntry, path: LayerPath): void {
    const target = cleanPath(entry.linkName);
    if (target.name === "") throw new TarError(`invalid hard link ${JSON.stringify(entry.name)}`);
    using from = this.#tree.existing(target.directory);
    this.#tree.put(path, (parent, name) => linkat(from.fd, nameBytes(target.name), parent, name));
  }

  #symlink(entry: TarEntry, path: LayerPath): void {
    const target = nameBytes(entry.linkName);
    this.#tree.put(path, (parent, name) => {
      symlinkat(target, parent, name);
      fchownat(parent, name, entry.uid, entry.gid);
      utimensat(parent, name, entry.mtimeNs, entry.mtimeNs);
    });
    this.#sizeBytes += target.length;
  }

  #node(entry: TarEntry, path: LayerPath, type: number): void {
    const device = type === S_IFIFO ? 0n : makedev(entry.major, entry.minor);
    this.#tree.put(path, (parent, name) => {
      mknodat(parent, name, type | 0o600, device);
      using node = openat(parent, name, O.PATH);
      this.#owner(node, entry);
      futimens(node.fd, entry.mtimeNs, entry.mtimeNs);
    });
  }

  #whiteout(whiteout: Whiteout, path: LayerPath): void {
    if (whiteout.kind === "opaque") {
      setxattr(this.#tree.directory(path.directory), OPAQUE_XATTR, OPAQUE_VALUE);
    } else if (whiteout.kind === "hides") {
      this.#hide({ directory: path.directory, name: whiteout.name });
    }
  }

  /** Hides what lies below. What this layer itself has put there stays, in whatever order the archive says it. */
  #hide(path: LayerPath): void {
    try {
      mknodat(this.#tree.directory(path.directory), nameBytes(path.name), S_IFCHR, 0n);
      this.#hidden.add(joinPath(path));
    } catch (error) {
      if (!hasCode(error, "EEXIST")) throw error;
      this.#makeOpaque(path);
    }
  }

  #makeOpaque(path: LayerPath): void {
    try {
      using directory = this.#tree.openDirectory(path);
      setxattr(directory.fd, OPAQUE_XATTR, OPAQUE_VALUE);
    } catch (error) {
      // A file of this layer hides the lower one by itself.
      if (!hasCode(error, "ENOTDIR") && !hasCode(error, "ELOOP")) throw error;
    }
  }

  #attributes(directory: OwnedFd, entry: TarEntry, path: string): void {
    this.#owner(directory, entry);
    this.#directoryTimes.set(path, entry.mtimeNs);
  }

  /** Owner first: changing it clears set-user-id and capabilities. */
  #owner(file: OwnedFd, entry: TarEntry): void {
    fchown(file.fd, entry.uid, entry.gid);
    fchmod(file.fd, entry.mode);
    for (const [attribute, value] of entry.xattrs) {
      if (isAllowedXattr(attribute)) setAttribute(file, attribute, value);
    }
  }
}

/** A character device 0:0 is how overlayfs says "deleted". */
function isOverlayMark({ type, major, minor }: TarEntry): boolean {
  return type === "char" && major === 0 && minor === 0;
}

/** Attributes that this file system or kind of file cannot have are left out, as Docker does. */
function setAttribute(file: OwnedFd, attribute: string, value: Uint8Array): void {
  try {
    setxattr(file.fd, attribute, value);
  } catch (error) {
    if (!hasCode(error, "EOPNOTSUPP") && !hasCode(error, "EPERM")) throw error;
  }
}
