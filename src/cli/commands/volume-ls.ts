/** tare volume ls: list volumes. */
import { defineCommand } from "../command.ts";
import { filterFlag } from "../filter-flag.ts";
import { switchFlag } from "../flag-kinds.ts";
import { tableFormatFlag } from "../format-flag.ts";
import { printRows } from "../row-output.ts";
import { volumeRows } from "../rows/volumes.ts";

export const command = defineCommand({
  usage: "[OPTIONS]",
  flags: {
    filter: filterFlag('Provide filter values (e.g. "dangling=true")', { short: "f" }),
    format: tableFormatFlag(),
    quiet: switchFlag("Only display volume names", { short: "q" }),
  },
  args: [0, 0],
  async run(context, { flags }) {
    const { volumes } = await context.client();
    const { Volumes } = await volumes.list(flags.filter);
    const byName = Volumes.toSorted((a, b) => a.Name.localeCompare(b.Name, "en", { numeric: true }));
    await printRows(context, volumeRows, byName, { format: flags.format, quiet: flags.quiet });
    return 0;
  },
});
