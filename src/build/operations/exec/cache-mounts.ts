/** Directories that RUN mounts keep between builds. They are no part of any result. */
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, renameSync } from "node:fs";
import { createId } from "../../../base/ids.ts";
import { KeyedLocks } from "../../../base/locks.ts";
import { discard } from "../../files/discard.ts";
import type { ExecMount } from "../../operation.ts";

type CacheMount = Extract<ExecMount, { type: "cache" }>;

export interface TakenCache {
  readonly path: string;
  release(): void;
}

export interface CacheMountsDeps {
  /** Made when missing. */
  readonly dir: string;
  /** On the same file system; emptied at the start. */
  readonly sweptDir: string;
  /** Fills an empty directory with a copy of another one, attributes included. */
  readonly copy: (from: string, to: string) => Promise<void>;
}

export class CacheMounts {
  readonly #deps: CacheMountsDeps;
  /** For the runs that lock them, and for those that make them. */
  readonly #locks = new KeyedLocks();
  readonly #making = new KeyedLocks();
  readonly #inUse = new Map<string, number>();

  constructor(deps: CacheMountsDeps) {
    this.#deps = deps;
    mkdirSync(deps.dir, { recursive: true, mode: 0o700 });
  }

  /**
   * Waits until nobody else has those of the mounts that are locked. Each is locked once, and all runs go by the same order: two that
   * have what the other one wants would wait for ever. Rejects when the signal aborts.
   */
  async lock(mounts: readonly ExecMount[], signal: AbortSignal): Promise<Disposable> {
    const locked = mounts.flatMap((mount) =>
      mount.type === "cache" && mount.sharing === "locked" ? [nameOf(mount.id)] : [],
    );
    using locks = new DisposableStack();
    for (const name of [...new Set(locked)].toSorted()) locks.use(await this.#locks.acquire(name, signal));
    return locks.move();
  }

  /** `seed` is what it holds when it is made. A private one that is taken has a twin. */
  async take(mount: CacheMount, seed: string | undefined): Promise<TakenCache> {
    const name = nameOf(mount.id);
    const chosen = mount.sharing === "private" ? this.#free(name) : name;
    this.#inUse.set(chosen, (this.#inUse.get(chosen) ?? 0) + 1);
    try {
      await this.#make(chosen, (path) => this.#fill(path, mount, seed));
      return { path: this.pathOf(chosen), release: once(() => this.#release(chosen)) };
    } catch (error) {
      this.#release(chosen);
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
    await this.#make(nameOf(id), async (path) => {
      await fill(path);
      chownSync(path, uid, gid);
      chmodSync(path, mode);
    });
  }

  isInUse(name: string): boolean {
    return this.#inUse.has(name);
  }

  list(): string[] {
    return readdirSync(this.#deps.dir);
  }

  pathOf(name: string): string {
    return `${this.#deps.dir}/${name}`;
  }

  /** One that somebody has taken meanwhile stays. */
  async remove(name: string): Promise<void> {
    if (!this.isInUse(name)) await discard(this.pathOf(name), this.#deps.sweptDir);
  }

  #free(name: string): string {
    for (let twin = 0; ; twin++) {
      const candidate = twin === 0 ? name : `${name}-${twin}`;
      if (!this.#inUse.has(candidate)) return candidate;
    }
  }

  /** Nobody finds it before it is whole, whenever the engine dies. */
  async #make(name: string, fill: (path: string) => Promise<void>): Promise<void> {
    const path = this.pathOf(name);
    if (existsSync(path)) return;
    using _alone = await this.#making.acquire(name);
    if (existsSync(path)) return;
    const draft = `${this.#deps.sweptDir}/cache-${createId()}`;
    mkdirSync(draft, { mode: 0o700 });
    try {
      await fill(draft);
      renameSync(draft, path);
    } catch (error) {
      await discard(draft, this.#deps.sweptDir);
      throw error;
    }
  }

  async #fill(path: string, { mode, uid, gid }: CacheMount, seed: string | undefined): Promise<void> {
    if (seed !== undefined) return this.#deps.copy(seed, path);
    chownSync(path, uid, gid);
    chmodSync(path, mode);
  }

  #release(name: string): void {
    const left = (this.#inUse.get(name) ?? 1) - 1;
    if (left === 0) this.#inUse.delete(name);
    else this.#inUse.set(name, left);
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
