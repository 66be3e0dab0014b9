/** The volumes' part of the engine as the HTTP edge uses it. */
import { conflict, invalidParameter } from "../../base/errors.ts";
import type { VolumeRecord } from "../../state/volume-record.ts";
import { booleanFilter, checkFilterKeys, type Filters, matchesLabels } from "../../wire/filters.ts";
import type { Volume, VolumeCreateRequest, VolumePruneReport } from "../../wire/volume.ts";
import type { EngineContext } from "../context.ts";
import { ANONYMOUS_LABEL, isAnonymous } from "./anonymous.ts";
import type { ExportRequest, ImportRequest, VolumeExport } from "./copies.ts";
import { countUsers, usersOf } from "./references.ts";

type Store = Pick<EngineContext, "registry" | "volumes" | "events" | "files">;

// The shape is stated by the edge (api/backend.ts) and checked where the two are wired.
export function createVolumeService(ctx: Store) {
  return {
    create: (request: VolumeCreateRequest): Volume => toVolume(ctx, createVolume(ctx, request)),
    list: (filters: Filters): Volume[] => listVolumes(ctx, filters).map((record) => toVolume(ctx, record)),
    inspect: (name: string): Volume => toVolume(ctx, ctx.volumes.get(name)),
    remove: (name: string, force: boolean) => removeVolume(ctx, name, force),
    prune: (filters: Filters) => pruneVolumes(ctx, filters),
    /** All of them with what they weigh and how many containers use each. */
    usage: (): Promise<Required<Volume>[]> => measureVolumes(ctx),
    async *clone(source: string, request: VolumeCreateRequest, signal: AbortSignal) {
      yield* (await import("./copies.ts")).cloneVolume(ctx, source, request, signal);
    },
    async *snapshot(name: string, snapshot: string, signal: AbortSignal) {
      yield* (await import("./copies.ts")).snapshotVolume(ctx, name, snapshot, signal);
    },
    snapshots: async (name: string) => (await import("./copies.ts")).listSnapshots(ctx, name),
    removeSnapshot: async (name: string, snapshot: string) =>
      (await ctx.volumes.copies()).removeSnapshot(name, snapshot),
    async *restore(name: string, snapshot: string, signal: AbortSignal) {
      yield* (await import("./copies.ts")).restoreVolume(ctx, name, snapshot, signal);
    },
    export: async (name: string, request: ExportRequest): Promise<VolumeExport> =>
      (await import("./copies.ts")).exportVolume(ctx, name, request),
    async *import(request: VolumeCreateRequest, options: ImportRequest) {
      yield* (await import("./copies.ts")).importVolume(ctx, request, options);
    },
  };
}

function toVolume({ volumes }: Store, { name, createdAt, labels, options }: VolumeRecord): Volume {
  return {
    CreatedAt: createdAt,
    Driver: "local",
    Labels: labels === null ? null : { ...labels },
    Mountpoint: volumes.dataPath(name),
    Name: name,
    Options: options === null ? null : { ...options },
    Scope: "local",
  };
}

function createVolume({ volumes }: Store, { Name, Driver, DriverOpts, Labels }: VolumeCreateRequest): VolumeRecord {
  const labels = Name === "" ? { ...Labels, [ANONYMOUS_LABEL]: "" } : Labels;
  return volumes.create({ name: Name, driver: Driver, labels, options: DriverOpts });
}

/** By name. Throws invalidParameter for a filter that there is not. */
function listVolumes(ctx: Store, filters: Filters): VolumeRecord[] {
  checkFilterKeys(filters, ["dangling", "driver", "label", "name"]);
  const dangling = booleanFilter(filters, "dangling");
  const users = countUsers(ctx);
  const drivers = filters.get("driver") ?? [];
  const names = filters.get("name") ?? [];
  return ctx.volumes
    .all()
    .filter(
      ({ name, labels }) =>
        (dangling === undefined || dangling !== users.has(name)) &&
        (drivers.length === 0 || drivers.includes("local")) &&
        (names.length === 0 || names.some((want) => matchesName(name, want))) &&
        matchesLabels(filters.get("label") ?? [], labels ?? {}),
    )
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A regular expression anywhere in the name. */
function matchesName(name: string, want: string): boolean {
  try {
    return name === want || new RegExp(want).test(name);
  } catch {
    return false;
  }
}

/** Throws a conflict while any container mounts it, running or not; `force` only overlooks that there is none. */
async function removeVolume(ctx: Store, name: string, force: boolean): Promise<void> {
  if (force && !ctx.volumes.has(name)) return;
  ctx.volumes.get(name);
  const users = usersOf(ctx, name);
  if (users.length > 0) throw conflict(`remove ${name}: volume is in use - [${users.join(", ")}]`);
  await ctx.volumes.remove(name);
}

/** This filter is refused in words of its own. */
function wantsAll(filters: Filters): boolean {
  try {
    return booleanFilter(filters, "all") ?? false;
  } catch (error) {
    const word = JSON.stringify(filters.get("all")?.[0] ?? "");
    throw invalidParameter(`invalid filter 'all': strconv.ParseBool: parsing ${word}: invalid syntax`, {
      cause: error,
    });
  }
}

/** Without the filter `all` only volumes that nobody gave a name. */
async function pruneVolumes(ctx: Store, filters: Filters): Promise<VolumePruneReport> {
  checkFilterKeys(filters, ["all", "label", "label!"]);
  const all = wantsAll(filters);
  const notLabels = filters.get("label!") ?? [];
  const candidates = ctx.volumes
    .all()
    .filter(
      (record) =>
        (all || isAnonymous(record)) &&
        matchesLabels(filters.get("label") ?? [], record.labels ?? {}) &&
        !(notLabels.length > 0 && matchesLabels(notLabels, record.labels ?? {})),
    );
  const report: VolumePruneReport = { VolumesDeleted: [], SpaceReclaimed: 0 };
  for (const { name } of candidates) {
    const bytes = ctx.volumes.has(name) && usersOf(ctx, name).length === 0 ? await ctx.volumes.size(name) : undefined;
    // It may have been taken into use while it was measured.
    if (bytes === undefined || !ctx.volumes.has(name) || usersOf(ctx, name).length > 0) continue;
    await ctx.volumes.remove(name);
    report.VolumesDeleted.push(name);
    report.SpaceReclaimed += bytes;
  }
  ctx.events.publish({
    type: "volume",
    action: "prune",
    id: "",
    attributes: { reclaimed: String(report.SpaceReclaimed) },
  });
  return report;
}

function measureVolumes(ctx: Store): Promise<Required<Volume>[]> {
  const users = countUsers(ctx);
  return Promise.all(
    ctx.volumes.all().map(async (record) => ({
      ...toVolume(ctx, record),
      UsageData: { Size: await ctx.volumes.size(record.name), RefCount: users.get(record.name) ?? 0 },
    })),
  );
}
