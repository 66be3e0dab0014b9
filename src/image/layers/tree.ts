/** A layer's files as they stand in memory while their archive is read: what every way of storing a layer is made from. */
import type { Sparse } from "../../base/tar/entry.ts";

const S_IFDIR = 0o040000;
const S_IFREG = 0o100000;
const S_IFLNK = 0o120000;
export const S_IFCHR = 0o020000;
export const S_IFBLK = 0o060000;
export const S_IFIFO = 0o010000;

export interface Attributes {
  /** Permission bits, 0o7777 at most. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since 1970, possibly negative, and nanoseconds, never negative. */
  readonly mtimeSec: number;
  readonly mtimeNsec: number;
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
}

/** An inode; hard links are one inode with several names. There may be a million, so what they have in common is shared. */
abstract class Node {
  attributes: Attributes;

  constructor(attributes: Attributes) {
    this.attributes = attributes;
  }
}

/** A regular file, whose bytes stay in the layer's tar. */
export class FileNode extends Node {
  readonly size: number;
  /** Where its data begins in the tar. */
  readonly offset: number;
  readonly sparse: Sparse | undefined;

  constructor(attributes: Attributes, { size, offset, sparse }: Pick<FileNode, "size" | "offset" | "sparse">) {
    super(attributes);
    this.size = sparse?.size ?? size;
    this.offset = offset;
    this.sparse = sparse;
  }
}

export class DirectoryNode extends Node {
  /** Names have one character a byte. */
  readonly entries = new Map<string, Inode>();
  /** Nothing of the layers below shows through. */
  opaque = false;

  /** Something below is deleted by a mark in this directory. */
  get hasWhiteouts(): boolean {
    for (const entry of this.entries.values()) if (entry instanceof WhiteoutNode) return true;
    return false;
  }
}

export class SymlinkNode extends Node {
  readonly target: string;

  constructor(attributes: Attributes, target: string) {
    super(attributes);
    this.target = target;
  }
}

/** A device or a fifo. */
export class SpecialNode extends Node {
  readonly type: number;
  readonly major: number;
  readonly minor: number;

  constructor(attributes: Attributes, { type, major, minor }: Pick<SpecialNode, "type" | "major" | "minor">) {
    super(attributes);
    this.type = type;
    this.major = major;
    this.minor = minor;
  }
}

const NO_ATTRIBUTES: Attributes = { mode: 0, uid: 0, gid: 0, mtimeSec: 0, mtimeNsec: 0, xattrs: new Map() };

/** "Deleted", as overlayfs writes it: the character device 0:0. */
export class WhiteoutNode extends Node {
  constructor() {
    super(NO_ATTRIBUTES);
  }
}

/** The bits of S_IFMT. */
export function typeOf(node: Inode): number {
  if (node instanceof FileNode) return S_IFREG;
  if (node instanceof DirectoryNode) return S_IFDIR;
  if (node instanceof SymlinkNode) return S_IFLNK;
  return node instanceof WhiteoutNode ? S_IFCHR : node.type;
}

export type Inode = FileNode | DirectoryNode | SymlinkNode | SpecialNode | WhiteoutNode;

const OPAQUE: readonly [string, Uint8Array] = ["trusted.overlay.opaque", Buffer.from("y")];
/** Makes overlayfs leave the marks out of listings even where it has nothing to merge; its value says "unknown". */
const MARKED: readonly [string, Uint8Array] = ["trusted.overlay.origin", new Uint8Array(0)];

/** The attributes to store: the inode's own, and those by which overlayfs knows what a directory hides. */
export function storedXattrs(node: Inode): ReadonlyMap<string, Uint8Array> {
  const { xattrs } = node.attributes;
  if (!(node instanceof DirectoryNode)) return xattrs;
  const marks = [...(node.opaque ? [OPAQUE] : []), ...(node.hasWhiteouts ? [MARKED] : [])];
  return marks.length === 0 ? xattrs : new Map([...xattrs, ...marks]);
}

/** A hard link to a file that is not in this layer, but in one below: names with one character a byte, as in the archive. */
export interface LinkBelow {
  readonly path: string;
  readonly target: string;
}

export interface LayerTree {
  readonly root: DirectoryNode;
  readonly linksBelow: readonly LinkBelow[];
  /** Names in the archive. */
  readonly entries: number;
  /** Docker's measure of a layer: bytes of files and of symbolic links' targets. */
  readonly sizeBytes: number;
}
