/**
 * Layers of the store in the form in which they travel. A compressed one is a file that lasts until nobody holds it any more; several
 * who want the same one share its making.
 */
import { rm } from "node:fs/promises";
import { SharedWork } from "../../base/shared-work.ts";
import type { Slice } from "../../files/compression.ts";
import type { LayerBlob } from "../content.ts";
import type { ImageContext } from "../context.ts";
import type { Digest } from "../reference.ts";
import { compressLayer } from "../registry/compress.ts";
import { type BlobFormat, mediaTypeOf } from "./blob-format.ts";

/** A blob as a stretch of a file, there until its disposal. */
export interface OpenBlob extends AsyncDisposable {
  readonly blob: LayerBlob;
  readonly slice: Slice;
}

export interface BlobRun {
  readonly signal: AbortSignal;
  /** How much of the layer's tar is compressed. */
  readonly onProgress?: (bytes: number) => void;
}

interface Made {
  readonly blob: LayerBlob;
  readonly path: string;
  holders: number;
}

type Context = Pick<ImageContext, "layers" | "workers">;

export class LayerBlobs {
  readonly #context: Context;
  readonly #made = new Map<string, Made>();
  readonly #making = new SharedWork<Made, number>();

  constructor(context: Context) {
    this.#context = context;
  }

  /** Throws notFound for a layer that is not stored. */
  async open(diffId: Digest, format: BlobFormat, run: BlobRun): Promise<OpenBlob> {
    const { layers } = this.#context;
    const unpin = layers.pin([diffId]);
    try {
      const opened = format.kind === "uncompressed" ? this.#plain(diffId) : await this.#compressed(diffId, format, run);
      return { ...opened, [Symbol.asyncDispose]: () => opened.close().finally(unpin) };
    } catch (error) {
      unpin();
      throw error;
    }
  }

  #plain(diffId: Digest): Opened {
    const slice = this.#context.layers.tar(diffId);
    const mediaType = mediaTypeOf({ kind: "uncompressed" });
    return { blob: { digest: diffId, mediaType, sizeBytes: slice.length }, slice, close: () => Promise.resolve() };
  }

  async #compressed(diffId: Digest, format: Compressed, { signal, onProgress }: BlobRun): Promise<Opened> {
    const key = `${diffId} ${format.kind} ${format.level}`;
    const participant = { report: (bytes: number) => onProgress?.(bytes), signal };
    const made =
      this.#made.get(key) ??
      (await this.#making.join(key, participant, (report, abort) =>
        this.#make(key, diffId, { format, report, abort }),
      ));
    made.holders++;
    const { blob, path } = made;
    let isHeld = true;
    const close = async (): Promise<void> => {
      if (!isHeld) return;
      isHeld = false;
      if (--made.holders > 0) return;
      this.#made.delete(key);
      await rm(path, { force: true });
    };
    return { blob, slice: { path, offset: 0, length: blob.sizeBytes }, close };
  }

  async #make(key: string, diffId: Digest, { format, report, abort }: Making): Promise<Made> {
    const { layers, workers } = this.#context;
    const path = layers.temporary();
    const tar = layers.tar(diffId);
    const made = await compressLayer(tar, path, { workers, signal: abort, format, onProgress: report });
    const kept = { blob: { ...made, mediaType: mediaTypeOf(format) }, path, holders: 0 };
    this.#made.set(key, kept);
    return kept;
  }
}

type Compressed = Exclude<BlobFormat, { readonly kind: "uncompressed" }>;

interface Opened {
  readonly blob: LayerBlob;
  readonly slice: Slice;
  readonly close: () => Promise<void>;
}

interface Making {
  readonly format: Compressed;
  readonly report: (bytes: number) => void;
  readonly abort: AbortSignal;
}
