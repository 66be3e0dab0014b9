/** What GET /system/df tells: bytes on disk by kind of object. */
import type { ContainerSummary } from "./container.ts";
import type { ImageSummary } from "./image.ts";

export const DISK_USAGE_TYPES = ["container", "image", "volume", "build-cache"] as const;
export type DiskUsageType = (typeof DISK_USAGE_TYPES)[number];

/** One kind of object, as API 1.52 and later show it. */
export interface UsageSection<T> {
  readonly ActiveCount: number;
  readonly TotalCount: number;
  /** Bytes, as is TotalSize. */
  readonly Reclaimable: number;
  readonly TotalSize: number;
  readonly Items: readonly T[];
}

/** A volume as far as its usage goes; a size of -1 is unknown. */
export interface SizedVolume {
  readonly Name: string;
  readonly UsageData: { readonly Size: number; readonly RefCount: number };
}

/** A record of the build cache. */
export interface BuildCacheItem {
  readonly ID: string;
  /** Docker's own writes this name with a blank before it. */
  readonly " Parents"?: readonly string[];
  readonly Type: string;
  readonly Description: string;
  readonly InUse: boolean;
  readonly Shared: boolean;
  readonly Size: number;
  /** RFC 3339. */
  readonly CreatedAt: string;
  readonly LastUsedAt: string | null;
  readonly UsageCount: number;
}

/** POST /build/prune. */
export interface BuildPruneReport {
  readonly CachesDeleted: readonly string[] | null;
  readonly SpaceReclaimed: number;
}

/** Only what was asked for. */
export interface DiskUsage {
  readonly ImageUsage?: UsageSection<ImageSummary>;
  readonly ContainerUsage?: UsageSection<ContainerSummary>;
  readonly VolumeUsage?: UsageSection<SizedVolume>;
  readonly BuildCacheUsage?: UsageSection<BuildCacheItem>;
}

/** As versions up to 1.52 show it. */
export interface LegacyDiskUsage {
  readonly LayersSize: number;
  readonly Images: readonly ImageSummary[] | null;
  readonly Containers: readonly ContainerSummary[] | null;
  readonly Volumes: readonly SizedVolume[] | null;
  readonly BuildCache: readonly BuildCacheItem[] | null;
  /** Below 1.42. */
  readonly BuilderSize?: number;
}
