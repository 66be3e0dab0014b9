/** `--output type=oci` and `type=docker`: an image as one tar to the client, or as the files of a layout. */

import type { OpenBlob } from "../../image/blobs/layer-blobs.ts";
import { canonical, type Digest, withDefaultTag } from "../../image/reference.ts";
import type { Build } from "../builder.ts";
import { BuildFailure } from "../failure.ts";
import { answersOf } from "./answers.ts";
import { type ExportRequest, NO_ATTESTATIONS } from "./export-request.ts";
import { type ImageExportDeps } from "./image-export.ts";
import { withAnnotations } from "./image-json.ts";
import { type ImageOptions, readImageOptions } from "./image-options.ts";
import { epochOf, toImageSource } from "./image-source.ts";
import { dockerManifest, LAYOUT_FILE, LayoutArchive, layoutIndex, storeDestination } from "./layout.ts";
import { ExportProgress } from "./progress.ts";
import { type Destination, type WrittenImage, writeImage } from "./write-image.ts";

/** The client's name for the directory of a layout. */
const STORE = "export";

export async function exportArchive(
  deps: ImageExportDeps,
  build: Build,
  request: ExportRequest,
): Promise<ReadonlyMap<string, string>> {
  const options = readImageOptions(request.exporter);
  checkDocker(options, request);
  // As BuildKit: what is wanted only where it can be held is for images that are pushed.
  const attestations = request.attestations.isDemanded ? request.attestations : NO_ATTESTATIONS;
  using progress = new ExportProgress(build, `exporting to ${options.type} image format`);
  return await progress.run(async () => {
    await using kept = new AsyncDisposableStack();
    const open = async (diffId: Digest): Promise<OpenBlob> =>
      kept.use(await deps.built.openBlob(diffId, options.blobs.format, { signal: build.signal }));
    const archive = options.tar ? new LayoutArchive(open) : undefined;
    const written = await write(deps, build, {
      request: { ...request, attestations },
      options,
      progress,
      kept,
      destination: archive ?? storeDestination(build, STORE, open),
    });
    return await finish(build, { request, options, progress, written, archive });
  });
}

/** Docker's archives know one platform and no statements. */
function checkDocker({ type }: ImageOptions, { results, attestations }: ExportRequest): void {
  if (type !== "docker" || (results.length === 1 && !attestations.isDemanded)) return;
  throw new BuildFailure("docker exporter does not currently support exporting manifest lists", {
    kind: "invalidParameter",
  });
}

interface Writing {
  readonly request: ExportRequest;
  readonly options: ImageOptions;
  readonly progress: ExportProgress;
  readonly kept: AsyncDisposableStack;
  readonly destination: Destination;
}

async function write(
  deps: ImageExportDeps,
  { signal }: Build,
  { request: { results, attestations, inlineCache }, options, progress, kept, destination }: Writing,
): Promise<WrittenImage> {
  const sources = await Promise.all(
    results.map((result) => toImageSource(deps, { result, options, progress, kept, signal })),
  );
  const statements = attestations.statementsFor(options.names);
  const isAttested = attestations.isAsked;
  return writeImage({ options, destination, progress, isAttested, statements, inlineCache }, sources);
}

interface Finishing {
  readonly request: ExportRequest;
  readonly options: ImageOptions;
  readonly progress: ExportProgress;
  readonly written: WrittenImage;
  readonly archive: LayoutArchive | undefined;
}

/** The client that asks for a directory writes its index itself. */
async function finish(
  build: Build,
  { request, options, progress, written, archive }: Finishing,
): Promise<ReadonlyMap<string, string>> {
  const [result] = request.results;
  const epoch = result === undefined ? undefined : epochOf(result, options);
  const created = new Date(epoch === undefined ? Date.now() : epoch * 1000).toISOString().replace(/\.\d+Z$/, "Z");
  const root = withAnnotations(written.root, { "org.opencontainers.image.created": created });
  const names = options.names.map((name) => withDefaultTag(name));
  if (archive !== undefined) {
    const bytes = archive.bytes({
      "oci-layout": LAYOUT_FILE,
      "index.json": layoutIndex(root, names),
      ...(options.type === "docker" ? { "manifest.json": dockerManifest(written, names) } : {}),
    });
    await progress.during("sending tarball", async () => build.session?.sendFile(request.index, bytes));
  }
  return answersOf({ root, images: written.images, names: names.map((name) => canonical(name)) });
}
