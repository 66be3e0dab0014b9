/**
 * Root file systems of containers: an overlay of an image's layers and one upper directory a container.
 *
 *   <dir>/<container id>/upper, work     overlayfs's own
 *   <dir>/<container id>/layers          DiffIDs, the lowest first: what the root is made of, whatever becomes of the image
 *   <dir>/<container id>/images          the same of every other image that is mounted for the container, one a line behind its id
 *   <dir>/bottom                         what lies below the image of every container
 *   <dir>/empty, nothing                 two empty directories, for mounts that need so many
 */
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { hasCode } from "../base/errors.ts";
import type { ContainerId } from "../base/ids.ts";
import { removeTree } from "../files/remove-tree.ts";
import { treeSize } from "../files/tree-size.ts";
import type { FsOption } from "../kernel/mount-api.ts";
import { umountIfMounted } from "../kernel/mounts.ts";
import { overlayMount } from "../kernel/overlay.ts";
import { makeBottom } from "./bottom.ts";
import type { RootLayers } from "./images.ts";
import { type Digest, parseDigest } from "./reference.ts";

export interface RootsDeps {
  /** Made when missing; on one file system with the layers. */
  readonly dir: string;
  readonly layers: RootLayers;
}

/** What the engine calls RootFileSystems. */
export interface Roots {
  create(id: ContainerId, imageId: string, others: readonly string[]): Promise<void>;
  mount(id: ContainerId, imageId: string, target: string, ephemeral: boolean): void;
  mountImage(id: ContainerId, imageId: string, target: string): void;
  mountLower(id: ContainerId, imageId: string, target: string): void;
  upper(id: ContainerId): string;
  unmount(target: string): void;
  remove(id: ContainerId): Promise<void>;
  sizeRw(id: ContainerId): Promise<number>;
  list(): Promise<ContainerId[]>;
}

interface Root {
  /** Of the image that it was made of. */
  readonly layers: readonly Digest[];
  /** Of the other images, by their ids. */
  readonly others: OtherImages;
  readonly unpin: () => void;
}

type OtherImages = ReadonlyMap<string, readonly Digest[]>;

/** Reads which layers the existing roots are made of, so that none of them is collected. */
export function createRoots({ dir, layers }: RootsDeps): Roots {
  // 0700: nobody reaches a set-user-id file in a container's upper directory (case 23 of the security table).
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  return new OverlayRoots(dir, layers);
}

class OverlayRoots implements Roots {
  readonly #dir: string;
  readonly #layers: RootLayers;
  readonly #roots = new Map<ContainerId, Root>();
  readonly #empty: readonly string[];
  readonly #bottom: string;

  constructor(dir: string, layers: RootLayers) {
    this.#dir = dir;
    this.#layers = layers;
    this.#empty = [`${dir}/empty`, `${dir}/nothing`];
    this.#bottom = `${dir}/bottom`;
    for (const path of [...this.#empty, this.#bottom]) mkdirSync(path, { recursive: true, mode: 0o755 });
    makeBottom(this.#bottom);
    for (const id of this.#ids()) {
      const recorded = readLayers(this.#file(id, "layers"));
      if (recorded !== undefined) this.#remember(id, recorded, readOthers(this.#file(id, "images")));
    }
  }

  async create(id: ContainerId, imageId: string, others: readonly string[]): Promise<void> {
    if (this.#roots.has(id)) return;
    const chain = this.#layers.layersOf(imageId);
    const mounted = new Map(others.map((other) => [other, this.#layers.layersOf(other)]));
    this.#remember(id, chain, mounted);
    const upper = this.upper(id);
    mkdirSync(upper, { recursive: true, mode: 0o700 });
    mkdirSync(this.#file(id, "work"), { recursive: true, mode: 0o700 });
    await this.#layers.warm(chain);
    copyAttributes(this.#layers.lowers(chain)[0] ?? this.#bottom, upper);
    if (mounted.size > 0) await writeFile(this.#file(id, "images"), formatOthers(mounted));
    // Written last: a root without it was never finished and has never been mounted.
    await writeFile(this.#file(id, "layers"), chain.join("\n"));
  }

  mount(id: ContainerId, imageId: string, target: string, ephemeral: boolean): void {
    mkdirSync(target, { recursive: true });
    if (isMountPoint(target)) return;
    const work = this.#file(id, "work");
    // The mark of a volatile mount that an engine's death left: overlayfs refuses to mount again over it.
    if (ephemeral) rmSync(join(work, "work", "incompat"), { recursive: true, force: true });
    const options: readonly FsOption[] = ephemeral ? [["volatile"]] : [];
    overlayMount({ lowers: this.#below(id, imageId), upper: this.upper(id), work, target, options });
  }

  mountImage(id: ContainerId, imageId: string, target: string): void {
    mkdirSync(target, { recursive: true });
    if (isMountPoint(target)) return;
    const chain = this.#roots.get(id)?.others.get(imageId) ?? this.#layers.layersOf(imageId);
    // Read-only, an overlay needs two lowers.
    const layers = this.#layers.lowers(chain);
    overlayMount({ lowers: [...layers, ...(layers.length === 0 ? this.#empty : this.#empty.slice(1))], target });
  }

  mountLower(id: ContainerId, imageId: string, target: string): void {
    mkdirSync(target, { recursive: true });
    overlayMount({ lowers: [...this.#below(id, imageId), ...this.#empty.slice(1)], target });
  }

  upper(id: ContainerId): string {
    return this.#file(id, "upper");
  }

  unmount(target: string): void {
    umountIfMounted(target);
  }

  async remove(id: ContainerId): Promise<void> {
    await removeTree(this.#dir, id);
    const root = this.#roots.get(id);
    if (root === undefined) return;
    this.#roots.delete(id);
    root.unpin();
    await this.#layers.collect(allLayers(root));
  }

  sizeRw(id: ContainerId): Promise<number> {
    return treeSize(this.upper(id));
  }

  async list(): Promise<ContainerId[]> {
    return this.#ids();
  }

  #ids(): ContainerId[] {
    return readdirSync(this.#dir).filter(isContainerId);
  }

  #file(id: ContainerId, name: "upper" | "work" | "layers" | "images"): string {
    return `${this.#dir}/${id}/${name}`;
  }

  #remember(id: ContainerId, layers: readonly Digest[], others: OtherImages): void {
    this.#roots.set(id, { layers, others, unpin: this.#layers.pin(allLayers({ layers, others })) });
  }

  #below(id: ContainerId, imageId: string): string[] {
    const chain = this.#roots.get(id)?.layers ?? this.#layers.layersOf(imageId);
    return [...this.#layers.lowers(chain), this.#bottom];
  }
}

function isContainerId(name: string): name is ContainerId {
  return /^[0-9a-f]{64}$/.test(name);
}

const allLayers = ({ layers, others }: Omit<Root, "unpin">): Digest[] => [...layers, ...[...others.values()].flat()];

function readLayers(path: string): Digest[] | undefined {
  return readLines(path)?.map(parseDigest);
}

function readOthers(path: string): OtherImages {
  const lines = readLines(path) ?? [];
  return new Map(
    lines.map((line) => {
      const [imageId = "", ...layers] = line.split(" ");
      return [imageId, layers.map(parseDigest)];
    }),
  );
}

function formatOthers(images: OtherImages): string {
  return [...images].map(([imageId, layers]) => [imageId, ...layers].join(" ")).join("\n");
}

/** Undefined when there is no such file. */
function readLines(path: string): string[] | undefined {
  try {
    return readFileSync(path, "utf8").split("\n").filter(Boolean);
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
    return undefined;
  }
}

/**
 * The root directory of an overlay looks like that of its upper directory. Everybody may enter it, as with Docker: roots that were
 * packed in a private directory of the packer's are common.
 */
function copyAttributes(from: string, to: string): void {
  const { uid, gid, mode } = statSync(from);
  chownSync(to, uid, gid);
  chmodSync(to, (mode & 0o7777) | 0o755);
}

function isMountPoint(path: string): boolean {
  return statSync(path).dev !== statSync(dirname(path)).dev;
}
