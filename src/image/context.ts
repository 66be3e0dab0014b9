/** What the parts of the image store share. */
import type { FileThreads } from "../files/threads/threads.ts";
import type { ArchiveLimits } from "./archive/limits.ts";
import type { Catalog } from "./catalog.ts";
import type { ImageContent } from "./content.ts";
import type { LayerStore } from "./layers/layer-store.ts";
import type { ArchiveWorkers } from "./layers/workers.ts";

export type ImageAction = "load" | "import" | "tag" | "untag" | "delete" | "save" | "create" | "pull" | "push";

export interface ImageUser {
  readonly id: string;
  readonly running: boolean;
}

export interface ImageContext {
  readonly catalog: Catalog;
  readonly content: ImageContent;
  readonly layers: LayerStore;
  /** Reads and writes bodies away from the event loop. */
  readonly files: FileThreads;
  readonly workers: ArchiveWorkers;
  readonly limits: ArchiveLimits;
  /** This machine's, in the OCI's spelling, such as "amd64". */
  readonly architecture: string;
  /** Containers made from an image. */
  readonly usedBy: (imageId: string) => readonly ImageUser[];
  /** Tells an event; `name` is the event's name attribute: a familiar name for tag, the id otherwise (as moby 28.5). */
  readonly emit: (action: ImageAction, imageId: string, name: string) => void;
  /** Tells that unused images have been removed, and the bytes they took. */
  readonly emitPruned: (reclaimedBytes: number) => void;
}
