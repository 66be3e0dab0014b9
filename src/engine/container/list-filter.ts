/** The filters of `ps` (GET /containers/json): which exist, what their values may be, and whether a container passes. */

import { toUnixMs } from "../../base/clock.ts";
import { invalidParameter } from "../../base/errors.ts";
import { booleanFilter, checkFilterKeys, type Filters, matchesLabels } from "../../wire/filters.ts";
import type { EngineContext } from "../context.ts";
import { networkName } from "../network-mode.ts";
import type { Container } from "./container.ts";
import { portTests } from "./port-filter.ts";
import { toStatus } from "./status-text.ts";

const KEYS = [
  "ancestor",
  "before",
  "exited",
  "expose",
  "health",
  "id",
  "is-task",
  "isolation",
  "label",
  "name",
  "network",
  "publish",
  "since",
  "status",
  "volume",
];
const STATUSES = ["created", "running", "paused", "restarting", "removing", "exited", "dead"];
const HEALTHS = ["none", "starting", "healthy", "unhealthy"];

type Test = (container: Container) => boolean;

/** Builds the test once per listing. Throws invalidParameter for unknown keys and values, notFound for unknown `before`/`since`. */
export function createListFilter(ctx: EngineContext, filters: Filters): Test {
  checkFilterKeys(filters, KEYS);
  const tests: Test[] = [];
  const any = (key: string, test: (container: Container, want: string) => boolean): void => {
    const wanted = filters.get(key) ?? [];
    if (wanted.length > 0) tests.push((container) => wanted.some((want) => test(container, want)));
  };
  checkWords(filters, "status", { name: "state", words: STATUSES });
  checkWords(filters, "health", { name: "health", words: HEALTHS });
  any("id", (container, want) => container.id.startsWith(want));
  any("name", (container, want) => matchesName(container.name, want));
  any("status", (container, want) => toStatus(container.state) === want);
  any("health", (container, want) => (container.state.health?.Status ?? "none") === want);
  any("ancestor", (container, want) => isAncestor(ctx, container, want));
  any("network", (container, want) => usesNetwork(container, want));
  any("volume", (container, want) => usesVolume(container, want));
  any("isolation", () => true);
  if (booleanFilter(filters, "is-task") === true) tests.push(() => false);
  tests.push(...portTests(filters), ...exitedTests(filters), ...orderTests(ctx, filters));
  const labels = filters.get("label") ?? [];
  if (labels.length > 0) tests.push((container) => matchesLabels(labels, container.spec.config.Labels));
  return (container) => tests.every((test) => test(container));
}

/** A `status` or `exited` filter looks at stopped containers as well, without `all`. */
export function impliesAll(filters: Filters): boolean {
  return filters.has("status") || filters.has("exited") || filters.has("before") || filters.has("since");
}

function checkWords(filters: Filters, key: string, { name, words }: { name: string; words: readonly string[] }): void {
  for (const want of filters.get(key) ?? []) {
    if (words.includes(want)) continue;
    const reason = `invalid value for ${name} (${want}): must be one of ${words.join(", ")}`;
    throw invalidParameter(`invalid filter '${key}=${want}': ${reason}`);
  }
}

/** A regular expression anywhere in the name, which may carry its slash. */
function matchesName(name: string, want: string): boolean {
  try {
    const pattern = new RegExp(want);
    return pattern.test(name) || pattern.test(`/${name}`);
  } catch {
    return name === want;
  }
}

function isAncestor(ctx: EngineContext, container: Container, want: string): boolean {
  const { imageId, imageRef } = container.spec;
  if (imageRef === want || imageId === want || imageId.startsWith(`sha256:${want}`)) return true;
  try {
    return ctx.images.inspect(want).Id === imageId;
  } catch {
    return false;
  }
}

function usesNetwork(container: Container, want: string): boolean {
  const isById = Object.values(container.state.endpoints).some((endpoint) => endpoint.NetworkID.startsWith(want));
  return want === networkName(container.spec.hostConfig.NetworkMode) || isById;
}

/** By the name of a volume, by the path of a bind, or by the place in the container. */
function usesVolume({ spec }: Container, want: string): boolean {
  return spec.mounts.some((mount) => {
    const source = mount.type === "volume" ? mount.volume : mount.type === "bind" ? mount.source : "";
    return mount.destination === want || source === want;
  });
}

function exitedTests(filters: Filters): Test[] {
  const codes = (filters.get("exited") ?? []).map((text) => {
    if (!/^-?\d+$/.test(text))
      throw invalidParameter(`invalid filter 'exited=${text}': strconv.Atoi: parsing "${text}": invalid syntax`);
    return Number(text);
  });
  if (codes.length === 0) return [];
  return [({ phase, state }) => phase.at === "exited" && codes.includes(state.exitCode)];
}

function orderTests(ctx: EngineContext, filters: Filters): Test[] {
  const created = (ref: string): number => toUnixMs(ctx.registry.find(ref).spec.createdAt);
  const before = (filters.get("before") ?? []).map(created);
  const since = (filters.get("since") ?? []).map(created);
  return [
    ...before.map(
      (limit): Test =>
        ({ spec }) =>
          toUnixMs(spec.createdAt) < limit,
    ),
    ...since.map(
      (limit): Test =>
        ({ spec }) =>
          toUnixMs(spec.createdAt) > limit,
    ),
  ];
}
