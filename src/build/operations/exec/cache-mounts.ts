/** Directories that RUN mounts keep between builds. They are no part of any result. */
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, renameSync } from "node:fs";
import { type Held, KeyedLocks } from "../../../base/locks.ts";
import { copyTree } from "../../../files/copy-tree.ts";
import { removeTree } from "../../../files/remove-tree.ts";
import { openPath } from "../../../kernel/at.ts";
import { O } from "../../../kernel/open-flags.ts";
import type { ExecMount } from "../../operation.ts";

type CacheMount = Extract<ExecMount, { type: "cache" }>;

export interface TakenCache {
  readonly path: string;
  release(): void;
}

export class CacheMounts {
  readonly #dir: string;
  readonly #locks = new KeyedLocks();
  readonly #inUse = new Map<string, number>();

  constructor(dir: string) {
    this.#dir = dir;
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  }

  /** `seed` is what it holds when it is made. A locked one is waited for; a private one that is taken has a twin. */
  async take(mount: CacheMount, seed: string | undefined): Promise<TakenCache> {
    const name = nameOf(mount.id);
    const lock: Held | undefined = mount.sharing === "locked" ? await this.#locks.acquire(name) : undefined;
    const chosen = mount.sharing === "private" ? this.#free(name) : name;
    this.#inUse.set(chosen, (this.#inUse.get(chosen) ?? 0) + 1);
    try {
      return { path: this.#provide(chosen, mount, seed), release: once(() => this.#release(chosen, lock)) };
    } catch (error) {
      this.#release(chosen, lock);
      throw error;
    }
  }

  /** Where the one with this id is, if there is one. */
  existing(id: string): string | undefined {
    const path = this.pathOf(nameOf(id));
    return existsSync(path) ? path : undefined;
  }

  /** Makes one that is not there yet, filled by `fill`; nothing of it is seen before it is whole. */
  async seed(
    { id, mode, uid, gid }: Pick<CacheMount, "id" | "mode" | "uid" | "gid">,
    fill: (path: string) => Promise<void>,
  ): Promise<void> {
    const name = `${nameOf(id)}.new`;
    using _alone = await this.#locks.acquire(name);
    await removeTree(this.#dir, name);
    const path = this.pathOf(name);
    mkdirSync(path, { mode: 0o700 });
    await fill(path);
    chownSync(path, uid, gid);
    chmodSync(path, mode);
    if (this.existing(id) === undefined) renameSync(path, this.pathOf(nameOf(id)));
    else await removeTree(this.#dir, name);
  }

  isInUse(name: string): boolean {
    return this.#inUse.has(name);
  }

  list(): string[] {
    return readdirSync(this.#dir);
  }

  pathOf(name: string): string {
    return `${this.#dir}/${name}`;
  }

  async remove(name: string): Promise<void> {
    await removeTree(this.#dir, name);
  }

  #free(name: string): string {
    for (let twin = 0; ; twin++) {
      const candidate = twin === 0 ? name : `${name}-${twin}`;
      if (!this.#inUse.has(candidate)) return candidate;
    }
  }

  #provide(name: string, { mode, uid, gid }: CacheMount, seed: string | undefined): string {
    const path = this.pathOf(name);
    if (existsSync(path)) return path;
    mkdirSync(path, { mode: 0o700 });
    if (seed === undefined) {
      chownSync(path, uid, gid);
      chmodSync(path, mode);
      return path;
    }
    using from = openPath(seed, O.RDONLY | O.DIRECTORY);
    using to = openPath(path, O.RDONLY | O.DIRECTORY);
    copyTree(from, to, () => undefined);
    return path;
  }

  #release(name: string, lock: Held | undefined): void {
    const left = (this.#inUse.get(name) ?? 1) - 1;
    if (left === 0) this.#inUse.delete(name);
    else this.#inUse.set(name, left);
    lock?.[Symbol.dispose]();
  }
}

const nameOf = (id: string): string => new Bun.CryptoHasher("sha256").update(id).digest("hex").slice(0, 32);

function once(act: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) act();
    isDone = true;
  };
}
