/** The flag `--filter name=value`, which may be repeated (docker/cli's opts.FilterOpt). */
import type { FilterLists } from "../client/filter-query.ts";
import type { FlagOptions } from "./flag-kinds.ts";
import type { Flag } from "./flags.ts";

export function filterFlag(help: string, options: FlagOptions = {}): Flag<FilterLists> {
  return { placeholder: "filter", help, ...options, initial: {}, parse: addFilter };
}

function addFilter(text: string, previous: FilterLists): FilterLists {
  if (text === "") return previous;
  const equals = text.indexOf("=");
  if (equals < 0) throw new Error("bad format of filter (expected name=value)");
  const name = text.slice(0, equals).trim().toLowerCase();
  return withFilter(previous, name, text.slice(equals + 1).trim());
}

/** `filters` with one more value. */
export function withFilter(filters: FilterLists, name: string, value: string): FilterLists {
  return { ...filters, [name]: [...(filters[name] ?? []), value] };
}
