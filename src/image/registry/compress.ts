/** A stored layer as a gzip or zstd file, made by all processors at once; the same layer gives the same bytes each time. */
import { open, rename } from "node:fs/promises";
import type { Slice } from "../../files/compression.ts";
import { type BlockFormat, DEFAULT_GZIP } from "../layers/compress-block.ts";
import type { ArchiveWorkers } from "../layers/workers.ts";
import type { Digest } from "../reference.ts";

export interface CompressedLayer {
  readonly digest: Digest;
  readonly sizeBytes: number;
}

export interface CompressOptions {
  readonly workers: ArchiveWorkers;
  readonly signal: AbortSignal;
  /** Gzip when left out. */
  readonly format?: BlockFormat;
  /** How much of the tar is compressed. */
  readonly onProgress: (bytes: number) => void;
}

const BLOCK_BYTES = 2 * 1024 * 1024;
/** Blocks on their way: enough that no processor waits for the file. */
const AHEAD = 8;

/** Writes to `path` by way of `<path>.new`. */
export async function compressLayer(tar: Slice, path: string, options: CompressOptions): Promise<CompressedLayer> {
  const { signal, onProgress } = options;
  const hash = new Bun.CryptoHasher("sha256");
  const temporary = `${path}.new`;
  let sizeBytes = 0;
  {
    await using file = await open(temporary, "w", 0o600);
    for await (const { bytes, end } of compressedBlocks(tar, options)) {
      signal.throwIfAborted();
      hash.update(bytes);
      for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten;
      sizeBytes += bytes.length;
      onProgress(end);
    }
  }
  await rename(temporary, path);
  return { digest: `sha256:${hash.digest("hex")}` as Digest, sizeBytes };
}

interface Block {
  readonly bytes: Uint8Array;
  /** How much of the tar it and those before it hold. */
  readonly end: number;
}

/** In order, a few being made at any time. */
async function* compressedBlocks(
  tar: Slice,
  { workers, signal, format = DEFAULT_GZIP }: CompressOptions,
): AsyncGenerator<Block> {
  const made: Promise<Block>[] = [];
  const start = (at: number): void => {
    const length = Math.min(BLOCK_BYTES, tar.length - at);
    const slice = { path: tar.path, offset: tar.offset + at, length };
    const block = workers.compress(slice, format, signal).then((bytes) => ({ bytes, end: at + length }));
    // Looked at when its turn comes.
    block.catch(() => undefined);
    made.push(block);
  };
  let next = 0;
  for (; next < tar.length && made.length < AHEAD; next += BLOCK_BYTES) start(next);
  for (let block = made.shift(); block !== undefined; block = made.shift()) {
    yield await block;
    if (next < tar.length) start(next);
    next += BLOCK_BYTES;
  }
}
