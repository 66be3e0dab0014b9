/** `POST /build/prune`: Docker's filters and limits, as the build cache has them. */
import { invalidParameter, messageOf } from "../../base/errors.ts";
import type { Builder } from "../../build/builder.ts";
import { ownBytes } from "../../build/own-bytes.ts";
import { checkFilterKeys, type Filters, parseFilters, parseUntil } from "../../wire/filters.ts";
import { type Answer, json } from "../answer.ts";
import type { Request } from "../http/message.ts";

/** Fields of a record. Labels and parents of records are nobody's: Docker takes the words all the same. */
const FIELDS = ["id", "type", "description", "inuse", "shared", "private"];
const KEYS = [...FIELDS, "parent", "label", "label!", "until", "unused-for"];

export async function pruneBuilds(builder: Builder, { query }: Request): Promise<Answer> {
  const filters = parseFilters(query.text("filters"));
  const bytes = (name: string): number => bytesOf(query, name);
  const options = {
    all: query.bool("all"),
    ...limitsOf(filters),
    reservedBytes: bytes("reserved-space") || bytes("keep-storage"),
    maxUsedBytes: bytes("max-used-space"),
    minFreeBytes: bytes("min-free-space"),
  };
  const pruned = await Array.fromAsync(builder.prune(options));
  return json(200, {
    CachesDeleted: pruned.length === 0 ? null : pruned.map(({ id }) => id),
    SpaceReclaimed: ownBytes(pruned),
  });
}

function bytesOf(query: Request["query"], name: string): number {
  try {
    return query.int(name) ?? 0;
  } catch (error) {
    const why = `got ${query.text(name)}: ${messageOf(error)}`;
    throw invalidParameter(`${name} is in bytes and expects an integer, ${why}`, { cause: error });
  }
}

/** Throws invalidParameter in the words of Docker's builder. */
function limitsOf(filters: Filters): { filters: readonly string[]; keepMs: number } {
  try {
    checkFilterKeys(filters, KEYS);
    const parts = FIELDS.flatMap((field) => fieldFilter(field, filters.get(field)));
    return { filters: parts.length === 0 ? [] : [parts.join(",")], keepMs: keepMs(filters) };
  } catch (error) {
    throw invalidParameter(`failed to prune build cache: ${messageOf(error)}`, { cause: error });
  }
}

/** In the notation of the cache, where an id may be given by its beginning. */
function fieldFilter(field: string, values: readonly string[] | undefined): string[] {
  if (values === undefined) return [];
  const [value = "", ...more] = values;
  if (more.length > 0) throw invalidParameter("filters expect only one value");
  if (value === "" || value === "true") return [field];
  return [`${field}${field === "id" ? "~=" : "=="}${value}`];
}

/** Only what was not used for so long, or since a moment. */
function keepMs(filters: Filters): number {
  const [until, old] = [filters.get("until") ?? [], filters.get("unused-for") ?? []];
  if (until.length > 0 && old.length > 0) throw invalidParameter(`conflicting filters: "until" and "unused-for"`);
  const [text, ...more] = [...until, ...old];
  if (more.length > 0) throw invalidParameter("filters expect only one value");
  if (text === undefined) return 0;
  const key = until.length > 0 ? "until" : "unused-for";
  try {
    return Math.max(0, Date.now() - parseUntil(text));
  } catch (error) {
    const what = `${JSON.stringify(key)} filter expects a duration (e.g., '24h') or a timestamp`;
    throw invalidParameter(`${what}: ${messageOf(error)}`, { cause: error });
  }
}
