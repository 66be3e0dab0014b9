/** Where a layer's bytes come from: a stretch of a file, or a file that is still being downloaded. */
import { closeSync, openSync } from "node:fs";
import { giveBack } from "../../base/memory.ts";
import { TarError } from "../../base/tar/entry.ts";
import type { Slice } from "../../files/compression.ts";
import { readFully } from "../../files/file-bytes.ts";

/** A file that somebody is appending to, or a stretch of one. */
export interface GrowingFile {
  readonly path: string;
  /** Where in the file it begins; its start when left out. */
  readonly offset?: number;
  /** How many bytes there are by now, told whenever there are more. Ends when it is whole, throws when it never will be. */
  readonly available: AsyncIterable<number>;
}

export type LayerSource = Slice | GrowingFile;

/** A source as a worker is told of it. */
export interface SourceFile {
  readonly path: string;
  readonly offset: number;
  /** Undefined while nobody knows. */
  readonly length: number | undefined;
}

export function toSourceFile(source: LayerSource): SourceFile {
  return "available" in source ? { path: source.path, offset: source.offset ?? 0, length: undefined } : source;
}

export interface Arrived {
  readonly bytes: number;
  /** No more will come. */
  readonly whole: boolean;
}

/** How much of a source has arrived. One reader may wait at a time. */
export class Arrival {
  #arrived: Arrived;
  #failure: Error | undefined;
  #wake = Promise.withResolvers<void>();

  constructor({ length }: SourceFile) {
    this.#arrived = { bytes: length ?? 0, whole: length !== undefined };
  }

  update(arrived: Arrived): void {
    this.#arrived = arrived;
    this.#wake.resolve();
  }

  /** Whoever waits, now or later, gets this error. */
  fail(failure: Error): void {
    this.#failure = failure;
    this.#wake.resolve();
  }

  /** Resolves once there are more than `bytes`, or no more will come. */
  async beyond(bytes: number): Promise<Arrived> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#arrived.bytes > bytes || this.#arrived.whole) return this.#arrived;
      this.#wake = Promise.withResolvers();
      await this.#wake.promise;
    }
  }
}

const CHUNK_BYTES = 256 * 1024;
/** The first chunk is long enough to tell the compression. */
const HEAD_BYTES = 16;

/** The source's bytes as they arrive: each chunk until the next one is asked for. Throws TarError("unexpected EOF") when the file is shorter than it was said to be. */
export async function* readArriving({ path, offset }: SourceFile, arrival: Arrival): AsyncGenerator<Uint8Array> {
  // A growing file may only be made with its first bytes.
  await arrival.beyond(0);
  const fd = openSync(path, "r");
  try {
    for (let at = 0; ; ) {
      const { bytes, whole } = await arrival.beyond(at === 0 ? HEAD_BYTES : at);
      if (at >= bytes && whole) return;
      const chunk = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, bytes - at));
      if (readFully(fd, chunk, offset + at) < chunk.length) throw new TarError("unexpected EOF");
      at += chunk.length;
      yield chunk;
      giveBack(chunk);
    }
  } finally {
    closeSync(fd);
  }
}
