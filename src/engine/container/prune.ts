/** Removing all stopped containers (POST /containers/prune). */
import { toUnixMs } from "../../base/clock.ts";
import { invalidParameter } from "../../base/errors.ts";
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
    await removeContainer(ctx, container, { force: false, volumes: false, link: false });
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

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** A duration before now ("24h", "1h30m"), Unix seconds, or an RFC 3339 time, as milliseconds. */
function parseUntil(text: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  if (/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) {
    const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
    return Date.now() - parts.reduce((sum, [, count, unit]) => sum + Number(count) * (UNIT_MS[unit ?? ""] ?? 0), 0);
  }
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw invalidParameter(`failed to parse value as time or duration: "${text}"`);
  return time;
}
