/** A repository that an image or a cache is written to. */
import type { OpenBlob } from "../../image/blobs/layer-blobs.ts";
import type { LayerBlob, StoredDocument } from "../../image/content.ts";
import type { Digest } from "../../image/reference.ts";
import type { Publication } from "../../image/registry/publish.ts";
import type { BlobOptions } from "./blob-options.ts";
import type { SmallBlob } from "./image-json.ts";
import type { Destination } from "./write-image.ts";

export interface RegistryDestinationOptions {
  readonly blobs: BlobOptions;
  readonly open: (diffId: Digest) => Promise<OpenBlob>;
  /** What layers are known as already will do, unless one form is asked for. */
  readonly acceptsKnown: boolean;
}

export class RegistryDestination implements Destination {
  readonly #publication: Publication;
  readonly #options: RegistryDestinationOptions;

  constructor(publication: Publication, options: RegistryDestinationOptions) {
    this.#publication = publication;
    this.#options = options;
  }

  layer(diffId: Digest): Promise<LayerBlob> {
    const { blobs, open, acceptsKnown } = this.#options;
    const { kind } = blobs.format;
    const accepts = (blob: LayerBlob): boolean => acceptsKnown && (!blobs.isForced || isOfKind(blob, kind));
    return this.#publication.layer({ diffId, accepts, open: () => open(diffId) });
  }

  small({ digest, bytes }: SmallBlob): Promise<void> {
    return this.#publication.document(digest, bytes);
  }

  document(document: StoredDocument, name: string = document.digest): Promise<void> {
    return this.#publication.manifest(document, name);
  }
}

const isOfKind = ({ mediaType }: LayerBlob, kind: string): boolean =>
  kind === "uncompressed" ? mediaType.endsWith("tar") : mediaType.endsWith(kind);
