/** What the build cache alone takes: what images have as well goes with them, not with the cache. Pure. */
import type { CacheUsage } from "./builder.ts";

export const ownBytes = (usages: readonly CacheUsage[]): number =>
  usages.reduce((sum, { shared, sizeBytes }) => sum + (shared ? 0 : sizeBytes), 0);
