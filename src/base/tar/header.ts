/** One 512-byte header block, after POSIX.1-1988 (ustar) and GNU tar's extensions to it. */
import { BLOCK_BYTES, TarError } from "./entry.ts";

export interface Header {
  readonly name: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: number;
  /** The type flag; "\0" of old archives is "0". */
  readonly flag: string;
  readonly linkName: string;
  readonly major: number;
  readonly minor: number;
}

/** Go's wording, which Docker shows for any broken archive. */
export const invalidHeader = (): TarError => new TarError("archive/tar: invalid tar header");

function text(block: Buffer, start: number, length: number): string {
  const nul = block.indexOf(0, start);
  return block.toString("latin1", start, nul < 0 || nul > start + length ? start + length : nul);
}

/** Octal digits among spaces and NULs, or big-endian base 256 when the first bit is set. */
export function readNumber(block: Buffer, start: number, length: number): number {
  const first = block[start] ?? 0;
  if ((first & 0x80) === 0) return octal(block, start, start + length);
  let value = first & 0x40 ? first - 0x100 : first & 0x3f;
  for (let at = start + 1; at < start + length; at++) value = value * 256 + (block[at] ?? 0);
  if (!Number.isSafeInteger(value)) throw invalidHeader();
  return value;
}

const SPACE = 0x20;
const ZERO = 0x30;

/** Read in place: an archive has half a dozen of these for every file. */
function octal(block: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && block[at] === SPACE) at++;
  let value = 0;
  for (; at < end; at++) {
    const digit = (block[at] ?? 0) - ZERO;
    if (digit < 0 || digit > 7) break;
    value = value * 8 + digit;
  }
  while (at < end && block[at] === SPACE) at++;
  if (at < end && block[at] !== 0) throw invalidHeader();
  return value;
}

const CHECKSUM_AT = 148;
const CHECKSUM_END = 156;

/** The sum over the block with its own field as spaces; old tars summed signed bytes. */
function checksumHolds(block: Buffer, expected: number): boolean {
  let unsigned = 0;
  let signed = 0;
  for (let at = 0; at < BLOCK_BYTES; at++) {
    const byte = at >= CHECKSUM_AT && at < CHECKSUM_END ? 0x20 : (block[at] ?? 0);
    unsigned += byte;
    signed += byte < 0x80 ? byte : byte - 0x100;
  }
  return expected === unsigned || expected === signed;
}

/** True for the all-zero block that ends an archive. */
export function isZeroBlock(block: Buffer): boolean {
  return block.every((byte) => byte === 0);
}

/** Throws TarError("archive/tar: invalid tar header"). */
export function parseHeader(block: Buffer): Header {
  if (!checksumHolds(block, readNumber(block, CHECKSUM_AT, 8))) throw invalidHeader();
  const isUstar = block.toString("latin1", 257, 263) === "ustar\0";
  const prefix = isUstar ? text(block, 345, 155) : "";
  const name = text(block, 0, 100);
  const size = readNumber(block, 124, 12);
  const flag = String.fromCharCode(block[156] ?? 0);
  if (size < 0) throw invalidHeader();
  const isDevice = flag === "3" || flag === "4";
  return {
    name: prefix === "" ? name : `${prefix}/${name}`,
    mode: readNumber(block, 100, 8) & 0o7777,
    uid: readNumber(block, 108, 8),
    gid: readNumber(block, 116, 8),
    size,
    mtime: readNumber(block, 136, 12),
    flag: flag === "\0" ? "0" : flag,
    linkName: text(block, 157, 100),
    major: isDevice ? readNumber(block, 329, 8) : 0,
    minor: isDevice ? readNumber(block, 337, 8) : 0,
  };
}
