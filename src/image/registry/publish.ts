/**
 * An image that is made for its registry, part by part: layers in the form that is asked for, then the documents that name them. What the
 * repository has, or its neighbours, is not sent again.
 */
import { Slots } from "../../base/slots.ts";
import type { OpenBlob } from "../blobs/layer-blobs.ts";
import type { ImageContent, LayerBlob, StoredDocument } from "../content.ts";
import { type Digest, type Reference, repository as repositoryName } from "../reference.ts";
import { hasBlob, mountBlob, putDocument } from "./blobs.ts";
import { putManifest } from "./manifests.ts";
import type { Repository } from "./repository.ts";
import { upload } from "./upload.ts";
import { createUploadSessions } from "./upload-sessions.ts";

export interface PublishDeps {
  readonly content: ImageContent;
  readonly target: Repository;
  readonly reference: Reference;
  /** Where uploads that were cut are remembered. */
  readonly dir: string;
  readonly maxConcurrent: number;
  readonly firstPauseMs: number;
  readonly chunkBytes: number;
  readonly signal: AbortSignal;
}

export interface LayerToPublish {
  readonly diffId: Digest;
  /** Whether a blob that the layer is known as elsewhere will do. */
  readonly accepts: (blob: LayerBlob) => boolean;
  /** The blob to be sent when none is there. */
  readonly open: () => Promise<OpenBlob>;
}

/** A repository that an image is published in. */
export interface Publication {
  /** The blob that the repository has for the layer after it. */
  layer(layer: LayerToPublish): Promise<LayerBlob>;
  /** A small blob. */
  document(digest: Digest, bytes: Uint8Array): Promise<void>;
  /** `name`: a tag, or the document's digest. What it names must be there. */
  manifest(document: StoredDocument, name: string): Promise<void>;
}

const MOST_CANDIDATES = 4;
const MOST_NEIGHBOURS = 4;

export function openPublication(deps: PublishDeps): Publication {
  const slots = new Slots(deps.maxConcurrent);
  return {
    layer: async (layer) => {
      using _slot = await slots.acquire(deps.signal);
      const blob = await publishLayer(deps, layer);
      deps.content.putBlob(layer.diffId, blob);
      deps.content.putRepository(blob.digest, repositoryName(deps.reference));
      return blob;
    },
    document: (digest, bytes) => putDocument(deps.target, digest, bytes),
    manifest: (document, name) => putManifest(deps.target, name, document),
  };
}

async function publishLayer(deps: PublishDeps, { diffId, accepts, open }: LayerToPublish): Promise<LayerBlob> {
  const known = deps.content.blobsOf(diffId).filter(accepts).slice(0, MOST_CANDIDATES);
  for (const blob of known) if (await isThere(deps, blob)) return blob;
  await using opened = await open();
  const { blob, slice } = opened;
  if (await isThere(deps, blob)) return blob;
  const { signal, firstPauseMs, chunkBytes } = deps;
  const { digest, sizeBytes } = blob;
  await upload(
    deps.target,
    { path: slice.path, offset: slice.offset, digest, sizeBytes },
    {
      signal,
      sessions: createUploadSessions(deps.dir),
      firstPauseMs,
      chunkBytes,
      onProgress: () => undefined,
      onPause: () => undefined,
    },
  );
  return blob;
}

/** In the repository, or mounted from a neighbour. */
async function isThere({ content, target, reference }: PublishDeps, { digest }: LayerBlob): Promise<boolean> {
  if (await hasBlob(target, digest)) return true;
  const prefix = `${reference.domain}/`;
  const neighbours = content
    .repositoriesOf(digest)
    .filter((name) => name.startsWith(prefix) && name !== repositoryName(reference));
  for (const neighbour of neighbours.slice(0, MOST_NEIGHBOURS)) {
    if (await mountBlob(target, digest, neighbour.slice(prefix.length))) return true;
    content.dropRepository(digest, neighbour);
  }
  return false;
}
