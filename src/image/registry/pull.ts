/** `docker pull`: an image, or all tags of a repository, out of a registry into the store. */
import { shortId } from "../../base/ids.ts";
import type { ProgressLine } from "../../wire/image.ts";
import { platformText } from "../../wire/platform.ts";
import type { Credentials } from "../../wire/registry-auth.ts";
import { decodeUtf8 } from "../archive/contents.ts";
import { type Image, NEVER } from "../catalog.ts";
import type { StoredDocument } from "../content.ts";
import type { ImageContext } from "../context.ts";
import type { LayerLeases } from "../leases.ts";
import { matchesPlatform, type Platform } from "../platform.ts";
import { type Report, reportLines } from "../progress.ts";
import type { LayerRecord } from "../records.ts";
import {
  type Digest,
  familiar,
  familiarRepository,
  type Reference,
  repository as repositoryName,
} from "../reference.ts";
import { getDocument } from "./blobs.ts";
import { checkImage, type Descriptor, type ImageManifest } from "./descriptors.ts";
import { checkConfig } from "./image-config.ts";
import type { LayerFetches } from "./layer-fetches.ts";
import { getManifest, headManifest, listTags } from "./manifests.ts";
import { statusLine } from "./progress-lines.ts";
import type { Repository } from "./repository.ts";
import { resolveImage } from "./resolve.ts";
import type { Session } from "./session.ts";
import { translatePullError } from "./translate.ts";

export interface PullTools {
  readonly context: ImageContext;
  readonly leases: LayerLeases;
  readonly fetches: LayerFetches;
  readonly session: Session;
}

export interface PullRequest {
  /** Without tag and digest: all tags. */
  readonly reference: Reference;
  /** Undefined is this machine's. */
  readonly platform: Platform | undefined;
  readonly credentials: Credentials;
  readonly sizes: boolean;
}

/** What cannot be found throws before the first line; the stream ends with an error line when something fails later. */
export async function* pull(tools: PullTools, request: PullRequest): AsyncGenerator<ProgressLine> {
  const { reference } = request;
  const repository = tools.session.source(reference, request.credentials);
  const wanted = await findWanted(repository, reference);
  const [first, ...others] = wanted;
  if (first === undefined) return;
  const opened = await open(tools, repository, first);
  yield* reportLines(async (report, signal) => {
    const one = { tools, request, repository, report, signal };
    let isNew = await pullOne(one, first, opened);
    for (const each of others) isNew = (await pullOne(one, each, await open(tools, repository, each))) || isNew;
    const news = isNew ? "Downloaded newer image" : "Image is up to date";
    report({ status: `Status: ${news} for ${familiar(reference)}` });
    warnOfPlatform(one);
    tools.context.emit("pull", familiar(reference), familiarRepository(reference));
  });
}

/** One reference for each image to pull. */
async function findWanted(repository: Repository, reference: Reference): Promise<Reference[]> {
  if (reference.tag !== undefined || reference.digest !== undefined) return [reference];
  try {
    return (await listTags(repository)).map((tag) => ({ ...reference, tag }));
  } catch (error) {
    throw translatePullError(error, reference);
  }
}

/** A digest alone when the registry still means by the tag what we have: that costs no rate limit. */
type Opened = { readonly document: StoredDocument } | { readonly known: Image; readonly digest: Digest };

async function open({ context }: PullTools, repository: Repository, reference: Reference): Promise<Opened> {
  const { tag = "", digest } = reference;
  try {
    const known = context.catalog.named(reference);
    if (known !== undefined && isComplete(context, known)) {
      const current = digest ?? (await headManifest(repository, tag));
      if (current !== undefined && context.content.documentsOf(known.id).some((each) => each.digest === current)) {
        return { known, digest: current };
      }
    }
    return { document: await getManifest(repository, digest ?? tag) };
  } catch (error) {
    throw translatePullError(error, reference);
  }
}

const isComplete = ({ layers }: ImageContext, image: Image): boolean =>
  image.parsed.rootfs.diff_ids.every((diffId) => layers.has(diffId));

interface Pulling {
  readonly tools: PullTools;
  readonly request: PullRequest;
  readonly repository: Repository;
  readonly report: Report;
  readonly signal: AbortSignal;
}

/** True when anything has changed. */
async function pullOne(pulling: Pulling, reference: Reference, opened: Opened): Promise<boolean> {
  const { report, tools } = pulling;
  const id = reference.digest === undefined ? reference.tag : familiar(reference);
  report({ status: `Pulling from ${reference.path}`, ...(id === undefined ? {} : { id }) });
  const platform = pulling.request.platform ?? hostPlatform(tools.context);
  const isAnother = "known" in opened && !isFor(opened.known, platform);
  const found = isAnother ? { document: await getManifest(pulling.repository, opened.digest) } : opened;
  const digest = "known" in found ? found.digest : found.document.digest;
  const isNew = "document" in found && (await take(pulling, reference, found.document, platform));
  report({ status: `Digest: ${digest}` });
  return isNew;
}

const hostPlatform = ({ architecture }: ImageContext): Platform => ({ os: "linux", architecture, variant: "" });

function isFor({ parsed }: Image, platform: Platform): boolean {
  return matchesPlatform(platform, parsed);
}

/** Gets the image that a manifest or an index means, and gives it its names. True when the tag meant something else before. */
async function take(pulling: Pulling, reference: Reference, top: StoredDocument, platform: Platform): Promise<boolean> {
  const { tools, repository, signal } = pulling;
  const { context, leases } = tools;
  const { manifest, documents } = await resolveImage(repository, top, platform);
  checkImage(manifest);
  const document = await readConfig(context, repository, manifest);
  const diffIds = checkConfig(document, manifest);
  await using undo = new AsyncDisposableStack();
  undo.defer(context.layers.pin(diffIds));
  const before = context.catalog.named(reference)?.id;
  const layers = await fetchLayers(pulling, manifest, diffIds);
  signal.throwIfAborted();
  await context.layers.complete(diffIds);
  const names = namesOf(reference, top.digest);
  const id = manifest.config.digest;
  context.catalog.add({ id, document, layers, parent: "", lastTaggedAt: NEVER }, names);
  leases.drop(diffIds);
  remember(context, { id, documents, manifest, diffIds, name: repositoryName(reference) });
  return before !== id;
}

/** The tag, and what it stands for; a reference with a digest gets no tag (as Docker). */
function namesOf(reference: Reference, digest: Digest): Reference[] {
  const { domain, path } = reference;
  const pinned = { domain, path, digest };
  return reference.digest === undefined ? [reference, pinned] : [pinned];
}

async function readConfig(context: ImageContext, repository: Repository, { config }: ImageManifest): Promise<string> {
  const known = context.catalog.get(config.digest);
  return known?.document ?? decodeUtf8(await getDocument(repository, config));
}

/** All that the store lacks, at the same time. The first failure stops the others; what they have so far is kept for the next pull. */
async function fetchLayers(
  pulling: Pulling,
  manifest: ImageManifest,
  diffIds: readonly Digest[],
): Promise<LayerRecord[]> {
  const { tools, repository, report } = pulling;
  const { context, fetches } = tools;
  const isKnown = context.catalog.get(manifest.config.digest) !== undefined;
  const { stored, missing } = sortLayers(tools, manifest, diffIds);
  for (const { id } of isKnown ? [] : stored.values()) report(statusLine(id, "Already exists"));
  if (pulling.request.sizes) {
    report({ aux: { Layers: missing.map(({ blob }) => ({ ID: shortId(blob.digest), Size: blob.size })) } });
  }
  for (const { blob } of missing) report(statusLine(shortId(blob.digest), "Pulling fs layer"));
  const failed = new AbortController();
  const signal = AbortSignal.any([pulling.signal, failed.signal]);
  const fetching = missing.map((layer) => fetches.fetch({ ...layer, repository }, { report, signal }));
  for (const layer of fetching) layer.catch((error: unknown) => failed.abort(error));
  await Promise.allSettled(fetching);
  const sizes = new Map((await Promise.all(fetching)).map(({ diffId, sizeBytes }) => [diffId, sizeBytes]));
  return diffIds.map((diffId) => ({ diffId, sizeBytes: sizes.get(diffId) ?? stored.get(diffId)?.sizeBytes ?? 0 }));
}

interface SortedLayers {
  readonly stored: ReadonlyMap<Digest, { readonly id: string; readonly sizeBytes: number }>;
  readonly missing: readonly { readonly blob: Descriptor; readonly diffId: Digest }[];
}

/** Each once, however often it comes in the image. */
function sortLayers({ context, leases }: PullTools, manifest: ImageManifest, diffIds: readonly Digest[]): SortedLayers {
  const stored = new Map<Digest, { id: string; sizeBytes: number }>();
  const missing = new Map<Digest, { blob: Descriptor; diffId: Digest }>();
  for (const [at, diffId] of diffIds.entries()) {
    const blob = manifest.layers[at];
    if (blob === undefined) continue;
    const known = context.catalog.layerSize(diffId) ?? leases.sizeOf(diffId);
    if (known !== undefined && context.layers.has(diffId))
      stored.set(diffId, { id: shortId(blob.digest), sizeBytes: known });
    else missing.set(diffId, { blob, diffId });
  }
  return { stored, missing: [...missing.values()] };
}

interface Remembered {
  readonly id: Digest;
  readonly documents: readonly StoredDocument[];
  readonly manifest: ImageManifest;
  readonly diffIds: readonly Digest[];
  readonly name: string;
}

/** Where its parts are to be had: for pushes that need not send them, and pulls that need not ask. */
function remember({ content }: ImageContext, { id, documents, manifest, diffIds, name }: Remembered): void {
  content.attach(id, documents);
  for (const [at, diffId] of diffIds.entries()) {
    const blob = manifest.layers[at];
    if (blob === undefined) continue;
    content.putBlob(diffId, { digest: blob.digest, mediaType: blob.mediaType, sizeBytes: blob.size });
    content.putRepository(blob.digest, name);
  }
}

/** As Docker: the image is there, but not what was asked for. */
function warnOfPlatform({ tools, request, report }: Pulling): void {
  const { reference, platform } = request;
  const image = tools.context.catalog.named(reference);
  if (platform === undefined || image === undefined || isFor(image, platform)) return;
  report({
    status: `WARNING: image with reference ${familiar(reference)} was found but its platform (${platformText(image.parsed)}) does not match the specified platform (${platformText(platform)})`,
  });
}
