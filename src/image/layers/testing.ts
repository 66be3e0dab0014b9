/** For the tests of layers: a store of its own, and layers put into it. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TarMember, writeTar } from "../../base/tar/writer.ts";
import { type ArchiveLimits, DEFAULT_LIMITS } from "../archive/limits.ts";
import type { Digest } from "../reference.ts";
import { createLayerStore } from "./disk-layers.ts";
import type { LayerStore, StagedLayer } from "./layer-store.ts";
import type { Backing } from "./support.ts";
import { ArchiveWorkers } from "./workers.ts";

const workers = new ArchiveWorkers();

export interface TestLayers extends AsyncDisposable {
  /** Holds the store in `images`, and nothing else. */
  readonly dir: string;
  readonly store: LayerStore;
  /** Puts a layer in and returns its name. */
  add(tar: Uint8Array | readonly TarMember[]): Promise<Digest>;
  stage(tar: Uint8Array, signal?: AbortSignal): Promise<StagedLayer>;
  /** The same files, opened again as by a new engine. */
  reopen(backings?: readonly Backing[]): TestLayers;
}

export interface LayersOptions {
  readonly backings?: readonly Backing[];
  readonly limits?: Partial<ArchiveLimits>;
  readonly dir?: string;
}

export function openLayers({
  backings,
  limits,
  dir = mkdtempSync(join(tmpdir(), "tare-layers-")),
}: LayersOptions = {}): TestLayers {
  const bounds = { ...DEFAULT_LIMITS, ...limits };
  const store = createLayerStore({
    dir: join(dir, "images"),
    limits: bounds,
    workers,
    backings,
  });
  const stage = async (tar: Uint8Array, signal = new AbortController().signal): Promise<StagedLayer> => {
    const path = store.temporary();
    writeFileSync(path, tar);
    try {
      return await store.stage({ source: { path, offset: 0, length: tar.length }, signal });
    } finally {
      rmSync(path);
    }
  };
  return {
    dir,
    store,
    stage,
    add: async (content) => {
      const staged = await stage(content instanceof Uint8Array ? content : writeTar(content));
      await store.commit([staged]);
      return staged.diffId;
    },
    reopen: (again = backings) => openLayers({ dir, ...(again === undefined ? {} : { backings: again }) }),
    [Symbol.asyncDispose]: async () => {
      await store.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
