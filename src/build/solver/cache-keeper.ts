/** Keeps the cache's accounts: what there is, what may go, and that what nobody needs is gone after each build. */
import { statfsSync } from "node:fs";
import { treeSize } from "../../files/tree-size.ts";
import type { Digest } from "../../image/reference.ts";
import type { CachePrune, CacheUsage } from "../builder.ts";
import type { CacheMounts } from "../operations/exec/cache-mounts.ts";
import { type LocalSourceDeps, listMirrors, removeMirror } from "../operations/local-source.ts";
import { ownBytes } from "../own-bytes.ts";
import type { BuildThreads } from "../threads/threads.ts";
import type { LayerTrees } from "../trees/layer-trees.ts";
import type { BuildCache, CacheRecord } from "./cache.ts";
import { matchesUsage } from "./usage-filter.ts";

export interface CacheKeeperDeps {
  readonly dir: string;
  readonly cache: BuildCache;
  readonly trees: LayerTrees;
  readonly caches: CacheMounts;
  readonly locals: LocalSourceDeps;
  readonly threads: BuildThreads;
  /** Carried out after builds, one after the other. */
  readonly policies: readonly CachePrune[];
}

const COLLECT_EVERY_MS = 60_000;

interface Item {
  readonly usage: CacheUsage;
  readonly remove: () => Promise<void>;
}

export class CacheKeeper {
  readonly #deps: CacheKeeperDeps;
  #round: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;
  #collectAt = 0;
  /** Copies of clients' directories by path: what they weighed when they last changed. */
  readonly #weighed = new Map<string, { readonly changedAt: number; readonly sizeBytes: number }>();

  constructor(deps: CacheKeeperDeps) {
    this.#deps = deps;
  }

  async usage(filters: readonly string[]): Promise<CacheUsage[]> {
    return (await this.#items()).map(({ usage }) => usage).filter((usage) => matchesUsage(usage, filters));
  }

  /** Those that were not used for longest first, until the limits are kept. */
  async *prune(options: CachePrune): AsyncGenerator<CacheUsage> {
    const { all, filters, keepMs, maxUsedBytes, reservedBytes, minFreeBytes } = options;
    const items = await this.#items();
    const candidates = items
      .filter(({ usage }) => !usage.inUse && matchesUsage(usage, filters))
      .filter(({ usage }) => all || (usage.type !== "internal" && !usage.shared))
      .filter(({ usage }) => Date.now() - (usage.lastUsedAt ?? usage.createdAt) >= keepMs)
      .toSorted((a, b) => (a.usage.lastUsedAt ?? 0) - (b.usage.lastUsedAt ?? 0));
    let used = ownBytes(items.map(({ usage }) => usage));
    const hasLimit = maxUsedBytes > 0 || minFreeBytes > 0 || reservedBytes > 0;
    for (const { usage, remove } of candidates) {
      if (hasLimit && this.#isWithin(used, options)) break;
      await remove();
      used -= ownBytes([usage]);
      yield usage;
    }
    await this.#collect();
  }

  /** What was built is made safe, and from time to time what is too old or too much goes. Calls that come meanwhile share one more round. */
  async afterBuild(): Promise<void> {
    this.#next ??= this.#round.then(() => {
      this.#next = undefined;
      const round = this.#settleAndCollect();
      this.#round = round.catch(() => undefined);
      return round;
    });
    return this.#next;
  }

  async #settleAndCollect(): Promise<void> {
    const { threads, dir, cache, policies } = this.#deps;
    if (cache.hasUnsettled) {
      const written = cache.mark();
      await threads.sync(dir);
      cache.settled(written);
    }
    if (Date.now() < this.#collectAt) return;
    this.#collectAt = Date.now() + COLLECT_EVERY_MS;
    for (const policy of policies) for await (const _ of this.prune(policy));
  }

  #isWithin(used: number, { maxUsedBytes, minFreeBytes, reservedBytes }: CachePrune): boolean {
    if (reservedBytes > 0 && used <= reservedBytes) return true;
    const fits = maxUsedBytes === 0 || used <= maxUsedBytes;
    if (minFreeBytes === 0) return fits && maxUsedBytes > 0;
    const { bavail, bsize } = statfsSync(this.#deps.dir);
    return fits && bavail * bsize >= minFreeBytes;
  }

  async #collect(): Promise<void> {
    const { cache, trees } = this.#deps;
    await trees.collect(cache.layers());
  }

  async #items(): Promise<Item[]> {
    const { cache, trees } = this.#deps;
    const images = trees.usedByImages();
    const records = await Promise.all(cache.all().map((record) => this.#recordItem(record, images)));
    return [...records, ...(await this.#mountItems()), ...(await this.#mirrorItems())];
  }

  async #recordItem(record: CacheRecord, images: ReadonlySet<Digest>): Promise<Item> {
    const { cache, trees } = this.#deps;
    const own = record.layers.at(-1);
    const parent = record.layers.at(-2);
    const size = own === undefined ? { sizeBytes: 0, shared: false } : await trees.usage(own, images);
    const usage: CacheUsage = {
      ...size,
      id: idOf(own ?? record.key),
      parents: parent === undefined ? [] : [idOf(parent)],
      type: "regular",
      description: record.description,
      inUse: own !== undefined && trees.isHeld(own),
      mutable: false,
      createdAt: record.createdAt,
      lastUsedAt: record.lastUsedAt,
      usageCount: record.uses,
    };
    return { usage, remove: async () => cache.delete(record.key) };
  }

  async #mountItems(): Promise<Item[]> {
    const { caches } = this.#deps;
    return Promise.all(
      caches.list().map(async (name) => {
        const facts = { id: name, type: "exec.cachemount", inUse: caches.isInUse(name) } as const;
        const usage = await directoryUsage(caches.pathOf(name), facts, treeSize);
        return { usage, remove: () => caches.remove(name) };
      }),
    );
  }

  async #mirrorItems(): Promise<Item[]> {
    const { locals } = this.#deps;
    return Promise.all(
      listMirrors(locals).map(async ({ name, path, isInUse }) => {
        const facts = { id: name, type: "source.local", inUse: isInUse } as const;
        const usage = await directoryUsage(path, facts, (_, changedAt) => this.#mirrorSize(path, changedAt));
        const remove = (): Promise<void> => {
          this.#weighed.delete(path);
          return removeMirror(locals, name);
        };
        return { usage, remove };
      }),
    );
  }

  /** Each change gives it another index, and so another time. */
  async #mirrorSize(path: string, changedAt: number): Promise<number> {
    const known = this.#weighed.get(path);
    if (known?.changedAt === changedAt) return known.sizeBytes;
    const sizeBytes = await treeSize(path);
    this.#weighed.set(path, { changedAt, sizeBytes });
    return sizeBytes;
  }
}

async function directoryUsage(
  path: string,
  facts: Pick<CacheUsage, "id" | "type" | "inUse">,
  measure: (path: string, changedAt: number) => Promise<number>,
): Promise<CacheUsage> {
  const { mtimeMs, birthtimeMs } = await Bun.file(path).stat();
  return {
    ...facts,
    parents: [],
    description: facts.type === "source.local" ? "local source" : "cached mount",
    shared: false,
    mutable: true,
    sizeBytes: await measure(path, mtimeMs),
    createdAt: birthtimeMs,
    lastUsedAt: mtimeMs,
    usageCount: 1,
  };
}

const idOf = (text: string): string => text.replace(/^\w+:/, "").slice(0, 25);
