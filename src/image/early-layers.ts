/**
 * Layers of an image archive that is still arriving: what may be one is staged as it comes, before the archive has said what it is, and
 * whoever needs it then finds it done. Nothing depends on it: what it overlooks is staged later.
 */
import { closeSync, openSync } from "node:fs";
import { BLOCK_BYTES, type TarEntry, TarError } from "../base/tar/entry.ts";
import { TarReader } from "../base/tar/reader.ts";
import type { Slice } from "../files/compression.ts";
import { readFully } from "../files/file-bytes.ts";
import type { Growth } from "./archive/growth.ts";
import type { ImageContext } from "./context.ts";
import type { StagedLayer } from "./layers/layer-store.ts";
import { isDigest } from "./reference.ts";

export interface ArrivingArchive {
  readonly path: string;
  readonly growth: Growth;
  readonly signal: AbortSignal;
}

/** Smaller ones are staged in no time once the archive is whole, and documents are small. */
const LEAST_BYTES = 1024 * 1024;
/** Archives of ordinary images have fewer; it bounds what is read on the event loop. */
const MAX_MEMBERS = 1000;

interface Early {
  readonly length: number;
  /** Undefined when it is no layer. */
  readonly staged: Promise<StagedLayer | undefined>;
}

export class EarlyLayers implements AsyncDisposable {
  readonly #context: ImageContext;
  readonly #archive: ArrivingArchive;
  readonly #abort = new AbortController();
  readonly #signal: AbortSignal;
  /** By where they begin. */
  readonly #found = new Map<number, Early>();
  readonly #scanning: Promise<void>;

  constructor(context: ImageContext, archive: ArrivingArchive) {
    this.#context = context;
    this.#archive = archive;
    this.#signal = AbortSignal.any([archive.signal, this.#abort.signal]);
    this.#scanning = this.#scan().catch(() => undefined);
  }

  /** The layer that is this stretch of the archive, once; undefined when it has to be staged. Never rejects. */
  async take({ path, offset, length }: Slice): Promise<StagedLayer | undefined> {
    const early = this.#found.get(offset);
    if (early === undefined || early.length !== length || path !== this.#archive.path) return undefined;
    this.#found.delete(offset);
    return early.staged;
  }

  /** Gives up what nobody took. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort(new Error("context canceled"));
    await this.#scanning;
    const left = await Promise.all([...this.#found.values()].map(({ staged }) => staged));
    await this.#context.layers.discard(left.filter((layer) => layer !== undefined));
  }

  /** Goes from header to header as they arrive. Rejects where the archive is compressed, damaged or cut off. */
  async #scan(): Promise<void> {
    const { path, growth } = this.#archive;
    await growth.begun;
    const entry = (member: TarEntry): void => this.#consider(member);
    const reader = new TarReader(
      { entry, data: () => undefined, end: () => undefined },
      { ...this.#context.limits, maxEntries: MAX_MEMBERS },
    );
    const fd = openSync(path, "r");
    try {
      for await (const bytes of growth) {
        this.#signal.throwIfAborted();
        readHeaders(fd, reader, bytes);
        if (reader.finished) return;
      }
    } finally {
      closeSync(fd);
    }
  }

  #consider({ type, name, offset, size }: TarEntry): void {
    if (type !== "file" || size < LEAST_BYTES || this.#isStored(name)) return;
    const { path, growth } = this.#archive;
    const source = { path, offset, available: growth.stretch(offset, size) };
    const staged = this.#context.layers.stage({ source, signal: this.#signal }).catch(() => undefined);
    this.#found.set(offset, { length: size, staged });
  }

  /** Most tools name layers by their DiffIDs or by the digests of their blobs. */
  #isStored(name: string): boolean {
    const digest = `sha256:${/[0-9a-f]{64}/.exec(name)?.[0] ?? ""}`;
    if (!isDigest(digest)) return false;
    const { content, layers } = this.#context;
    return layers.has(content.diffIdOf(digest) ?? digest);
  }
}

/** As far as the file's first `bytes` go. */
function readHeaders(fd: number, reader: TarReader, bytes: number): void {
  const block = Buffer.alloc(BLOCK_BYTES);
  while (!reader.finished && reader.offset + reader.skippable + BLOCK_BYTES <= bytes) {
    if (reader.skippable > 0) reader.skip();
    if (readFully(fd, block, reader.offset) < BLOCK_BYTES) throw new TarError("unexpected EOF");
    reader.push(block);
  }
}
