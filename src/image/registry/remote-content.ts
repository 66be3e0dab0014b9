/** What a repository has, read part by part: documents into memory, layers into the store. */
import type { StoredDocument } from "../content.ts";
import type { LayerRecord } from "../records.ts";
import type { Digest } from "../reference.ts";
import { getDocument } from "./blobs.ts";
import type { Descriptor } from "./descriptors.ts";
import type { LayerFetches } from "./layer-fetches.ts";
import { getManifest } from "./manifests.ts";
import type { Repository } from "./repository.ts";

export interface RemoteContent {
  /** By tag or digest, verified. Throws RegistryError. */
  manifest(name: string): Promise<StoredDocument>;
  /** A small blob, verified. */
  document(descriptor: Descriptor): Promise<Uint8Array>;
  /** The layer is stored, and leased, after it. Throws invalidParameter when the blob is another layer. */
  layer(blob: Descriptor, diffId: Digest): Promise<LayerRecord>;
}

export interface RemoteContentDeps {
  readonly repository: Repository;
  readonly fetches: LayerFetches;
  readonly signal: AbortSignal;
}

export function readRemote({ repository, fetches, signal }: RemoteContentDeps): RemoteContent {
  return {
    manifest: (name) => getManifest(repository, name),
    document: (descriptor) => getDocument(repository, descriptor),
    layer: (blob, diffId) => fetches.fetch({ blob, diffId, repository }, { report: () => undefined, signal }),
  };
}
