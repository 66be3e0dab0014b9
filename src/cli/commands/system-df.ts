/** tare system df: what takes the disk, and how much of it nothing uses. */
import { type Context, defineCommand } from "../command.ts";
import { switchFlag } from "../flag-kinds.ts";
import { tableFormatFlag } from "../format-flag.ts";
import { printRows } from "../row-output.ts";
import { toUsageRows, usageRows } from "../rows/disk-usage.ts";

export const command = defineCommand({
  usage: "[OPTIONS]",
  flags: {
    format: tableFormatFlag(),
    verbose: switchFlag("Show detailed information on space usage", { short: "v" }),
  },
  args: [0, 0],
  async run(context: Context, { flags: { format, verbose } }) {
    const { system } = await context.client();
    const usage = await system.diskUsage();
    if (!verbose) {
      await printRows(context, usageRows, toUsageRows(usage), { format, quiet: false });
      return 0;
    }
    const { verboseUsage } = await import("../disk-usage-text.ts");
    await context.io.stdout.write(await verboseUsage(usage, format, Date.now()));
    return 0;
  },
});
