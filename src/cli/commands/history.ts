/** tare history: the steps an image was made by. */
import { defineCommand } from "../command.ts";
import { switchFlag } from "../flag-kinds.ts";
import { tableFormatFlag } from "../format-flag.ts";
import { platformFlag, platformJson } from "../platform-flag.ts";
import { printRows } from "../row-output.ts";
import { historyRows } from "../rows/history.ts";

export const command = defineCommand({
  usage: "[OPTIONS] IMAGE",
  flags: {
    format: tableFormatFlag(),
    human: switchFlag("Print sizes and dates in human readable format", { short: "H", initial: true }),
    "no-trunc": switchFlag("Don't truncate output"),
    platform: platformFlag("Show history for the given platform"),
    quiet: switchFlag("Only show image IDs", { short: "q" }),
  },
  args: [1, 1],
  async run(context, { flags, args }) {
    const [ref = ""] = args;
    const platform = platformJson(flags.platform, "invalid platform: ");
    const { images } = await context.client();
    const kind = historyRows({ truncate: !flags["no-trunc"], human: flags.human, nowMs: Date.now() });
    await printRows(context, kind, await images.history(ref, { platform }), {
      format: flags.format,
      quiet: flags.quiet,
    });
    return 0;
  },
});
