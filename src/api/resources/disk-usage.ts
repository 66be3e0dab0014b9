/** GET /system/df in the shapes of its times: lists of everything up to 1.52, sections with totals from there on. */
import { invalidParameter } from "../../base/errors.ts";
import type { CacheUsage } from "../../build/builder.ts";
import { ownBytes } from "../../build/own-bytes.ts";
import {
  type BuildCacheItem,
  DISK_USAGE_TYPES,
  type DiskUsage,
  type DiskUsageType,
  type LegacyDiskUsage,
  type UsageSection,
} from "../../wire/disk-usage.ts";
import { type Answer, json } from "../answer.ts";
import type { BuildBackend, SystemBackend } from "../backend.ts";
import { isBelow } from "../negotiate.ts";
import type { Call, Route } from "../router.ts";
import { adapt } from "../shims/adapt.ts";

export interface DiskUsageBackend {
  readonly system: SystemBackend;
  readonly builds: BuildBackend;
}

export function diskUsageRoutes(backend: DiskUsageBackend): Route[] {
  return [{ method: "GET", pattern: "/system/df", handle: (call) => answer(backend, call) }];
}

async function answer({ system, builds }: DiskUsageBackend, { request: { query }, version }: Call): Promise<Answer> {
  const asked = isBelow(version, "1.42") ? [] : query.all("type").map(checkType);
  const types = new Set(asked.length === 0 ? DISK_USAGE_TYPES : asked);
  const [others, cache] = await Promise.all([
    system.diskUsage(types),
    types.has("build-cache") ? cacheSection(builds) : undefined,
  ]);
  const usage = { ...others, ...(cache === undefined ? {} : { BuildCacheUsage: cache }) };
  if (isBelow(version, "1.52")) return json(200, toLegacy(usage, version));
  const verbose = query.bool("verbose");
  // The one version that speaks both, until it is asked for the newer.
  const both = isBelow(version, "1.53") && query.text("verbose") === "";
  return json(200, { ...(both ? toLegacy(usage, version) : {}), ...(verbose ? usage : withoutItems(usage)) });
}

/** What images share with the cache counts as theirs. After moby daemon/disk_usage.go (28.5). */
async function cacheSection(builds: BuildBackend): Promise<UsageSection<BuildCacheItem>> {
  const usage = builds.exists() ? await (await builds.open()).diskUsage([]) : [];
  return {
    ActiveCount: usage.filter(({ inUse }) => inUse).length,
    TotalCount: usage.length,
    Reclaimable: ownBytes(usage.filter(({ inUse }) => !inUse)),
    TotalSize: ownBytes(usage),
    Items: usage.map(toItem),
  };
}

function toItem(usage: CacheUsage): BuildCacheItem {
  const { id, parents, type, description, inUse, shared, sizeBytes, createdAt, lastUsedAt, usageCount } = usage;
  return {
    ID: id,
    ...(parents.length === 0 ? {} : { " Parents": parents }),
    Type: type,
    Description: description,
    InUse: inUse,
    Shared: shared,
    Size: sizeBytes,
    CreatedAt: new Date(createdAt).toISOString(),
    LastUsedAt: lastUsedAt === undefined ? null : new Date(lastUsedAt).toISOString(),
    UsageCount: usageCount,
  };
}

function checkType(text: string): DiskUsageType {
  const type = DISK_USAGE_TYPES.find((known) => known === text);
  if (type === undefined) throw invalidParameter(`unknown object type: ${text}`);
  return type;
}

function toLegacy(usage: DiskUsage, version: string): LegacyDiskUsage {
  const { ImageUsage, ContainerUsage, VolumeUsage, BuildCacheUsage } = usage;
  return {
    LayersSize: ImageUsage?.TotalSize ?? 0,
    Images: ImageUsage === undefined ? null : adapt("imageList", ImageUsage.Items, version),
    Containers: ContainerUsage === undefined ? null : adapt("containerList", ContainerUsage.Items, version),
    Volumes: VolumeUsage?.Items ?? null,
    BuildCache: BuildCacheUsage?.Items ?? null,
    ...(isBelow(version, "1.42") ? { BuilderSize: BuildCacheUsage?.TotalSize ?? 0 } : {}),
  };
}

type Totals = Omit<UsageSection<never>, "Items">;

function withoutItems(usage: DiskUsage): Readonly<Record<string, Totals>> {
  const sections: [string, UsageSection<unknown>][] = Object.entries(usage);
  return Object.fromEntries(sections.map(([name, { Items: _items, ...totals }]) => [name, totals]));
}
