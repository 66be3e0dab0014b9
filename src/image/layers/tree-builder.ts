/**
 * Builds a layer's tree from the entries of its archive. Names stay inside the tree whatever the archive says, nothing in it can
 * pose as overlayfs's own marks, and what it takes in memory is bounded.
 */
import { type TarEntry, TarError } from "../../base/tar/entry.ts";
import type { TarHandler } from "../../base/tar/reader.ts";
import { cleanPath, joinPath, type LayerPath } from "../../files/layer-path.ts";
import {
  type Attributes,
  DirectoryNode,
  FileNode,
  type Inode,
  type LayerTree,
  type LinkBelow,
  S_IFBLK,
  S_IFCHR,
  S_IFIFO,
  SpecialNode,
  SymlinkNode,
  WhiteoutNode,
} from "./tree.ts";
import { walk } from "./tree-path.ts";
import { parseWhiteout, type Whiteout } from "./whiteout.ts";
import { keptXattrs } from "./xattrs.ts";

export interface TreeLimits {
  readonly maxEntries: number;
  /** Of names, link targets, attributes and maps of holes, with a fixed amount for each inode. */
  readonly maxIndexBytes: number;
}

const MAX_NAME_BYTES = 255;
const MAX_TARGET_BYTES = 4095;
const IMPLIED_MODE = 0o755;
/** What an inode costs in memory besides its name; a directory has a table as well. */
const INODE_BYTES = 64;
const DIRECTORY_BYTES = 512;
const SEGMENT_BYTES = 16;
const NS_PER_SEC = 1_000_000_000n;
const ROOT: Attributes = { mode: IMPLIED_MODE, uid: 0, gid: 0, mtimeSec: 0, mtimeNsec: 0, xattrs: new Map() };

export class TreeBuilder implements TarHandler, LayerTree {
  readonly takesSparse = true;
  readonly root = new DirectoryNode(ROOT);
  readonly linksBelow: LinkBelow[] = [];
  /** By the directory they stand in and their name: targets. */
  readonly #linksBelow = new Map<DirectoryNode, Map<string, string>>();
  readonly #limits: TreeLimits;
  /** Those of the entry before, since neighbours mostly have the same. */
  #attributes: Attributes = ROOT;
  #last: { path: string; directory: DirectoryNode } | undefined;
  #inodes = 0;
  #indexBytes = 0;
  entries = 0;
  sizeBytes = 0;

  constructor(limits: TreeLimits) {
    this.#limits = limits;
  }

  entry(entry: TarEntry): void {
    this.entries += 1;
    const path = cleanPath(entry.name);
    if (path.name === "") {
      if (entry.type === "directory") this.root.attributes = this.#attributesOf(entry);
      return;
    }
    if (path.name.length > MAX_NAME_BYTES) throw new TarError("file name too long in archive");
    const whiteout = parseWhiteout(path);
    if (whiteout !== undefined) this.#whiteout(whiteout, path.directory, entry);
    else if (entry.type === "link") this.#link(entry, path);
    else if (entry.type === "directory") this.#directory(entry, path);
    else this.#put(entry, path);
  }

  /** After the last entry. */
  finish(): void {
    if (this.#linksBelow.size > 0) this.#nameLinks("", this.root);
  }

  /** The bytes stay where they are, in the tar. */
  data(): void {}

  end(): void {}

  #put(entry: TarEntry, path: LayerPath): void {
    if (isOverlayMark(entry)) return;
    const node = nodeOf(entry, this.#attributesOf(entry));
    this.#count(entry, path.name);
    this.sizeBytes += node instanceof FileNode ? node.size : entry.linkName.length;
    this.#place(this.#directoryAt(path.directory, entry), path.name, node);
  }

  /** A directory met a second time is the same directory; anything else with its name goes away. */
  #directory(entry: TarEntry, path: LayerPath): void {
    const parent = this.#directoryAt(path.directory, entry);
    const found = parent.entries.get(path.name);
    if (found instanceof DirectoryNode) {
      found.attributes = this.#attributesOf(entry);
      return;
    }
    const directory = new DirectoryNode(this.#attributesOf(entry));
    // The layer hid what was there below and put this in its place: nothing of the old may show through.
    directory.opaque = found instanceof WhiteoutNode;
    this.#count(entry, path.name, DIRECTORY_BYTES);
    this.#place(parent, path.name, directory);
  }

  #link(entry: TarEntry, path: LayerPath): void {
    const target = cleanPath(entry.linkName);
    if (target.name === "") throw new TarError(`invalid hard link ${JSON.stringify(entry.name)}`);
    this.#count(entry, path.name);
    const directory = walk(this.root, target.directory, () => undefined);
    const found = directory?.entries.get(target.name);
    if (found instanceof DirectoryNode) throw new TarError(`hard link ${JSON.stringify(entry.name)} to a directory`);
    const parent = this.#directoryAt(path.directory, entry);
    if (found !== undefined && !(found instanceof WhiteoutNode)) return this.#place(parent, path.name, found);
    const below = directory === undefined ? undefined : this.#linksBelow.get(directory)?.get(target.name);
    this.#placeLink(parent, path.name, below ?? joinPath(target));
  }

  /** The file may be in a layer below; nobody knows yet which that will be. */
  #placeLink(parent: DirectoryNode, name: string, target: string): void {
    if (parent.entries.get(name) instanceof DirectoryNode) this.#last = undefined;
    parent.entries.delete(name);
    const links = this.#linksBelow.get(parent) ?? new Map<string, string>();
    this.#linksBelow.set(parent, links.set(name, target));
  }

  /** Only now is it certain which of them have a place in the tree. */
  #nameLinks(path: string, directory: DirectoryNode): void {
    for (const [name, target] of this.#linksBelow.get(directory) ?? []) {
      this.linksBelow.push({ path: joinPath({ directory: path, name }), target });
    }
    for (const [name, inode] of directory.entries) {
      if (inode instanceof DirectoryNode) this.#nameLinks(joinPath({ directory: path, name }), inode);
    }
  }

  #whiteout(whiteout: Whiteout, directory: string, entry: TarEntry): void {
    if (whiteout.kind === "ignored") return;
    const parent = this.#directoryAt(directory, entry);
    if (whiteout.kind === "opaque") parent.opaque = true;
    else this.#hide(parent, whiteout.name, entry);
  }

  /** Hides what lies below. What this layer itself has put there stays, in whatever order the archive says it. */
  #hide(parent: DirectoryNode, name: string, entry: TarEntry): void {
    const found = parent.entries.get(name);
    if (found instanceof DirectoryNode) found.opaque = true;
    if (found !== undefined) return;
    this.#count(entry, name);
    parent.entries.set(name, new WhiteoutNode());
  }

  #place(parent: DirectoryNode, name: string, node: Inode): void {
    const found = parent.entries.get(name);
    // The directory remembered may have been reached through what is gone now.
    if (found instanceof DirectoryNode || found instanceof SymlinkNode) this.#last = undefined;
    this.#linksBelow.get(parent)?.delete(name);
    parent.entries.set(name, node);
  }

  /** The directory at a clean path, made when missing. */
  #directoryAt(path: string, cause: TarEntry): DirectoryNode {
    if (this.#last?.path === path) return this.#last.directory;
    const make = (parent: DirectoryNode, name: string, found: Inode | undefined): DirectoryNode =>
      this.#imply(parent, name, found, cause);
    const directory = walk(this.root, path, make) ?? this.root;
    this.#last = { path, directory };
    return directory;
  }

  /** A directory that no entry describes, as old as the entry that needs it. */
  #imply(parent: DirectoryNode, name: string, found: Inode | undefined, cause: TarEntry): DirectoryNode {
    if (found !== undefined && !(found instanceof WhiteoutNode)) {
      throw new TarError(`not a directory in archive: ${JSON.stringify(name)} of ${JSON.stringify(cause.name)}`);
    }
    if (name.length > MAX_NAME_BYTES) throw new TarError("file name too long in archive");
    const { mtimeSec, mtimeNsec } = timeOf(cause);
    const directory = new DirectoryNode({ ...ROOT, mtimeSec, mtimeNsec });
    directory.opaque = found !== undefined;
    this.#count(undefined, name, DIRECTORY_BYTES);
    parent.entries.set(name, directory);
    return directory;
  }

  #attributesOf(entry: TarEntry): Attributes {
    const attributes = attributesOf(entry);
    if (!areEqual(attributes, this.#attributes)) this.#attributes = attributes;
    return this.#attributes;
  }

  #count(entry: TarEntry | undefined, name: string, bytes = INODE_BYTES): void {
    this.#inodes += 1;
    if (this.#inodes > this.#limits.maxEntries) {
      throw new TarError(`archive has more than ${this.#limits.maxEntries} entries`);
    }
    this.#indexBytes += bytes + name.length + (entry === undefined ? 0 : bytesOf(entry));
    if (this.#indexBytes > this.#limits.maxIndexBytes) {
      throw new TarError(`names and attributes in archive are larger than ${this.#limits.maxIndexBytes} bytes`);
    }
  }
}

function bytesOf({ linkName, xattrs, sparse }: TarEntry): number {
  let bytes = linkName.length + (sparse?.segments.length ?? 0) * SEGMENT_BYTES;
  for (const [name, value] of xattrs) bytes += name.length + value.length;
  return bytes;
}

/** A character device 0:0 is how overlayfs says "deleted" (case 10 of the security table). */
function isOverlayMark({ type, major, minor }: TarEntry): boolean {
  return type === "char" && major === 0 && minor === 0;
}

function nodeOf(entry: TarEntry, attributes: Attributes): Inode {
  switch (entry.type) {
    case "file":
      return new FileNode(attributes, entry);
    case "symlink":
      checkTarget(entry);
      return new SymlinkNode({ ...attributes, mode: 0o777 }, entry.linkName);
    case "char":
      return deviceOf(attributes, S_IFCHR, entry);
    case "block":
      return deviceOf(attributes, S_IFBLK, entry);
    case "fifo":
      return new SpecialNode(attributes, { type: S_IFIFO, major: 0, minor: 0 });
    case "directory":
    case "link":
      throw new TarError(`misplaced ${entry.type}`);
  }
}

function checkTarget({ name, linkName }: TarEntry): void {
  if (linkName === "") throw new TarError(`symbolic link ${JSON.stringify(name)} without a target`);
  if (linkName.length > MAX_TARGET_BYTES) throw new TarError("file name too long in archive");
}

/** The kernel keeps 12 bits of the major and 20 of the minor number. */
function deviceOf(attributes: Attributes, type: number, { name, major, minor }: TarEntry): SpecialNode {
  if (major < 0 || major > 0xfff || minor < 0 || minor > 0xf_ffff) {
    throw new TarError(`device ${JSON.stringify(name)} has numbers out of range`);
  }
  return new SpecialNode(attributes, { type, major, minor });
}

function areEqual(a: Attributes, b: Attributes): boolean {
  return (
    a.mode === b.mode &&
    a.uid === b.uid &&
    a.gid === b.gid &&
    a.mtimeSec === b.mtimeSec &&
    a.mtimeNsec === b.mtimeNsec &&
    a.xattrs === b.xattrs
  );
}

function attributesOf(entry: TarEntry): Attributes {
  const { mode, uid, gid, type } = entry;
  const xattrs = keptXattrs(entry.xattrs, { plain: type === "file" || type === "directory" });
  const { mtimeSec, mtimeNsec } = timeOf(entry);
  return { mode, uid, gid, mtimeSec, mtimeNsec, xattrs };
}

function timeOf({ mtimeNs }: TarEntry): Pick<Attributes, "mtimeSec" | "mtimeNsec"> {
  const rest = mtimeNs % NS_PER_SEC;
  const nsec = rest < 0n ? rest + NS_PER_SEC : rest;
  return { mtimeSec: Number((mtimeNs - nsec) / NS_PER_SEC), mtimeNsec: Number(nsec) };
}
