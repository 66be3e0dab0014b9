/** The manifests of an image as lists and inspect show them when asked: what is stored, and what its index tells of besides. */
import type { ImageManifestSummary, OciDescriptor } from "../wire/image.ts";
import type { Image } from "./catalog.ts";
import type { StoredDocument } from "./content.ts";
import type { ImageContext } from "./context.ts";
import { digestOf } from "./digest.ts";
import { platformOf } from "./document.ts";
import { sizeOf } from "./inspect.ts";
import { type Descriptor, isRunnable, OCI_MANIFEST, parseManifest, writePlainManifest } from "./manifest.ts";
import type { Platform } from "./platform.ts";

export interface ImageManifests {
  /** The index when the image came by one, its manifest otherwise. */
  readonly Descriptor: OciDescriptor;
  readonly Manifests: ImageManifestSummary[];
}

/** An image that came without a manifest gets the one that saving it would write. */
export function manifestsOf(context: ImageContext, image: Image): ImageManifests {
  const stored = context.content.documentsOf(image.id).map((document) => ({ document, parsed: parse(document) }));
  const own = stored.find(({ parsed }) => parsed.config?.digest === image.id)?.document ?? plain(context, image);
  const index = stored.find(({ parsed }) => parsed.manifests?.some(({ digest }) => digest === own.digest));
  const others = (index?.parsed.manifests ?? []).filter(({ digest }) => digest !== own.digest);
  return {
    Descriptor: describe(index?.document ?? own),
    Manifests: [ownSummary(context, image, own), ...others.map(otherSummary)],
  };
}

const parse = ({ bytes, digest }: StoredDocument) => parseManifest(Buffer.from(bytes).toString(), digest);

function plain({ layers }: ImageContext, { id, document, parsed }: Image): StoredDocument {
  const blobs = parsed.rootfs.diff_ids.map((digest) => ({ digest, size: layers.tar(digest).length }));
  const bytes = Buffer.from(writePlainManifest({ digest: id, size: Buffer.byteLength(document) }, blobs));
  return { digest: digestOf(bytes), mediaType: OCI_MANIFEST, bytes };
}

const describe = ({ mediaType, digest, bytes }: StoredDocument): OciDescriptor => ({
  mediaType,
  digest,
  size: bytes.length,
});

/** Layers are kept once, ready to run: what is stored besides is the manifest and the configuration. */
function ownSummary({ usedBy }: ImageContext, image: Image, manifest: StoredDocument): ImageManifestSummary {
  const content = manifest.bytes.length + Buffer.byteLength(image.document);
  const unpacked = sizeOf(image);
  return {
    ID: manifest.digest,
    Descriptor: describe(manifest),
    Available: true,
    Size: { Content: content, Total: content + unpacked },
    Kind: "image",
    ImageData: {
      Platform: toWire(platformOf(image.parsed)),
      Containers: usedBy(image.id).map(({ id }) => id),
      Size: { Unpacked: unpacked },
    },
  };
}

/** Of another platform, or an attestation: nothing of it is here. */
function otherSummary(descriptor: Descriptor): ImageManifestSummary {
  const { mediaType, digest, size, annotations, platform } = descriptor;
  const shown = { mediaType, digest, size, ...(Object.keys(annotations).length === 0 ? {} : { annotations }) };
  const common = { ID: digest, Descriptor: shown, Available: false, Size: { Content: 0, Total: 0 } };
  if (annotations["vnd.docker.reference.type"] === "attestation-manifest") {
    const subject = annotations["vnd.docker.reference.digest"] ?? "";
    return { ...common, Kind: "attestation", AttestationData: { For: subject } };
  }
  if (!isRunnable(descriptor) || platform === undefined) return { ...common, Kind: "unknown" };
  return {
    ...common,
    Kind: "image",
    ImageData: { Platform: toWire(platform), Containers: [], Size: { Unpacked: 0 } },
  };
}

const toWire = ({ os, architecture, variant }: Platform) => ({
  architecture,
  os,
  ...(variant === "" ? {} : { variant }),
});
