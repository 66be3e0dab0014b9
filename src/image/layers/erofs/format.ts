/** EROFS on disk, as far as layers need it: offsets and flags after the kernel's fs/erofs/erofs_fs.h. Little-endian throughout. */

/** A tar's data begins at multiples of 512, so these are the blocks. */
export const BLOCK_BITS = 9;
export const BLOCK_BYTES = 512;

export const SUPERBLOCK_OFFSET = 1024;
export const SUPERBLOCK_BYTES = 128;
export const SUPERBLOCK_MAGIC = 0xe0f5_e1e2;
/** Inodes carry their own times. */
export const COMPAT_MTIME = 2;
/** Files with holes. */
export const INCOMPAT_CHUNKED_FILE = 4;

/** An inode's number counts these from the start of the metadata. */
export const SLOT_BYTES = 32;
/** The long form, with 32-bit owners and 64-bit times. */
export const INODE_BYTES = 64;
export const EXTENDED_INODE = 1;

/** How an inode says where its data is. */
export const LAYOUT = {
  /** In consecutive blocks. */
  PLAIN: 0,
  /** Behind the inode itself. */
  INLINE: 2,
  /** A list of blocks, holes among them. */
  CHUNKED: 4,
} as const;

export const NO_BLOCK = 0xffff_ffff;
export const MAX_CHUNK_BITS = BLOCK_BITS + 31;
export const CHUNK_ENTRY_BYTES = 4;

export const DIRENT_BYTES = 12;
/** d_type of a directory entry by the type bits of its inode. */
export const FILE_TYPES: Readonly<Record<number, number>> = {
  0o100000: 1,
  0o040000: 2,
  0o020000: 3,
  0o060000: 4,
  0o010000: 5,
  0o120000: 7,
};

export const XATTR_HEADER_BYTES = 12;
export const XATTR_ENTRY_BYTES = 4;
/** Attribute names are stored without these. */
export const XATTR_PREFIXES: readonly (readonly [prefix: string, index: number])[] = [
  ["user.", 1],
  ["system.posix_acl_access", 2],
  ["system.posix_acl_default", 3],
  ["trusted.", 4],
  ["security.", 6],
];

export function align(value: number, to: number): number {
  return Math.ceil(value / to) * to;
}
