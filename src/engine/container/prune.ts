/** Removing all stopped containers (POST /containers/prune). */
import { toUnixMs } from "../../base/clock.ts";
import { invalidParameter } from "../../base/errors.ts";
import { parseInstantMs } from "../../base/instant.ts";
import { checkFilterKeys, type Filters, matchesLabels } from "../../wire/filters.ts";
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
  const untilMs = (filters.get("until") ?? []).map(parseUntil);
  const labels = filters.get("label") ?? [];
  const notLabels = filters.get("label!") ?? [];
  return ({ spec }) =>
    untilMs.every((limit) => toUnixMs(spec.createdAt) < limit) &&
    matchesLabels(labels, spec.config.Labels) &&
    !(notLabels.length > 0 && matchesLabels(notLabels, spec.config.Labels));
}

/** A duration before now ("24h"), Unix seconds, or an RFC 3339 time, as milliseconds. */
function parseUntil(text: string): number {
  const ms = parseInstantMs(text);
  if (ms === undefined) throw invalidParameter(`failed to parse value as time or duration: "${text}"`);
  return ms;
}
