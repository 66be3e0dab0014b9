/** `docker load`: images out of an archive into the store. What fails leaves nothing behind; images before it in the archive stay. */
import { rm } from "node:fs/promises";
import { invalidParameter } from "../base/errors.ts";
import { shortId } from "../base/ids.ts";
import type { IncomingBody } from "../base/lent-socket.ts";
import type { ProgressLine } from "../wire/image.ts";
import { platformText } from "../wire/platform.ts";
import { ArchiveContents } from "./archive/contents.ts";
import { DOCKER_MANIFEST, planDockerArchive } from "./archive/docker-archive.ts";
import { spoolGrowing } from "./archive/growth.ts";
import { OCI_INDEX, planOciArchive } from "./archive/oci-archive.ts";
import type { PlannedImage, PlannedLayer } from "./archive/planned-image.ts";
import { NEVER } from "./catalog.ts";
import type { ImageContext } from "./context.ts";
import { EarlyLayers } from "./early-layers.ts";
import type { StagedLayer } from "./layers/layer-store.ts";
import { matchesPlatform, type Platform } from "./platform.ts";
import { layerProgress, type Report, reportLines } from "./progress.ts";
import type { LayerRecord } from "./records.ts";
import { familiar } from "./reference.ts";

interface LoadTools {
  readonly signal: AbortSignal;
  readonly report: Report;
  readonly quiet: boolean;
  readonly early: EarlyLayers;
}

export interface LoadOptions {
  /** No progress, only what was loaded. */
  readonly quiet: boolean;
  /** Only images for it. Throws invalidParameter when the archive has none. */
  readonly platform?: Platform | undefined;
}

/** The stream ends with an error line when something fails. Leaving it early stops the work at its next chunk. */
export function load(
  context: ImageContext,
  archive: IncomingBody,
  { quiet, platform }: LoadOptions,
): AsyncIterable<ProgressLine> {
  return reportLines(async (report, signal) => {
    await using undo = new AsyncDisposableStack();
    const [path, plainPath] = [context.layers.temporary(), context.layers.temporary()];
    undo.defer(() => rm(path, { force: true }));
    undo.defer(() => rm(plainPath, { force: true }));
    const { files, limits, workers } = context;
    const { growth, whole } = spoolGrowing(archive, { path, maxBytes: limits.maxBytes, signal, files });
    const early = undo.use(new EarlyLayers(context, { path, growth, signal }));
    await whole;
    const index = await workers.index({ path, plainPath, limits }, signal);
    const images = planArchive(new ArchiveContents(index, limits), context.architecture, platform);
    for (const image of images) await loadImage(context, image, { signal, report, quiet, early });
  });
}

/**
 * An archive that is both, as Docker writes it, is read as Docker reads it, unless a platform is asked for, which only the index
 * tells of. Its blobs are checked against their digests.
 */
function planArchive(contents: ArchiveContents, architecture: string, asked: Platform | undefined): PlannedImage[] {
  const [isDocker, isOci] = [contents.has(DOCKER_MANIFEST), contents.has(OCI_INDEX)];
  if (!isDocker && !isOci) {
    throw invalidParameter(`not an image archive: it has neither ${DOCKER_MANIFEST} nor ${OCI_INDEX}`);
  }
  const useOci = isOci && (!isDocker || asked !== undefined);
  const platform = asked ?? { os: "linux", architecture, variant: "" };
  const images = useOci ? planOciArchive(contents, platform) : planDockerArchive(contents);
  if (asked === undefined) return images;
  const fitting = images.filter((image) => matchesPlatform(asked, image.platform));
  if (fitting.length === 0) throw invalidParameter(`no image in the archive is for ${platformText(asked)}`);
  return fitting;
}

async function loadImage(context: ImageContext, image: PlannedImage, tools: LoadTools): Promise<void> {
  await using undo = new AsyncDisposableStack();
  undo.defer(context.layers.pin(image.layers.map(({ diffId }) => diffId)));
  const staged: StagedLayer[] = [];
  undo.defer(() => context.layers.discard(staged));
  const layers = await stageMissing(context, image, staged, tools);
  await context.layers.commit(staged);
  await context.layers.complete(image.layers.map(({ diffId }) => diffId));
  announceRenames(context, image, tools.report);
  const parent = context.catalog.get(image.parent)?.id ?? "";
  context.catalog.add({ id: image.id, document: image.document, layers, parent, lastTaggedAt: NEVER }, image.names);
  remember(context, image, staged);
  announce(context, image, tools.report);
}

/** What it came as, for whoever asks for its manifest or pushes it. */
function remember({ content }: ImageContext, image: PlannedImage, staged: readonly StagedLayer[]): void {
  content.attach(image.id, image.documents);
  for (const { diffId, digest, mediaType, source } of image.layers) {
    const known = digest ?? staged.find((layer) => layer.diffId === diffId)?.digest;
    const isCompressed = mediaType !== "" && known !== undefined && known !== diffId;
    if (isCompressed) content.putBlob(diffId, { digest: known, mediaType, sizeBytes: source.length });
  }
}

/** Stages into `staged` what the store lacks, all at once, and returns what every layer weighs. */
async function stageMissing(
  context: ImageContext,
  image: PlannedImage,
  staged: StagedLayer[],
  tools: LoadTools,
): Promise<LayerRecord[]> {
  const { layers } = context;
  const missing = new Map(
    [...image.layers.entries()]
      .filter(([, { diffId }]) => !layers.has(diffId))
      .map(([at, layer]) => [layer.diffId, { at, layer }]),
  );
  const abort = new AbortController();
  const signal = AbortSignal.any([tools.signal, abort.signal]);
  const work = [...missing.values()].map(async ({ at, layer }) => {
    try {
      staged.push(await stage(context, layer, at, { ...tools, signal }));
    } catch (error) {
      // The first failure is the one to tell; the others need not come to their end.
      abort.abort(error);
    }
  });
  await Promise.all(work);
  abort.signal.throwIfAborted();
  const fresh = new Map(staged.map(({ diffId, sizeBytes }) => [diffId, sizeBytes]));
  return image.layers.map(({ diffId }) => ({ diffId, sizeBytes: fresh.get(diffId) ?? layers.sizeOf(diffId) }));
}

async function stage(context: ImageContext, layer: PlannedLayer, at: number, tools: LoadTools): Promise<StagedLayer> {
  const { diffId, source } = layer;
  const onProgress = (bytes: number): void => {
    if (!tools.quiet) tools.report(layerProgress(shortId(diffId), bytes, source.length));
  };
  const early = await tools.early.take(source);
  if (early !== undefined) onProgress(source.length);
  const staged = early ?? (await context.layers.stage({ source, signal: tools.signal, onProgress }));
  try {
    verify(layer, at, staged);
  } catch (error) {
    await context.layers.discard([staged]);
    throw error;
  }
  return staged;
}

function verify({ diffId, digest }: PlannedLayer, at: number, got: StagedLayer): void {
  const quote = JSON.stringify;
  if (digest !== undefined && got.digest !== digest) {
    throw invalidParameter(`invalid digest for layer ${at}: expected ${quote(digest)}, got ${quote(got.digest)}`);
  }
  if (got.diffId !== diffId) {
    throw invalidParameter(`invalid diffID for layer ${at}: expected ${quote(diffId)}, got ${quote(got.diffId)}`);
  }
}

/** After moby tarexport setLoadedTag (28.5). */
function announceRenames({ catalog }: ImageContext, { id, names }: PlannedImage, report: Report): void {
  for (const name of names) {
    const old = catalog.named(name);
    if (old === undefined || old.id === id) continue;
    report({
      stream: `The image ${familiar(name)} already exists, renaming the old one with ID ${old.id} to empty string\n`,
    });
  }
}

function announce({ emit }: ImageContext, { id, names }: PlannedImage, report: Report): void {
  for (const name of names) report({ stream: `Loaded image: ${familiar(name)}\n` });
  if (names.length === 0) report({ stream: `Loaded image ID: ${id}\n` });
  emit("load", id, id);
}
