/**
 * A blob that arrives in pieces, over several connections and engines' lives. Each segment fills from its own beginning; how far, a
 * small file beside the data says. Nothing here is trusted: whoever takes the blob in verifies its digest.
 *
 *   <dir>/<hex of the digest>        the data, with holes where segments are missing
 *   <dir>/<hex of the digest>.map    bytes of each segment, 32 bits little-endian
 */
import { mkdirSync } from "node:fs";
import { type FileHandle, open, readFile, rm } from "node:fs/promises";
import { hasCode, systemError } from "../../base/errors.ts";
import type { GrowingFile } from "../layers/source.ts";
import type { Digest } from "../reference.ts";

export interface BlobFacts {
  readonly digest: Digest;
  readonly sizeBytes: number;
  /** The same for each attempt at a blob. */
  readonly segmentBytes: number;
}

/** A stretch that one connection fills, from `next` to `end`. */
export interface Claim {
  next: number;
  readonly end: number;
}

/** A killed engine loses at most so much of what a connection has brought. */
const SAVE_BYTES = 256 * 1024;
const ENTRY_BYTES = 4;

export class PartialBlob implements GrowingFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly #segmentBytes: number;
  readonly #data: FileHandle;
  /** Bytes of each segment. */
  readonly #have: number[];
  readonly #saved: number[];
  readonly #claims = new Set<Claim>();
  #map: Promise<FileHandle> | undefined;
  #wake = Promise.withResolvers<void>();
  #failure: Error | undefined;

  private constructor(path: string, facts: BlobFacts, files: { data: FileHandle; have: number[] }) {
    this.path = path;
    this.sizeBytes = facts.sizeBytes;
    this.#segmentBytes = facts.segmentBytes;
    this.#data = files.data;
    this.#have = files.have;
    this.#saved = [...files.have];
  }

  /** Goes on with what an earlier attempt has left in `dir`, which is made when missing. */
  static async open(dir: string, facts: BlobFacts): Promise<PartialBlob> {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const path = `${dir}/${facts.digest.slice("sha256:".length)}`;
    const data = await openOrMake(path);
    const have = segmentsOf(await readMap(`${path}.map`), { ...facts, fileBytes: (await data.stat()).size });
    return new PartialBlob(path, facts, { data, have });
  }

  get arrivedBytes(): number {
    return this.#have.reduce((total, bytes) => total + bytes, 0);
  }

  get isWhole(): boolean {
    return this.arrivedBytes === this.sizeBytes;
  }

  /** How far the data goes without a hole. */
  get prefixBytes(): number {
    const short = this.#have.findIndex((bytes, at) => bytes < this.#lengthOf(at));
    return short < 0 ? this.sizeBytes : short * this.#segmentBytes + (this.#have[short] ?? 0);
  }

  /** How many segments are neither whole nor claimed. */
  get openSegments(): number {
    return this.#have.filter((_bytes, at) => this.#isOpen(at)).length;
  }

  /** The next missing stretch; undefined when there is none that nobody fills already. */
  claim(): Claim | undefined {
    const at = this.#have.findIndex((_bytes, segment) => this.#isOpen(segment));
    if (at < 0) return undefined;
    const start = at * this.#segmentBytes;
    return this.#take({ next: start + (this.#have[at] ?? 0), end: start + this.#lengthOf(at) });
  }

  /** Everything, from the first byte: for a server that knows no ranges. */
  claimAll(): Claim {
    return this.#take({ next: 0, end: this.sizeBytes });
  }

  release(claim: Claim): void {
    this.#claims.delete(claim);
  }

  /** Appends to a claimed stretch; what goes beyond its end is left out. */
  async write(claim: Claim, chunk: Uint8Array): Promise<void> {
    const piece = chunk.subarray(0, claim.end - claim.next);
    for (let at = 0; at < piece.length; ) {
      const { bytesWritten } = await this.#data.write(piece, at, piece.length - at, claim.next + at);
      at += bytesWritten;
    }
    claim.next += piece.length;
    await this.#note(claim.next, piece.length);
    this.#tell();
  }

  /** Forgets everything that has come so far. */
  async reset(): Promise<void> {
    await this.#data.truncate(0);
    await rm(`${this.path}.map`, { force: true });
    await (await this.#map)?.close();
    this.#map = undefined;
    this.#have.fill(0);
    this.#saved.fill(0);
  }

  /** Whoever waits for more gets this error. */
  fail(error: Error): void {
    this.#failure = error;
    this.#tell();
  }

  /** The failure is over: it is tried again. */
  revive(): void {
    this.#failure = undefined;
  }

  get available(): AsyncIterable<number> {
    return { [Symbol.asyncIterator]: () => this.#watch() };
  }

  async *#watch(): AsyncGenerator<number, void, undefined> {
    for (let told = 0; told < this.sizeBytes; ) {
      if (this.#failure !== undefined) throw this.#failure;
      const prefix = this.prefixBytes;
      if (prefix > told) {
        told = prefix;
        yield told;
      } else {
        this.#wake = Promise.withResolvers();
        await this.#wake.promise;
      }
    }
  }

  /** Keeps what has come for the next attempt, if anything has. */
  async close(): Promise<void> {
    if (this.arrivedBytes === 0) return this.remove();
    if (!this.isWhole || this.#map !== undefined) {
      for (const at of this.#have.keys()) await this.#save(at);
    }
    await (await this.#map)?.close();
    await this.#data.close();
  }

  /** Closes, and deletes what has come. */
  async remove(): Promise<void> {
    await (await this.#map)?.close();
    await this.#data.close();
    await rm(this.path, { force: true });
    await rm(`${this.path}.map`, { force: true });
  }

  #take(claim: Claim): Claim {
    this.#claims.add(claim);
    return claim;
  }

  #isOpen(segment: number): boolean {
    if ((this.#have[segment] ?? 0) >= this.#lengthOf(segment)) return false;
    return ![...this.#claims].some((claim) => this.#touches(claim, segment));
  }

  #touches({ next, end }: Claim, segment: number): boolean {
    const start = segment * this.#segmentBytes;
    return end > start && next < start + this.#segmentBytes;
  }

  #lengthOf(segment: number): number {
    return Math.min(this.#segmentBytes, this.sizeBytes - segment * this.#segmentBytes);
  }

  /** That the bytes before `end` are there, the last `count` of them newly. */
  async #note(end: number, count: number): Promise<void> {
    const first = Math.floor((end - count) / this.#segmentBytes);
    for (let at = first; at * this.#segmentBytes < end; at++) {
      const bytes = Math.min(end - at * this.#segmentBytes, this.#lengthOf(at));
      this.#have[at] = Math.max(this.#have[at] ?? 0, bytes);
      if ((this.#have[at] ?? 0) - (this.#saved[at] ?? 0) >= SAVE_BYTES) await this.#save(at);
    }
  }

  async #save(segment: number): Promise<void> {
    const bytes = this.#have[segment] ?? 0;
    if (bytes === this.#saved[segment]) return;
    // Several connections may come here at once: there is one handle for all.
    this.#map ??= openOrMake(`${this.path}.map`);
    const map = await this.#map;
    const entry = Buffer.alloc(ENTRY_BYTES);
    entry.writeUInt32LE(bytes);
    await map.write(entry, 0, ENTRY_BYTES, segment * ENTRY_BYTES);
    this.#saved[segment] = bytes;
  }

  #tell(): void {
    this.#wake.resolve();
  }
}

async function openOrMake(path: string): Promise<FileHandle> {
  try {
    return await open(path, "r+");
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
    return open(path, "wx+", 0o600);
  }
}

async function readMap(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw systemError(`cannot read ${path}`, { cause: error });
    return Buffer.alloc(0);
  }
}

type MapFacts = Pick<BlobFacts, "sizeBytes" | "segmentBytes"> & { readonly fileBytes: number };

/** What a map says, as far as it can be true of a file of this size. */
function segmentsOf(map: Buffer, { sizeBytes, segmentBytes, fileBytes }: MapFacts): number[] {
  return Array.from({ length: Math.ceil(sizeBytes / segmentBytes) }, (_, at) => {
    const claimed = map.length >= (at + 1) * ENTRY_BYTES ? map.readUInt32LE(at * ENTRY_BYTES) : 0;
    const start = at * segmentBytes;
    return Math.max(0, Math.min(claimed, segmentBytes, sizeBytes - start, fileBytes - start));
  });
}
