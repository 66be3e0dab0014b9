/** What images are made of: a result's layers as the store has them, with their times, rewritten where the client asks for it. */

import { noLaterThan, retimed } from "../../base/tar/retime.ts";
import { readSlice } from "../../files/compression.ts";
import type { BuiltImages } from "../../image/built.ts";
import type { Digest } from "../../image/reference.ts";
import type { LayerTrees } from "../trees/layer-trees.ts";
import type { ImageOptions } from "./image-options.ts";
import type { ExportProgress } from "./progress.ts";
import { type SolvedResult } from "./solved-result.ts";
import type { ImageSource } from "./write-image.ts";

export interface ImageSourceDeps {
  readonly trees: LayerTrees;
  readonly built: BuiltImages;
}

export interface ImageSourceRequest {
  readonly result: SolvedResult;
  readonly options: Pick<ImageOptions, "epoch" | "rewriteTimestamp">;
  readonly progress: ExportProgress;
  /** Keeps what is made for the export until it is disposed. */
  readonly kept: AsyncDisposableStack;
  readonly signal: AbortSignal;
}

const REWRITTEN = "buildkit/rewritten-timestamp";

export async function toImageSource(deps: ImageSourceDeps, request: ImageSourceRequest): Promise<ImageSource> {
  const { result, options, progress } = request;
  const { planned, tree } = result;
  const diffIds = await deps.trees.toImageLayers(tree);
  const layers = diffIds.map((diffId, at) => ({
    diffId,
    createdAt: deps.trees.createdAt(tree.layers[at] ?? "build:"),
  }));
  const epoch = epochOf(result, options);
  const source = { platform: planned.platform, planned: planned.config, layers, epoch };
  if (!options.rewriteTimestamp || epoch === undefined) return source;
  const title = `rewriting layers with source-date-epoch ${epoch} (${goTime(epoch)})`;
  const rewritten = await progress.during(title, () => rewriteLayers(deps, request, { layers, epoch }));
  return { ...source, layers: rewritten };
}

/** What the exporter is told goes before what the build was. */
export function epochOf({ planned }: SolvedResult, { epoch }: Pick<ImageOptions, "epoch">): number | undefined {
  return epoch === "none" ? undefined : (epoch ?? planned.epoch);
}

type Layers = ImageSource["layers"];

/** Those of the base image stay as they are: they are the same for everybody else. */
async function rewriteLayers(
  { built }: ImageSourceDeps,
  { kept, signal }: ImageSourceRequest,
  { layers, epoch }: { readonly layers: Layers; readonly epoch: number },
): Promise<Layers> {
  const rewritten: Layers[number][] = [];
  for (const layer of layers) {
    if (layer.createdAt === undefined) {
      rewritten.push(layer);
      continue;
    }
    await using tar = await built.openBlob(layer.diffId, { kind: "uncompressed" }, { signal });
    const { diffId, release } = await rewrite(built, tar.slice, epoch);
    kept.defer(release);
    rewritten.push({ ...layer, diffId, annotations: { [REWRITTEN]: String(epoch) } });
  }
  return rewritten;
}

async function rewrite(
  built: BuiltImages,
  slice: Parameters<typeof readSlice>[0],
  epoch: number,
): Promise<{ diffId: Digest; release: () => void }> {
  const layer = await built.addLayer(retimed(readSlice(slice), noLaterThan(epoch)));
  return { diffId: layer.diffId, release: () => layer.release() };
}

/** As Go prints a time in UTC. */
const goTime = (second: number): string =>
  `${new Date(second * 1000).toISOString().slice(0, 19).replace("T", " ")} +0000 UTC`;
