/**
 * Layers on disk, named by their DiffID: here as extracted directories that are lower layers of overlay mounts. A layer has
 * its name only when it is whole and synced; everything else lies in `tmp` and is swept at the next start.
 *
 *   <dir>/layers/<hex of the DiffID>/     the layer's files
 *   <dir>/tmp/<anything>                  being written, or being deleted
 */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync } from "node:fs";
import { hasCode } from "../../base/errors.ts";
import { createId } from "../../base/ids.ts";
import type { Slice } from "../../files/compression.ts";
import { removeTree } from "../../files/remove-tree.ts";
import type { ArchiveLimits } from "../archive/limits.ts";
import { type Digest, parseDigest } from "../reference.ts";
import type { ArchiveWorker } from "./archive-worker.ts";

/** A layer that is unpacked but has no name yet. */
export interface StagedLayer {
  readonly diffId: Digest;
  /** Of the bytes it came as. */
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly directory: string;
}

interface StageRequest {
  /** The layer's tar, plain or compressed. */
  readonly source: Slice;
  readonly worker: ArchiveWorker;
  readonly onProgress?: (bytes: number) => void;
}

/** What the rest of the room asks of stored layers, however they are stored. */
export interface LayerStore {
  has(diffId: Digest): boolean;
  /** Takes a layer in under no name. Throws invalidParameter for a bad archive, and then leaves nothing. */
  stage(request: StageRequest): Promise<StagedLayer>;
  /** Makes staged layers durable, then gives them their names. One that exists already is dropped. */
  commit(staged: readonly StagedLayer[], worker: ArchiveWorker): Promise<void>;
  discard(staged: readonly StagedLayer[]): Promise<void>;
  /** What an overlay mount of these layers takes as its lowers: the topmost first. Layers are given the lowest first. */
  lowers(diffIds: readonly Digest[]): string[];
  /** Keeps layers from being collected until the returned call. */
  pin(diffIds: readonly Digest[]): () => void;
  /** Deletes every layer that is neither pinned nor in `keep`. */
  collect(keep: ReadonlySet<Digest>): Promise<void>;
  /** Deletes what lay half done when the store was opened. */
  sweep(): Promise<void>;
  /** A fresh path, not made yet, for something temporary that `sweep` may delete. */
  temporary(): string;
}

/** Makes its directories 0700: set-user-id files in layers are out of everybody's reach (case 23 of the security table). */
export function createLayerStore(dir: string, limits: ArchiveLimits): LayerStore {
  for (const path of [dir, `${dir}/layers`, `${dir}/tmp`]) mkdirSync(path, { recursive: true, mode: 0o700 });
  return new ExtractedLayers(dir, limits);
}

class ExtractedLayers implements LayerStore {
  readonly #layers: string;
  readonly #temporaries: string;
  readonly #limits: ArchiveLimits;
  readonly #pins = new Map<Digest, number>();
  readonly #leftovers: readonly string[];

  constructor(dir: string, limits: ArchiveLimits) {
    this.#layers = `${dir}/layers`;
    this.#temporaries = `${dir}/tmp`;
    this.#limits = limits;
    this.#leftovers = readdirSync(this.#temporaries);
  }

  has(diffId: Digest): boolean {
    return existsSync(this.#path(diffId));
  }

  async stage({ source, worker, onProgress = () => undefined }: StageRequest): Promise<StagedLayer> {
    const directory = this.temporary();
    try {
      const request = { source, directory, limits: this.#limits };
      const { diffId, digest, sizeBytes } = await worker.unpack(request, onProgress);
      return { diffId: parseDigest(diffId), digest: parseDigest(digest), sizeBytes, directory };
    } catch (error) {
      await this.#removeTemporary(directory);
      throw error;
    }
  }

  async commit(staged: readonly StagedLayer[], worker: ArchiveWorker): Promise<void> {
    if (staged.length === 0) return;
    // One sync of the file system for all of it, in place of one fsync a file.
    await worker.sync(this.#temporaries);
    const doubles = staged.filter(({ directory, diffId }) => !renameUnlessTaken(directory, this.#path(diffId)));
    syncDirectory(this.#layers);
    await this.discard(doubles);
  }

  async discard(staged: readonly StagedLayer[]): Promise<void> {
    for (const { directory } of staged) await this.#removeTemporary(directory);
  }

  lowers(diffIds: readonly Digest[]): string[] {
    // Of a layer that comes twice the upper one hides all of the lower, and overlayfs takes no directory twice.
    return [...new Set(diffIds.toReversed())].map((diffId) => this.#path(diffId));
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

function syncDirectory(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
