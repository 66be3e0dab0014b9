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

/** Only what was asked for. */
export interface DiskUsage {
  readonly ImageUsage?: UsageSection<ImageSummary>;
  readonly ContainerUsage?: UsageSection<ContainerSummary>;
  readonly VolumeUsage?: UsageSection<SizedVolume>;
  readonly BuildCacheUsage?: UsageSection<never>;
}

/** As versions up to 1.52 show it. */
export interface LegacyDiskUsage {
  readonly LayersSize: number;
  readonly Images: readonly ImageSummary[] | null;
  readonly Containers: readonly ContainerSummary[] | null;
  readonly Volumes: readonly SizedVolume[] | null;
  readonly BuildCache: readonly never[] | null;
  /** Below 1.42. */
  readonly BuilderSize?: number;
}
