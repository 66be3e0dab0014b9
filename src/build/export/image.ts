/** `--output type=image` (and docker's own): the result as an image of the store, under its names. */

import type { FileThreads } from "../../files/threads/threads.ts";
import type { BuiltImages } from "../../image/built.ts";
import { canonical, type Digest, parseReference, type Reference, withDefaultTag } from "../../image/reference.ts";
import type { Build, Exporter, PlannedResult } from "../builder.ts";
import { BuildFailure } from "../failure.ts";
import type { Tree } from "../tree.ts";
import type { LayerTrees } from "../trees/layer-trees.ts";
import { toImageDocument } from "./image-document.ts";
import { ExportProgress } from "./progress.ts";

export interface ImageExportDeps {
  readonly fileThreads: FileThreads;
  readonly trees: LayerTrees;
  readonly built: BuiltImages;
  /** Sends an image to its registry, with what the session knows of credentials. */
  readonly push: (build: Build, name: Reference, progress: ExportProgress) => Promise<void>;
}

export interface SolvedResult {
  readonly planned: PlannedResult;
  readonly tree: Tree;
}

export interface ExportedImage {
  readonly id: Digest;
  readonly answers: ReadonlyMap<string, string>;
}

/** Throws BuildFailure for several platforms, which one name of the store cannot hold. */
export async function exportImage(
  deps: ImageExportDeps,
  build: Build,
  { exporter, results }: { exporter: Exporter; results: readonly SolvedResult[] },
): Promise<ExportedImage> {
  const [result, ...more] = results;
  if (result === undefined || more.length > 0) {
    throw new BuildFailure("docker exporter does not currently support exporting manifest lists", {});
  }
  const names = namesOf(exporter);
  using progress = new ExportProgress(build, "exporting to image");
  return await progress.run(async () => {
    const document = await progress.during("exporting layers", () => documentOf(deps, result, epochOf(exporter)));
    const id = await deps.built.addImage({ document, names });
    progress.note(`writing image ${id}`);
    for (const name of names) progress.note(`naming to ${canonical(name)}`);
    if (isPushed(exporter)) for (const name of names) await deps.push(build, name, progress);
    const written = [...names].map((name) => canonical(name)).join(",");
    const answers = [
      ["containerimage.digest", id],
      ["containerimage.config.digest", id],
      ...(written === "" ? [] : [["image.name", written] as const]),
    ] as const;
    return { id, answers: new Map(answers) };
  });
}

/** The document of a result whose layers are in the store after it. */
export async function documentOf(
  { trees }: Pick<ImageExportDeps, "trees">,
  { planned, tree }: SolvedResult,
  epoch: number | undefined,
): Promise<string> {
  const diffIds = await trees.toImageLayers(tree);
  const layers = diffIds.map((diffId, at) => ({ diffId, createdAt: trees.createdAt(tree.layers[at] ?? "build:") }));
  return toImageDocument({ planned: planned.config, layers, epoch });
}

function namesOf({ attributes }: Exporter): Reference[] {
  const names = (attributes.get("name") ?? "").split(",").map((name) => name.trim());
  return names.filter((name) => name !== "" && name !== "*").map((name) => withDefaultTag(parseReference(name)));
}

function epochOf({ attributes }: Exporter): number | undefined {
  const text = attributes.get("source-date-epoch");
  return text === undefined || !/^\d+$/.test(text) ? undefined : Number(text);
}

const isPushed = ({ attributes }: Exporter): boolean => ["true", "1", ""].includes(attributes.get("push") ?? "false");
