/** Files with holes as lists of chunks: each is either a run of the tar or a hole. */
import type { FileNode } from "../tree.ts";
import { BLOCK_BITS, BLOCK_BYTES, MAX_CHUNK_BITS, NO_BLOCK } from "./format.ts";

/** Of one layer: 16 MiB of lists. */
export const MAX_CHUNKS = 4 * 2 ** 20;

export interface Chunks {
  /** A chunk has 2^bits bytes. */
  readonly bits: number;
  readonly count: number;
}

/** The largest chunks by which the file can be told; undefined when its data does not stand at whole blocks. */
export function chunksOf({ size, offset, sparse }: FileNode): Chunks | undefined {
  let bits = MAX_CHUNK_BITS;
  let at = offset;
  for (const segment of sparse?.segments ?? []) {
    const end = segment.offset + segment.length;
    // The rest of a chunk would show what follows in the tar, so only the file's end may cut one short.
    for (const edge of end === size ? [segment.offset] : [segment.offset, end])
      bits = Math.min(bits, trailingZeros(edge));
    if (bits < BLOCK_BITS || at % BLOCK_BYTES !== 0) return undefined;
    at += segment.length;
  }
  const count = Math.ceil(size / 2 ** bits);
  return { bits, count };
}

function trailingZeros(value: number): number {
  let bits = 0;
  for (let rest = value; rest !== 0 && rest % 2 === 0 && bits < MAX_CHUNK_BITS; rest /= 2) bits += 1;
  return value === 0 ? MAX_CHUNK_BITS : bits;
}

/** The block of each chunk. `tarBlock` is that of the tar's first byte. */
export function* chunkBlocks(file: FileNode, { bits, count }: Chunks, tarBlock: number): Generator<number> {
  const bytes = 2 ** bits;
  const segments = file.sparse?.segments ?? [];
  let current = 0;
  let dataAt = file.offset;
  for (let chunk = 0; chunk < count; chunk++) {
    const start = chunk * bytes;
    let segment = segments[current];
    while (segment !== undefined && segment.offset + segment.length <= start) {
      dataAt += segment.length;
      current += 1;
      segment = segments[current];
    }
    if (segment === undefined || segment.offset > start) yield NO_BLOCK;
    else yield tarBlock + (dataAt + start - segment.offset) / BLOCK_BYTES;
  }
}
