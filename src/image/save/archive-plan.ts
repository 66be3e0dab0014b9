/**
 * What an archive of `docker save` holds: an OCI image layout and a docker-archive in one, as Docker 25 and later write it. The same
 * images make the same bytes.
 */
import { toUnixMs } from "../../base/clock.ts";
import type { Slice } from "../../files/compression.ts";
import { digestOf } from "../digest.ts";
import { OCI_INDEX_TYPE, OCI_LAYER, OCI_MANIFEST, writePlainManifest } from "../manifest.ts";
import { canonical, type Digest, familiar, familiarRepository, type Reference } from "../reference.ts";
import type { SavedImage } from "./select.ts";

/** A file of the archive: bytes at hand, or a stretch of a file on disk. */
export interface PlannedFile {
  readonly name: string;
  readonly mtimeSec: number;
  readonly content: Uint8Array | Slice;
}

export interface PlannedArchive {
  /** With a slash at their ends. */
  readonly directories: readonly string[];
  readonly mtimeSec: number;
  readonly files: readonly PlannedFile[];
}

interface Layer {
  readonly digest: Digest;
  readonly size: number;
  readonly slice: Slice;
}

/** `SavedImage` and the bytes it is made of. */
interface Parts {
  readonly saved: SavedImage;
  readonly config: Buffer;
  readonly manifest: Buffer;
  readonly layers: readonly Layer[];
  readonly mtimeSec: number;
}

const BLOBS = "blobs/sha256/";
const blobName = (digest: Digest): string => BLOBS + hex(digest);
const hex = (digest: Digest): string => digest.slice("sha256:".length);

/** `tar` finds a layer's tar. */
export function planArchive(saved: readonly SavedImage[], tar: (diffId: Digest) => Slice): PlannedArchive {
  const images = saved.map((image) => toParts(image, tar));
  const blobs = new Map<string, PlannedFile>();
  for (const part of images) for (const blob of blobsOf(part)) blobs.set(blob.name, blobs.get(blob.name) ?? blob);
  const document = (name: string, text: string): PlannedFile => ({ name, mtimeSec: 0, content: Buffer.from(text) });
  const repositories = legacyRepositories(images);
  return {
    directories: ["blobs/", BLOBS],
    mtimeSec: Math.max(0, ...images.map(({ mtimeSec }) => mtimeSec)),
    files: [
      ...[...blobs.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1)),
      document("index.json", ociIndex(images)),
      document("manifest.json", dockerManifest(images)),
      document("oci-layout", '{"imageLayoutVersion": "1.0.0"}'),
      ...(repositories === "{}" ? [] : [document("repositories", `${repositories}\n`)]),
    ],
  };
}

function toParts(saved: SavedImage, tar: (diffId: Digest) => Slice): Parts {
  const { image } = saved;
  const layers = image.parsed.rootfs.diff_ids.map((digest) => {
    const slice = tar(digest);
    return { digest, size: slice.length, slice };
  });
  const config = Buffer.from(image.document);
  const manifest = Buffer.from(writePlainManifest({ digest: image.id, size: config.length }, layers));
  const createdMs = toUnixMs(image.parsed.created);
  const mtimeSec = Number.isNaN(createdMs) ? 0 : Math.max(0, Math.floor(createdMs / 1000));
  return { saved, config, manifest, layers, mtimeSec };
}

function blobsOf({ saved, config, manifest, layers, mtimeSec }: Parts): PlannedFile[] {
  return [
    { name: blobName(saved.image.id), mtimeSec, content: config },
    { name: blobName(digestOf(manifest)), mtimeSec: 0, content: manifest },
    ...layers.map(({ digest, slice }) => ({ name: blobName(digest), mtimeSec, content: slice })),
  ];
}

function ociIndex(images: readonly Parts[]): string {
  const manifests = images.flatMap(({ saved, manifest }) => {
    const target = { mediaType: OCI_MANIFEST, digest: digestOf(manifest), size: manifest.length };
    if (saved.tags.length === 0) return [target];
    return saved.tags.map((tag) => ({ ...target, annotations: annotations(tag) }));
  });
  return JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX_TYPE, manifests });
}

const annotations = (tag: Reference): Record<string, string> => ({
  "io.containerd.image.name": canonical(tag),
  "org.opencontainers.image.ref.name": tag.tag ?? "",
});

function dockerManifest(images: readonly Parts[]): string {
  const ids = new Set(images.map(({ saved }) => saved.image.id));
  const items = images.map(({ saved: { image, tags }, layers }) => ({
    Config: blobName(image.id),
    RepoTags: tags.length === 0 ? null : tags.map(familiar),
    Layers: layers.map(({ digest }) => blobName(digest)),
    ...([...ids].some((id) => id === image.parent) ? { Parent: image.parent } : {}),
    ...(layers.length === 0 ? {} : { LayerSources: layerSources(layers) }),
  }));
  return `${JSON.stringify(items)}\n`;
}

function layerSources(layers: readonly Layer[]): Record<string, { mediaType: string; size: number; digest: Digest }> {
  const sorted = layers.toSorted((a, b) => (a.digest < b.digest ? -1 : 1));
  return Object.fromEntries(sorted.map(({ digest, size }) => [digest, { mediaType: OCI_LAYER, size, digest }]));
}

/** Repository -> tag -> the topmost layer, for readers older than manifest.json. */
function legacyRepositories(images: readonly Parts[]): string {
  const tags = images.flatMap(({ saved, layers }) => {
    const top = layers.at(-1);
    if (top === undefined) return [];
    return saved.tags.map((tag) => ({
      repository: familiarRepository(tag),
      tag: tag.tag ?? "",
      layer: hex(top.digest),
    }));
  });
  const sorted = tags.toSorted((a, b) => (`${a.repository} ${a.tag}` < `${b.repository} ${b.tag}` ? -1 : 1));
  const grouped = Map.groupBy(sorted, ({ repository }) => repository);
  return JSON.stringify(
    Object.fromEntries(
      [...grouped].map(([name, members]) => [name, Object.fromEntries(members.map(({ tag, layer }) => [tag, layer]))]),
    ),
  );
}
