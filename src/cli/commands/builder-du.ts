/** tare builder du: what the build cache holds. */
import { defineCommand } from "../command.ts";
import { filterFlag } from "../filter-flag.ts";
import { switchFlag } from "../flag-kinds.ts";
import { cell, type RowKind } from "../format/rows.ts";
import { humanSize } from "../format/size.ts";
import { tableFormatFlag } from "../format-flag.ts";
import { neutraliseLine } from "../neutralise.ts";
import { printRows } from "../row-output.ts";
import { type CacheRecord, cacheRows } from "../rows/builds.ts";

export const command = defineCommand({
  usage: "[OPTIONS]",
  flags: {
    filter: filterFlag("Provide filter values"),
    format: tableFormatFlag(),
    verbose: switchFlag("Provide a more verbose output"),
  },
  args: [0, 0],
  async run(context, { flags }) {
    const { cacheFilters, listCache } = await import("../build/cache-control.ts");
    const records = await listCache(await context.client(), cacheFilters(flags.filter));
    const kind = cacheRows(Date.now());
    if (flags.verbose) await context.io.stdout.write(records.map((record) => verboseText(kind, record)).join(""));
    else await printRows(context, kind, records, { format: flags.format, quiet: false });
    if (flags.format === "" || flags.format === "table") await context.io.stdout.write(totals(records));
    return 0;
  },
});

/** Every column on a line of its own. */
function verboseText(kind: RowKind<CacheRecord>, record: CacheRecord): string {
  const line = (title: string, column: string): string => `${`${title}:`.padEnd(14)}${cell(kind, column, record)}\n`;
  const parents = record.parents.map((parent) => ` - ${neutraliseLine(parent)}\n`).join("");
  const lines = [
    line("ID", "ID"),
    parents === "" ? "" : `Parents:\n${parents}`,
    line("Created at", "CreatedAt"),
    line("Mutable", "Mutable"),
    line("Reclaimable", "Reclaimable"),
    line("Shared", "Shared"),
    line("Size", "Size"),
    line("Description", "Description"),
    line("Usage count", "UsageCount"),
    line("Last used", "LastUsedAt"),
    line("Type", "Type"),
  ];
  return `${lines.join("")}\n`;
}

function totals(records: readonly CacheRecord[]): string {
  const sum = (which: (record: CacheRecord) => boolean): string =>
    humanSize(records.filter(which).reduce((total, { size }) => total + size, 0));
  const shared = records.some((record) => record.shared)
    ? `Shared:\t\t${sum((record) => record.shared)}\nPrivate:\t${sum((record) => !record.shared)}\n`
    : "";
  return `${shared}Reclaimable:\t${sum(({ inUse }) => !inUse)}\nTotal:\t\t${sum(() => true)}\n`;
}
