/** `--output type=image` (and docker's own, and `type=registry`): the result as an image of the store, under its names, and in registries. */
import type { BuiltImages } from "../../image/built.ts";
import { canonical, type Digest, parseReference, type Reference, withDefaultTag } from "../../image/reference.ts";
import type { Build } from "../builder.ts";
import { BuildFailure } from "../failure.ts";
import { answersOf } from "./answers.ts";
import type { ExportRequest } from "./export-request.ts";
import { toImageDocument } from "./image-document.ts";
import type { ImageExport, ImageExportDeps } from "./image-export.ts";
import { type ImageOptions, readImageOptions } from "./image-options.ts";
import { toImageSource } from "./image-source.ts";
import { ExportProgress } from "./progress.ts";
import type { ImageSource, WrittenImage, WrittenManifest } from "./write-image.ts";

export interface ExportedImage {
  /** Of the image that is in the store now, if one is. */
  readonly id: Digest | undefined;
  readonly answers: ReadonlyMap<string, string>;
  /** What it is known by: its configuration in our store, or its manifest in a registry. */
  readonly result: ResultDocument;
}

export interface ResultDocument {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly text: string;
}

/** Of images of our store, as Docker's exporter calls it. */
const CONFIG_TYPE = "application/vnd.docker.container.image.v1+json";

/** Throws BuildFailure for several platforms, which one name of the store cannot hold, unless they go to a registry. */
export async function exportImage(deps: ImageExportDeps, build: Build, request: ExportRequest): Promise<ExportedImage> {
  const options = readImageOptions(request.exporter);
  const { results } = request;
  if (results.length > 1 && !options.push) {
    throw new BuildFailure("docker exporter does not currently support exporting manifest lists", {
      kind: "invalidParameter",
    });
  }
  if (request.attestations.isDemanded && !options.push) {
    throw new BuildFailure("the image store holds no attestations: push the image, or export it with type=oci", {
      kind: "invalidParameter",
    });
  }
  using progress = new ExportProgress(build, "exporting to image");
  return await progress.run(async () => {
    await using kept = new AsyncDisposableStack();
    const { signal } = build;
    const preparing = results.map((result) => toImageSource(deps, { result, options, progress, kept, signal }));
    const sources = await Promise.all(preparing);
    const exporting = { deps, build, request, options, progress, sources };
    return options.push ? await pushAndStore(exporting) : await storeOnly(exporting);
  });
}

/** Nothing but the configuration is made: the store's layers need no manifest. */
async function storeOnly({ deps, request, options, progress, sources }: ImageExport): Promise<ExportedImage> {
  const [source] = sources;
  if (source === undefined) throw new BuildFailure("there is no result to export", {});
  const inlineCache = await request.inlineCache(source, storedBlobs(deps, source));
  const { planned, layers, epoch } = source;
  const document = await progress.during("exporting layers", async () =>
    toImageDocument({ planned, layers, epoch, inlineCache }),
  );
  const names = options.names.map((name) => withDefaultTag(name));
  const id = await deps.built.addImage({ document, names: options.store ? names : [] });
  progress.note(`writing image ${id}`);
  const own = options.store ? nameAgain(deps, { id, digest: id, options, documents: [] }) : [];
  const shown = options.names.map((name) => canonical(name));
  for (const name of [...shown, ...own.map((each) => canonical(each))]) progress.note(`naming to ${name}`);
  const written = shown.join(",");
  const answers = [
    ["containerimage.digest", id],
    ["containerimage.config.digest", id],
    ...(written === "" ? [] : [["image.name", written] as const]),
  ] as const;
  return { id, answers: new Map(answers), result: { mediaType: CONFIG_TYPE, digest: id, text: document } };
}

/** Layers of the store stand for themselves, uncompressed. */
function storedBlobs(
  _deps: ImageExportDeps,
  { layers }: ImageSource,
): { digest: Digest; mediaType: string; sizeBytes: number }[] {
  return layers.map(({ diffId }) => ({ digest: diffId, mediaType: "", sizeBytes: 0 }));
}

async function pushAndStore(exporting: ImageExport): Promise<ExportedImage> {
  const { deps, options, progress } = exporting;
  const { pushImage } = await import("./push.ts");
  const written = await pushImage(exporting);
  const names = options.names.map((name) => (options.pushByDigest ? name : withDefaultTag(name)));
  const answers = answersOf({
    root: written.root,
    images: written.images,
    names: names.map((name) => canonical(name)),
  });
  const own = options.store ? ofThisMachine(deps, written) : undefined;
  const result = rootOf(written);
  if (own === undefined) return { id: undefined, answers, result };
  const document = Buffer.from(own.config.bytes).toString();
  const id = await deps.built.addImage({ document, names: options.pushByDigest ? [] : names });
  const { documents, root } = written;
  nameAgain(deps, { id, digest: root.digest, options: { ...options, nameCanonical: true }, documents });
  for (const name of names) progress.note(`naming to ${canonical(name)}`);
  return { id, answers, result };
}

function rootOf({ root: { digest, mediaType }, documents }: WrittenImage): ResultDocument {
  const bytes = documents.find((each) => each.digest === digest)?.bytes ?? new Uint8Array();
  return { mediaType, digest, text: Buffer.from(bytes).toString() };
}

/** Of an image for several platforms the store keeps the one that runs here. */
function ofThisMachine({ platform }: ImageExportDeps, { images }: WrittenImage): WrittenManifest | undefined {
  const runs = ({ source }: WrittenManifest): boolean =>
    source.platform.os === platform.os && source.platform.architecture === platform.architecture;
  return images.length === 1 ? images[0] : images.find(runs);
}

interface Naming {
  readonly id: Digest;
  readonly digest: Digest;
  readonly options: ImageOptions;
  readonly documents: Parameters<BuiltImages["attach"]>[1];
}

/** By its digest in each of its repositories, and what a nameless image is to be called. */
function nameAgain({ built }: ImageExportDeps, { id, digest, options, documents }: Naming): Reference[] {
  const { names, nameCanonical, danglingPrefix } = options;
  const repositories = nameCanonical ? names : [];
  const dangling = names.length === 0 && danglingPrefix !== "" ? [parseReference(danglingPrefix)] : [];
  const digests = [...repositories, ...dangling].map(({ domain, path }) => ({ domain, path, digest }));
  built.attach(id, documents, digests);
  return digests;
}
