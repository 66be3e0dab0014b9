/** Removing all stopped containers (POST /containers/prune). */
import { toUnixMs } from "../../base/clock.ts";
import { checkFilterKeys, type Filters, matchesLabels, pruneUntil } from "../../wire/filters.ts";
import type { EngineContext } from "../context.ts";
import type { Container } from "./container.ts";
import { removeContainer } from "./remove.ts";
import { sizesOf } from "./sizes.ts";

export interface PruneReport {
  ContainersDeleted: string[] | null;
  SpaceReclaimed: number;
}

export async function pruneContainers(ctx: EngineContext, filters: Filters): Promise<PruneReport> {
  const passes = createPruneFilter(filters);
  const deleted: string[] = [];
  let reclaimed = 0;
  for (const container of ctx.registry.all().filter((candidate) => isStopped(candidate) && passes(candidate))) {
    const { SizeRw } = await sizesOf(ctx, container);
    if (!isStopped(container)) continue;
    await removeContainer(ctx, container, { ref: container.id, force: false, volumes: false });
    deleted.push(container.id);
    reclaimed += SizeRw;
  }
  ctx.events.publish({ type: "container", action: "prune", id: "", attributes: { reclaimed: String(reclaimed) } });
  return { ContainersDeleted: deleted.length === 0 ? null : deleted, SpaceReclaimed: reclaimed };
}

function isStopped({ phase }: Container): boolean {
  return phase.at === "created" || phase.at === "exited" || phase.at === "dead";
}

function createPruneFilter(filters: Filters): (container: Container) => boolean {
  checkFilterKeys(filters, ["label", "label!", "until"]);
  const until = pruneUntil(filters) ?? Number.POSITIVE_INFINITY;
  const labels = filters.get("label") ?? [];
  const notLabels = filters.get("label!") ?? [];
  return ({ spec }) =>
    toUnixMs(spec.createdAt) < until &&
    matchesLabels(labels, spec.config.Labels) &&
    !(notLabels.length > 0 && matchesLabels(notLabels, spec.config.Labels));
}
