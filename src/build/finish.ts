/** The end of a build: its results are solved, exported in every way that the client asks for, and its cache goes where it shall. */

import { platformText } from "../wire/platform.ts";
import { type AttestOptions, readAttestOptions } from "./attest/attest-options.ts";
import type { Build, BuildAttachment, BuildResult, Outputs, PlannedResult } from "./builder.ts";
import { type CacheExport, readCacheExport } from "./cache-transfer/cache-options.ts";
import { type Attestations, type ExportRequest, NO_ATTESTATIONS } from "./export/export-request.ts";
import { exportImage } from "./export/image.ts";
import { readImageOptions } from "./export/image-options.ts";
import type { SolvedResult } from "./export/solved-result.ts";
import type { FinishDeps, Finishing } from "./finishing.ts";
import { sha256 } from "./frontend/vertex.ts";
import type { BuildRun } from "./solver/solver.ts";

/** Options are read before anything is built. */
export async function finishBuild(deps: FinishDeps, finishing: Finishing): Promise<BuildResult> {
  const { build, run, results, outputs } = finishing;
  const caches = outputs.cacheExports.map(readCacheExport);
  const options = readAttestOptions(outputs.attestations);
  checkExporters(outputs);
  const solved = await solveAll(run, results);
  if (solved.length === 0) return { answers: new Map(), imageId: undefined, attachments: [] };
  const inlineCache = await inlineCacheOf(deps, finishing, { caches, solved });
  const attestations = await attestationsOf(deps, finishing, { options, solved });
  const { answers, imageId, made } = await exportAll(deps, build, { outputs, solved, inlineCache, attestations });
  if (caches.some(({ place }) => place.kind !== "inline")) {
    const { exportCaches } = await import("./cache-transfer/export-caches.ts");
    for (const [key, value] of await exportCaches(deps, finishing, { caches, solved })) answers.set(key, value);
  }
  return { answers, imageId, attachments: [...made, ...(await attachmentsOf(deps, finishing))] };
}

/** Where each result comes from, for those who look at the build later. */
async function attachmentsOf({ scans }: FinishDeps, finishing: Finishing): Promise<BuildAttachment[]> {
  const { results } = finishing;
  const { recordedProvenance } = await import("./attest/attestations.ts");
  return results.map(({ platform, vertex }) => {
    const { type, body } = recordedProvenance(finishing, vertex, scans.platform);
    const text = JSON.stringify(body, null, 2);
    const name = results.length === 1 ? "" : platformText(platform);
    return { platform: name, predicateType: type, digest: sha256(text), text };
  });
}

export async function solveAll(run: BuildRun, results: readonly PlannedResult[]): Promise<SolvedResult[]> {
  return Promise.all(results.map(async (planned) => ({ planned, tree: (await run.solve(planned.vertex)).tree })));
}

function checkExporters({ exporters }: Outputs): void {
  for (const exporter of exporters) {
    if (exporter.type !== "local" && exporter.type !== "tar") readImageOptions(exporter);
  }
}

type InlineCache = ExportRequest["inlineCache"];

async function inlineCacheOf(
  deps: FinishDeps,
  { run }: Finishing,
  { caches, solved }: { readonly caches: readonly CacheExport[]; readonly solved: readonly SolvedResult[] },
): Promise<InlineCache> {
  if (!caches.some(({ place }) => place.kind === "inline")) return () => Promise.resolve(undefined);
  const { createInlineCache } = await import("./cache-transfer/inline-cache.ts");
  return createInlineCache(deps.exports, { records: run.records, trees: solved.map(({ tree }) => tree), mounts: [] });
}

/** Only exporters that can hold statements are worth making them. */
async function attestationsOf(
  deps: FinishDeps,
  finishing: Finishing,
  { options, solved }: { readonly options: AttestOptions; readonly solved: readonly SolvedResult[] },
): Promise<Attestations> {
  const isAsked = options.provenance !== undefined || options.sbom !== undefined;
  if (!isAsked || finishing.outputs.exporters.length === 0) return NO_ATTESTATIONS;
  const { createAttestations } = await import("./attest/attestations.ts");
  return createAttestations(deps.scans, finishing, { options, solved });
}

interface Exporting {
  readonly outputs: Outputs;
  readonly solved: readonly SolvedResult[];
  readonly inlineCache: InlineCache;
  readonly attestations: Attestations;
}

async function exportAll(
  { exports: deps }: FinishDeps,
  build: Build,
  { outputs, solved, inlineCache, attestations }: Exporting,
): Promise<{ answers: Map<string, string>; imageId: string | undefined; made: BuildAttachment[] }> {
  const answers = new Map<string, string>();
  const made: BuildAttachment[] = [];
  let imageId: string | undefined;
  for (const [index, exporter] of outputs.exporters.entries()) {
    const request = { exporter, index, results: solved, attestations, inlineCache };
    if (exporter.type === "image") {
      const exported = await exportImage(deps, build, request);
      imageId ??= exported.id;
      made.push({ platform: "", ...exported.result });
      for (const [key, value] of exported.answers) answers.set(key, value);
    } else {
      const { exportToClient } = await import("./export/to-client.ts");
      for (const [key, value] of await exportToClient(deps, build, request)) answers.set(key, value);
    }
  }
  return { answers, imageId, made };
}
