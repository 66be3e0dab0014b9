/** `--cache-from`: results that another engine has solved, found by the digests of their keys, fetched when a build needs them. */
import { invalidParameter, messageOf } from "../../base/errors.ts";
import { decodeUtf8 } from "../../image/archive/contents.ts";
import type { StoredDocument } from "../../image/content.ts";
import { parseImageDocument } from "../../image/document.ts";
import { isRunnable, parseManifest } from "../../image/manifest.ts";
import { canonical, type Digest, parseDigest } from "../../image/reference.ts";
import type { Descriptor } from "../../image/registry/descriptors.ts";
import { parseJson } from "../../wire/json.ts";
import type { Platform } from "../../wire/platform.ts";
import type { Build } from "../builder.ts";
import type { Annotations } from "../export/image-json.ts";
import { ExportProgress } from "../export/progress.ts";
import type { FoundLayer, FoundResult, ImportedCache } from "../solver/imported-cache.ts";
import {
  CACHE_CONFIG,
  type CacheRecord,
  digestOfKey,
  INLINE_FIELD,
  parseCacheConfig,
  parseInlineRecords,
  stackOf,
} from "./cache-config.ts";
import { type CacheContent, type CacheContentDeps, openCacheContent } from "./cache-content.ts";
import type { CacheImport } from "./cache-options.ts";
import { isWanted, type MountLayersDeps, parseMountFacts, unpackMount } from "./mount-layers.ts";

export interface CacheImportDeps extends CacheContentDeps, MountLayersDeps {
  /** This machine's. */
  readonly platform: Platform;
}

const UNCOMPRESSED = "containerd.io/uncompressed";
/** Indexes within indexes, and images in them: each is asked for. */
const MAX_DOCUMENTS = 64;

/** Nothing at all when it cannot be read: a build does without, and says so. */
export async function importCache(
  deps: CacheImportDeps,
  build: Build,
  { place, mounts }: CacheImport,
): Promise<ImportedCache | undefined> {
  const name = place.kind === "registry" ? canonical(place.reference) : place.directory;
  using progress = new ExportProgress(build, `importing cache manifest from ${name}`);
  try {
    return await progress.run(async () => {
      const stored = place.kind === "registry" ? storedResults(deps, name) : undefined;
      if (stored !== undefined) return { find: (key) => stored(digestOfKey(key)) };
      const content = await openCacheContent(deps, build, place);
      const { find, layers } = await readCache(content, await content.root(), { documents: MAX_DOCUMENTS });
      await takeMounts(deps, build, { content, layers, mounts });
      return { find: (key) => find(digestOfKey(key)) };
    });
  } catch (error) {
    if (build.signal.aborted) throw error;
    build.report(progress.warning(`failed to import cache from ${name}: ${messageOf(error)}`));
    return undefined;
  }
}

/** Of an image of the store that has its cache inside. */
function storedResults({ built, platform, pin }: CacheImportDeps, name: string): Find | undefined {
  const document = built.find(name, platform)?.document;
  const inline = document === undefined ? undefined : inlineText(document);
  if (document === undefined || inline === undefined) return undefined;
  const layers = parseImageDocument(document).rootfs.diff_ids.map((diffId) => {
    return { diffId, fetch: () => Promise.resolve(pin(diffId)) };
  });
  const stack = (top: number) => (top >= 0 && top < layers.length ? layers.slice(0, top + 1) : undefined);
  return resultsOf(parseInlineRecords(inline), stack);
}

interface DescribedLayer extends Descriptor {
  readonly diffId: Digest;
  readonly annotations: Annotations;
}

/** A result by the digest of its key. */
type Find = (digest: string) => FoundResult | undefined;

interface ReadCache {
  readonly find: Find;
  readonly layers: readonly DescribedLayer[];
}

/** A cache of its own, or the caches inside images. */
async function readCache(
  content: CacheContent,
  document: StoredDocument,
  left: { documents: number },
): Promise<ReadCache> {
  if (left.documents-- === 0) throw invalidParameter(`it has more than ${MAX_DOCUMENTS} manifests`);
  const parsed = parseManifest(decodeUtf8(document.bytes), document.digest, document.mediaType);
  const { config, layers, manifests } = parsed;
  if (manifests !== undefined) {
    const own = manifests.find(({ mediaType }) => mediaType === CACHE_CONFIG);
    if (own !== undefined) return readConfig(content, own, manifests);
    const finds: Find[] = [];
    for (const { digest } of manifests.filter(isRunnable)) {
      finds.push((await readCache(content, await content.manifest(parseDigest(digest)), left)).find);
    }
    return { find: (digest) => firstOf(finds, digest), layers: [] };
  }
  if (config === undefined || layers === undefined) throw invalidParameter(`${document.digest} is no cache`);
  return config.mediaType === CACHE_CONFIG ? readConfig(content, config, layers) : readInline(content, config, layers);
}

interface RawDescriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations: Annotations;
}

const toDescriptor = ({ mediaType, digest, size }: RawDescriptor): Descriptor => ({
  mediaType,
  digest: parseDigest(digest),
  size,
});

async function readConfig(
  content: CacheContent,
  own: RawDescriptor,
  described: readonly RawDescriptor[],
): Promise<ReadCache> {
  const config = parseCacheConfig(decodeUtf8(await content.document(toDescriptor(own))));
  const layers = described.flatMap((raw): DescribedLayer[] => {
    const diffId = raw.annotations[UNCOMPRESSED];
    return diffId === undefined
      ? []
      : [{ ...toDescriptor(raw), diffId: parseDigest(diffId), annotations: raw.annotations }];
  });
  const byBlob = new Map(layers.map((layer) => [layer.digest, layer]));
  const stack = (top: number): FoundLayer[] | undefined => {
    const blobs = stackOf(config.layers, top)?.flatMap((at) => config.layers[at]?.blob ?? []);
    if (blobs === undefined) return undefined;
    const found = blobs.flatMap((blob) => byBlob.get(blob) ?? []);
    return found.length === blobs.length ? found.map((layer) => toFound(content, layer)) : undefined;
  };
  return { find: resultsOf(config.records, stack), layers };
}

/** A result is the image's layers up to one. */
async function readInline(
  content: CacheContent,
  config: RawDescriptor,
  described: readonly RawDescriptor[],
): Promise<ReadCache> {
  const text = decodeUtf8(await content.document(toDescriptor(config)));
  const inline = inlineText(text);
  if (inline === undefined) return { find: () => undefined, layers: [] };
  const diffIds = parseImageDocument(text).rootfs.diff_ids;
  const layers = described.flatMap((raw, at): DescribedLayer[] => {
    const diffId = diffIds[at];
    return diffId === undefined ? [] : [{ ...toDescriptor(raw), diffId, annotations: {} }];
  });
  const stack = (top: number): FoundLayer[] | undefined =>
    top >= 0 && top < layers.length ? layers.slice(0, top + 1).map((layer) => toFound(content, layer)) : undefined;
  return { find: resultsOf(parseInlineRecords(inline), stack), layers: [] };
}

function inlineText(document: string): string | undefined {
  const parsed = parseJson(document);
  const field: unknown = typeof parsed === "object" && parsed !== null ? Reflect.get(parsed, INLINE_FIELD) : undefined;
  return typeof field === "string" ? Buffer.from(field, "base64").toString() : undefined;
}

function firstOf(finds: readonly Find[], digest: string): FoundResult | undefined {
  for (const find of finds) {
    const found = find(digest);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Stacks are made for those that are asked for: there may be many, of many layers. */
function resultsOf(records: readonly CacheRecord[], stack: (top: number) => readonly FoundLayer[] | undefined): Find {
  const tops = new Map(records.map(({ digest, layers: [best] }) => [digest, best]));
  return (digest) => {
    const best = tops.get(digest);
    const layers = best === undefined ? undefined : stack(best.layer);
    if (best === undefined || layers === undefined) return undefined;
    const createdAt = Date.parse(best.createdAt);
    return { createdAt: Number.isNaN(createdAt) ? Date.now() : createdAt, layers };
  };
}

const toFound = (content: CacheContent, layer: DescribedLayer): FoundLayer => ({
  diffId: layer.diffId,
  fetch: () => content.layer(layer, layer.diffId),
});

interface MountsToTake {
  readonly content: CacheContent;
  readonly layers: readonly DescribedLayer[];
  readonly mounts: CacheImport["mounts"];
}

/** Those that this engine lacks. */
async function takeMounts(deps: CacheImportDeps, { signal }: Build, taking: MountsToTake): Promise<void> {
  for (const layer of taking.layers) {
    const mount = parseMountFacts(layer.annotations);
    if (mount === undefined || !isWanted(mount, taking.mounts) || deps.caches.existing(mount.id) !== undefined)
      continue;
    const release = await taking.content.layer(layer, layer.diffId);
    try {
      await unpackMount(deps, mount, { diffId: layer.diffId, signal });
    } finally {
      release();
    }
  }
}
