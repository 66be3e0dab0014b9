/**
 * An image, of one platform or of several, written to wherever it goes: its layers, its configuration, the statements about it, and
 * the manifests and the index that hold it together, each after what it names.
 */
import type { LayerBlob, StoredDocument } from "../../image/content.ts";
import type { Digest } from "../../image/reference.ts";
import type { Platform } from "../../wire/platform.ts";
import { BuildFailure } from "../failure.ts";
import { annotationsOf } from "./annotations.ts";
import { type ExportedLayer, toImageDocument } from "./image-document.ts";
import {
  type Annotations,
  type Descriptor,
  type SmallBlob,
  type Statement,
  toAttestationManifest,
  toDescriptor,
  toIndex,
  toManifest,
  toSmallBlob,
} from "./image-json.ts";
import type { ImageOptions } from "./image-options.ts";
import type { ExportProgress } from "./progress.ts";

/** Where an image goes. Everything is there when its call resolves. */
export interface Destination {
  /** The blob that stands for the layer there. */
  layer(diffId: Digest): Promise<LayerBlob>;
  small(blob: SmallBlob): Promise<void>;
  /** A manifest or an index, under its digest or under a name that means something there. */
  document(document: StoredDocument, name?: string): Promise<void>;
}

/** The layers of a result, and what is said of them. */
export interface ImageSource {
  readonly platform: Platform;
  /** The configuration as the frontend planned it. */
  readonly planned: string;
  /** The lowest first. */
  readonly layers: readonly (ExportedLayer & { readonly diffId: Digest; readonly annotations?: Annotations })[];
  readonly epoch: number | undefined;
}

export interface ImageWriting {
  readonly options: ImageOptions;
  readonly destination: Destination;
  readonly progress: ExportProgress;
  /** True makes an index even for one platform. */
  readonly isAttested: boolean;
  /** What is stated of an image whose manifest has this digest. */
  readonly statements: (source: ImageSource, manifest: Digest) => Promise<readonly Statement[]>;
  /** What goes into the configuration besides: the inline cache. */
  readonly inlineCache: (source: ImageSource, blobs: readonly LayerBlob[]) => Promise<string | undefined>;
}

export interface WrittenManifest {
  readonly source: ImageSource;
  readonly config: SmallBlob;
  readonly blobs: readonly LayerBlob[];
  readonly document: StoredDocument;
  readonly descriptor: Descriptor;
}

export interface WrittenImage {
  readonly root: Descriptor;
  readonly images: readonly WrittenManifest[];
  /** The index, when there is one, after the manifests of the images. */
  readonly documents: readonly StoredDocument[];
}

/** Throws invalidParameter for annotations that no document takes. */
export async function writeImage(writing: ImageWriting, sources: readonly ImageSource[]): Promise<WrittenImage> {
  const { options, isAttested } = writing;
  const [only, ...others] = sources;
  if (only === undefined) throw new BuildFailure("there is no result to export", {});
  const isIndex = isAttested || others.length > 0;
  const index = { ...annotationsOf(options.annotations, "index") };
  const hasIndexWords = options.annotations.some(({ level }) => level.startsWith("index"));
  if (!isIndex && hasIndexWords) {
    throw new BuildFailure("index annotations not supported for single platform export", { kind: "invalidParameter" });
  }
  const images: WrittenManifest[] = [];
  for (const source of sources) images.push(await writeManifest(writing, source));
  const [first] = images;
  const documents = images.map(({ document }) => document);
  if (!isIndex && first !== undefined) return { root: first.descriptor, images, documents };
  const attested = await writeAttestations(writing, images);
  const list = toIndex(wordsOf(writing), [...images.map(({ descriptor }) => descriptor), ...attested], index);
  writing.progress.note(`exporting manifest list ${list.digest}`);
  await writing.destination.document(list);
  const annotations = annotationsOf(options.annotations, "index-descriptor");
  return { root: toDescriptor(list, { annotations }), images, documents: [...documents, list] };
}

/** Attestations exist in the OCI's words only. */
const wordsOf = ({ options, isAttested }: ImageWriting): ImageOptions["words"] => (isAttested ? "oci" : options.words);

async function writeManifest(writing: ImageWriting, source: ImageSource): Promise<WrittenManifest> {
  const { options, destination, progress, inlineCache } = writing;
  const { platform, planned, layers, epoch } = source;
  const blobs = await progress.during("exporting layers", () =>
    Promise.all(layers.map(({ diffId }) => destination.layer(diffId))),
  );
  const cache = await inlineCache(source, blobs);
  const config = toSmallBlob(toImageDocument({ planned, layers, epoch, inlineCache: cache }));
  const noted = blobs.map((blob, at) => ({ ...blob, annotations: layers[at]?.annotations ?? {} }));
  const annotations = annotationsOf(options.annotations, "manifest", platform);
  const document = toManifest({ words: wordsOf(writing), config, layers: noted, annotations });
  await destination.small(config);
  await destination.document(document);
  progress.note(`exporting manifest ${document.digest}`);
  progress.note(`exporting config ${config.digest}`);
  const own = annotationsOf(options.annotations, "manifest-descriptor", platform);
  return { source, config, blobs, document, descriptor: toDescriptor(document, { annotations: own, platform }) };
}

async function writeAttestations(writing: ImageWriting, images: readonly WrittenManifest[]): Promise<Descriptor[]> {
  const { destination, progress } = writing;
  const descriptors: Descriptor[] = [];
  for (const { source, document: subject } of images) {
    const statements = await writing.statements(source, subject.digest);
    if (statements.length === 0) continue;
    const { document, config, descriptor } = toAttestationManifest(subject.digest, statements);
    for (const { blob } of statements) await destination.small(blob);
    await destination.small(config);
    await destination.document(document);
    progress.note(`exporting attestation manifest ${document.digest}`);
    descriptors.push(descriptor);
  }
  return descriptors;
}
