/** Bounds on what an archive may cost (cases 11 and 12 of the security table). */

import { TarError } from "../../base/tar/entry.ts";
import { DEFAULT_TAR_LIMITS, type TarLimits } from "../../base/tar/reader.ts";

export interface ArchiveLimits extends TarLimits {
  /** Of one archive or layer, decompressed. */
  readonly maxBytes: number;
  /** Decompressed bytes for each compressed one, once more than `ratioFromBytes` have come out. */
  readonly maxRatio: number;
  readonly ratioFromBytes: number;
  /** Of a layer's names, link targets, attributes and maps of holes. */
  readonly maxIndexBytes: number;
  /** Of a manifest, an index or a configuration. */
  readonly maxDocumentBytes: number;
}

export const DEFAULT_LIMITS: ArchiveLimits = {
  ...DEFAULT_TAR_LIMITS,
  maxBytes: 256 * 2 ** 30,
  maxRatio: 200,
  ratioFromBytes: 512 * 2 ** 20,
  maxIndexBytes: 128 * 2 ** 20,
  maxDocumentBytes: 4 * 2 ** 20,
};

/** Throws TarError as soon as the counts are beyond the limits. */
export function checkExpansion(limits: ArchiveLimits, compressedBytes: number, plainBytes: number): void {
  if (plainBytes > limits.maxBytes) throw new TarError(`archive is larger than ${limits.maxBytes} bytes`);
  if (plainBytes > limits.ratioFromBytes && plainBytes > compressedBytes * limits.maxRatio) {
    throw new TarError(`archive expands to more than ${limits.maxRatio} times its size`);
  }
}
