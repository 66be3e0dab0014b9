/** Who uses which volume: every container that mounts it, running or not. Read from their records, so that it is never out of step. */
import type { ContainerId } from "../../base/ids.ts";
import type { Container } from "../container/container.ts";
import type { Registry } from "../container/registry.ts";
import type { EngineContext } from "../context.ts";

export function usersOf({ registry }: { readonly registry: Registry }, volume: string): ContainerId[] {
  return registry
    .all()
    .filter(({ spec }) => spec.mounts.some((mount) => mount.type === "volume" && mount.volume === volume))
    .map(({ id }) => id);
}

/** Of all volumes at once. */
export function countUsers({ registry }: { readonly registry: Registry }): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { spec } of registry.all()) {
    const names = spec.mounts.flatMap((mount) => (mount.type === "volume" ? [mount.volume] : []));
    for (const name of new Set(names)) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

/**
 * Writes down which of the container's anonymous volumes go with it: with `volumes` all that nobody else uses, otherwise none.
 * To be called before its removal begins, since that may be finished by another engine.
 */
export function settleOwnership(
  ctx: Pick<EngineContext, "registry" | "volumes">,
  container: Container,
  volumes: boolean,
): void {
  for (const name of anonymousVolumes(ctx, container)) {
    const goes = volumes && usersOf(ctx, name).every((id) => id === container.id);
    ctx.volumes.setOwner(name, goes ? container.id : undefined);
  }
}

/** Removes the volumes that go with the container; their names are free at once. Idempotent. */
export async function removeOwned(
  ctx: Pick<EngineContext, "registry" | "volumes">,
  container: Container,
): Promise<void> {
  const owned = anonymousVolumes(ctx, container).filter((name) => ctx.volumes.get(name).owner === container.id);
  const isShared = (name: string): boolean => usersOf(ctx, name).some((id) => id !== container.id);
  for (const name of owned.filter(isShared)) ctx.volumes.setOwner(name, undefined);
  await Promise.all(owned.filter((name) => !isShared(name)).map((name) => ctx.volumes.remove(name)));
}

function anonymousVolumes({ volumes }: Pick<EngineContext, "volumes">, { spec }: Container): string[] {
  const names = spec.mounts.flatMap((mount) => (mount.type === "volume" && mount.anonymous ? [mount.volume] : []));
  return names.filter((name) => volumes.has(name));
}
