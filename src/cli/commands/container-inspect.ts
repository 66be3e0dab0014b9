/** tare container inspect: everything about containers. */
import { defineCommand } from "../command.ts";
import { switchFlag } from "../flag-kinds.ts";
import { containerShape } from "../format/container-shape.ts";
import { formatFlag } from "../format-flag.ts";
import { inspectAll } from "../inspect.ts";

export const command = defineCommand({
  usage: "[OPTIONS] CONTAINER [CONTAINER...]",
  flags: {
    format: formatFlag({ short: "f" }),
    size: switchFlag("Display total file sizes", { short: "s" }),
  },
  args: [1, Number.POSITIVE_INFINITY],
  async run(context, { flags, args }) {
    const { containers } = await context.client();
    const { format, size } = flags;
    const fetch = async (ref: string) => ({ data: await containers.inspect(ref, { size }), shape: containerShape });
    return inspectAll(context, args, { format, fetch });
  },
});
