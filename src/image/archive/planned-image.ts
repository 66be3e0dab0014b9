/** What an archive asks to be loaded, whichever format it came in. */
import { invalidParameter } from "../../base/errors.ts";
import type { Slice } from "../../files/compression.ts";
import type { StoredDocument } from "../content.ts";
import { digestOf } from "../digest.ts";
import { type ImageWithLayers, parseImageDocument, platformOf } from "../document.ts";
import type { Platform } from "../platform.ts";
import type { Digest, Reference } from "../reference.ts";
import { type ArchiveContents, blobDigest, decodeUtf8 } from "./contents.ts";

export interface PlannedLayer {
  readonly diffId: Digest;
  readonly source: Slice;
  /** Of the source's bytes, when the archive promises one. */
  readonly digest: Digest | undefined;
  /** What the archive says it is; "" when it does not say. */
  readonly mediaType: string;
}

export interface PlannedImage {
  readonly id: Digest;
  /** The configuration's exact text. */
  readonly document: string;
  readonly layers: readonly PlannedLayer[];
  readonly names: readonly Reference[];
  /** Id of the image this one was built on, or "". */
  readonly parent: string;
  /** The manifest, and the indexes that led to it. */
  readonly documents: readonly StoredDocument[];
  readonly platform: Platform;
}

export interface ImageFiles {
  readonly config: string;
  /** The lowest first. */
  readonly layers: readonly { readonly name: string; readonly mediaType: string }[];
  readonly names: readonly Reference[];
  readonly parent: string;
  readonly documents: readonly StoredDocument[];
}

const MAX_LAYERS = 500;

/** Reads the configuration and pairs its layers with the archive's. Throws invalidParameter in Docker's words. */
export function planImage(contents: ArchiveContents, files: ImageFiles): PlannedImage {
  const bytes = contents.document(files.config);
  const document = decodeUtf8(bytes);
  const parsed = parseImageDocument(document);
  checkImage(parsed, files.layers.length);
  const layers = parsed.rootfs.diff_ids.map((diffId, at) => {
    const { name = "", mediaType = "" } = files.layers[at] ?? {};
    return { diffId, source: contents.slice(name), digest: blobDigest(name), mediaType };
  });
  const { names, parent, documents } = files;
  return { id: digestOf(bytes), document, layers, names, parent, documents, platform: platformOf(parsed) };
}

function checkImage({ os, rootfs }: ImageWithLayers, layers: number): void {
  if (os !== "" && os !== "linux") throw invalidParameter(`cannot load ${os} image on linux`);
  if (rootfs.diff_ids.length !== layers) {
    throw invalidParameter(
      `invalid manifest, layers length mismatch: expected ${layers}, got ${rootfs.diff_ids.length}`,
    );
  }
  if (layers > MAX_LAYERS) throw invalidParameter(`image has more than ${MAX_LAYERS} layers`);
}
