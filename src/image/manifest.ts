/** Manifests and indexes as the OCI image specification and Docker's schema 2 write them: what they say, and what is refused. */
import { invalidParameter } from "../base/errors.ts";
import { type Decoder, int64, list, string, stringMap, struct } from "../wire/decode/primitives.ts";
import { parseJson } from "./document.ts";
import type { Digest } from "./reference.ts";

export interface DescriptorPlatform {
  os: string;
  architecture: string;
  variant: string;
}

export interface Descriptor {
  mediaType: string;
  /** Not checked yet: see `parseDigest`. */
  digest: string;
  size: number;
  annotations: Record<string, string>;
  platform: DescriptorPlatform | undefined;
  urls: string[];
}

/** A manifest or an index: which of the two, its fields say. */
export interface ManifestDocument {
  schemaVersion: number;
  mediaType: string;
  artifactType: string;
  config: Descriptor | undefined;
  layers: Descriptor[] | undefined;
  manifests: Descriptor[] | undefined;
  annotations: Record<string, string>;
}

export const OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
export const OCI_INDEX_TYPE = "application/vnd.oci.image.index.v1+json";
export const OCI_CONFIG = "application/vnd.oci.image.config.v1+json";
export const OCI_LAYER = "application/vnd.oci.image.layer.v1.tar";
export const DOCKER_MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json";
export const DOCKER_LIST_TYPE = "application/vnd.docker.distribution.manifest.list.v2+json";

const LAYER_TYPE =
  /^application\/vnd\.(oci\.image\.layer\.v1\.tar(\+gzip|\+zstd)?|docker\.image\.rootfs\.diff\.tar(\.gzip|\.zstd)?)$/;

const emptyDescriptor = (): Descriptor => ({
  mediaType: "",
  digest: "",
  size: 0,
  annotations: {},
  platform: undefined,
  urls: [],
});

const descriptor: Decoder<Descriptor> = struct("v1.Descriptor", emptyDescriptor, {
  mediaType: string,
  digest: string,
  size: int64,
  annotations: stringMap,
  platform: struct("v1.Platform", (): DescriptorPlatform => ({ os: "", architecture: "", variant: "" }), {
    os: string,
    architecture: string,
    variant: string,
  }),
  urls: list("string", string, () => ""),
});

const descriptors = list("v1.Descriptor", descriptor, emptyDescriptor);

const decodeDocument = struct(
  "v1.Manifest",
  (): ManifestDocument => ({
    schemaVersion: 0,
    mediaType: "",
    artifactType: "",
    config: undefined,
    layers: undefined,
    manifests: undefined,
    annotations: {},
  }),
  {
    schemaVersion: int64,
    mediaType: string,
    artifactType: string,
    config: descriptor,
    layers: descriptors,
    manifests: descriptors,
    annotations: stringMap,
  },
);

/**
 * Reads a document that came as `mediaType` ("" when nobody said). Throws invalidParameter, also for what two readers could take for
 * two things (CVE-2021-41190). `name` is what messages call it.
 */
export function parseManifest(text: string, name: string, mediaType = ""): ManifestDocument {
  const document = decodeDocument(parseJson(text), "manifest");
  const isIndex = document.manifests !== undefined;
  const isManifest = document.config !== undefined || document.layers !== undefined;
  const contradicts = mediaType !== "" && document.mediaType !== "" && mediaType !== document.mediaType;
  if ((isIndex && isManifest) || contradicts) throw invalidParameter(`ambiguous manifest ${name}`);
  return document;
}

/** Refuses layers that are none, and those that a registry would have fetched from elsewhere. */
export function checkLayer({ mediaType, urls }: Pick<Descriptor, "mediaType" | "urls">): void {
  if (!LAYER_TYPE.test(mediaType) || urls.length > 0) {
    throw invalidParameter(`unsupported layer of type ${JSON.stringify(mediaType)}`);
  }
}

/** Attestations are listed beside images, for the platform "unknown". */
export function isRunnable({ annotations, platform }: Descriptor): boolean {
  return platform?.os !== "unknown" && annotations["vnd.docker.reference.type"] === undefined;
}

interface SizedBlob {
  readonly digest: Digest;
  readonly size: number;
}

/** The manifest of an image whose layers are plain tars, exactly as Docker's archives have it. */
export function writePlainManifest(config: SizedBlob, layers: readonly SizedBlob[]): string {
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: { mediaType: OCI_CONFIG, digest: config.digest, size: config.size },
    layers: layers.map(({ digest, size }) => ({ mediaType: OCI_LAYER, digest, size })),
  });
}
