/** Extended attributes behind an inode. */
import { align, XATTR_ENTRY_BYTES, XATTR_HEADER_BYTES, XATTR_PREFIXES } from "./format.ts";

type Xattrs = ReadonlyMap<string, Uint8Array>;

function split(name: string): [index: number, rest: string] {
  for (const [prefix, index] of XATTR_PREFIXES) if (name.startsWith(prefix)) return [index, name.slice(prefix.length)];
  throw new Error(`no place for the attribute ${name}`);
}

/** How many bytes they take. */
export function xattrBytes(xattrs: Xattrs): number {
  if (xattrs.size === 0) return 0;
  let bytes = XATTR_HEADER_BYTES;
  for (const [name, value] of xattrs) bytes += align(XATTR_ENTRY_BYTES + split(name)[1].length + value.length, 4);
  return bytes;
}

/** The inode's own count of them: of 4-byte words, the header counting as one. */
export function xattrCount(bytes: number): number {
  return bytes === 0 ? 0 : (bytes - XATTR_HEADER_BYTES) / 4 + 1;
}

export function writeXattrs(out: Buffer, position: number, xattrs: Xattrs): void {
  let at = position + XATTR_HEADER_BYTES;
  for (const [name, value] of xattrs) {
    const [index, rest] = split(name);
    out.writeUInt8(rest.length, at);
    out.writeUInt8(index, at + 1);
    out.writeUInt16LE(value.length, at + 2);
    out.write(rest, at + XATTR_ENTRY_BYTES, "latin1");
    out.set(value, at + XATTR_ENTRY_BYTES + rest.length);
    at += align(XATTR_ENTRY_BYTES + rest.length + value.length, 4);
  }
}
