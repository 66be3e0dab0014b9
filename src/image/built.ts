/** Layers and images that builds bring: layers come as tars of what a step changed, images as the document that names them. */

import { EngineError } from "../base/errors.ts";
import type { BlobFormat } from "./blobs/blob-format.ts";
import type { BlobRun, LayerBlobs, OpenBlob } from "./blobs/layer-blobs.ts";
import { NEVER } from "./catalog.ts";
import type { StoredDocument } from "./content.ts";
import type { ImageContext } from "./context.ts";
import { digestOf } from "./digest.ts";
import { parseImageDocument } from "./document.ts";
import { stageStream } from "./growing-file.ts";
import type { Platform } from "./platform.ts";
import type { LayerRecord } from "./records.ts";
import { type Digest, familiar, type Reference } from "./reference.ts";

export interface BuiltImage {
  /** config.json, its layers stored already. */
  readonly document: string;
  readonly names: readonly Reference[];
}

export interface BuiltImages {
  /** Stores a layer; it is kept until the returned call, and as long as an image has it. */
  addLayer(tar: AsyncIterable<Uint8Array>): Promise<LayerRecord & { release(): void }>;
  /** A layer in the form in which it travels. Throws notFound for one that is not stored. */
  openBlob(diffId: Digest, format: BlobFormat, run: BlobRun): Promise<OpenBlob>;
  /** Of the index or manifest that an image came with; its id when it came without. */
  documentDigest(id: Digest): Digest;
  /** Keeps the manifests and indexes that name an image as long as the image, and gives it names. */
  attach(id: Digest, documents: readonly StoredDocument[], names: readonly Reference[]): void;
  /** The image's id. Names that other images had are theirs no longer. Throws invalidParameter for layers that are not stored. */
  addImage(image: BuiltImage): Promise<Digest>;
  hasLayer(diffId: Digest): boolean;
  /** What a layer adds, as Docker counts. Throws notFound. */
  layerSize(diffId: Digest): number;
  /** All layers of all images. */
  usedLayers(): ReadonlySet<Digest>;
  /** Undefined when the store has no such image for the platform. */
  find(ref: string, platform: Platform): { readonly id: Digest; readonly document: string } | undefined;
}

export function createBuiltImages(context: ImageContext): BuiltImages {
  const { layers, catalog } = context;
  let blobs: Promise<LayerBlobs> | undefined;
  return {
    hasLayer: (diffId) => layers.has(diffId),
    layerSize: (diffId) => layers.sizeOf(diffId),
    usedLayers: () => catalog.usedLayers(),
    find: (ref, platform) => find(context, ref, platform),
    addLayer: async (tar) => {
      await using undo = new AsyncDisposableStack();
      const staged = await stageStream(context, { body: tar });
      undo.defer(() => layers.discard([staged]));
      const { diffId, sizeBytes } = staged;
      const release = layers.pin([diffId]);
      undo.defer(release);
      await layers.commit([staged]);
      undo.move();
      return { diffId, sizeBytes, release };
    },
    openBlob: async (diffId, format, run) => {
      blobs ??= import("./blobs/layer-blobs.ts").then((room) => new room.LayerBlobs(context));
      return (await blobs).open(diffId, format, run);
    },
    addImage: (image) => addImage(context, image),
    documentDigest: (id) => context.content.documentsOf(id)[0]?.digest ?? id,
    attach: (id, documents, names) => {
      const image = context.catalog.get(id);
      if (image === undefined) return;
      context.content.attach(id, documents);
      if (names.length > 0) context.catalog.add(image, names);
    },
  };
}

function find(
  { catalog }: ImageContext,
  ref: string,
  platform: Platform,
): { id: Digest; document: string } | undefined {
  try {
    return catalog.resolve(ref, platform);
  } catch (error) {
    if (error instanceof EngineError && error.kind === "notFound") return undefined;
    throw error;
  }
}

async function addImage({ catalog, layers, emit }: ImageContext, { document, names }: BuiltImage): Promise<Digest> {
  const { rootfs } = parseImageDocument(document);
  const records = rootfs.diff_ids.map((diffId) => ({ diffId, sizeBytes: layers.sizeOf(diffId) }));
  await layers.complete(rootfs.diff_ids);
  const id = digestOf(document);
  catalog.add({ id, document, layers: records, parent: "", lastTaggedAt: NEVER }, names);
  for (const name of names) emit("tag", id, familiar(name));
  return id;
}
