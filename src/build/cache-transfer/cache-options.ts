/** The attributes of `--cache-to` and `--cache-from`. Pure. */
import { invalidParameter } from "../../base/errors.ts";
import { isDigest, parseReference, type Reference, withDefaultTag } from "../../image/reference.ts";
import type { CacheOption } from "../builder.ts";
import { Attributes } from "../export/attributes.ts";
import { type BlobOptions, readBlobOptions } from "../export/blob-options.ts";

/** Where a cache lies. */
export type CachePlace =
  | { readonly kind: "registry"; readonly reference: Reference; readonly insecure: boolean }
  /** A directory of the client's. */
  | { readonly kind: "local"; readonly directory: string; readonly digest: string };

/** Cache mounts of RUN that travel along, by their ids. */
export type MountIds = "all" | readonly string[];

export interface CacheExport {
  readonly place: CachePlace | { readonly kind: "inline" };
  readonly mode: "min" | "max";
  readonly blobs: BlobOptions;
  readonly imageManifest: boolean;
  readonly words: "oci" | "docker";
  readonly ignoreError: boolean;
  readonly mounts: MountIds;
}

export interface CacheImport {
  readonly place: CachePlace;
  readonly mounts: MountIds;
}

/** Throws invalidParameter, also for what nobody carries out. */
export function readCacheExport({ type, attributes: given }: CacheOption): CacheExport {
  const attributes = new Attributes({ type: `${type} cache`, attributes: given });
  const options: CacheExport = {
    place: type === "inline" ? { kind: "inline" } : placeOf(type, attributes, "dest"),
    mode: modeOf(attributes.text("mode") ?? ""),
    blobs: readBlobOptions(attributes),
    imageManifest: attributes.flag("image-manifest", true),
    words: attributes.flag("oci-mediatypes", true) ? "oci" : "docker",
    ignoreError: attributes.flag("ignore-error"),
    mounts: mountsOf(attributes),
  };
  attributes.end();
  if (options.imageManifest && options.words === "docker" && type !== "inline") {
    throw invalidParameter("image-manifest requires oci-mediatypes");
  }
  return options;
}

export function readCacheImport({ type, attributes: given }: CacheOption): CacheImport {
  const attributes = new Attributes({ type: `${type} cache`, attributes: given });
  const options = { place: placeOf(type, attributes, "src"), mounts: mountsOf(attributes) };
  attributes.end();
  return options;
}

function placeOf(type: string, attributes: Attributes, directory: "src" | "dest"): CachePlace {
  if (type === "registry") {
    const ref = attributes.text("ref") ?? "";
    if (ref === "") throw invalidParameter("registry cache requires ref");
    return {
      kind: "registry",
      reference: withDefaultTag(parseReference(ref)),
      insecure: attributes.flag("registry.insecure"),
    };
  }
  if (type !== "local") {
    throw invalidParameter(`unknown cache ${directory === "src" ? "importer" : "exporter"}: ${JSON.stringify(type)}`);
  }
  const path = attributes.text(directory) ?? "";
  if (path === "") throw invalidParameter(`local cache requires ${directory}`);
  // The client finds the digest of the tag, and writes it, itself.
  attributes.text("tag");
  const digest = attributes.text("digest") ?? "";
  if (directory === "src" && !isDigest(digest)) throw invalidParameter("local cache importer requires explicit digest");
  return { kind: "local", directory: path, digest };
}

function modeOf(text: string): "min" | "max" {
  if (text === "max") return "max";
  if (text === "" || text === "min") return "min";
  throw invalidParameter(`unsupported cache mode ${JSON.stringify(text)}: min and max are`);
}

/** "all", or ids with semicolons between them: commas separate attributes. */
function mountsOf(attributes: Attributes): MountIds {
  const text = attributes.text("mounts") ?? "";
  return text === "all" ? "all" : text.split(";").filter((id) => id !== "");
}
