/** Results that others have solved, as the solver looks for them. */
import type { Digest } from "../../image/reference.ts";

export interface ImportedCache {
  find(key: string): FoundResult | undefined;
}

export interface FoundResult {
  /** Unix milliseconds. */
  readonly createdAt: number;
  /** The lowest first. */
  readonly layers: readonly FoundLayer[];
}

export interface FoundLayer {
  readonly diffId: Digest;
  /** Brings the layer into the store, where it stays until the returned call. */
  readonly fetch: () => Promise<() => void>;
}
