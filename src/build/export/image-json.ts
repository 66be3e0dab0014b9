/** Manifests and indexes of built images, byte for byte as BuildKit writes them. Pure. */
import { mediaTypeIn } from "../../image/blobs/blob-format.ts";
import type { LayerBlob, StoredDocument } from "../../image/content.ts";
import { toDocument } from "../../image/content.ts";
import { digestOf } from "../../image/digest.ts";
import {
  DOCKER_LIST_TYPE,
  DOCKER_MANIFEST_TYPE,
  OCI_CONFIG,
  OCI_INDEX_TYPE,
  OCI_MANIFEST,
} from "../../image/manifest.ts";
import type { Digest } from "../../image/reference.ts";
import type { Platform } from "../../wire/platform.ts";

export type Annotations = Readonly<Record<string, string>>;

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly annotations?: Annotations;
  readonly platform?: Readonly<Record<string, string>>;
}

/** A small part of an image: a configuration, or what an attestation states. */
export interface SmallBlob {
  readonly digest: Digest;
  readonly bytes: Uint8Array;
}

export const toSmallBlob = (text: string): SmallBlob => {
  const bytes = Buffer.from(text);
  return { digest: digestOf(bytes), bytes };
};

export type Words = "oci" | "docker";

const DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json";
const INDENT = 2;

export interface ManifestParts {
  readonly words: Words;
  readonly config: SmallBlob;
  /** The lowest first. */
  readonly layers: readonly (LayerBlob & { readonly annotations?: Annotations })[];
  readonly annotations: Annotations;
}

export function toManifest({ words, config, layers, annotations }: ManifestParts): StoredDocument {
  const isOci = words === "oci";
  return toJsonDocument(isOci ? OCI_MANIFEST : DOCKER_MANIFEST_TYPE, {
    config: {
      mediaType: isOci ? OCI_CONFIG : DOCKER_CONFIG,
      digest: config.digest,
      size: config.bytes.length,
    },
    layers: layers.map((layer) => ({
      mediaType: mediaTypeIn(layer.mediaType, words),
      digest: layer.digest,
      size: layer.sizeBytes,
      // Docker's own documents have none.
      ...(isOci ? orNothing("annotations", layer.annotations ?? {}) : {}),
    })),
    ...orNothing("annotations", annotations),
  });
}

export function toIndex(words: Words, manifests: readonly Descriptor[], annotations: Annotations): StoredDocument {
  const mediaType = words === "oci" ? OCI_INDEX_TYPE : DOCKER_LIST_TYPE;
  return toJsonDocument(mediaType, { manifests, ...orNothing("annotations", annotations) });
}

function toJsonDocument(mediaType: string, parts: Readonly<Record<string, unknown>>): StoredDocument {
  const text = JSON.stringify({ schemaVersion: 2, mediaType, ...parts }, null, INDENT);
  return toDocument(mediaType, Buffer.from(text));
}

/** Of a document, with its fields in Go's order. */
export function toDescriptor(
  { mediaType, digest, bytes }: StoredDocument,
  { annotations = {}, platform }: { readonly annotations?: Annotations; readonly platform?: Platform | undefined } = {},
): Descriptor {
  return {
    mediaType,
    digest,
    size: bytes.length,
    ...orNothing("annotations", annotations),
    ...(platform === undefined ? {} : { platform: toPlatform(platform) }),
  };
}

export function withAnnotations({ platform, ...descriptor }: Descriptor, added: Annotations): Descriptor {
  const all = Object.entries({ ...descriptor.annotations, ...added }).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const annotations = Object.fromEntries(all);
  return { ...descriptor, annotations, ...(platform === undefined ? {} : { platform }) };
}

const toPlatform = ({ os, architecture, variant }: Platform): Record<string, string> => ({
  architecture,
  os,
  ...(variant === "" ? {} : { variant }),
});

const orNothing = (key: string, values: Annotations): Record<string, Annotations> =>
  Object.keys(values).length === 0 ? {} : { [key]: values };

/** What somebody states of an image: in-toto's envelope, complete. */
export interface Statement {
  readonly predicateType: string;
  readonly blob: SmallBlob;
}

export interface AttestationManifest {
  readonly document: StoredDocument;
  readonly config: SmallBlob;
  readonly descriptor: Descriptor;
}

const IN_TOTO = "application/vnd.in-toto+json";
const UNKNOWN: Platform = { os: "unknown", architecture: "unknown", variant: "" };

/** The manifest that carries statements beside the image that they are of. */
export function toAttestationManifest(subject: Digest, statements: readonly Statement[]): AttestationManifest {
  const diffIds = statements.map(({ blob }) => blob.digest);
  const rootfs = { type: "layers", diff_ids: diffIds };
  const config = toSmallBlob(JSON.stringify({ architecture: "unknown", os: "unknown", config: {}, rootfs }));
  const document = toJsonDocument(OCI_MANIFEST, {
    config: { mediaType: OCI_CONFIG, digest: config.digest, size: config.bytes.length },
    layers: statements.map(({ predicateType, blob }) => ({
      mediaType: IN_TOTO,
      digest: blob.digest,
      size: blob.bytes.length,
      annotations: { "in-toto.io/predicate-type": predicateType },
    })),
  });
  const annotations = {
    "vnd.docker.reference.digest": subject,
    "vnd.docker.reference.type": "attestation-manifest",
  };
  return { document, config, descriptor: toDescriptor(document, { annotations, platform: UNKNOWN }) };
}
