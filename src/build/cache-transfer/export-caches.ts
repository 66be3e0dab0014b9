/** All caches that a build exports, one after the other: they share their blobs with each other and with the images. */
import type { SolvedResult } from "../export/solved-result.ts";
import type { FinishDeps, Finishing } from "../finishing.ts";
import type { CacheExport } from "./cache-options.ts";
import { exportCache } from "./export-cache.ts";
import { packMounts } from "./mount-layers.ts";

export async function exportCaches(
  deps: FinishDeps,
  { build, run, results }: Finishing,
  { caches, solved }: { readonly caches: readonly CacheExport[]; readonly solved: readonly SolvedResult[] },
): Promise<Map<string, string>> {
  const answers = new Map<string, string>();
  const trees = solved.map(({ tree }) => tree);
  const vertices = results.map(({ vertex }) => vertex);
  for (const options of caches) {
    await using kept = new AsyncDisposableStack();
    const mounts = await packMounts(deps.mounts, vertices, { wanted: options.mounts, kept });
    const told = await exportCache(deps.exports, build, { options, cache: { records: run.records, trees, mounts } });
    for (const [key, value] of told) answers.set(key, value);
  }
  return answers;
}
