/**
 * The build store's trees: each step's changes are a directory in overlayfs's format, stacked on image layers and other steps
 * without copying anything. A layer that an image needs becomes a layer of the image store, and its directory goes.
 */
import { rm } from "node:fs/promises";
import { createId } from "../../base/ids.ts";
import type { FileThreads } from "../../files/threads/threads.ts";
import type { BuiltImages } from "../../image/built.ts";
import type { RootLayers } from "../../image/images.ts";
import { type Digest, parseDigest } from "../../image/reference.ts";
import { openPath } from "../../kernel/at.ts";
import { overlayMount, overlayTree } from "../../kernel/overlay.ts";
import type { BuildThreads } from "../threads/threads.ts";
import type { ContentWanted, LayerId, MountedTree, OpenLayer, ReadTree, Tree, TreeStore } from "../tree.ts";
import { ContentDigests } from "./content-digests.ts";
import { LayerDirectories } from "./layer-directories.ts";
import type { LayerRecords, LayerRow } from "./layer-records.ts";

export interface LayerTreesDeps {
  /** Made when missing; on the file system of the image layers. */
  readonly dir: string;
  readonly records: LayerRecords;
  readonly rootLayers: RootLayers;
  readonly built: BuiltImages;
  readonly threads: BuildThreads;
  readonly fileThreads: FileThreads;
  /** What keeps the layers of the image store that are layers of builds. */
  readonly pins: ReadonlyMap<LayerId, () => void>;
}

interface Known {
  /** "" while it is a directory only. */
  diffId: Digest | "";
  sizeBytes: number;
  readonly createdAt: number;
  /** Its directory is gone: it is mounted from the image store. */
  isDropped: boolean;
  /** Gives the image layer up. */
  release: () => void;
}

export class LayerTrees implements TreeStore {
  readonly #deps: LayerTreesDeps;
  readonly #directories: LayerDirectories;
  readonly #known = new Map<LayerId, Known>();
  /** Directories of others' that serve as layers: contexts. */
  readonly #foreign = new Map<LayerId, string>();
  readonly #holds = new Map<LayerId, number>();
  readonly #digests: ContentDigests;
  /** One conversion of a layer at a time. */
  readonly #converting = new Map<string, Promise<Digest>>();

  constructor(deps: LayerTreesDeps) {
    this.#deps = deps;
    this.#digests = new ContentDigests(deps.threads, (tree) => this.read(tree));
    this.#directories = new LayerDirectories(deps.dir);
    for (const { id, diffId, sizeBytes, createdAt } of deps.records.all()) {
      const digest = diffId === "" ? "" : parseDigest(diffId);
      const release = deps.pins.get(id) ?? (() => undefined);
      this.#known.set(id, { diffId: digest, sizeBytes, createdAt, isDropped: digest !== "", release });
    }
  }

  /** Everything the tree is made of is there. */
  has({ layers }: Tree): boolean {
    return layers.every((id) => this.#hasLayer(id));
  }

  #hasLayer(id: LayerId): boolean {
    const digest = this.#imageLayer(id);
    if (digest !== undefined) return this.#deps.built.hasLayer(digest);
    return this.#known.has(id) || this.#foreign.has(id);
  }

  /** A directory that its owner keeps until the returned call; `name` stands for its content as it is now. */
  adopt(directory: string, name: string): { tree: Tree; release: () => void } {
    const id: LayerId = `build:${name}`;
    this.#foreign.set(id, directory);
    return { tree: { layers: [id] }, release: () => void this.#foreign.delete(id) };
  }

  begin(base: Tree): OpenLayer {
    const id: LayerId = `build:${createId()}`;
    const [upper, work] = [this.#directories.upper(id), this.#directories.work(id)];
    const lowers = this.#lowers(base);
    this.#directories.make(id, lowers[0]);
    const overlay = {
      lowers: lowers.length === 0 ? [this.#directories.empty("empty")] : lowers,
      upper,
      work,
      options: [["volatile"]] as const,
    };
    const release = this.hold(base);
    let isKept = false;
    return {
      id,
      directory: upper,
      mount: () => this.#opened(overlayTree({ ...overlay, target: this.#directories.empty("mount") })),
      mountAt: (target) => overlayMount({ ...overlay, target }),
      commit: async () => {
        isKept = true;
        await rm(work, { recursive: true, force: true });
        this.#remember({ id, diffId: "", sizeBytes: -1, createdAt: Date.now() });
        release();
        return { layers: [...base.layers, id] };
      },
      [Symbol.asyncDispose]: async () => {
        if (isKept) return;
        release();
        await this.#directories.remove(id);
      },
    };
  }

  /**
   * Takes a layer of the image store in as one of a build's, which it is from now on; the store has it until `release`. One that is
   * known already is that one.
   */
  take(diffId: Digest, createdAt: number, release: () => void): LayerId {
    const same = [...this.#known].find(([, known]) => known.diffId === diffId);
    if (same !== undefined) {
      release();
      return same[0];
    }
    const id: LayerId = `build:${createId()}`;
    this.#deps.records.put({ id, diffId, sizeBytes: 0, createdAt });
    this.#known.set(id, { diffId, sizeBytes: 0, createdAt, isDropped: true, release });
    return id;
  }

  mount(tree: Tree): MountedTree {
    const lowers = [...this.#lowers(tree), this.#directories.empty("empty"), this.#directories.empty("nothing")];
    return this.#opened(overlayTree({ lowers, target: this.#directories.empty("mount") }));
  }

  read(tree: Tree): ReadTree {
    const [id, more] = tree.layers;
    const directory = id === undefined || more !== undefined ? undefined : this.#foreign.get(id);
    if (directory === undefined) return { ...this.mount(tree), isShareable: false };
    const root = openPath(directory);
    return { root, isShareable: true, [Symbol.dispose]: () => root.close() };
  }

  contentDigest(tree: Tree, wanted: ContentWanted): Promise<string> {
    return this.#digests.of(tree, wanted);
  }

  hold({ layers }: Tree): () => void {
    for (const id of layers) this.#holds.set(id, (this.#holds.get(id) ?? 0) + 1);
    const unpin = this.#deps.rootLayers.pin(layers.flatMap((id) => (isBuilt(id) ? [] : [parseDigest(id)])));
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      unpin();
      for (const id of layers) {
        const left = (this.#holds.get(id) ?? 1) - 1;
        if (left > 0) this.#holds.set(id, left);
        else this.#letGo(id);
      }
    };
  }

  /** A directory that cannot be deleted now is deleted at the next start. */
  #letGo(id: LayerId): void {
    this.#holds.delete(id);
    const known = this.#known.get(id);
    if (known !== undefined) void this.#dropDirectory(id, known).catch(() => undefined);
  }

  async toImageLayers({ layers }: Tree): Promise<Digest[]> {
    const converted: Digest[] = [];
    // One after the other: each is read and written by threads of its own already.
    for (const id of layers) converted.push(isBuilt(id) ? await this.#toImageLayer(id) : parseDigest(id));
    return converted;
  }

  /** All layers that images have. */
  usedByImages(): ReadonlySet<Digest> {
    return this.#deps.built.usedLayers();
  }

  /** Bytes of a layer, which images have too when it is in `usedByImages`. */
  async usage(id: LayerId, usedByImages: ReadonlySet<Digest>): Promise<{ sizeBytes: number; shared: boolean }> {
    const { built, records } = this.#deps;
    const known = this.#known.get(id);
    if (known !== undefined && known.diffId === "" && known.sizeBytes < 0) {
      const sizeBytes = await this.#directories.sizeOf(id);
      if (this.#known.get(id) === known && known.diffId === "") {
        known.sizeBytes = sizeBytes;
        records.put({ id, diffId: "", sizeBytes, createdAt: known.createdAt });
      }
    }
    const diffId = isBuilt(id) ? known?.diffId : parseDigest(id);
    if (diffId === undefined || diffId === "") return { sizeBytes: known?.sizeBytes ?? 0, shared: false };
    return { sizeBytes: built.hasLayer(diffId) ? built.layerSize(diffId) : 0, shared: usedByImages.has(diffId) };
  }

  /** Unix milliseconds; undefined for layers that no build has made. */
  createdAt(id: LayerId): number | undefined {
    return this.#known.get(id)?.createdAt;
  }

  isHeld(id: LayerId): boolean {
    return this.#holds.has(id);
  }

  /** Deletes the layers of the build store that are neither in `keep` nor held. */
  async collect(keep: ReadonlySet<LayerId>): Promise<void> {
    const unused = [...this.#known.keys()].filter((id) => !keep.has(id) && !this.#holds.has(id));
    for (const id of unused) if (!this.#holds.has(id)) await this.#forget(id);
    for (const [id, known] of this.#known) await this.#dropDirectory(id, known);
  }

  /** Deletes what an engine that died had begun. */
  async sweep(): Promise<void> {
    await this.#directories.sweep((id) => this.#known.get(id)?.isDropped === false);
  }

  async #forget(id: LayerId): Promise<void> {
    const known = this.#known.get(id);
    this.#known.delete(id);
    this.#deps.records.delete(id);
    await this.#directories.remove(id);
    known?.release();
    if (known !== undefined && known.diffId !== "") await this.#deps.rootLayers.collect([known.diffId]);
  }

  #toImageLayer(id: LayerId): Promise<Digest> {
    const known = this.#known.get(id);
    if (known !== undefined && known.diffId !== "") return Promise.resolve(known.diffId);
    const running = this.#converting.get(id) ?? this.#convert(id).finally(() => this.#converting.delete(id));
    this.#converting.set(id, running);
    return running;
  }

  async #convert(id: LayerId): Promise<Digest> {
    const { built, fileThreads } = this.#deps;
    const root = this.#foreign.get(id) ?? this.#directories.upper(id);
    const packing = await fileThreads.pack({ root }, { layer: true });
    const layer = await built.addLayer(packing.blocks);
    const { diffId, sizeBytes } = layer;
    const release = (): void => layer.release();
    const known = this.#known.get(id);
    if (known === undefined) {
      setTimeout(release, RELEASE_AFTER_MS).unref();
      return diffId;
    }
    Object.assign(known, { diffId, sizeBytes, release });
    this.#deps.records.put({ id, diffId, sizeBytes, createdAt: known.createdAt });
    await this.#dropDirectory(id, known);
    return diffId;
  }

  /** The image layer has its content from now on; whoever still builds on the directory keeps it. */
  async #dropDirectory(id: LayerId, known: Known): Promise<void> {
    if (known.diffId === "" || known.isDropped || this.#holds.has(id)) return;
    known.isDropped = true;
    await this.#directories.remove(id);
  }

  #remember(row: LayerRow): void {
    this.#deps.records.put(row);
    this.#known.set(row.id, { ...row, diffId: "", isDropped: false, release: () => undefined });
  }

  #opened(root: ReturnType<typeof overlayTree>): MountedTree {
    return { root, [Symbol.dispose]: () => void root.closeLater() };
  }

  /** The topmost first. Image layers that lie next to each other are asked for together. */
  #lowers({ layers }: Tree): string[] {
    const groups: string[][] = [];
    let images: Digest[] = [];
    const flush = (): void => {
      if (images.length > 0) groups.unshift(this.#deps.rootLayers.lowers(images));
      images = [];
    };
    for (const id of layers) {
      const digest = this.#imageLayer(id);
      if (digest !== undefined) images.push(digest);
      else {
        flush();
        groups.unshift([this.#foreign.get(id) ?? this.#directories.upper(id)]);
      }
    }
    flush();
    return groups.flat();
  }

  #imageLayer(id: LayerId): Digest | undefined {
    if (!isBuilt(id)) return parseDigest(id);
    const known = this.#known.get(id);
    return known?.isDropped === true && known.diffId !== "" ? known.diffId : undefined;
  }
}

/** Long enough for the image that it is made for to be recorded. */
const RELEASE_AFTER_MS = 60_000;

const isBuilt = (id: LayerId): id is `build:${string}` => id.startsWith("build:");
