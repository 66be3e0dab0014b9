/** Manifests as registries send them, checked before anything they name is fetched. */
import { invalidParameter } from "../../base/errors.ts";
import { decodeUtf8 } from "../archive/contents.ts";
import type { StoredDocument } from "../content.ts";
import { parseJson } from "../document.ts";
import { checkLayer, isRunnable, parseManifest } from "../manifest.ts";
import { matchesPlatform, type Platform } from "../platform.ts";
import { type Digest, parseDigest } from "../reference.ts";
import { isConfigType, isIndexType } from "./media-types.ts";

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
}

export interface PlatformDescriptor extends Descriptor {
  /** Undefined where the index does not say. */
  readonly platform: Platform | undefined;
  /** False for attestations and their like. */
  readonly runnable: boolean;
}

export interface ImageManifest {
  readonly kind: "image";
  readonly config: Descriptor;
  /** The lowest first. */
  readonly layers: readonly Descriptor[];
}

export interface ImageIndex {
  readonly kind: "index";
  readonly manifests: readonly PlatformDescriptor[];
}

export const MAX_DOCUMENT_BYTES: number = 4 * 1024 * 1024;
const MAX_LAYERS = 500;
const MAX_MANIFESTS = 1000;
const MAX_BLOB_BYTES = 256 * 2 ** 30;
const SCHEMA_1 = /^application\/vnd\.docker\.distribution\.manifest\.v1\+(?:json|prettyjws)$/;

/** A manifest of anything, artifacts included. Throws invalidParameter. */
export function readManifest(document: StoredDocument): ImageManifest | ImageIndex {
  const { digest, mediaType } = document;
  if (SCHEMA_1.test(mediaType)) throw unsupportedSchema1();
  const text = decodeUtf8(document.bytes);
  checkKeys(text, digest);
  const parsed = parseManifest(text, digest, mediaType);
  if (parsed.schemaVersion === 1) throw unsupportedSchema1();
  if (parsed.schemaVersion !== 2) throw invalidParameter(`unsupported manifest schema version ${parsed.schemaVersion}`);
  const { config, layers, manifests } = parsed;
  if (manifests !== undefined) {
    if (mediaType !== "" && !isIndexType(mediaType)) throw invalidParameter(`ambiguous manifest ${digest}`);
    return { kind: "index", manifests: bounded(manifests, MAX_MANIFESTS, "manifests").map(toPlatformDescriptor) };
  }
  if (isIndexType(mediaType) || config === undefined || layers === undefined) {
    throw invalidParameter(`${digest} is neither an image manifest nor an index`);
  }
  return { kind: "image", config: checked(config), layers: bounded(layers, MAX_LAYERS, "layers").map(checked) };
}

/** That it is an image which can be run, not an artifact. Throws invalidParameter in Docker's words. */
export function checkImage({ config, layers }: ImageManifest): void {
  if (!isConfigType(config.mediaType)) throw invalidParameter(`unsupported media type ${config.mediaType}`);
  for (const { mediaType } of layers) checkLayer({ mediaType, urls: [] });
}

/** The one that runs where `wanted` is asked for: an exact variant before an older one, and last what names no platform. */
export function choosePlatform({ manifests }: ImageIndex, wanted: Platform): PlatformDescriptor | undefined {
  const runnable = manifests.filter((each) => each.runnable);
  const fitting = runnable.filter(({ platform }) => platform !== undefined && matchesPlatform(wanted, platform));
  const variant = (each: PlatformDescriptor): string => each.platform?.variant ?? "";
  return (
    fitting.find((each) => variant(each) === wanted.variant) ??
    newest(fitting, variant) ??
    runnable.find(({ platform }) => platform === undefined)
  );
}

function newest<T>(items: readonly T[], variant: (item: T) => string): T | undefined {
  return items.toSorted((a, b) => variant(b).localeCompare(variant(a)))[0];
}

/** Two readers that disagree on letter case would see two documents in one. */
function checkKeys(text: string, name: Digest): void {
  const keys = Object.keys(parseJson(text)).map((key) => key.toLowerCase());
  if (new Set(keys).size !== keys.length) throw invalidParameter(`ambiguous manifest ${name}`);
}

interface RawDescriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly urls: readonly string[];
}

function checked(raw: RawDescriptor): Descriptor {
  const { mediaType, size } = raw;
  if (raw.urls.length > 0) throw invalidParameter(`refusing a blob of foreign origin: ${raw.digest}`);
  if (size < 0 || size > MAX_BLOB_BYTES) throw invalidParameter(`invalid size of ${raw.digest}: ${size}`);
  return { mediaType, digest: parseDigest(raw.digest), size };
}

function toPlatformDescriptor(raw: Parameters<typeof isRunnable>[0]): PlatformDescriptor {
  return { ...checked(raw), platform: raw.platform, runnable: isRunnable(raw) };
}

function bounded<T>(items: readonly T[], most: number, what: string): readonly T[] {
  if (items.length > most) throw invalidParameter(`manifest has more than ${most} ${what}`);
  return items;
}

const unsupportedSchema1 = (): Error =>
  invalidParameter(
    "Docker Image Format v1 and Docker Image manifest version 2, schema 1 are not supported: ask the image's author to push it anew",
  );
