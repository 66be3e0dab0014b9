/** The `filters` query parameter: a JSON object of string lists, or the older map of maps. */
import { invalidParameter } from "../base/errors.ts";
import { parseInstantMs } from "../base/instant.ts";

export type Filters = ReadonlyMap<string, readonly string[]>;

/** Parses `{"label":["a=b"]}` or `{"label":{"a=b":true}}`; absent is empty. */
export function parseFilters(text: string | null | undefined): Filters {
  if (!text) return new Map();
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    throw invalidParameter("invalid filter");
  }
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) throw invalidParameter("invalid filter");
  return new Map(Object.entries(raw).map(([key, value]) => [key, filterValues(value)]));
}

function filterValues(value: unknown): readonly string[] {
  if (Array.isArray(value)) {
    if (!value.every((item) => typeof item === "string")) throw invalidParameter("invalid filter");
    return value;
  }
  if (typeof value !== "object" || value === null) throw invalidParameter("invalid filter");
  return Object.entries(value)
    .filter(([, wanted]) => wanted === true)
    .map(([key]) => key);
}

/** Refuses keys outside `allowed`, in Docker's words. */
export function checkFilterKeys(filters: Filters, allowed: readonly string[]): void {
  for (const key of filters.keys()) {
    if (!allowed.includes(key)) throw invalidParameter(`invalid filter '${key}'`);
  }
}

/** True when every label filter ("key" or "key=value") holds. */
export function matchesLabels(wanted: readonly string[], labels: Readonly<Record<string, string>>): boolean {
  return wanted.every((want) => {
    const equals = want.indexOf("=");
    if (equals < 0) return want in labels;
    return labels[want.slice(0, equals)] === want.slice(equals + 1);
  });
}

/** A duration before now ("24h"), Unix seconds, or a time, as Unix milliseconds. Throws invalidParameter. */
export function parseUntil(text: string): number {
  const ms = parseInstantMs(text);
  if (ms === undefined) throw invalidParameter(`failed to parse value as time or duration: ${JSON.stringify(text)}`);
  return ms;
}

/** Before when things have to be made to be pruned; undefined without `until`. Throws invalidParameter for more than one. */
export function pruneUntil(filters: Filters): number | undefined {
  const [until, ...others] = filters.get("until") ?? [];
  if (others.length > 0) throw invalidParameter("more than one until filter specified");
  return until === undefined ? undefined : parseUntil(until);
}

const TRUE_WORDS = ["1", "t", "T", "TRUE", "true", "True"];
const FALSE_WORDS = ["0", "f", "F", "FALSE", "false", "False"];

/** A truthy filter such as `dangling`: undefined when absent; other words, and both at once, are Docker's error. */
export function booleanFilter(filters: Filters, key: string): boolean | undefined {
  const values = filters.get(key) ?? [];
  if (values.length === 0) return undefined;
  const isTrue = values.every((value) => TRUE_WORDS.includes(value));
  if (isTrue || values.every((value) => FALSE_WORDS.includes(value))) return isTrue;
  throw invalidParameter(`invalid filter '${key}=[${values.join(" ")}]'`);
}
