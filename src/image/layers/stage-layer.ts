/**
 * One layer from its source into a directory of the store, in one pass: inflated, hashed, bounded, written, indexed, and synced before
 * it is reported.
 */
import { closeSync, fdatasyncSync, fsyncSync, mkdirSync, openSync, writeFileSync, writeSync } from "node:fs";
import { giveBack } from "../../base/memory.ts";
import { invalidHeader } from "../../base/tar/header.ts";
import { TarReader } from "../../base/tar/reader.ts";
import { closeWhole, decompress, detectCompression } from "../../files/compression.ts";
import { syncfs } from "../../kernel/sync.ts";
import { enableVerity } from "../../kernel/verity.ts";
import { type ArchiveLimits, checkExpansion } from "../archive/limits.ts";
import { SUPERBLOCK_OFFSET } from "./erofs/format.ts";
import { Inexpressible } from "./erofs/layout.ts";
import { type ErofsPlace, writeErofs } from "./erofs/write.ts";
import { extractTree } from "./extract.ts";
import { layerFile, layerLinks, layerPlace, layerTree, TAR_OFFSET, writeHead } from "./layer-file.ts";
import { type Arrival, readArriving, type SourceFile } from "./source.ts";
import type { LayerTree } from "./tree.ts";
import { TreeBuilder } from "./tree-builder.ts";

export interface StageJob {
  readonly source: SourceFile;
  /** Made here; its parent exists. Whoever asked deletes it when this fails. */
  readonly directory: string;
  readonly limits: ArchiveLimits;
  /** Layers cannot be mounted here: write their files out, too. */
  readonly extract: boolean;
  /** Have the file system guard the layer with fs-verity, where it can. */
  readonly seal: boolean;
}

export interface LayerFacts {
  /** "sha256:…" of the decompressed tar. */
  readonly diffId: string;
  /** "sha256:…" of the source's bytes. */
  readonly digest: string;
  /** What it adds, as Docker counts. */
  readonly sizeBytes: number;
  readonly tarBytes: number;
}

interface StageControl {
  readonly arrival: Arrival;
  /** Bytes of the source read so far. */
  readonly onProgress: (bytes: number) => void;
}

/** Throws TarError for what the archive is to blame for. */
export async function stageLayer(job: StageJob, control: StageControl): Promise<LayerFacts> {
  const facts = await writeLayer(job, control);
  // Only now has nobody the file open for writing.
  if (job.seal) enableVerity(layerFile(job.directory));
  return facts;
}

async function writeLayer(job: StageJob, control: StageControl): Promise<LayerFacts> {
  const { directory, limits } = job;
  mkdirSync(directory, { mode: 0o700 });
  using file = new LayerWriter(layerFile(directory));
  await using source = new CountedSource(job.source, control);
  const tree = new TreeBuilder(limits);
  const reader = new TarReader(tree, limits);
  const compression = detectCompression(await source.head());
  // A plain tar has one hash for both.
  const digest = compression === "none" ? undefined : source.hash();
  for await (const chunk of decompress(source.read(), compression)) {
    file.append(chunk);
    reader.push(chunk);
    checkIsTar(reader, tree, chunk);
    checkExpansion(limits, source.bytes, reader.offset);
    if (compression !== "none") giveBack(chunk);
  }
  closeWhole(reader, compression);
  tree.finish();
  const { diffId, tarBytes, mountable } = file.finish(tree);
  if (tree.linksBelow.length > 0) writeLinks(tree, directory);
  const extracted = job.extract || !mountable;
  if (extracted) extract(tree, directory);
  sync(directory, extracted);
  return { diffId, digest: digest?.() ?? diffId, sizeBytes: tree.sizeBytes, tarBytes };
}

/** File system images often begin like an empty archive; what follows gives them away (case 31 of the security table). */
function checkIsTar(reader: TarReader, tree: LayerTree, chunk: Uint8Array): void {
  if (reader.finished && tree.entries === 0 && chunk.some((byte) => byte !== 0)) throw invalidHeader();
}

function writeLinks({ linksBelow }: LayerTree, directory: string): void {
  writeFileSync(layerLinks(directory), JSON.stringify(linksBelow), { flush: true });
}

function extract({ root }: LayerTree, directory: string): void {
  mkdirSync(layerTree(directory), { mode: 0o755 });
  const tar = { path: layerFile(directory), offset: TAR_OFFSET };
  extractTree({ root, tar, directory: layerTree(directory), scratch: `${directory}/scratch` });
}

/** Files are synced as they are written, but not those of an extracted tree: one sync of the file system is cheaper than one each. */
function sync(directory: string, extracted: boolean): void {
  const fd = openSync(directory, "r");
  try {
    if (extracted) syncfs(fd);
    else fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** The source's bytes as they pass: counted, hashed, reported. */
class CountedSource implements AsyncDisposable {
  bytes = 0;
  readonly #chunks: AsyncGenerator<Uint8Array>;
  #hash: Bun.CryptoHasher | undefined;
  readonly #onProgress: (bytes: number) => void;
  #first: Uint8Array = new Uint8Array(0);

  constructor(source: SourceFile, { arrival, onProgress }: StageControl) {
    this.#chunks = readArriving(source, arrival);
    this.#onProgress = onProgress;
  }

  /** The first bytes, which `read` gives as well. */
  async head(): Promise<Uint8Array> {
    const { value } = await this.#chunks.next();
    this.#first = value ?? new Uint8Array(0);
    return this.#first;
  }

  async *read(): AsyncGenerator<Uint8Array> {
    if (this.#first.length > 0) yield this.#count(this.#first);
    for await (const chunk of this.#chunks) yield this.#count(chunk);
  }

  /** Hashes what `read` gives; the returned call ends it. */
  hash(): () => string {
    const hash = new Bun.CryptoHasher("sha256");
    this.#hash = hash;
    return () => `sha256:${hash.digest("hex")}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#chunks.return(undefined);
  }

  #count(chunk: Uint8Array): Uint8Array {
    this.bytes += chunk.length;
    this.#hash?.update(chunk);
    this.#onProgress(this.bytes);
    return chunk;
  }
}

/** The layer file while it is written. */
class LayerWriter implements Disposable {
  readonly #fd: number;
  readonly #hash = new Bun.CryptoHasher("sha256");
  #at = TAR_OFFSET;

  constructor(path: string) {
    this.#fd = openSync(path, "wx", 0o600);
  }

  append(chunk: Uint8Array): void {
    this.#hash.update(chunk);
    this.#at += writeAt(this.#fd, chunk, this.#at);
  }

  /** Writes what stands around the tar. */
  finish(tree: LayerTree): { diffId: string; tarBytes: number; mountable: boolean } {
    const diffId = `sha256:${this.#hash.digest("hex")}`;
    const tarBytes = this.#at - TAR_OFFSET;
    const mountable = this.#writeIndex(tree, layerPlace({ diffId, tarBytes }));
    writeAt(
      this.#fd,
      writeHead({ diffId, tarBytes, sizeBytes: tree.sizeBytes, mountable, linksBelow: tree.linksBelow.length > 0 }),
      0,
    );
    fdatasyncSync(this.#fd);
    return { diffId, tarBytes, mountable };
  }

  #writeIndex(tree: LayerTree, place: ErofsPlace): boolean {
    try {
      const { superblock, metadata } = writeErofs(tree, place);
      writeAt(this.#fd, metadata, place.metadataOffset);
      writeAt(this.#fd, superblock, SUPERBLOCK_OFFSET);
      return true;
    } catch (error) {
      if (error instanceof Inexpressible) return false;
      throw error;
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}

function writeAt(fd: number, bytes: Uint8Array, position: number): number {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done, position + done);
  return bytes.length;
}
