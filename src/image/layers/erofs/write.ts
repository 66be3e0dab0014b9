/**
 * A layer's EROFS metadata, to stand behind its tar in one file: inodes point into the tar, nothing is copied. The same tree makes
 * the same bytes.
 */
import { FileNode, type Inode, type LayerTree, SpecialNode, SymlinkNode, storedXattrs, typeOf } from "../tree.ts";
import { chunkBlocks } from "./chunks.ts";
import {
  align,
  BLOCK_BITS,
  BLOCK_BYTES,
  CHUNK_ENTRY_BYTES,
  COMPAT_MTIME,
  DIRENT_BYTES,
  EXTENDED_INODE,
  FILE_TYPES,
  INCOMPAT_CHUNKED_FILE,
  INODE_BYTES,
  LAYOUT,
  NO_BLOCK,
  SLOT_BYTES,
  SUPERBLOCK_BYTES,
  SUPERBLOCK_MAGIC,
} from "./format.ts";
import { type Layout, layOut, type Placed, type PlacedDirectory } from "./layout.ts";
import { writeXattrs, xattrCount } from "./xattr.ts";

export interface ErofsPlace {
  /** Where in the file the tar begins, and where the metadata will. Multiples of the block. */
  readonly tarOffset: number;
  readonly metadataOffset: number;
  /** 16 bytes by which the kernel tells file systems apart. */
  readonly uuid: Uint8Array;
}

export interface ErofsImage {
  /** For byte 1024 of the file. */
  readonly superblock: Buffer;
  /** For `metadataOffset`. */
  readonly metadata: Buffer;
}

/** Throws Inexpressible for what this form cannot hold. */
export function writeErofs(tree: Pick<LayerTree, "root">, place: ErofsPlace): ErofsImage {
  const layout = layOut(tree);
  const metadata = Buffer.alloc(align(layout.bytes, BLOCK_BYTES));
  const blocks = { tar: place.tarOffset / BLOCK_BYTES, metadata: place.metadataOffset / BLOCK_BYTES };
  let number = 1;
  for (const placed of layout.places.values()) writeInode(metadata, placed, number++, blocks);
  for (const directory of layout.directories) writeDirectory(metadata, directory, layout.places);
  return { superblock: writeSuperblock(layout, metadata.length, place), metadata };
}

/** Of the tar's first byte, and of the metadata's. */
interface FirstBlocks {
  readonly tar: number;
  readonly metadata: number;
}

function writeSuperblock({ places }: Layout, bytes: number, { metadataOffset, uuid }: ErofsPlace): Buffer {
  const block = Buffer.alloc(SUPERBLOCK_BYTES);
  block.writeUInt32LE(SUPERBLOCK_MAGIC, 0);
  block.writeUInt32LE(COMPAT_MTIME, 8);
  block.writeUInt8(BLOCK_BITS, 12);
  // The root directory is the first inode: number 0 at offset 14.
  block.writeBigUInt64LE(BigInt(places.size), 16);
  block.writeUInt32LE((metadataOffset + bytes) / BLOCK_BYTES, 36);
  block.writeUInt32LE(metadataOffset / BLOCK_BYTES, 40);
  block.set(uuid, 48);
  block.writeUInt32LE(INCOMPAT_CHUNKED_FILE, 80);
  return block;
}

function writeInode(out: Buffer, placed: Placed, number: number, blocks: FirstBlocks): void {
  const { inode, position: at } = placed;
  const { mode, uid, gid, mtimeSec, mtimeNsec } = inode.attributes;
  const { layout, where } = dataOf(placed, blocks);
  out.writeUInt16LE(EXTENDED_INODE | (layout << 1), at);
  out.writeUInt16LE(xattrCount(placed.xattrBytes), at + 2);
  out.writeUInt16LE(typeOf(inode) | mode, at + 4);
  out.writeBigUInt64LE(BigInt(sizeOf(placed)), at + 8);
  out.writeUInt32LE(where, at + 16);
  out.writeUInt32LE(number, at + 20);
  out.writeUInt32LE(uid, at + 24);
  out.writeUInt32LE(gid, at + 28);
  out.writeBigInt64LE(BigInt(mtimeSec), at + 32);
  out.writeUInt32LE(mtimeNsec, at + 40);
  out.writeUInt32LE(placed.links, at + 44);
  if (placed.xattrBytes > 0) writeXattrs(out, at + INODE_BYTES, storedXattrs(inode));
  if (inode instanceof SymlinkNode) out.write(inode.target, placed.bodyAt, "latin1");
  if (inode instanceof FileNode) writeChunkList(out, placed, inode, blocks);
}

function sizeOf({ inode, bodyBytes }: Placed): number {
  return inode instanceof FileNode ? inode.size : bodyBytes;
}

/** The inode's data layout, and its word for where the data is: a block, a device number, the size of chunks. */
function dataOf(placed: Placed, blocks: FirstBlocks): { layout: number; where: number } {
  const { inode, chunks } = placed;
  if (placed.inline) return { layout: LAYOUT.INLINE, where: NO_BLOCK };
  if (chunks !== undefined) return { layout: LAYOUT.CHUNKED, where: chunks.bits - BLOCK_BITS };
  return { layout: LAYOUT.PLAIN, where: plainBlock(inode, placed, blocks) };
}

function plainBlock(inode: Inode, { bodyAt, bodyBytes }: Placed, blocks: FirstBlocks): number {
  if (inode instanceof SpecialNode) return deviceNumber(inode);
  if (inode instanceof FileNode) return inode.size === 0 ? NO_BLOCK : blocks.tar + inode.offset / BLOCK_BYTES;
  return bodyBytes === 0 ? 0 : blocks.metadata + bodyAt / BLOCK_BYTES;
}

/** The kernel's 32-bit encoding. */
function deviceNumber({ major, minor }: SpecialNode): number {
  return ((minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12)) >>> 0;
}

function writeChunkList(out: Buffer, placed: Placed, file: FileNode, blocks: FirstBlocks): void {
  if (placed.chunks === undefined) return;
  let at = align(placed.position + INODE_BYTES + placed.xattrBytes, CHUNK_ENTRY_BYTES);
  for (const block of chunkBlocks(file, placed.chunks, blocks.tar)) {
    out.writeUInt32LE(block, at);
    at += CHUNK_ENTRY_BYTES;
  }
}

/** In blocks: first their entries, in the order of the names, then the names. */
function writeDirectory(out: Buffer, { directory, placed, parent, names }: PlacedDirectory, places: Places): void {
  const placeOf = (name: string): Placed | undefined => {
    if (name === ".") return placed;
    if (name === "..") return parent;
    const inode = directory.entries.get(name);
    return inode === undefined ? undefined : places.get(inode);
  };
  let blockAt = placed.bodyAt;
  for (const block of blocksOf(names)) {
    let nameAt = block.length * DIRENT_BYTES;
    for (const [at, name] of block.entries()) {
      const child = placeOf(name);
      if (child !== undefined) writeDirent(out, blockAt + at * DIRENT_BYTES, { child, nameAt });
      out.write(name, blockAt + nameAt, "latin1");
      nameAt += name.length;
    }
    blockAt += BLOCK_BYTES;
  }
}

type Places = Layout["places"];

function writeDirent(out: Buffer, at: number, { child, nameAt }: { child: Placed; nameAt: number }): void {
  out.writeBigUInt64LE(BigInt(child.position / SLOT_BYTES), at);
  out.writeUInt16LE(nameAt, at + 8);
  out.writeUInt8(FILE_TYPES[typeOf(child.inode)] ?? 0, at + 10);
}

/** As many names in each as fit. */
function* blocksOf(names: readonly string[]): Generator<readonly string[]> {
  let first = 0;
  let bytes = 0;
  for (const [at, name] of names.entries()) {
    const entry = DIRENT_BYTES + name.length;
    if (bytes + entry > BLOCK_BYTES) {
      yield names.slice(first, at);
      [first, bytes] = [at, 0];
    }
    bytes += entry;
  }
  yield names.slice(first);
}
