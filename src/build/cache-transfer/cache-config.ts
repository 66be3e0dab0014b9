/**
 * BuildKit's cache documents: which results there are, by the digests of their keys, and which stacks of layers they are
 * (application/vnd.buildkit.cacheconfig.v0); and the same inside an image's configuration, over that image's own layers. Pure.
 */
import { invalidParameter } from "../../base/errors.ts";
import { type Digest, parseDigest } from "../../image/reference.ts";
import { int64, list, string, struct } from "../../wire/decode/primitives.ts";
import { parseJson } from "../../wire/json.ts";

export const CACHE_CONFIG = "application/vnd.buildkit.cacheconfig.v0";
/** Of an image's configuration, in base64. */
export const INLINE_FIELD = "moby.buildkit.cache.v0";

export interface CacheConfig {
  readonly layers: readonly CacheLayer[];
  readonly records: readonly CacheRecord[];
}

interface CacheLayer {
  readonly blob: Digest;
  /** The layer below, or -1. */
  readonly parent: number;
}

export interface CacheRecord {
  /** Of its key. */
  readonly digest: string;
  /** Stacks that are the result, by their topmost layers. */
  readonly layers: readonly { readonly layer: number; readonly createdAt: string }[];
}

const MAX_LAYERS = 10_000;

/** "exec:<hex>" is known as "sha256:<hex>": the kind is part of what was hashed. */
export const digestOfKey = (key: string): string => `sha256:${key.slice(key.indexOf(":") + 1)}`;

const result = struct("v1.CacheResult", () => ({ layer: 0, createdAt: "" }), { layer: int64, createdAt: string });
const record = struct("v1.CacheRecord", emptyRecord, {
  digest: string,
  layers: list("v1.CacheResult", result, () => ({ layer: 0, createdAt: "" })),
});
const records = list("v1.CacheRecord", record, emptyRecord);
const emptyLayer = () => ({ blob: "", parent: 0 });
const config = struct(
  "v1.CacheConfig",
  () => ({ layers: new Array<ReturnType<typeof emptyLayer>>(), records: new Array<ReturnType<typeof emptyRecord>>() }),
  {
    layers: list("v1.CacheLayer", struct("v1.CacheLayer", emptyLayer, { blob: string, parent: int64 }), emptyLayer),
    records,
  },
);

function emptyRecord() {
  return { digest: "", layers: new Array<{ layer: number; createdAt: string }>() };
}

/** Throws invalidParameter for what is no cache. */
export function parseCacheConfig(text: string): CacheConfig {
  const parsed = config(parseJson(text) ?? {}, "CacheConfig");
  if (parsed.layers.length > MAX_LAYERS) throw invalidParameter(`cache has more than ${MAX_LAYERS} layers`);
  const layers = parsed.layers.map(({ blob, parent }) => ({ blob: parseDigest(blob), parent }));
  return { layers, records: parsed.records };
}

/** Records over the layers of one image, each standing for all below it too. */
export function parseInlineRecords(text: string): readonly CacheRecord[] {
  return records(parseJson(text) ?? [], "CacheRecords");
}

/** More than anybody can mount. */
const MAX_STACK = 500;

/** The lowest first. Undefined for one that leads nowhere or in circles. */
export function stackOf(layers: readonly CacheLayer[], top: number): number[] | undefined {
  const stack: number[] = [];
  for (let at = top; at !== -1; ) {
    const layer = layers[at];
    if (layer === undefined || stack.length === MAX_STACK) return undefined;
    stack.push(at);
    at = layer.parent;
  }
  return stack.reverse();
}

/** A result as it lies in the store. */
export interface StackedResult {
  readonly key: string;
  /** The lowest first. */
  readonly blobs: readonly Digest[];
  /** Unix milliseconds. */
  readonly createdAt: number;
}

/** Stacks that begin alike share their layers. */
export function toCacheConfig(results: readonly StackedResult[]): CacheConfig {
  const layers: CacheLayer[] = [];
  const known = new Map<string, number>();
  const layerOf = (blob: Digest, parent: number): number => {
    const key = `${parent} ${blob}`;
    const at = known.get(key) ?? layers.push({ blob, parent }) - 1;
    known.set(key, at);
    return at;
  };
  const found = results.map(({ key, blobs, createdAt }) => {
    const top = blobs.reduce((parent, blob) => layerOf(blob, parent), -1);
    return { digest: digestOfKey(key), layers: top === -1 ? [] : [{ layer: top, createdAt: rfc3339(createdAt) }] };
  });
  const unique = new Map(found.map((each) => [each.digest, each]));
  return { layers, records: [...unique.values()].toSorted((a, b) => (a.digest < b.digest ? -1 : 1)) };
}

/** Of the results that are the bottom of an image's layers; base64 as the configuration has it. Undefined when there is none. */
export function toInlineText(results: readonly StackedResult[], image: readonly Digest[]): string | undefined {
  const fitting = results.filter(({ blobs }) => blobs.length > 0 && blobs.every((blob, at) => blob === image[at]));
  if (fitting.length === 0) return undefined;
  const entries = fitting.map(({ key, blobs, createdAt }) => ({
    layers: [{ layer: blobs.length - 1, createdAt: rfc3339(createdAt) }],
    digest: digestOfKey(key),
  }));
  return Buffer.from(JSON.stringify(entries)).toString("base64");
}

const rfc3339 = (ms: number): string => new Date(ms).toISOString();
