/** tare restart: stop and start containers. */
import { defineCommand } from "../command.ts";
import { eachNamed } from "../each.ts";
import { STOP_FLAGS, stopOptions } from "../stop-flags.ts";

export const command = defineCommand({
  usage: "[OPTIONS] CONTAINER [CONTAINER...]",
  flags: STOP_FLAGS,
  args: [1, Number.POSITIVE_INFINITY],
  async run(context, { flags, args }) {
    const { containers } = await context.client();
    return eachNamed(context, args, (ref) => containers.restart(ref, stopOptions(flags)));
  },
});
