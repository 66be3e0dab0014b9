/** tare network ls: list networks. */
import { defineCommand } from "../command.ts";
import { filterFlag } from "../filter-flag.ts";
import { switchFlag } from "../flag-kinds.ts";
import { tableFormatFlag } from "../format-flag.ts";
import { printRows } from "../row-output.ts";
import { networkRows } from "../rows/networks.ts";

export const command = defineCommand({
  usage: "[OPTIONS]",
  flags: {
    filter: filterFlag('Provide filter values (e.g. "driver=bridge")', { short: "f" }),
    format: tableFormatFlag(),
    "no-trunc": switchFlag("Do not truncate the output"),
    quiet: switchFlag("Only display network IDs", { short: "q" }),
  },
  args: [0, 0],
  async run(context, { flags }) {
    const { networks } = await context.client();
    const found = await networks.list(flags.filter);
    const byName = found.toSorted((a, b) => a.Name.localeCompare(b.Name, "en", { numeric: true }));
    await printRows(context, networkRows(!flags["no-trunc"]), byName, { format: flags.format, quiet: flags.quiet });
    return 0;
  },
});
