/** Writes a layer's tree into an empty directory, for machines and layers that cannot be mounted; the bytes come from the layer's tar. */
import { closeSync, ftruncateSync, mkdirSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { hasCode } from "../../base/errors.ts";
import { nameBytes, type SparseSegment, TarError } from "../../base/tar/entry.ts";
import type { Slice } from "../../files/compression.ts";
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
  openPath,
  setxattr,
  symlinkat,
  utimensat,
} from "../../kernel/at.ts";
import type { OwnedFd } from "../../kernel/fd.ts";
import { O } from "../../kernel/open-flags.ts";
import { DirectoryNode, FileNode, type Inode, SymlinkNode, storedXattrs, typeOf, WhiteoutNode } from "./tree.ts";

const COPY_BYTES = 1 << 20;
const NS_PER_SEC = 1_000_000_000n;
const OPEN_DIRECTORY = O.RDONLY | O.DIRECTORY;

export interface ExtractRequest {
  readonly root: DirectoryNode;
  /** Where the tar begins in which file. */
  readonly tar: Pick<Slice, "path" | "offset">;
  /** Empty; nobody else writes in it. */
  readonly directory: string;
  /** On the same file system, made here and taken away again: where files with several names lie until they have them. */
  readonly scratch: string;
}

/** Throws TarError when the tar is shorter than the tree says. */
export function extractTree({ root, tar, directory, scratch }: ExtractRequest): void {
  mkdirSync(scratch, { mode: 0o700 });
  using extractor = new Extractor(tar, scratch, sharedInodes(root));
  using top = openPath(directory, OPEN_DIRECTORY);
  extractor.fill(top, root);
  rmSync(scratch, { recursive: true });
}

/** Those with more than one name. */
function sharedInodes(root: DirectoryNode): ReadonlySet<Inode> {
  const seen = new Set<Inode>();
  const shared = new Set<Inode>();
  const pending: DirectoryNode[] = [root];
  for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
    for (const inode of directory.entries.values()) {
      if (inode instanceof DirectoryNode) pending.push(inode);
      else if (seen.has(inode)) shared.add(inode);
      else seen.add(inode);
    }
  }
  return shared;
}

class Extractor implements Disposable {
  readonly #tar: number;
  readonly #tarOffset: number;
  readonly #scratch: OwnedFd;
  readonly #buffer: Buffer = Buffer.allocUnsafe(COPY_BYTES);
  readonly #shared: ReadonlySet<Inode>;
  /** Their names in the scratch directory. */
  readonly #made = new Map<Inode, string>();

  constructor({ path, offset }: Pick<Slice, "path" | "offset">, scratch: string, shared: ReadonlySet<Inode>) {
    this.#tar = openSync(path, "r");
    this.#tarOffset = offset;
    this.#scratch = openPath(scratch, OPEN_DIRECTORY);
    this.#shared = shared;
  }

  /** Entries first: filling a directory changes its time. */
  fill(open: OwnedFd, directory: DirectoryNode): void {
    for (const [name, inode] of directory.entries) {
      if (this.#shared.has(inode)) linkat(this.#scratch.fd, this.#sharedName(inode), open.fd, nameBytes(name));
      else this.#make(open, nameBytes(name), inode);
    }
    own(open, directory);
  }

  [Symbol.dispose](): void {
    closeSync(this.#tar);
    this.#scratch.close();
  }

  #sharedName(inode: Inode): string {
    const known = this.#made.get(inode);
    if (known !== undefined) return known;
    const name = String(this.#made.size);
    this.#make(this.#scratch, Buffer.from(name), inode);
    this.#made.set(inode, name);
    return name;
  }

  #make(parent: OwnedFd, name: Buffer, inode: Inode): void {
    if (inode instanceof DirectoryNode) {
      mkdirat(parent.fd, name, 0o700);
      using directory = openat(parent.fd, name, OPEN_DIRECTORY);
      this.fill(directory, inode);
    } else if (inode instanceof FileNode) {
      using file = openat(parent.fd, name, O.WRONLY | O.CREAT | O.EXCL, 0o600);
      this.#write(file.fd, inode);
      own(file, inode);
    } else if (inode instanceof SymlinkNode) {
      makeSymlink(parent, name, inode);
    } else {
      const device = inode instanceof WhiteoutNode ? 0n : makedev(inode.major, inode.minor);
      mknodat(parent.fd, name, typeOf(inode) | 0o600, device);
      using node = openat(parent.fd, name, O.PATH);
      own(node, inode);
    }
  }

  /** Holes stay holes. */
  #write(fd: number, { size, offset, sparse }: FileNode): void {
    let from = this.#tarOffset + offset;
    for (const segment of sparse?.segments ?? [{ offset: 0, length: size }]) {
      this.#copy(fd, from, segment);
      from += segment.length;
    }
    if (sparse !== undefined) ftruncateSync(fd, size);
  }

  #copy(fd: number, from: number, { offset, length }: SparseSegment): void {
    for (let done = 0; done < length; ) {
      const got = readSync(this.#tar, this.#buffer, 0, Math.min(COPY_BYTES, length - done), from + done);
      if (got === 0) throw new TarError("unexpected EOF");
      for (let at = 0; at < got; ) at += writeSync(fd, this.#buffer, at, got - at, offset + done + at);
      done += got;
    }
  }
}

const timeNs = ({ attributes: { mtimeSec, mtimeNsec } }: Inode): bigint =>
  BigInt(mtimeSec) * NS_PER_SEC + BigInt(mtimeNsec);

function makeSymlink(parent: OwnedFd, name: Buffer, link: SymlinkNode): void {
  symlinkat(nameBytes(link.target), parent.fd, name);
  fchownat(parent.fd, name, link.attributes.uid, link.attributes.gid);
  utimensat(parent.fd, name, timeNs(link), timeNs(link));
}

/** Owner first: changing it clears set-user-id and capabilities. */
function own(file: OwnedFd, inode: Inode): void {
  const { uid, gid, mode } = inode.attributes;
  fchown(file.fd, uid, gid);
  fchmod(file.fd, mode);
  for (const [attribute, value] of storedXattrs(inode)) setAttribute(file, attribute, value);
  futimens(file.fd, timeNs(inode), timeNs(inode));
}

/** Attributes that this file system or kind of file cannot have are left out, as Docker does. */
function setAttribute(file: OwnedFd, attribute: string, value: Uint8Array): void {
  try {
    setxattr(file.fd, attribute, value);
  } catch (error) {
    if (!hasCode(error, "EOPNOTSUPP") && !hasCode(error, "EPERM")) throw error;
  }
}
