/**
 * Files with holes, in the four ways GNU tar has of saying where their data belongs: the old type "S" with its map in the header
 * and in blocks after it, and three of extended headers, of which version 1.0 puts the map in front of the data.
 */
import { BLOCK_BYTES, type Sparse, type SparseSegment, TarError } from "./entry.ts";
import { invalidHeader, readNumber } from "./header.ts";
import type { PaxRecords } from "./pax.ts";

/** A map that is being read. */
export interface SparseMap {
  /** More blocks of the archive belong to the map. */
  readonly incomplete: boolean;
  addBlock(block: Buffer): void;
  /** How much of the entry's data the map itself has taken up. */
  readonly dataBytes: number;
  /** `bytes` of data follow. Throws TarError when map and data do not fit. */
  finish(bytes: number): Sparse;
}

/** The map that an entry begins with; undefined for a file without holes. */
export function sparseMapOf(flag: string, block: Buffer, pax: PaxRecords): SparseMap | undefined {
  if (flag === "S") return new OldMap(block);
  if (pax.get("GNU.sparse.major") === "1" && pax.get("GNU.sparse.minor") === "0") return new DataMap(pax);
  if (pax.has("GNU.sparse.map")) return new RecordMap(pax);
  return undefined;
}

/** Where version 0.1 and 1.0 keep the file's own name. */
export const SPARSE_NAME = "GNU.sparse.name";

function checkSegments(size: number, segments: readonly SparseSegment[], bytes: number): Sparse {
  let end = 0;
  let total = 0;
  for (const { offset, length } of segments) {
    if (offset < end || length < 0) throw invalidSparse();
    end = offset + length;
    total += length;
  }
  if (!Number.isSafeInteger(size) || !Number.isSafeInteger(end) || end > size || total !== bytes) throw invalidSparse();
  return { size, segments: segments.filter(({ length }) => length > 0) };
}

const invalidSparse = (): TarError => new TarError("archive/tar: invalid sparse file");

const NUMBER_BYTES = 12;
const HEADER_MAP = { at: 386, count: 4, more: 482 } as const;
const HEADER_SIZE_AT = 483;
const BLOCK_MAP = { at: 0, count: 21, more: 504 } as const;

class OldMap implements SparseMap {
  readonly dataBytes = 0;
  readonly #size: number;
  readonly #segments: SparseSegment[] = [];
  incomplete: boolean;

  constructor(header: Buffer) {
    this.#size = readNumber(header, HEADER_SIZE_AT, NUMBER_BYTES);
    this.incomplete = this.#read(header, HEADER_MAP);
  }

  addBlock(block: Buffer): void {
    this.incomplete = this.#read(block, BLOCK_MAP);
  }

  finish(bytes: number): Sparse {
    return checkSegments(this.#size, this.#segments, bytes);
  }

  #read(block: Buffer, { at, count, more }: { at: number; count: number; more: number }): boolean {
    for (let entry = at; entry < at + count * 2 * NUMBER_BYTES; entry += 2 * NUMBER_BYTES) {
      if (block[entry] === 0 || block[entry + NUMBER_BYTES] === 0) break;
      this.#segments.push({
        offset: readNumber(block, entry, NUMBER_BYTES),
        length: readNumber(block, entry + NUMBER_BYTES, NUMBER_BYTES),
      });
    }
    return block[more] !== 0;
  }
}

/** Numbers in pairs: offset, length. */
function toSegments(numbers: readonly string[]): SparseSegment[] {
  if (numbers.length % 2 !== 0) throw invalidSparse();
  return numbers.flatMap((offset, at) =>
    at % 2 === 0 ? [{ offset: decimal(offset), length: decimal(numbers[at + 1] ?? "") }] : [],
  );
}

function decimal(digits: string | undefined): number {
  if (digits === undefined || !/^[0-9]{1,16}$/.test(digits)) throw invalidSparse();
  return Number(digits);
}

/** Versions 0.0 and 0.1; parsePax() has brought the repeated records of the former into the form of the latter. */
class RecordMap implements SparseMap {
  readonly incomplete = false;
  readonly dataBytes = 0;
  readonly #records: PaxRecords;

  constructor(records: PaxRecords) {
    this.#records = records;
  }

  addBlock(): void {
    throw invalidHeader();
  }

  finish(bytes: number): Sparse {
    const map = this.#records.get("GNU.sparse.map") ?? "";
    const segments = map === "" ? [] : toSegments(map.split(","));
    return checkSegments(decimal(this.#records.get("GNU.sparse.size")), segments, bytes);
  }
}

/** Version 1.0: how many segments, then their numbers, one a line, filled up to a whole block. */
class DataMap implements SparseMap {
  readonly #records: PaxRecords;
  #text = "";
  #lines = 0;
  /** Unknown until the first line is there. */
  #expected = Number.POSITIVE_INFINITY;
  dataBytes = 0;

  constructor(records: PaxRecords) {
    this.#records = records;
  }

  get incomplete(): boolean {
    return this.#lines < this.#expected;
  }

  addBlock(block: Buffer): void {
    const text = block.toString("latin1");
    this.#text += text;
    this.dataBytes += BLOCK_BYTES;
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) this.#lines += 1;
    if (this.#lines > 0 && !Number.isFinite(this.#expected))
      this.#expected = 1 + 2 * decimal(this.#text.slice(0, this.#text.indexOf("\n")));
  }

  finish(bytes: number): Sparse {
    const numbers = this.#text.split("\n").slice(1, this.#expected);
    return checkSegments(decimal(this.#records.get("GNU.sparse.realsize")), toSegments(numbers), bytes);
  }
}
