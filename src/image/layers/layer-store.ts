/**
 * Layers on disk, named by their DiffID. A layer has its name only when it is whole and synced; everything else lies in `tmp`
 * and is swept at the next start.
 *
 *   <dir>/layers/<hex of the DiffID>/     see layer-file.ts
 *   <dir>/tmp/<anything>                  being written, or being deleted
 */
import { existsSync, mkdirSync, readdirSync, renameSync } from "node:fs";
import { open } from "node:fs/promises";
import { hasCode, notFound } from "../../base/errors.ts";
import { createId } from "../../base/ids.ts";
import type { Slice } from "../../files/compression.ts";
import { removeTree } from "../../files/remove-tree.ts";
import type { ArchiveLimits } from "../archive/limits.ts";
import { type Digest, parseDigest } from "../reference.ts";
import { layerTree, tarSlice } from "./layer-file.ts";
import { type LayerSource, toSourceFile } from "./source.ts";
import type { ArchiveWorkers } from "./workers.ts";

/** A layer that is stored and synced but has no name yet. */
export interface StagedLayer {
  readonly diffId: Digest;
  /** Of the bytes it came as. */
  readonly digest: Digest;
  /** What it adds, as Docker counts. */
  readonly sizeBytes: number;
  readonly tarBytes: number;
  readonly directory: string;
}

export interface StageRequest {
  /** The layer's tar, plain or compressed; possibly a file that is still growing. */
  readonly source: LayerSource;
  /** Aborting ends the work at its next chunk, with the signal's reason. */
  readonly signal: AbortSignal;
  /** How many of the source's bytes have been taken in, some ten times a second. */
  readonly onProgress?: (bytes: number) => void;
}

/** What the rest of the room asks of stored layers, however they are stored. */
export interface LayerStore {
  has(diffId: Digest): boolean;
  /** Takes a layer in under no name; several at once share the processors. Throws invalidParameter for a bad archive, and then leaves nothing. */
  stage(request: StageRequest): Promise<StagedLayer>;
  /** Gives staged layers their names, for good. One that exists already is dropped. */
  commit(staged: readonly StagedLayer[]): Promise<void>;
  discard(staged: readonly StagedLayer[]): Promise<void>;
  /**
   * To be called with all layers of an image, the lowest first, once they are committed and before the image is recorded: makes what
   * the stack needs besides its layers. Throws invalidParameter when they do not fit together.
   */
  complete(diffIds: readonly Digest[]): Promise<void>;
  /**
   * What an overlay mount of these layers takes as its lowers: the topmost first. Layers are given the lowest first. The paths may
   * lead to descriptors of this process: mount them at once.
   */
  lowers(diffIds: readonly Digest[]): string[];
  /** The layer's tar, byte for byte what its DiffID is of. Throws notFound. */
  tar(diffId: Digest): Slice;
  /** Keeps layers from being collected until the returned call. */
  pin(diffIds: readonly Digest[]): () => void;
  /** Deletes every layer that is neither pinned nor in `keep`. */
  collect(keep: ReadonlySet<Digest>): Promise<void>;
  /** Deletes what lay half done when the store was opened. */
  sweep(): Promise<void>;
  /** A fresh path, not made yet, for something temporary that `sweep` may delete. */
  temporary(): string;
}

export interface LayerStoreDeps {
  readonly dir: string;
  readonly limits: ArchiveLimits;
  readonly workers: ArchiveWorkers;
}

/** Makes its directories 0700: set-user-id files in layers are out of everybody's reach (case 23 of the security table). */
export function createLayerStore(deps: LayerStoreDeps): LayerStore {
  for (const path of [deps.dir, `${deps.dir}/layers`, `${deps.dir}/tmp`])
    mkdirSync(path, { recursive: true, mode: 0o700 });
  return new DiskLayers(deps);
}

class DiskLayers implements LayerStore {
  readonly #layers: string;
  readonly #temporaries: string;
  readonly #limits: ArchiveLimits;
  readonly #workers: ArchiveWorkers;
  readonly #pins = new Map<Digest, number>();
  readonly #leftovers: readonly string[];

  constructor({ dir, limits, workers }: LayerStoreDeps) {
    this.#layers = `${dir}/layers`;
    this.#temporaries = `${dir}/tmp`;
    this.#limits = limits;
    this.#workers = workers;
    this.#leftovers = readdirSync(this.#temporaries);
  }

  has(diffId: Digest): boolean {
    return existsSync(this.#path(diffId));
  }

  async stage({ source, signal, onProgress }: StageRequest): Promise<StagedLayer> {
    const directory = this.temporary();
    try {
      const job = { source: toSourceFile(source), directory, limits: this.#limits };
      const growing = "available" in source ? { growing: source } : {};
      const control = { signal, ...growing, ...(onProgress === undefined ? {} : { onProgress }) };
      const { diffId, digest, sizeBytes, tarBytes } = await this.#workers.stage(job, control);
      return { diffId: parseDigest(diffId), digest: parseDigest(digest), sizeBytes, tarBytes, directory };
    } catch (error) {
      await this.#removeTemporary(directory);
      throw error;
    }
  }

  async commit(staged: readonly StagedLayer[]): Promise<void> {
    if (staged.length === 0) return;
    const doubles = staged.filter(({ directory, diffId }) => !renameUnlessTaken(directory, this.#path(diffId)));
    await syncDirectory(this.#layers);
    await this.discard(doubles);
  }

  async discard(staged: readonly StagedLayer[]): Promise<void> {
    for (const { directory } of staged) await this.#removeTemporary(directory);
  }

  async complete(_diffIds: readonly Digest[]): Promise<void> {}

  tar(diffId: Digest): Slice {
    if (!this.has(diffId)) throw notFound(`No such layer: ${diffId}`);
    return tarSlice(this.#path(diffId));
  }

  lowers(diffIds: readonly Digest[]): string[] {
    // Of a layer that comes twice the upper one hides all of the lower, and overlayfs takes no directory twice.
    return [...new Set(diffIds.toReversed())].map((diffId) => layerTree(this.#path(diffId)));
  }

  pin(diffIds: readonly Digest[]): () => void {
    for (const diffId of diffIds) this.#pins.set(diffId, (this.#pins.get(diffId) ?? 0) + 1);
    let held = true;
    return () => {
      if (held) for (const diffId of diffIds) this.#unpin(diffId);
      held = false;
    };
  }

  async collect(keep: ReadonlySet<Digest>): Promise<void> {
    const stored = readdirSync(this.#layers).map((hex) => parseDigest(`sha256:${hex}`));
    const garbage = stored.filter((diffId) => !keep.has(diffId) && !this.#pins.has(diffId));
    // All lose their names at once; the long work comes after.
    const moved = garbage.map((diffId) => {
      const path = this.temporary();
      renameSync(this.#path(diffId), path);
      return path;
    });
    for (const path of moved) await this.#removeTemporary(path);
  }

  async sweep(): Promise<void> {
    for (const name of this.#leftovers) await removeTree(this.#temporaries, name);
  }

  temporary(): string {
    return `${this.#temporaries}/${createId()}`;
  }

  #path(diffId: Digest): string {
    return `${this.#layers}/${diffId.slice("sha256:".length)}`;
  }

  #removeTemporary(path: string): Promise<void> {
    return removeTree(this.#temporaries, path.slice(this.#temporaries.length + 1));
  }

  #unpin(diffId: Digest): void {
    const left = (this.#pins.get(diffId) ?? 0) - 1;
    if (left > 0) this.#pins.set(diffId, left);
    else this.#pins.delete(diffId);
  }
}

/** False when the name is taken: somebody else was faster with the same layer. */
function renameUnlessTaken(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (!hasCode(error, "ENOTEMPTY") && !hasCode(error, "EEXIST")) throw error;
    return false;
  }
}

/** On the thread pool: it may wait for the disk. */
async function syncDirectory(path: string): Promise<void> {
  await using directory = await open(path);
  await directory.sync();
}
