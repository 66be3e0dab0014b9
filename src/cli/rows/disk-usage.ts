/** The rows and columns of `system df`: one row a kind of object, and with -v one table a kind. */
import { toUnixMs } from "../../base/clock.ts";
import type { ContainerSummary } from "../../wire/container.ts";
import type { BuildCacheItem, DiskUsage, SizedVolume, UsageSection } from "../../wire/disk-usage.ts";
import type { RowKind } from "../format/rows.ts";
import { humanSize } from "../format/size.ts";
import { containerRows } from "./containers.ts";
import { type ImageRow, imageRows } from "./images.ts";
import { agoText } from "./times.ts";

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

const SHORT_ID = 12;

/** Records in use are starred. */
export function usedCache({ truncate, nowMs }: RowOptions): RowKind<BuildCacheItem> {
  return {
    typeName: "*formatter.buildCacheContext",
    id: "ID",
    table: ["ID", "CacheType", "Size", "CreatedSince", "LastUsedSince", "UsageCount", "Shared"],
    columns: {
      ID: {
        header: "CACHE ID",
        value: ({ ID, InUse }) => `${truncate ? ID.slice(0, SHORT_ID) : ID}${InUse ? "*" : ""}`,
      },
      Parent: { header: "PARENT", value: ({ " Parents": parents = [] }) => parents.join(", ") },
      CacheType: { header: "CACHE TYPE", value: ({ Type }) => Type },
      Description: { header: "DESCRIPTION", value: ({ Description }) => Description },
      Size: { header: "SIZE", value: ({ Size }) => humanSize(Size) },
      CreatedAt: { header: "CREATED AT", value: ({ CreatedAt }) => CreatedAt },
      CreatedSince: { header: "CREATED", value: ({ CreatedAt }) => agoText(toUnixMs(CreatedAt) / 1000, nowMs) },
      LastUsedAt: { header: "LAST USED AT", value: ({ LastUsedAt }) => LastUsedAt ?? "" },
      LastUsedSince: {
        header: "LAST USED",
        value: ({ LastUsedAt }) => (LastUsedAt === null ? "" : agoText(toUnixMs(LastUsedAt) / 1000, nowMs)),
      },
      UsageCount: { header: "USAGE", value: ({ UsageCount }) => String(UsageCount) },
      InUse: { header: "IN USE", value: ({ InUse }) => String(InUse) },
      Shared: { header: "SHARED", value: ({ Shared }) => String(Shared) },
    },
  };
}
