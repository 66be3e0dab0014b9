/** Writes a file from its start to its end and leaves holes: where the archive says so, and where whole blocks are zeros. */
import { ftruncateSync, writeSync } from "node:fs";
import type { Sparse, SparseSegment } from "../base/tar/entry.ts";

/** How much is looked at together. */
const PIECE_BYTES = 64 * 1024;
/** Smaller runs of zeros are written: no file system has smaller holes. */
const HOLE_BYTES = 4096;
const ZEROS = Buffer.alloc(PIECE_BYTES);

export interface Stretch {
  readonly fd: number;
  readonly position: number;
  /** Infinite for a file without a map of holes. */
  readonly length: number;
}

export class SparseWriter {
  readonly #fd: number;
  readonly #sparse: Sparse | undefined;
  /** The segments to come, the next one last. */
  readonly #segments: SparseSegment[];
  /** Where the present segment ends. */
  #end: number;
  #position = 0;
  #endsInHole: boolean;

  constructor(fd: number, sparse: Sparse | undefined) {
    this.#fd = fd;
    this.#sparse = sparse;
    this.#segments = sparse === undefined ? [] : sparse.segments.toReversed();
    this.#end = sparse === undefined ? Number.POSITIVE_INFINITY : 0;
    this.#endsInHole = sparse !== undefined;
  }

  /** The stretch of the file that the coming bytes belong into, for whoever can put them there without `write`. */
  get stretch(): Stretch {
    if (this.#position === this.#end) this.#nextSegment();
    return { fd: this.#fd, position: this.#position, length: this.#end - this.#position };
  }

  /** So many bytes have been put there. */
  pass(bytes: number): void {
    this.#position += bytes;
    this.#endsInHole = this.#sparse !== undefined;
  }

  write(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      if (this.#position === this.#end) this.#nextSegment();
      const piece = chunk.subarray(at, at + this.#end - this.#position);
      this.#writePiece(piece);
      at += piece.length;
    }
  }

  /** Gives the file its full size. */
  finish(): void {
    if (this.#endsInHole) ftruncateSync(this.#fd, this.#sparse?.size ?? this.#position);
  }

  #nextSegment(): void {
    const { offset, length } = this.#segments.pop() ?? { offset: this.#position, length: Number.POSITIVE_INFINITY };
    this.#position = offset;
    this.#end = offset + length;
  }

  #writePiece(bytes: Uint8Array): void {
    let begin = 0;
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      const piece = bytes.subarray(at, at + PIECE_BYTES);
      if (!isHole(piece)) continue;
      this.#put(bytes.subarray(begin, at));
      this.#position += piece.length;
      this.#endsInHole = true;
      begin = at + piece.length;
    }
    this.#put(bytes.subarray(begin));
  }

  #put(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const written = writeSync(this.#fd, bytes, at, bytes.length - at, this.#position);
      this.pass(written);
      at += written;
    }
  }
}

function isHole(piece: Uint8Array): boolean {
  if (piece[0] !== 0 || piece.length < HOLE_BYTES) return false;
  return ZEROS.compare(piece, 0, piece.length, 0, piece.length) === 0;
}
