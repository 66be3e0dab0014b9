/** tare kill: send a signal to containers. */
import { defineCommand } from "../command.ts";
import { eachNamed } from "../each.ts";
import { textFlag } from "../flag-kinds.ts";

export const command = defineCommand({
  usage: "[OPTIONS] CONTAINER [CONTAINER...]",
  flags: { signal: textFlag("Signal to send to the container", { short: "s" }) },
  args: [1, Number.POSITIVE_INFINITY],
  async run(context, { flags, args }) {
    const { containers } = await context.client();
    return eachNamed(context, args, (ref) => containers.kill(ref, flags.signal));
  },
});
