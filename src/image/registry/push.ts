/** `docker push`: an image, or all tags of a repository, out of the store into a registry. */
import { invalidParameter, notFound } from "../../base/errors.ts";
import { shortId } from "../../base/ids.ts";
import type { ProgressLine } from "../../wire/image.ts";
import type { Credentials } from "../../wire/registry-auth.ts";
import type { Image } from "../catalog.ts";
import { type LayerBlob, type StoredDocument, toDocument } from "../content.ts";
import type { ImageContext } from "../context.ts";
import type { Platform } from "../platform.ts";
import { type Report, reportLines } from "../progress.ts";
import {
  type Digest,
  familiar,
  familiarRepository,
  type Reference,
  repository as repositoryName,
} from "../reference.ts";
import { putDocument } from "./blobs.ts";
import { readManifest } from "./descriptors.ts";
import type { LayerUploads } from "./layer-uploads.ts";
import { putManifest } from "./manifests.ts";
import { statusLine } from "./progress-lines.ts";
import type { Repository } from "./repository.ts";
import type { Session } from "./session.ts";
import { writeManifest } from "./write-manifest.ts";

export interface PushTools {
  readonly context: ImageContext;
  readonly uploads: LayerUploads;
  readonly session: Session;
}

export interface PushRequest {
  /** Without tag: all tags of the repository. */
  readonly reference: Reference;
  /** Throws unless the image is for it; undefined takes what there is. */
  readonly platform: Platform | undefined;
  readonly credentials: Credentials;
}

/** The stream ends with an error line when something fails, whatever it is: so does Docker's. */
export function push(tools: PushTools, request: PushRequest): AsyncIterable<ProgressLine> {
  const { reference, credentials } = request;
  return reportLines(async (report, signal) => {
    report({ status: `The push refers to repository [${repositoryName(reference)}]` });
    const target = tools.session.target(reference, credentials);
    for (const tagged of wantedTags(tools.context, request)) {
      const image = tools.context.catalog.resolve(familiar(tagged), request.platform);
      await pushImage({ tools, target, report, signal }, tagged, image);
    }
    tools.context.emit("push", familiar(reference), familiarRepository(reference));
  });
}

/** Throws notFound in Docker's words. */
function wantedTags({ catalog }: ImageContext, { reference }: PushRequest): Reference[] {
  if (reference.digest !== undefined) throw invalidParameter("cannot push a digest reference");
  const name = repositoryName(reference);
  const tags = catalog
    .all()
    .flatMap(({ id }) => catalog.namesOf(id))
    .filter((each) => each.digest === undefined && repositoryName(each) === name);
  if (tags.length === 0) {
    throw notFound(`An image does not exist locally with the tag: ${familiarRepository(reference)}`);
  }
  if (reference.tag === undefined) return tags;
  const wanted = tags.filter(({ tag }) => tag === reference.tag);
  if (wanted.length === 0) throw notFound(`tag does not exist: ${familiar(reference)}`);
  return wanted;
}

interface Pushing {
  readonly tools: PushTools;
  readonly target: Repository;
  readonly report: Report;
  readonly signal: AbortSignal;
}

async function pushImage(pushing: Pushing, reference: Reference, image: Image): Promise<void> {
  const { tools, target, report } = pushing;
  const { catalog, content, layers } = tools.context;
  const diffIds = image.parsed.rootfs.diff_ids;
  const unpin = layers.pin(diffIds);
  try {
    const original = originalOf(tools.context, image);
    const blobs = await pushLayers(pushing, { reference, diffIds, original });
    await putDocument(target, image.id, Buffer.from(image.document));
    const manifest = finalManifest(image, blobs, original);
    const { tag = "" } = reference;
    await putManifest(target, tag, manifest);
    content.attach(image.id, [manifest]);
    catalog.add(image, [{ domain: reference.domain, path: reference.path, digest: manifest.digest }]);
    const size = manifest.bytes.length;
    report({ status: `${tag}: digest: ${manifest.digest} size: ${size}` });
    report({ progressDetail: {}, aux: { Tag: tag, Digest: manifest.digest, Size: size } });
  } finally {
    unpin();
  }
}

interface Original {
  readonly document: StoredDocument;
  /** The lowest first. */
  readonly blobs: readonly LayerBlob[];
}

/** The manifest that the image came with: pushed again byte by byte when its blobs are what the registry gets. */
function originalOf({ content }: ImageContext, image: Image): Original | undefined {
  for (const document of content.documentsOf(image.id)) {
    const manifest = readManifest(document);
    if (manifest.kind !== "image" || manifest.config.digest !== image.id) continue;
    const blobs = manifest.layers.map(({ digest, mediaType, size }) => ({ digest, mediaType, sizeBytes: size }));
    return { document, blobs };
  }
  return undefined;
}

interface Stack {
  readonly reference: Reference;
  readonly diffIds: readonly Digest[];
  readonly original: Original | undefined;
}

/** All at the same time; the first failure stops the others. The topmost is told of first, as Docker does. */
async function pushLayers(pushing: Pushing, { reference, diffIds, original }: Stack): Promise<LayerBlob[]> {
  const { tools, target, report } = pushing;
  const failed = new AbortController();
  const signal = AbortSignal.any([pushing.signal, failed.signal]);
  const pushed = new Map<Digest, Promise<LayerBlob>>();
  const unique = [...new Set(diffIds.toReversed())];
  for (const diffId of unique) report(statusLine(shortId(diffId), "Preparing"));
  for (const diffId of unique) {
    const preferred = original?.blobs[diffIds.indexOf(diffId)];
    const name = repositoryName(reference);
    const offered = { diffId, preferred, target, domain: reference.domain, name };
    const layer = tools.uploads.push(offered, { report, signal });
    layer.catch((error: unknown) => failed.abort(error));
    pushed.set(diffId, layer);
  }
  await Promise.allSettled(pushed.values());
  const blobs: LayerBlob[] = [];
  for (const diffId of diffIds) {
    const blob = await pushed.get(diffId);
    if (blob !== undefined) blobs.push(blob);
  }
  return blobs;
}

function finalManifest(image: Image, blobs: readonly LayerBlob[], original: Original | undefined): StoredDocument {
  const isSame = original?.blobs.every(({ digest }, at) => digest === blobs[at]?.digest);
  if (original !== undefined && isSame === true) return original.document;
  const { mediaType, text } = writeManifest({ digest: image.id, sizeBytes: Buffer.byteLength(image.document) }, blobs);
  return toDocument(mediaType, Buffer.from(text));
}
