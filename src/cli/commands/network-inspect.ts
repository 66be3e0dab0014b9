/** tare network inspect: everything about networks, and the containers that are on them. */
import { defineCommand } from "../command.ts";
import { switchFlag } from "../flag-kinds.ts";
import { networkShape } from "../format/network-shape.ts";
import { formatFlag } from "../format-flag.ts";
import { inspectAll } from "../inspect.ts";

export const command = defineCommand({
  usage: "[OPTIONS] NETWORK [NETWORK...]",
  flags: {
    format: formatFlag({ short: "f" }),
    verbose: switchFlag("Verbose output for diagnostics", { short: "v" }),
  },
  args: [1, Number.POSITIVE_INFINITY],
  async run(context, { flags, args }) {
    const { networks } = await context.client();
    const options = flags.verbose ? { verbose: true } : {};
    const fetch = async (ref: string) => ({ data: await networks.inspect(ref, options), shape: networkShape });
    return inspectAll(context, args, { format: flags.format, fetch });
  },
});
