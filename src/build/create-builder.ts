/** The build room put together: frontend, solver, exporters, history. */

import { messageOf, notFound } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { FileThreads } from "../files/threads/threads.ts";
import { canonical } from "../image/reference.ts";
import type { Build, Builder, CacheUsage } from "./builder.ts";
import { type CacheImport, readCacheImport } from "./cache-transfer/cache-options.ts";
import type { CacheImportDeps } from "./cache-transfer/import-cache.ts";
import { BuildFailure } from "./failure.ts";
import { finishBuild, solveAll } from "./finish.ts";
import type { FinishDeps } from "./finishing.ts";
import { type FrontendDeps, planBuild } from "./frontend/plan.ts";
import type { HistoryArchive } from "./history/archive.ts";
import { createHistory } from "./history/history.ts";
import type { Contexts } from "./operations/directory-source.ts";
import { receiveContext } from "./receive.ts";
import type { CacheKeeper } from "./solver/cache-keeper.ts";
import type { ImportedCache } from "./solver/imported-cache.ts";
import type { BuildRun, Solver } from "./solver/solver.ts";
import type { BuildThreads } from "./threads/threads.ts";
import type { LayerTrees } from "./trees/layer-trees.ts";

export interface BuilderDeps extends FinishDeps {
  readonly solver: Solver;
  readonly trees: LayerTrees;
  readonly threads: BuildThreads;
  readonly fileThreads: FileThreads;
  /** For contexts that are sent as archives. */
  readonly dir: string;
  readonly contexts: Contexts;
  readonly keeper: CacheKeeper;
  readonly images: Omit<FrontendDeps, "load" | "readFile">;
  readonly cacheImports: CacheImportDeps;
  readonly history: HistoryArchive;
  /** What builds may ask for. */
  readonly entitlements: readonly string[];
  readonly log: Logger;
}

const MAX_READ_BYTES = 16 * 1024 * 1024;

export function createBuilder(deps: BuilderDeps): Builder {
  const runs = new Runs(deps.solver);
  const frontend: FrontendDeps = {
    ...deps.images,
    load: async (build, vertex) => (await runs.of(build).solve(vertex)).tree,
    readFile: async (tree, path, maxBytes) => {
      using mounted = deps.trees.mount(tree);
      return await deps.threads.read(mounted.root.procPath, path, maxBytes);
    },
  };
  return {
    history: createHistory(deps.history, deps.log),
    plan: async (build, options) => {
      checkGranted(build, deps.entitlements);
      const asked = options.cacheImports.map(readCacheImport);
      const imports = options.onlyStoredImports ? asked.filter((each) => isStored(deps, each)) : asked;
      if (imports.length > 0) runs.of(build).use(importCaches(deps, build, imports));
      const isBlind = options.onlyStoredImports && asked.length > 0 && imports.length === 0;
      return planBuild(frontend, build, isBlind ? { ...options, noCache: true } : options);
    },
    evaluate: async (build, results) => {
      await solveAll(runs.of(build), results);
    },
    finish: async (build, results, outputs) => {
      try {
        return await finishBuild(deps, { build, run: runs.of(build), results, outputs });
      } finally {
        runs.end(build);
        deps.keeper
          .afterBuild()
          .catch((error: unknown) => deps.log.warn("build.gc.failed", { error: messageOf(error) }));
      }
    },
    readFile: async (build, result, path) => {
      const { tree } = await runs.of(build).solve(result.vertex);
      const bytes = await frontend.readFile(tree, path, MAX_READ_BYTES);
      if (bytes === undefined) throw notFound(`open ${path}: no such file or directory`);
      return bytes;
    },
    receive: (archive) => receiveContext(deps, archive),
    diskUsage: (filters): Promise<CacheUsage[]> => deps.keeper.usage(filters),
    prune: (options) => deps.keeper.prune(options),
  };
}

const isStored = ({ cacheImports: { built, platform } }: BuilderDeps, { place }: CacheImport): boolean =>
  place.kind === "registry" && built.find(canonical(place.reference), platform) !== undefined;

/** In the order of the options: what is in several of them is taken from the first. */
async function importCaches(
  { cacheImports }: BuilderDeps,
  build: Build,
  imports: readonly CacheImport[],
): Promise<readonly ImportedCache[]> {
  const { importCache } = await import("./cache-transfer/import-cache.ts");
  const caches = await Promise.all(imports.map((each) => importCache(cacheImports, build, each)));
  return caches.filter((cache) => cache !== undefined);
}

function checkGranted({ entitlements }: Build, allowed: readonly string[]): void {
  const refused = entitlements.find((name) => !allowed.includes(name));
  if (refused === undefined) return;
  throw new BuildFailure(`granting entitlement ${refused} is not allowed by build daemon configuration`, {
    kind: "forbidden",
  });
}

/** What each build has solved, from its first question to its end. */
class Runs {
  readonly #solver: Solver;
  readonly #runs = new Map<string, BuildRun>();

  constructor(solver: Solver) {
    this.#solver = solver;
  }

  of(build: Build): BuildRun {
    const known = this.#runs.get(build.ref);
    if (known !== undefined) return known;
    // Nobody would ever end it.
    build.signal.throwIfAborted();
    const run = this.#solver.open(build);
    this.#runs.set(build.ref, run);
    build.signal.addEventListener("abort", () => this.end(build), { once: true });
    return run;
  }

  end({ ref }: Build): void {
    this.#runs.get(ref)?.[Symbol.dispose]();
    this.#runs.delete(ref);
  }
}
