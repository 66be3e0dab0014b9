/** Everything a builder is made of, from the rooms below; the last one's leftovers are cleared away first. */
import type { Database } from "bun:sqlite";
import { mkdirSync, readFileSync, statfsSync } from "node:fs";
import { basename, dirname } from "node:path";
import type { Logger } from "../base/log.ts";
import { Slots } from "../base/slots.ts";
import { removeTree } from "../files/remove-tree.ts";
import { FileThreads } from "../files/threads/threads.ts";
import type { ImageStore } from "../image/images.ts";
import type { RegistryService } from "../image/registry/types.ts";
import type { Builder, CachePrune } from "./builder.ts";
import { createBuilder } from "./create-builder.ts";
import { HistoryArchive } from "./history/archive.ts";
import { createBuildImages } from "./images.ts";
import { Contexts } from "./operations/directory-source.ts";
import { CacheMounts } from "./operations/exec/cache-mounts.ts";
import type { StepEtcFiles, StepNetwork, StepRuntime } from "./operations/exec/ports.ts";
import { createLocalSources } from "./operations/local-source.ts";
import { createOperations } from "./operations/operations.ts";
import { BuildCache } from "./solver/cache.ts";
import { CacheKeeper } from "./solver/cache-keeper.ts";
import { type CacheSpace, defaultPolicies, defaultSpace } from "./solver/gc-policy.ts";
import { Solver } from "./solver/solver.ts";
import { sweptDirOf } from "./sweep-runs.ts";
import { BuildThreads } from "./threads/threads.ts";
import type { LayerId } from "./tree.ts";
import { createLayerRecords } from "./trees/layer-records.ts";
import { LayerTrees } from "./trees/layer-trees.ts";

export interface BuildRoomDeps {
  /** On the file system of the images. */
  readonly dir: string;
  readonly runDir: string;
  readonly db: Database;
  readonly images: ImageStore;
  readonly registries: RegistryService;
  readonly network: StepNetwork;
  readonly runtime: StepRuntime;
  readonly etcFiles: StepEtcFiles;
  readonly cgroupParent: string;
  readonly searchPath: string;
  readonly architecture: string;
  readonly cpus: number;
  /** How the cache is kept small; undefined leaves that to others. */
  readonly collect:
    | { readonly space: Partial<CacheSpace>; readonly policies: readonly CachePrune[] | undefined }
    | undefined;
  readonly entitlements: readonly string[];
  /** From pinBuildLayers. */
  readonly pins: ReadonlyMap<LayerId, () => void>;
  readonly log: Logger;
}

/** Steps of a build wait more than they compute. */
const STEPS_A_CPU = 4;

/** To be called when no container of an earlier engine's builds runs any more. */
export async function createBuildRoom(deps: BuildRoomDeps): Promise<Builder> {
  const { dir, runDir, db, images, network, runtime, etcFiles, cgroupParent } = deps;
  for (const path of [dir, runDir]) mkdirSync(path, { recursive: true, mode: 0o700 });
  const sweptDir = sweptDirOf(dir);
  await removeTree(dirname(sweptDir), basename(sweptDir));
  mkdirSync(sweptDir, { mode: 0o700 });
  const threads = new BuildThreads();
  const fileThreads = new FileThreads();
  const { rootLayers, built } = images;
  const { pins } = deps;
  const trees = new LayerTrees({ dir, records: createLayerRecords(db), rootLayers, built, threads, fileThreads, pins });
  const cache = new BuildCache(db, readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim());
  const caches = new CacheMounts({
    dir: `${dir}/caches`,
    sweptDir,
    copy: (from, to) => threads.copy(from, to),
  });
  const contexts = new Contexts();
  const locals = createLocalSources({ dir: `${dir}/contexts`, sweptDir, trees });
  const buildImages = createBuildImages({ built, registries: deps.registries, architecture: deps.architecture });
  const operations = createOperations({
    images: {
      trees,
      rootLayers,
      documentDigest: (id) => built.documentDigest(id),
      provide: (source, step) => buildImages.provide(source, step),
    },
    layouts: { trees, built },
    locals,
    directories: { trees, contexts },
    remotes: { dir: sweptDir, trees, searchPath: deps.searchPath },
    files: { trees, threads },
    exec: { runDir, trees, caches, network, runtime, etcFiles, cgroupParent },
  });
  await trees.sweep();
  await trees.collect(cache.layers());
  return createBuilder({
    solver: new Solver({ trees, cache, operations, slots: new Slots(deps.cpus * STEPS_A_CPU) }),
    trees,
    threads,
    fileThreads,
    dir: sweptDir,
    contexts,
    keeper: new CacheKeeper({ dir, cache, trees, caches, locals, threads, policies: policiesOf(deps) }),
    entitlements: deps.entitlements,
    images: buildImages,
    history: new HistoryArchive(db),
    mounts: { caches, built, fileThreads },
    scans: { images: buildImages, platform: buildImages.platform, trees, threads },
    cacheImports: {
      caches,
      built,
      fileThreads,
      registries: deps.registries,
      pin: (diffId) => rootLayers.pin([diffId]),
      platform: buildImages.platform,
    },
    exports: {
      trees,
      built,
      fileThreads,
      registries: deps.registries,
      platform: buildImages.platform,
    },
    log: deps.log,
  });
}

function policiesOf({ dir, collect }: BuildRoomDeps): readonly CachePrune[] {
  if (collect === undefined) return [];
  const { blocks, bsize } = statfsSync(dir);
  return collect.policies ?? defaultPolicies({ ...defaultSpace(blocks * bsize), ...collect.space });
}
