/** Where in the metadata each inode of a layer goes, and its directory blocks or link target: decided before a byte is written. */
import { DirectoryNode, FileNode, type Inode, type LayerTree, SymlinkNode, storedXattrs } from "../tree.ts";
import { type Chunks, chunksOf, MAX_CHUNKS } from "./chunks.ts";
import { align, BLOCK_BYTES, CHUNK_ENTRY_BYTES, DIRENT_BYTES, INODE_BYTES, SLOT_BYTES } from "./format.ts";
import { xattrBytes } from "./xattr.ts";

/** An inode with its place. Positions count from the start of the metadata. */
export interface Placed {
  readonly inode: Inode;
  readonly position: number;
  readonly xattrBytes: number;
  /** Of what stands behind the inode or in blocks of its own: a directory's entries, a link's target. */
  readonly bodyBytes: number;
  /** The body stands behind the inode; otherwise at `bodyAt`. */
  readonly inline: boolean;
  bodyAt: number;
  readonly chunks: Chunks | undefined;
  links: number;
}

export interface PlacedDirectory {
  readonly directory: DirectoryNode;
  readonly placed: Placed;
  readonly parent: Placed;
  /** Sorted by bytes, with "." and "..". */
  readonly names: readonly string[];
}

export interface Layout {
  readonly places: ReadonlyMap<Inode, Placed>;
  readonly directories: readonly PlacedDirectory[];
  readonly bytes: number;
}

/** This layer is one that EROFS with blocks of 512 bytes has no way to say. */
export class Inexpressible extends Error {}

/** Directories come breadth first and the inodes of one directory stand together: what is read together is near. */
export function layOut({ root }: Pick<LayerTree, "root">): Layout {
  const planner = new Planner();
  const directories: PlacedDirectory[] = [];
  const add = (directory: DirectoryNode, parent?: Placed): void => {
    const names = namesOf(directory);
    const placed = planner.place(directory, names);
    directories.push({ directory, placed, parent: parent ?? placed, names });
  };
  add(root);
  for (const { directory, placed, names } of directories) {
    for (const name of names) {
      const inode = directory.entries.get(name);
      if (inode === undefined) continue;
      if (!(inode instanceof DirectoryNode)) planner.link(inode);
      else {
        placed.links += 1;
        add(inode, placed);
      }
    }
  }
  return { places: planner.places, directories, bytes: planner.finish() };
}

/** Code units of names are their bytes, so that this is the order the kernel searches by. */
function namesOf(directory: DirectoryNode): string[] {
  return [".", "..", ...directory.entries.keys()].sort();
}

/** Entries do not cross blocks. */
function directoryBytes(names: readonly string[]): number {
  let bytes = 0;
  for (const name of names) {
    const entry = DIRENT_BYTES + name.length;
    if ((bytes % BLOCK_BYTES) + entry > BLOCK_BYTES) bytes = align(bytes, BLOCK_BYTES);
    bytes += entry;
  }
  return bytes;
}

class Planner {
  readonly places = new Map<Inode, Placed>();
  #end = 0;
  #chunks = 0;

  /** A directory's two links are its name and its own ".". */
  place(directory: DirectoryNode, names: readonly string[]): Placed {
    return this.#add(directory, { bodyBytes: directoryBytes(names), links: 2 });
  }

  /** One more name of an inode. */
  link(inode: Inode): void {
    const known = this.places.get(inode);
    if (known !== undefined) known.links += 1;
    else this.#add(inode, { bodyBytes: inode instanceof SymlinkNode ? inode.target.length : 0, links: 1 });
  }

  /** Gives the bodies that stand apart their blocks; the size of it all. */
  finish(): number {
    let at = align(this.#end, BLOCK_BYTES);
    for (const placed of this.places.values()) {
      if (placed.inline || placed.bodyBytes === 0) continue;
      placed.bodyAt = at;
      at += align(placed.bodyBytes, BLOCK_BYTES);
    }
    return at;
  }

  #add(inode: Inode, { bodyBytes, links }: { bodyBytes: number; links: number }): Placed {
    const attributeBytes = xattrBytes(storedXattrs(inode));
    const base = INODE_BYTES + attributeBytes;
    const chunks = inode instanceof FileNode && inode.sparse !== undefined ? this.#chunksOf(inode) : undefined;
    const inline = bodyBytes > 0 && base + bodyBytes <= BLOCK_BYTES;
    const bytes = chunks === undefined ? base + (inline ? bodyBytes : 0) : listEnd(base, chunks);
    const position = this.#positionFor(bytes, inline);
    this.#end = position + bytes;
    const bodyAt = position + base;
    const placed = { inode, position, xattrBytes: attributeBytes, bodyBytes, inline, bodyAt, chunks, links };
    this.places.set(inode, placed);
    return placed;
  }

  /** A body behind its inode must not cross a block. */
  #positionFor(bytes: number, inline: boolean): number {
    const position = align(this.#end, SLOT_BYTES);
    return inline && (position % BLOCK_BYTES) + bytes > BLOCK_BYTES ? align(position, BLOCK_BYTES) : position;
  }

  #chunksOf(file: FileNode): Chunks {
    const chunks = chunksOf(file);
    this.#chunks += chunks?.count ?? 0;
    if (chunks === undefined || this.#chunks > MAX_CHUNKS) throw new Inexpressible("holes at odd places");
    return chunks;
  }
}

const listEnd = (base: number, { count }: Chunks): number => align(base, CHUNK_ENTRY_BYTES) + count * CHUNK_ENTRY_BYTES;
