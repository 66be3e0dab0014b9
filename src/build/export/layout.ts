/** OCI image layouts, and Docker's archives, which are layouts with a manifest.json: as one tar, or file by file. */

import type { Slice } from "../../files/compression.ts";
import { readSlice } from "../../files/compression.ts";
import type { OpenBlob } from "../../image/blobs/layer-blobs.ts";
import type { LayerBlob } from "../../image/content.ts";
import { OCI_INDEX_TYPE } from "../../image/manifest.ts";
import { canonical, type Digest, familiar, type Reference } from "../../image/reference.ts";
import { bytesOf, piecesOf } from "../../image/save/archive-bytes.ts";
import type { PlannedFile } from "../../image/save/archive-plan.ts";
import type { Build } from "../builder.ts";
import { type Descriptor, withAnnotations } from "./image-json.ts";
import type { Destination, WrittenImage } from "./write-image.ts";

const BLOBS = "blobs/sha256/";
const nameOf = (digest: Digest): string => BLOBS + digest.slice("sha256:".length);

/** Collects an image for a tar: layers stay in their files, which are open until the archive is sent. */
export class LayoutArchive implements Destination {
  readonly #open: (diffId: Digest) => Promise<OpenBlob>;
  readonly #files = new Map<string, PlannedFile>();

  /** What `open` gives lasts as long as the archive. */
  constructor(open: (diffId: Digest) => Promise<OpenBlob>) {
    this.#open = open;
  }

  async layer(diffId: Digest): Promise<LayerBlob> {
    const { blob, slice } = await this.#open(diffId);
    this.#add(nameOf(blob.digest), slice);
    return blob;
  }

  async small({ digest, bytes }: { readonly digest: Digest; readonly bytes: Uint8Array }): Promise<void> {
    this.#add(nameOf(digest), bytes);
  }

  document(document: { readonly digest: Digest; readonly bytes: Uint8Array }): Promise<void> {
    return this.small(document);
  }

  /** The archive with these files beside its blobs. */
  bytes(others: Readonly<Record<string, string>>): AsyncIterable<Uint8Array> {
    for (const [name, text] of Object.entries(others)) this.#add(name, Buffer.from(text));
    const files = [...this.#files.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
    return bytesOf(piecesOf({ directories: ["blobs/", BLOBS], mtimeSec: 0, files }));
  }

  #add(name: string, content: Uint8Array | Slice): void {
    this.#files.set(name, { name, mtimeSec: 0, content });
  }
}

/** Sends each part into a content store of the client's. */
export function storeDestination(
  build: Build,
  store: string,
  open: (diffId: Digest) => Promise<OpenBlob>,
): Destination {
  const content = build.session?.content(store);
  const put = async (digest: Digest, size: number, bytes: AsyncIterable<Uint8Array>): Promise<void> => {
    await content?.write({ digest, size, bytes });
  };
  return {
    layer: async (diffId) => {
      const { blob, slice } = await open(diffId);
      await put(blob.digest, blob.sizeBytes, readSlice(slice));
      return blob;
    },
    small: ({ digest, bytes }) => put(digest, bytes.length, single(bytes)),
    document: ({ digest, bytes }) => put(digest, bytes.length, single(bytes)),
  };
}

async function* single(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

export const LAYOUT_FILE = '{"imageLayoutVersion":"1.0.0"}';

/** index.json: the image under each of its names. */
export function layoutIndex(root: Descriptor, names: readonly Reference[]): string {
  const named = names.map((name) =>
    withAnnotations(root, {
      "io.containerd.image.name": canonical(name),
      "org.opencontainers.image.ref.name": name.tag ?? "",
    }),
  );
  const manifests = named.length === 0 ? [root] : named;
  return JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX_TYPE, manifests });
}

/** manifest.json, as `docker load` reads it. */
export function dockerManifest({ images }: WrittenImage, names: readonly Reference[]): string {
  const items = images.map(({ config, blobs }) => ({
    Config: nameOf(config.digest),
    RepoTags: names.length === 0 ? null : names.map((name) => familiar(name)),
    Layers: blobs.map(({ digest }) => nameOf(digest)),
  }));
  return JSON.stringify(items);
}
