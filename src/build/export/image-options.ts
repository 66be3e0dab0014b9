/** The attributes of the exporters that make images: image, oci and docker. Pure. */
import { invalidParameter, messageOf } from "../../base/errors.ts";
import { parseReference, type Reference } from "../../image/reference.ts";
import type { Exporter } from "../builder.ts";
import { type Annotation, parseAnnotation } from "./annotations.ts";
import { Attributes } from "./attributes.ts";
import { type BlobOptions, readBlobOptions } from "./blob-options.ts";

export interface ImageOptions {
  readonly type: "image" | "oci" | "docker";
  /** As they were written: perhaps without tags. */
  readonly names: readonly Reference[];
  readonly blobs: BlobOptions;
  readonly words: "oci" | "docker";
  readonly annotations: readonly Annotation[];
  /** Unix seconds; "none" goes before what the build says. */
  readonly epoch: number | "none" | undefined;
  readonly rewriteTimestamp: boolean;
  readonly store: boolean;
  readonly push: boolean;
  readonly pushByDigest: boolean;
  readonly insecure: boolean;
  /** Also under its digest. */
  readonly nameCanonical: boolean;
  /** "" or the repository whose digest a nameless image is called by. */
  readonly danglingPrefix: string;
  /** One archive; else the layout's files one by one. */
  readonly tar: boolean;
}

/** Throws invalidParameter for what is no image, and notImplemented for options that nobody carries out. */
export function readImageOptions(exporter: Exporter): ImageOptions {
  const { type } = exporter;
  if (type !== "image" && type !== "oci" && type !== "docker") throw invalidParameter(`${type} exports no image`);
  const attributes = new Attributes(exporter);
  const annotations: Annotation[] = [];
  attributes.each((key, value) => {
    const annotation = parseAnnotation(key, value);
    if (annotation !== undefined) annotations.push(annotation);
    return annotation !== undefined;
  });
  const blobs = readBlobOptions(attributes);
  const store = type === "image" ? storeOptions(attributes) : NOT_STORED;
  const isOci = attributes.flag("oci-mediatypes", type === "oci");
  const options: ImageOptions = {
    type,
    names: namesOf(attributes.text("name") ?? ""),
    blobs,
    // Neither annotations nor zstd exist in Docker's own documents.
    words: isOci || annotations.length > 0 || blobs.format.kind === "zstd" ? "oci" : "docker",
    annotations,
    epoch: readEpoch(attributes),
    rewriteTimestamp: attributes.flag("rewrite-timestamp"),
    ...store,
    tar: type === "image" || attributes.flag("tar", true),
  };
  attributes.only("prefer-nondist-layers", false);
  attributes.only("oci-artifact", false);
  attributes.end();
  return options;
}

const NOT_STORED: StoreOptions = {
  store: false,
  push: false,
  pushByDigest: false,
  insecure: false,
  nameCanonical: false,
  danglingPrefix: "",
};

function storeOptions(attributes: Attributes): StoreOptions {
  // Layers are always unpacked here.
  attributes.flag("unpack");
  return {
    store: attributes.flag("store", true),
    push: attributes.flag("push"),
    pushByDigest: attributes.flag("push-by-digest"),
    insecure: attributes.flag("registry.insecure"),
    nameCanonical: attributes.flag("name-canonical"),
    danglingPrefix: attributes.text("dangling-name-prefix") ?? "",
  };
}

type StoreOptions = Pick<
  ImageOptions,
  "store" | "push" | "pushByDigest" | "insecure" | "nameCanonical" | "danglingPrefix"
>;

function namesOf(text: string): Reference[] {
  const words = text.split(",").map((name) => name.trim());
  return words.filter((name) => name !== "" && name !== "*").map(parseName);
}

function parseName(name: string): Reference {
  try {
    return parseReference(name);
  } catch (error) {
    throw invalidParameter(`failed to parse ${name}: ${messageOf(error)}`, { cause: error });
  }
}

/** "" makes times what they are, whatever the build says. Throws invalidParameter. */
export function readEpoch(attributes: Attributes): number | "none" | undefined {
  const text = attributes.text("source-date-epoch");
  if (text === undefined) return undefined;
  return text === "" ? "none" : parseEpoch(text);
}

function parseEpoch(text: string): number {
  if (/^\d{1,12}$/.test(text)) return Number(text);
  throw invalidParameter(`invalid SOURCE_DATE_EPOCH: ${text}`);
}
