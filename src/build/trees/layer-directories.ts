/**
 * Where the build store's layers lie.
 *
 *   <dir>/layers/<id>/upper, work     a step's changes in overlayfs's format, and what overlayfs needs while it runs
 *   <dir>/empty, nothing, mount       empty directories, for mounts that need them
 */
import { chmodSync, chownSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { removeTree } from "../../files/remove-tree.ts";
import { treeSize } from "../../files/tree-size.ts";
import type { LayerId } from "../tree.ts";

type EmptyDirectory = "empty" | "nothing" | "mount";

export class LayerDirectories {
  readonly #dir: string;
  readonly #removals = new Map<LayerId, Promise<void>>();

  /** Makes what is missing of `dir`. */
  constructor(dir: string) {
    this.#dir = dir;
    for (const name of ["layers", "empty", "nothing", "mount"]) {
      mkdirSync(`${dir}/${name}`, { recursive: true, mode: name === "layers" ? 0o700 : 0o755 });
    }
  }

  upper(id: LayerId): string {
    return `${this.#directory(id)}/upper`;
  }

  work(id: LayerId): string {
    return `${this.#directory(id)}/work`;
  }

  empty(name: EmptyDirectory): string {
    return `${this.#dir}/${name}`;
  }

  /** The root of an overlay looks like that of its uppermost directory, which `lower` was until now. */
  make(id: LayerId, lower: string | undefined): void {
    mkdirSync(this.work(id), { recursive: true, mode: 0o700 });
    mkdirSync(this.upper(id), { mode: 0o755 });
    if (lower === undefined) return;
    const { uid, gid, mode } = statSync(lower);
    chownSync(this.upper(id), uid, gid);
    chmodSync(this.upper(id), mode & 0o7777);
  }

  sizeOf(id: LayerId): Promise<number> {
    return treeSize(this.upper(id));
  }

  /** Those who want the same directory away at once share one deletion. */
  remove(id: LayerId): Promise<void> {
    const running = this.#removals.get(id);
    if (running !== undefined) return running;
    const removal = removeTree(`${this.#dir}/layers`, nameOf(id)).finally(() => this.#removals.delete(id));
    this.#removals.set(id, removal);
    return removal;
  }

  /** Deletes those that an engine that died had begun. */
  async sweep(isWanted: (id: LayerId) => boolean): Promise<void> {
    for (const name of readdirSync(`${this.#dir}/layers`)) {
      const id: LayerId = `build:${name}`;
      if (!isWanted(id)) await this.remove(id);
    }
  }

  #directory(id: LayerId): string {
    return `${this.#dir}/layers/${nameOf(id)}`;
  }
}

const nameOf = (id: LayerId): string => id.slice("build:".length);
