/** GET /system/df: what images, containers and volumes take, and how much of it nothing uses. After moby daemon/disk_usage.go (29). */
import type { ContainerSummary } from "../../wire/container.ts";
import type { DiskUsage, DiskUsageType, SizedVolume, UsageSection } from "../../wire/disk-usage.ts";
import type { ImageSummary } from "../../wire/image.ts";

export interface DiskUsageSources {
  images(): {
    readonly totalBytes: number;
    readonly reclaimableBytes: number;
    readonly active: number;
    readonly items: readonly ImageSummary[];
  };
  /** All of them, with their sizes. */
  containers(): Promise<readonly ContainerSummary[]>;
  volumes(): Promise<readonly SizedVolume[]>;
}

export async function diskUsage(sources: DiskUsageSources, types: ReadonlySet<DiskUsageType>): Promise<DiskUsage> {
  const [containers, volumes] = await Promise.all([
    types.has("container") ? sources.containers() : undefined,
    types.has("volume") ? sources.volumes() : undefined,
  ]);
  return {
    ...(types.has("image") ? { ImageUsage: imageSection(sources.images()) } : {}),
    ...(containers === undefined ? {} : { ContainerUsage: containerSection(containers) }),
    ...(volumes === undefined ? {} : { VolumeUsage: volumeSection(volumes) }),
  };
}

function imageSection(usage: ReturnType<DiskUsageSources["images"]>): UsageSection<ImageSummary> {
  return {
    ActiveCount: usage.active,
    TotalCount: usage.items.length,
    Reclaimable: usage.reclaimableBytes,
    TotalSize: usage.totalBytes,
    Items: usage.items,
  };
}

const ACTIVE_STATES: readonly string[] = ["running", "paused", "restarting"];

function containerSection(items: readonly ContainerSummary[]): UsageSection<ContainerSummary> {
  const idle = items.filter(({ State }) => !ACTIVE_STATES.includes(State));
  return {
    ActiveCount: items.length - idle.length,
    TotalCount: items.length,
    Reclaimable: sum(idle.map(({ SizeRw = 0 }) => SizeRw)),
    TotalSize: sum(items.map(({ SizeRw = 0 }) => SizeRw)),
    Items: items,
  };
}

function volumeSection(items: readonly SizedVolume[]): UsageSection<SizedVolume> {
  const idle = items.filter(({ UsageData }) => UsageData.RefCount === 0);
  return {
    ActiveCount: items.length - idle.length,
    TotalCount: items.length,
    Reclaimable: sum(idle.map(sizeOf)),
    TotalSize: sum(items.map(sizeOf)),
    Items: items,
  };
}

const sizeOf = ({ UsageData }: SizedVolume): number => Math.max(0, UsageData.Size);
const sum = (bytes: readonly number[]): number => bytes.reduce((total, each) => total + each, 0);
