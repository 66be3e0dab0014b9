/** How blobs shall be compressed, as exporters of images and of caches are told. Pure. */
import { invalidParameter } from "../../base/errors.ts";
import { type BlobFormat, DEFAULT_FORMATS } from "../../image/blobs/blob-format.ts";
import type { Attributes } from "./attributes.ts";

export interface BlobOptions {
  readonly format: BlobFormat;
  /** Blobs that layers are known as already will not do unless they are of the format. */
  readonly isForced: boolean;
}

const LEVELS = { gzip: [0, 9], zstd: [1, 22] } as const;

/** Throws invalidParameter in BuildKit's words. */
export function readBlobOptions(attributes: Attributes): BlobOptions {
  const kind = attributes.text("compression") ?? "gzip";
  const level = attributes.integer("compression-level");
  const isForced = attributes.flag("force-compression");
  if (kind === "estargz") throw invalidParameter("compression type estargz is not supported");
  if (kind !== "uncompressed" && kind !== "gzip" && kind !== "zstd") {
    throw invalidParameter(`unsupported compression type ${kind}`);
  }
  if (level === undefined || kind === "uncompressed") return { format: DEFAULT_FORMATS[kind], isForced };
  const [least, most] = LEVELS[kind];
  if (level < least || level > most) {
    throw invalidParameter(`compression-level of ${kind} is ${least} to ${most}, not ${level}`);
  }
  return { format: { kind, level }, isForced };
}
