/** tare builder prune: remove what the build cache holds. */

import { messageOf } from "../../base/errors.ts";
import type { FilterLists } from "../../client/filter-query.ts";
import { type Context, defineCommand } from "../command.ts";
import { confirm } from "../confirm.ts";
import { parseBytes, parseDuration } from "../container/values.ts";
import { CommandError } from "../errors.ts";
import { filterFlag } from "../filter-flag.ts";
import { switchFlag, valueFlag } from "../flag-kinds.ts";
import { humanSize } from "../format/size.ts";
import { printRows } from "../row-output.ts";
import { type CacheRecord, cacheRows } from "../rows/builds.ts";

const bytes = { placeholder: "bytes" };
const warning = (what: string): string => `WARNING! This will remove ${what}. Are you sure you want to continue?`;

export const command = defineCommand({
  usage: "[OPTIONS]",
  flags: {
    all: switchFlag("Include internal/frontend images", { short: "a" }),
    filter: filterFlag("Provide filter values"),
    force: switchFlag("Do not prompt for confirmation", { short: "f" }),
    "keep-storage": valueFlag("Amount of disk space to keep for cache", parseBytes, { ...bytes, hidden: true }),
    "max-used-space": valueFlag("Maximum amount of disk space allowed to keep for cache", parseBytes, bytes),
    "min-free-space": valueFlag("Target amount of free disk space after pruning", parseBytes, bytes),
    "reserved-space": valueFlag("Amount of disk space always allowed to keep for cache", parseBytes, bytes),
    verbose: switchFlag("Provide a more verbose output"),
  },
  args: [0, 0],
  async run(context, { flags }) {
    const { all, force, filter, verbose } = flags;
    const keepDuration = keepNs(filter);
    const what = all ? "all build cache" : "all dangling build cache";
    if (!force && !(await confirm(context.io, warning(what)))) return 0;
    const { cacheFilters, pruneCache } = await import("../build/cache-control.ts");
    const { until: _until, "unused-for": _unused, ...others } = filter;
    const removed = await Array.fromAsync(
      pruneCache(await context.client(), {
        all,
        filter: cacheFilters(others),
        keepDuration,
        reservedSpace: flags["reserved-space"] ?? flags["keep-storage"] ?? 0,
        maxUsedSpace: flags["max-used-space"] ?? 0,
        minFreeSpace: flags["min-free-space"] ?? 0,
      }),
    );
    await tell(context, removed, verbose);
    return 0;
  },
});

/** "until=24h" is what was not used for so long. */
function keepNs(filters: FilterLists): number {
  const [text] = [...(filters["until"] ?? []), ...(filters["unused-for"] ?? [])];
  if (text === undefined) return 0;
  try {
    return parseDuration(text);
  } catch (cause) {
    throw new CommandError(`ERROR: "until" filter expects a duration (e.g., '24h'): ${messageOf(cause)}`, 1, { cause });
  }
}

async function tell(context: Context, removed: readonly CacheRecord[], verbose: boolean): Promise<void> {
  const kind = cacheRows(Date.now());
  const table = verbose ? [...kind.table, "Type", "Description"] : kind.table;
  if (removed.length > 0) await printRows(context, { ...kind, table }, removed, { format: "", quiet: false });
  const total = removed.reduce((sum, { size, shared }) => sum + (shared ? 0 : size), 0);
  await context.io.stdout.write(`Total:\t${humanSize(total)}\n`);
}
