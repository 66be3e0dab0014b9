/**
 * Layers on disk, named by their DiffID. A layer has its name only when it is whole and synced; everything else lies in `tmp`
 * and is swept at the next start.
 *
 *   <dir>/layers/<hex of the DiffID>/     see layer-file.ts
 *   <dir>/stacks/                          see stacks.ts
 *   <dir>/tmp/<anything>                  being written, or being deleted
 */
import { existsSync, mkdirSync, readdirSync, renameSync } from "node:fs";
import { open, rename, rm, rmdir } from "node:fs/promises";
import { hasCode, notFound } from "../../base/errors.ts";
import { createId } from "../../base/ids.ts";
import type { Slice } from "../../files/compression.ts";
import { removeTree } from "../../files/remove-tree.ts";
import type { ArchiveLimits } from "../archive/limits.ts";
import { type Digest, parseDigest } from "../reference.ts";
import {
  type LayerHead,
  layerFile,
  layerLinks,
  layerTree,
  metadataOffset,
  readLayerHead,
  tarSlice,
} from "./layer-file.ts";
import { LayerMounts } from "./layer-mounts.ts";
import type { LayerStore, StagedLayer, StageRequest, VerifyOptions } from "./layer-store.ts";
import { Pins } from "./pins.ts";
import { toSourceFile } from "./source.ts";
import { Stacks } from "./stacks.ts";
import { type Backing, type LayerForm, probeLayers } from "./support.ts";
import type { ArchiveWorkers } from "./workers.ts";

/** How layers are to be stored. */
export interface LayerStorage {
  /** Which ways of mounting them may be tried; all of them when left out. */
  readonly backings?: readonly Backing[] | undefined;
  /** Guard them with fs-verity where the file system has it: every layer is read once more when it is stored. */
  readonly verity?: boolean | undefined;
}

export interface LayerStoreDeps extends LayerStorage {
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

/** As long as what has been written is likely to be still in memory. */
const CACHED_FOR_MS = 10 * 60 * 1000;
/** Some milliseconds' worth. */
const WARM_AT_ONCE = 32;

class DiskLayers implements LayerStore {
  readonly #dir: string;
  readonly #deps: LayerStoreDeps;
  readonly #pins = new Pins();
  readonly #stacks: Stacks;
  readonly #heads = new Map<Digest, LayerHead>();
  /** Of the layers that this process has stored. */
  readonly #storedAt = new Map<Digest, number>();
  readonly #leftovers: readonly string[];
  #form: LayerForm | undefined;
  #mounts: LayerMounts | undefined;

  constructor(deps: LayerStoreDeps) {
    this.#dir = deps.dir;
    this.#deps = deps;
    this.#stacks = new Stacks(`${deps.dir}/stacks`);
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
      const job = {
        source: toSourceFile(source),
        directory,
        limits: this.#deps.limits,
        extract,
        seal: this.#deps.verity === true,
      };
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
    for (const { diffId } of staged) this.#storedAt.set(diffId, Date.now());
    const doubles: StagedLayer[] = [];
    for (const layer of staged) {
      if (!(await renameUnlessTaken(layer.directory, this.#path(layer.diffId)))) doubles.push(layer);
    }
    await syncDirectory(this.#layers);
    await this.discard(doubles);
  }

  async discard(staged: readonly StagedLayer[]): Promise<void> {
    for (const { directory } of staged) await this.#removeTemporary(directory);
  }

  async complete(diffIds: readonly Digest[]): Promise<void> {
    for (const [at, diffId] of diffIds.entries()) {
      const stack = diffIds.slice(0, at + 1);
      if (this.#head(diffId).linksBelow && this.#stacks.topOf(stack) === undefined) await this.#makeTop(stack, diffId);
    }
  }

  lowers(diffIds: readonly Digest[]): string[] {
    const paths = diffIds.flatMap((diffId, at) => {
      const top = this.#head(diffId).linksBelow ? this.#stacks.topOf(diffIds.slice(0, at + 1)) : undefined;
      return [this.#lower(diffId), ...(top === undefined ? [] : [top])];
    });
    // Of a layer that comes twice the upper one hides all of the lower, and overlayfs takes no directory twice.
    return [...new Set(paths.reverse())];
  }

  async warm(diffIds: readonly Digest[]): Promise<void> {
    for (let at = 0; at < diffIds.length; at += WARM_AT_ONCE) {
      if (at > 0) await new Promise(setImmediate);
      for (const diffId of diffIds.slice(at, at + WARM_AT_ONCE)) this.#lower(diffId);
    }
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

  verify(diffId: Digest, { signal, onProgress }: VerifyOptions): Promise<string | undefined> {
    const job = { directory: this.#path(diffId), limits: this.#deps.limits };
    if (!this.has(diffId)) return Promise.resolve("it is not there");
    return this.#deps.workers.verify(job, diffId, { signal, ...(onProgress === undefined ? {} : { onProgress }) });
  }

  condemn(diffId: Digest): Promise<void> {
    return this.#delete(this.has(diffId) ? [diffId] : []);
  }

  async collect(keep: ReadonlySet<Digest>): Promise<void> {
    const garbage = this.#stored().filter((diffId) => !keep.has(diffId) && !this.#pins.has(diffId));
    await this.#delete(garbage);
  }

  async sweep(): Promise<void> {
    for (const name of this.#leftovers) await removeTree(this.#temporaries, name);
    if (this.form.kind === "mounted") return;
    for (const diffId of this.#stored()) {
      const directory = this.#path(diffId);
      if (!existsSync(layerTree(directory))) await this.#deps.workers.extract({ directory, limits: this.#deps.limits });
    }
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
    const head = this.#head(diffId);
    if (this.form.kind === "extracted" || !head.mountable) return layerTree(directory);
    this.#mounts ??= new LayerMounts(this.form, `${this.#dir}/mounts`);
    return this.#mounts.open(hexOf(diffId), {
      file: layerFile(directory),
      metadataOffset: metadataOffset(head.tarBytes),
      cached: Date.now() - (this.#storedAt.get(diffId) ?? 0) < CACHED_FOR_MS,
    });
  }

  #stored(): Digest[] {
    return readdirSync(this.#layers).map((hex) => parseDigest(`sha256:${hex}`));
  }

  /** All lose their names at once; the long work comes after. */
  async #delete(garbage: readonly Digest[]): Promise<void> {
    if (garbage.length === 0) return;
    const moved: string[] = [];
    const takeAway = (move: (to: string) => void): void => {
      const path = this.temporary();
      move(path);
      moved.push(path);
    };
    for (const name of this.#stacks.of(new Set(garbage))) takeAway((to) => this.#stacks.moveAway(name, to));
    for (const diffId of garbage) {
      takeAway((to) => renameSync(this.#path(diffId), to));
      this.#heads.delete(diffId);
      this.#storedAt.delete(diffId);
    }
    await Promise.all(garbage.map(async (diffId) => this.#mounts?.release(hexOf(diffId))));
    await Promise.all(moved.map((path) => this.#removeTemporary(path)));
  }

  async #makeTop(stack: readonly Digest[], diffId: Digest): Promise<void> {
    const directory = this.temporary();
    const linksFile = layerLinks(this.#path(diffId));
    try {
      await this.#deps.workers.link({ lowers: this.lowers(stack), linksFile, directory });
      this.#stacks.put(stack, directory);
      await syncDirectory(`${this.#dir}/stacks`);
    } catch (error) {
      await this.#removeTemporary(directory);
      throw error;
    }
  }

  /** On the thread pool: freeing blocks takes the kernel a while, and a directory waits for the journal. */
  async #removeTemporary(path: string): Promise<void> {
    await rm(layerFile(path), { force: true });
    if (!(await removeIfEmpty(path))) await removeTree(this.#temporaries, path.slice(this.#temporaries.length + 1));
  }
}

const hexOf = (diffId: Digest): string => diffId.slice("sha256:".length);

/** False when the name is taken: somebody else was faster with the same layer. On the thread pool: the journal may be busy. */
async function renameUnlessTaken(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (!hasCode(error, "ENOTEMPTY") && !hasCode(error, "EEXIST")) throw error;
    return false;
  }
}

/** False when there is more in it, or it is something else. */
async function removeIfEmpty(directory: string): Promise<boolean> {
  try {
    await rmdir(directory);
    return true;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return true;
    if (!hasCode(error, "ENOTEMPTY") && !hasCode(error, "ENOTDIR")) throw error;
    return false;
  }
}

/** On the thread pool: it may wait for the disk. */
async function syncDirectory(path: string): Promise<void> {
  await using directory = await open(path);
  await directory.sync();
}
