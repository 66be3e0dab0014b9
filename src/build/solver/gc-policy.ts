/** What the cache is cleared of by itself after builds, when nobody says otherwise: like BuildKit's defaults, by age first and then by size. */
import type { CachePrune } from "../builder.ts";

/** Bytes; 0 is no limit. */
export interface CacheSpace {
  /** As much is always kept. */
  readonly reserved: number;
  /** No more than this is kept. */
  readonly maxUsed: number;
  /** So much of the disk is to stay free. */
  readonly minFree: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MB = 1_000_000;
/** Copies of contexts, repositories and cache mounts come again the easiest. */
const EASY = ["type==source.local", "type==exec.cachemount", "type==source.git.checkout"];

/** Shares of a disk, within which the cache lives by default. */
export function defaultSpace(diskBytes: number): CacheSpace {
  const share = (part: number): number => Math.round(diskBytes * part);
  return { reserved: Math.min(share(0.1), 10_000 * MB), maxUsed: share(0.6), minFree: share(0.2) };
}

export function defaultPolicies({ reserved, maxUsed, minFree }: CacheSpace): CachePrune[] {
  const limits = { reservedBytes: reserved, maxUsedBytes: maxUsed, minFreeBytes: minFree };
  return [
    { all: false, filters: EASY, keepMs: 48 * HOUR_MS, reservedBytes: 0, maxUsedBytes: 512 * MB, minFreeBytes: 0 },
    { all: false, filters: [], keepMs: 60 * DAY_MS, ...limits, maxUsedBytes: 0, minFreeBytes: 0 },
    { all: true, filters: [], keepMs: 0, ...limits },
  ];
}
