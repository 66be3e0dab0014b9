/** The rows and columns of `system df`: one row a kind of object, and with -v one table a kind. */
import type { ContainerSummary } from "../../wire/container.ts";
import type { DiskUsage, SizedVolume, UsageSection } from "../../wire/disk-usage.ts";
import type { RowKind } from "../format/rows.ts";
import { humanSize } from "../format/size.ts";
import { containerRows } from "./containers.ts";
import { type ImageRow, imageRows } from "./images.ts";

export interface UsageRow {
  readonly type: string;
  readonly section: UsageSection<unknown>;
  /** Whether the part that is reclaimable is told in percent as well. */
  readonly percent: boolean;
}

export function toUsageRows(usage: Required<DiskUsage>): UsageRow[] {
  return [
    { type: "Images", section: usage.ImageUsage, percent: true },
    { type: "Containers", section: usage.ContainerUsage, percent: true },
    { type: "Local Volumes", section: usage.VolumeUsage, percent: true },
    { type: "Build Cache", section: usage.BuildCacheUsage, percent: false },
  ];
}

export const usageRows: RowKind<UsageRow> = {
  typeName: "*formatter.diskUsageImagesContext",
  id: "Type",
  table: ["Type", "TotalCount", "Active", "Size", "Reclaimable"],
  raw: [
    { name: "type", column: "Type" },
    { name: "total", column: "TotalCount" },
    { name: "active", column: "Active" },
    { name: "size", column: "Size" },
    { name: "reclaimable", column: "Reclaimable" },
  ],
  columns: {
    Type: { header: "TYPE", value: ({ type }) => type },
    TotalCount: { header: "TOTAL", value: ({ section }) => String(section.TotalCount) },
    Active: { header: "ACTIVE", value: ({ section }) => String(section.ActiveCount) },
    Size: { header: "SIZE", value: ({ section }) => humanSize(section.TotalSize) },
    Reclaimable: { header: "RECLAIMABLE", value: reclaimableText },
  },
};

function reclaimableText({ section: { Reclaimable, TotalSize }, percent }: UsageRow): string {
  const text = humanSize(Reclaimable);
  return percent && TotalSize > 0 ? `${text} (${Math.trunc((Reclaimable * 100) / TotalSize)}%)` : text;
}

interface RowOptions {
  readonly truncate: boolean;
  readonly nowMs: number;
}

export function usedImages({ truncate, nowMs }: RowOptions): RowKind<ImageRow> {
  const table = ["Repository", "Tag", "ID", "CreatedSince", "Size", "SharedSize", "UniqueSize", "Containers"];
  return { ...imageRows({ truncate, digests: false, nowMs }), table };
}

export function usedContainers({ truncate, nowMs }: RowOptions): RowKind<ContainerSummary> {
  const table = ["ID", "Image", "Command", "LocalVolumes", "Size", "RunningFor", "Status", "Names"];
  return { ...containerRows({ truncate, size: true, nowMs }), table };
}

export const usedVolumes: RowKind<SizedVolume> = {
  typeName: "*formatter.volumeContext",
  id: "Name",
  table: ["Name", "Links", "Size"],
  columns: {
    Name: { header: "VOLUME NAME", value: ({ Name }) => Name },
    Links: { header: "LINKS", value: ({ UsageData }) => countText(UsageData.RefCount) },
    Size: { header: "SIZE", value: ({ UsageData }) => (UsageData.Size < 0 ? "N/A" : humanSize(UsageData.Size)) },
  },
};

const countText = (count: number): string => (count < 0 ? "N/A" : String(count));

const notYet = (): string => "";

export const usedCache: RowKind<never> = {
  typeName: "*formatter.buildCacheContext",
  id: "ID",
  table: ["ID", "CacheType", "Size", "CreatedSince", "LastUsedSince", "UsageCount", "Shared"],
  columns: {
    ID: { header: "CACHE ID", value: notYet },
    CacheType: { header: "CACHE TYPE", value: notYet },
    Size: { header: "SIZE", value: notYet },
    CreatedSince: { header: "CREATED", value: notYet },
    LastUsedSince: { header: "LAST USED", value: notYet },
    UsageCount: { header: "USAGE", value: notYet },
    Shared: { header: "SHARED", value: notYet },
  },
};
