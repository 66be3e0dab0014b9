/** Compression of archives and layers: told by their first bytes, undone as a stream on the inflater's own threads. */
import { createReadStream } from "node:fs";
import { createGunzip, createZstdDecompress, type Gunzip, type ZstdDecompress } from "node:zlib";
import { TarError } from "../base/tar/entry.ts";
import type { TarReader } from "../base/tar/reader.ts";
import { inflateWith } from "./external-inflater.ts";

export type Compression = "none" | "gzip" | "zstd" | "bzip2" | "xz";

/** A stretch of a file. */
export interface Slice {
  readonly path: string;
  readonly offset: number;
  readonly length: number;
}

const CHUNK_BYTES = 256 * 1024;

const MAGIC: readonly (readonly [bytes: readonly number[], kind: Compression])[] = [
  [[0x1f, 0x8b], "gzip"],
  [[0x28, 0xb5, 0x2f, 0xfd], "zstd"],
  [[0x42, 0x5a, 0x68], "bzip2"],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], "xz"],
];

/** Zstandard's skippable frames, which may come first: 0x184D2A50 to 0x184D2A5F, little-endian. */
const isSkippableFrame = (head: Uint8Array): boolean =>
  ((head[0] ?? 0) & 0xf0) === 0x50 && head[1] === 0x2a && head[2] === 0x4d && head[3] === 0x18;

/** What tells the longest of them. */
export const MAGIC_BYTES = 6;

/** From the first six bytes or more. */
export function detectCompression(head: Uint8Array): Compression {
  if (isSkippableFrame(head)) return "zstd";
  const [, kind = "none"] = MAGIC.find(([magic]) => magic.every((byte, at) => head[at] === byte)) ?? [];
  return kind;
}

/** The slice's bytes as they are. */
export function readSlice({ path, offset, length }: Slice): AsyncIterable<Uint8Array> {
  // `end` is inclusive, so an empty slice cannot be written down.
  if (length === 0) return emptyStream();
  return createReadStream(path, { start: offset, end: offset + length - 1, highWaterMark: CHUNK_BYTES });
}

async function* emptyStream(): AsyncGenerator<Uint8Array> {}

type Inflater = Gunzip | ZstdDecompress;

/** It takes one chunk at a time: the next one is asked for when nothing of the last is needed any more. */
function inflater(compression: "gzip" | "zstd"): Inflater {
  const options = { chunkSize: CHUNK_BYTES, writableHighWaterMark: 1 };
  return compression === "gzip" ? createGunzip(options) : createZstdDecompress(options);
}

/** Go's wording for what zlib says, as Docker shows it. */
function inflateError(error: unknown): unknown {
  if (!(error instanceof Error) || !("code" in error)) return error;
  if (error.code === "Z_BUF_ERROR") return new TarError("unexpected EOF", { cause: error });
  const isDamage = typeof error.code === "string" && /^(Z_|ZSTD_)/.test(error.code);
  return isDamage ? new TarError(`invalid compressed data: ${error.message}`, { cause: error }) : error;
}

/** Inflates `source`, whose chunks need not outlive the request for the next. Ending the iteration early ends `source` as well. */
export async function* decompress(
  source: AsyncIterable<Uint8Array>,
  compression: Compression,
): AsyncIterable<Uint8Array> {
  if (compression === "none") {
    yield* source;
    return;
  }
  if (compression === "bzip2" || compression === "xz") {
    yield* inflateWith(compression, source);
    return;
  }
  const transform = inflater(compression);
  const feeding = feed(source, transform);
  try {
    for await (const chunk of transform) yield chunk;
  } catch (error) {
    throw inflateError(error);
  } finally {
    transform.destroy();
    await feeding;
  }
}

/** Writes with back-pressure until `source` ends or the transform is gone. Never rejects: failures surface at the reader. */
async function feed(source: AsyncIterable<Uint8Array>, transform: Inflater): Promise<void> {
  try {
    for await (const chunk of source) {
      if (transform.destroyed) return;
      if (!transform.write(chunk)) await drained(transform);
    }
    transform.end();
  } catch (error) {
    transform.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}

function drained(transform: Inflater): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      for (const event of ["drain", "close", "error"]) transform.off(event, done);
      resolve();
    };
    for (const event of ["drain", "close", "error"]) transform.on(event, done);
  });
}

/**
 * Ends the reading of a decompressed archive. Throws TarError("unexpected EOF") when something is missing: Bun's zstd ends
 * in silence when its input was cut off, so there the archive's own end mark has to prove it whole.
 */
export function closeWhole(reader: TarReader, compression: Compression): void {
  reader.close();
  if (compression === "zstd" && !reader.finished) throw new TarError("unexpected EOF");
}
