/** tare volume inspect: everything about volumes. */
import { defineCommand } from "../command.ts";
import { volumeShape } from "../format/volume-shape.ts";
import { formatFlag } from "../format-flag.ts";
import { inspectAll } from "../inspect.ts";

export const command = defineCommand({
  usage: "[OPTIONS] VOLUME [VOLUME...]",
  flags: { format: formatFlag({ short: "f" }) },
  args: [1, Number.POSITIVE_INFINITY],
  async run(context, { flags, args }) {
    const { volumes } = await context.client();
    const fetch = async (name: string) => ({ data: await volumes.inspect(name), shape: volumeShape });
    return inspectAll(context, args, { format: flags.format, fetch });
  },
});
