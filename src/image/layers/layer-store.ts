/** Stored layers as the rest of the room sees them, however they are stored. */
import type { Slice } from "../../files/compression.ts";
import type { Digest } from "../reference.ts";
import type { LayerSource } from "./source.ts";
import type { LayerForm } from "./support.ts";

/** A layer that is stored and synced but has no name yet. */
export interface StagedLayer {
  readonly diffId: Digest;
  /** Of the bytes it came as. */
  readonly digest: Digest;
  /** What it adds, as Docker counts. */
  readonly sizeBytes: number;
  readonly tarBytes: number;
  readonly directory: string;
}

export interface StageRequest {
  /** The layer's tar, plain or compressed; possibly a file that is still growing. */
  readonly source: LayerSource;
  /** Aborting ends the work at its next chunk, with the signal's reason. */
  readonly signal: AbortSignal;
  /** How many of the source's bytes have been taken in, some ten times a second. */
  readonly onProgress?: (bytes: number) => void;
}

export type VerifyOptions = Omit<StageRequest, "source">;

/** What the rest of the room asks of stored layers, however they are stored. */
export interface LayerStore {
  /** How layers are mounted on this machine. */
  readonly form: LayerForm;
  has(diffId: Digest): boolean;
  /** Takes a layer in under no name; several at once share the processors. Throws invalidParameter for a bad archive, and then leaves nothing. */
  stage(request: StageRequest): Promise<StagedLayer>;
  /** Gives staged layers their names, for good. One that exists already is dropped. */
  commit(staged: readonly StagedLayer[]): Promise<void>;
  discard(staged: readonly StagedLayer[]): Promise<void>;
  /**
   * To be called with all layers of an image, the lowest first, once they are committed and before the image is recorded: makes what
   * the stack needs besides its layers. Throws invalidParameter when they do not fit together.
   */
  complete(diffIds: readonly Digest[]): Promise<void>;
  /**
   * What an overlay mount of these layers takes as its lowers: the topmost first. Layers are given the lowest first. The paths may
   * lead to descriptors of this process: mount them at once.
   */
  lowers(diffIds: readonly Digest[]): string[];
  /** Mounts what `lowers` will ask for, letting other work run in between: hundreds of layers take a while. */
  warm(diffIds: readonly Digest[]): Promise<void>;
  /** What a layer adds, as Docker counts. Throws notFound. */
  sizeOf(diffId: Digest): number;
  /** The layer's tar, byte for byte what its DiffID is of. Throws notFound. */
  tar(diffId: Digest): Slice;
  /** Keeps layers from being collected until the returned call. */
  pin(diffIds: readonly Digest[]): () => void;
  /** Reads a layer again, all of it: what is wrong with it, in a few words; undefined when nothing is. */
  verify(diffId: Digest, options: VerifyOptions): Promise<string | undefined>;
  /** Deletes a layer whatever uses it, so that it is fetched anew. Containers that run keep what they have mounted. */
  condemn(diffId: Digest): Promise<void>;
  /** Deletes every layer that is neither pinned nor in `keep`. */
  collect(keep: ReadonlySet<Digest>): Promise<void>;
  /** Deletes what lay half done when the store was opened; where layers cannot be mounted, writes out the files of those that never were. */
  sweep(): Promise<void>;
  /** A fresh path, not made yet, for something temporary that `sweep` may delete. */
  temporary(): string;
  /** Lets go of the mounts it holds; containers keep theirs. */
  close(): Promise<void>;
}
