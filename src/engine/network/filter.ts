/** The filters of `network ls` and `network prune` (moby v28 daemon/network/filter.go). */
import { toUnixMs } from "../../base/clock.ts";
import { invalidParameter, systemError } from "../../base/errors.ts";
import type { NetworkRecord } from "../../state/network-record.ts";
import { checkFilterKeys, type Filters, matchesLabels, pruneUntil } from "../../wire/filters.ts";

/** What a filter asks of a network. */
export interface Listed {
  readonly record: NetworkRecord;
  readonly isPredefined: boolean;
  /** A running container is on it. */
  readonly isInUse: boolean;
}

type Test = (listed: Listed) => boolean;

const LIST_KEYS = ["dangling", "driver", "id", "label", "name", "scope", "type"];
const PRUNE_KEYS = ["label", "label!", "until"];
const TRUE_WORDS = ["1", "t", "T", "TRUE", "true", "True"];
const FALSE_WORDS = ["0", "f", "F", "FALSE", "false", "False"];

/** Throws in Docker's words for a key or a value that there is not. */
export function createListFilter(filters: Filters): Test {
  checkFilterKeys(filters, LIST_KEYS);
  const any = (key: string, test: (want: string, listed: Listed) => boolean): Test => {
    const wanted = filters.get(key) ?? [];
    return (listed) => wanted.length === 0 || wanted.some((want) => test(want, listed));
  };
  for (const want of filters.get("type") ?? []) {
    if (want !== "builtin" && want !== "custom") throw systemError(`invalid filter: 'type'='${want}'`);
  }
  const tests = [
    any("name", (want, { record }) => matches(want, record.name)),
    any("id", (want, { record }) => matches(want, record.id)),
    any("driver", (want, { record }) => record.driver === want),
    any("scope", (want) => want === "local"),
    any("type", (want, { isPredefined }) => (want === "builtin") === isPredefined),
    dangling(filters),
    labelled(filters.get("label") ?? []),
  ];
  return (listed) => tests.every((test) => test(listed));
}

/** Networks that nobody is on, made before an instant, with and without labels. */
export function createPruneFilter(filters: Filters): Test {
  checkFilterKeys(filters, PRUNE_KEYS);
  const until = pruneUntil(filters) ?? Number.POSITIVE_INFINITY;
  const has = labelled(filters.get("label") ?? []);
  const hasNot = filters.get("label!") ?? [];
  return (listed) =>
    !listed.isPredefined &&
    !listed.isInUse &&
    toUnixMs(listed.record.createdAt) < until &&
    has(listed) &&
    !(hasNot.length > 0 && matchesLabels(hasNot, listed.record.labels));
}

/** The whole, or a regular expression that is found in it. */
function matches(want: string, text: string): boolean {
  if (want === text) return true;
  try {
    return new RegExp(want).test(text);
  } catch {
    return false;
  }
}

const labelled =
  (wanted: readonly string[]): Test =>
  ({ record }) =>
    matchesLabels(wanted, record.labels);

/** True asks for user's networks that nobody is on. */
function dangling(filters: Filters): Test {
  const words = filters.get("dangling") ?? [];
  if (words.length === 0) return () => true;
  const wanted = words.map((word) => {
    if (TRUE_WORDS.includes(word)) return true;
    if (FALSE_WORDS.includes(word)) return false;
    throw invalidParameter('invalid value for filter \'dangling\', must be "true" (or "1"), or "false" (or "0")');
  });
  if (new Set(wanted).size > 1) {
    throw invalidParameter('got more than one value for filter key "dangling"');
  }
  return ({ isPredefined, isInUse }) => (!isPredefined && !isInUse) === wanted[0];
}
