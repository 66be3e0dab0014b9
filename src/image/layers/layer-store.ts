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
import { type LayerHead, layerFile, layerTree, readLayerHead, tarSlice } from "./layer-file.ts";
import { LayerMounts } from "./layer-mounts.ts";
import { Pins } from "./pins.ts";
import { type LayerSource, toSourceFile } from "./source.ts";
import { type Backing, type LayerForm, probeLayers } from "./support.ts";
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
  /** How layers are mounted on this machine. */
  readonly form: LayerForm;
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
  /** What a layer adds, as Docker counts. Throws notFound. */
  sizeOf(diffId: Digest): number;
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
  /** Lets go of the mounts it holds; containers keep theirs. */
  close(): Promise<void>;
}

export interface LayerStoreDeps {
  readonly dir: string;
  readonly limits: ArchiveLimits;
  readonly workers: ArchiveWorkers;
  /** Which ways of mounting layers may be tried; all of them when left out. */
  readonly backings?: readonly Backing[];
}

/** Makes its directories 0700: set-user-id files in layers are out of everybody's reach (case 23 of the security table). */
export function createLayerStore(deps: LayerStoreDeps): LayerStore {
  for (const path of [deps.dir, `${deps.dir}/layers`, `${deps.dir}/tmp`])
    mkdirSync(path, { recursive: true, mode: 0o700 });
  return new DiskLayers(deps);
}

class DiskLayers implements LayerStore {
  readonly #dir: string;
  readonly #deps: LayerStoreDeps;
  readonly #pins = new Pins();
  readonly #heads = new Map<Digest, LayerHead>();
  readonly #leftovers: readonly string[];
  #form: LayerForm | undefined;
  #mounts: LayerMounts | undefined;

  constructor(deps: LayerStoreDeps) {
    this.#dir = deps.dir;
    this.#deps = deps;
    this.#leftovers = readdirSync(this.#temporaries);
  }

  /** Probed when it is first asked for. */
  get form(): LayerForm {
    this.#form ??= probeLayers(this.temporary(), this.#deps.backings);
    return this.#form;
  }

  has(diffId: Digest): boolean {
    return existsSync(this.#path(diffId));
  }

  async stage({ source, signal, onProgress }: StageRequest): Promise<StagedLayer> {
    const directory = this.temporary();
    try {
      const extract = this.form.kind === "extracted";
      const job = { source: toSourceFile(source), directory, limits: this.#deps.limits, extract };
      const growing = "available" in source ? { growing: source } : {};
      const control = { signal, ...growing, ...(onProgress === undefined ? {} : { onProgress }) };
      const { diffId, digest, sizeBytes, tarBytes } = await this.#deps.workers.stage(job, control);
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

  lowers(diffIds: readonly Digest[]): string[] {
    // Of a layer that comes twice the upper one hides all of the lower, and overlayfs takes no directory twice.
    return [...new Set(diffIds.toReversed())].map((diffId) => this.#lower(diffId));
  }

  sizeOf(diffId: Digest): number {
    return this.#head(diffId).sizeBytes;
  }

  tar(diffId: Digest): Slice {
    return tarSlice(this.#path(diffId), this.#head(diffId));
  }

  pin(diffIds: readonly Digest[]): () => void {
    return this.#pins.add(diffIds);
  }

  async collect(keep: ReadonlySet<Digest>): Promise<void> {
    const stored = readdirSync(this.#layers).map((hex) => parseDigest(`sha256:${hex}`));
    const garbage = stored.filter((diffId) => !keep.has(diffId) && !this.#pins.has(diffId));
    // All lose their names at once; the long work comes after.
    const moved = garbage.map((diffId) => {
      const path = this.temporary();
      renameSync(this.#path(diffId), path);
      this.#heads.delete(diffId);
      return path;
    });
    for (const diffId of garbage) await this.#mounts?.release(hexOf(diffId));
    for (const path of moved) await this.#removeTemporary(path);
  }

  async sweep(): Promise<void> {
    for (const name of this.#leftovers) await removeTree(this.#temporaries, name);
  }

  async close(): Promise<void> {
    await this.#mounts?.[Symbol.asyncDispose]();
    this.#mounts = undefined;
  }

  temporary(): string {
    return `${this.#temporaries}/${createId()}`;
  }

  get #layers(): string {
    return `${this.#dir}/layers`;
  }

  get #temporaries(): string {
    return `${this.#dir}/tmp`;
  }

  #path(diffId: Digest): string {
    return `${this.#layers}/${hexOf(diffId)}`;
  }

  #head(diffId: Digest): LayerHead {
    const known = this.#heads.get(diffId);
    if (known !== undefined) return known;
    if (!this.has(diffId)) throw notFound(`No such layer: ${diffId}`);
    const head = readLayerHead(this.#path(diffId));
    this.#heads.set(diffId, head);
    return head;
  }

  #lower(diffId: Digest): string {
    const directory = this.#path(diffId);
    if (this.form.kind === "extracted" || !this.#head(diffId).mountable) return layerTree(directory);
    this.#mounts ??= new LayerMounts(this.form, `${this.#dir}/mounts`);
    return this.#mounts.open(hexOf(diffId), layerFile(directory));
  }

  #removeTemporary(path: string): Promise<void> {
    return removeTree(this.#temporaries, path.slice(this.#temporaries.length + 1));
  }
}

const hexOf = (diffId: Digest): string => diffId.slice("sha256:".length);

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
