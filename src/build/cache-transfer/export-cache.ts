/** `--cache-to`: what a build has solved, written to a registry or to a directory of the client's. */
import { messageOf } from "../../base/errors.ts";
import { mediaTypeIn } from "../../image/blobs/blob-format.ts";
import type { OpenBlob } from "../../image/blobs/layer-blobs.ts";
import type { LayerBlob } from "../../image/content.ts";
import { toDocument } from "../../image/content.ts";
import { DOCKER_LIST_TYPE, OCI_INDEX_TYPE, OCI_MANIFEST } from "../../image/manifest.ts";
import { canonical, type Digest } from "../../image/reference.ts";
import type { Build } from "../builder.ts";
import type { ImageExportDeps } from "../export/image-export.ts";
import { type Annotations, toDescriptor, toSmallBlob } from "../export/image-json.ts";
import { storeDestination } from "../export/layout.ts";
import { ExportProgress } from "../export/progress.ts";
import { RegistryDestination } from "../export/registry-destination.ts";
import type { Destination } from "../export/write-image.ts";
import { credentialsFor } from "../images.ts";
import type { SolvedRecord } from "../solver/solver.ts";
import type { Tree } from "../tree.ts";
import { CACHE_CONFIG, type StackedResult, toCacheConfig } from "./cache-config.ts";
import type { CacheExport, CachePlace } from "./cache-options.ts";
import type { PackedMount } from "./mount-layers.ts";

export interface CacheToExport {
  readonly records: readonly SolvedRecord[];
  /** Of the build's results. */
  readonly trees: readonly Tree[];
  /** Cache mounts that travel along, as layers of the store. */
  readonly mounts: readonly PackedMount[];
}

/** What the client is told. Throws unless the option says that failing does not matter. */
export async function exportCache(
  deps: ImageExportDeps,
  build: Build,
  { options, cache }: { readonly options: CacheExport; readonly cache: CacheToExport },
): Promise<ReadonlyMap<string, string>> {
  const { place } = options;
  if (place.kind === "inline") return new Map();
  const title = place.kind === "registry" ? "exporting cache to registry" : "exporting cache to client directory";
  using progress = new ExportProgress(build, title);
  try {
    return await progress.run(async () => {
      await using kept = new AsyncDisposableStack();
      const destination = await destinationOf(deps, build, { place, options, kept });
      return await write(deps, { options, cache, progress, place, destination });
    });
  } catch (error) {
    if (!options.ignoreError || build.signal.aborted) throw error;
    build.report(progress.warning(`cache export failed: ${messageOf(error)}`));
    return new Map();
  }
}

/** Results that a build of the same target needs again: with "min" only what its own layers are made of. */
export async function stackedResults(
  { trees }: Pick<ImageExportDeps, "trees">,
  { records, trees: results }: CacheToExport,
  mode: "min" | "max",
): Promise<(StackedResult & { readonly diffIds: readonly Digest[] })[]> {
  const own = new Set(results.flatMap(({ layers }) => layers));
  const wanted = records.filter(({ tree }) => mode === "max" || tree.layers.every((layer) => own.has(layer)));
  const stacked: (StackedResult & { diffIds: readonly Digest[] })[] = [];
  for (const { key, tree } of wanted) {
    const diffIds = await trees.toImageLayers(tree);
    const createdAt = trees.createdAt(tree.layers.at(-1) ?? "build:") ?? Date.now();
    stacked.push({ key, blobs: diffIds, diffIds, createdAt });
  }
  return stacked;
}

interface Opening {
  readonly place: CachePlace;
  readonly options: CacheExport;
  readonly kept: AsyncDisposableStack;
}

async function destinationOf(
  deps: ImageExportDeps,
  build: Build,
  { place, options, kept }: Opening,
): Promise<Destination> {
  const open = (diffId: Digest): Promise<OpenBlob> =>
    deps.built.openBlob(diffId, options.blobs.format, { signal: build.signal });
  if (place.kind === "local") {
    return storeDestination(build, `local:${place.directory}`, async (diffId) => kept.use(await open(diffId)));
  }
  const { reference, insecure } = place;
  const credentials = await credentialsFor(build, reference.domain);
  const publication = await deps.registries.publish({ image: reference, credentials, insecure, signal: build.signal });
  return new RegistryDestination(publication, { blobs: options.blobs, open, acceptsKnown: true });
}

interface Writing {
  readonly options: CacheExport;
  readonly cache: CacheToExport;
  readonly progress: ExportProgress;
  readonly place: CachePlace;
  readonly destination: Destination;
}

async function write(deps: ImageExportDeps, writing: Writing): Promise<ReadonlyMap<string, string>> {
  const { options, cache, progress, place, destination } = writing;
  const stacked = await progress.during("preparing build cache for export", () =>
    stackedResults(deps, cache, options.mode),
  );
  const blobs = new Map<Digest, LayerBlob>();
  for (const diffId of new Set(stacked.flatMap(({ diffIds }) => diffIds))) {
    const blob = await destination.layer(diffId);
    progress.note(`writing layer ${blob.digest}`);
    blobs.set(diffId, blob);
  }
  const blobOf = (diffId: Digest): Digest => blobs.get(diffId)?.digest ?? diffId;
  const config = toCacheConfig(stacked.map((each) => ({ ...each, blobs: each.diffIds.map(blobOf) })));
  const layers = [...blobs].map(([diffId, blob]) => ({ diffId, blob, annotations: {} }));
  for (const { diffId, annotations } of cache.mounts) {
    const blob = await destination.layer(diffId);
    progress.note(`writing cache mount ${blob.digest}`);
    layers.push({ diffId, blob, annotations });
  }
  const small = toSmallBlob(JSON.stringify(config));
  progress.note(`writing config ${small.digest}`);
  await destination.small(small);
  const document = toCacheManifest(options, small, layers);
  progress.note(`writing cache manifest ${document.digest}`);
  const name = place.kind === "registry" ? (place.reference.tag ?? document.digest) : document.digest;
  await destination.document(document, name);
  if (place.kind === "registry") progress.note(`pushed ${canonical(place.reference)}`);
  return new Map([["cache.manifest", JSON.stringify(toDescriptor(document))]]);
}

interface DescribedLayer {
  readonly diffId: Digest;
  readonly blob: LayerBlob;
  readonly annotations: Annotations;
}

function toCacheManifest(
  { imageManifest, words }: CacheExport,
  config: ReturnType<typeof toSmallBlob>,
  layers: readonly DescribedLayer[],
) {
  const described = layers.map(({ diffId, blob, annotations }) => ({
    mediaType: mediaTypeIn(blob.mediaType, words),
    digest: blob.digest,
    size: blob.sizeBytes,
    annotations: { "containerd.io/uncompressed": diffId, ...annotations },
  }));
  const own = { mediaType: CACHE_CONFIG, digest: config.digest, size: config.bytes.length };
  const mediaType = imageManifest ? OCI_MANIFEST : words === "oci" ? OCI_INDEX_TYPE : DOCKER_LIST_TYPE;
  const body = imageManifest ? { config: own, layers: described } : { manifests: [...described, own] };
  return toDocument(mediaType, Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...body })));
}
