/** A flag whose every occurrence is a list of comma-separated values (pflag's StringSlice). */
import { splitCsv } from "../container/values.ts";
import type { Flag } from "../flags.ts";

export function csvFlag(help: string): Flag<readonly string[]> {
  return {
    placeholder: "strings",
    help,
    initial: [],
    parse: (text, previous) => [...previous, ...(text === "" ? [] : splitCsv(text))],
  };
}
